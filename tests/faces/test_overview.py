"""`status`, `case` and `runs`: where the cases are, what happened to one, what each run did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from perintis.doors.store.queries import CaseLine, WorkLine
from perintis.faces.cli.case_command import next_words
from perintis.faces.cli.here import Offices
from tests.faces.office import Office, application


def test_a_fresh_folder_says_what_to_do_first(office: Office) -> None:
    """No cases is no error; programs get an empty list."""
    assert "There are no cases yet. `perintis run PILOT FILE`" in office.done("status").out
    assert office.done("status", "--json").json == []
    assert office.done("runs", "small", "--json").json == []


def test_status_sums_up_by_step_and_lists_the_most_urgent_cases_first(office: Office) -> None:
    """Where, with whom, since when, due when; how many more there are."""
    office.opened(*[application(n) for n in range(1, 6)])
    told = office.done("status", "--limit", 2).out
    assert told.startswith("small: 5 open cases (5 waiting)")
    assert "examine  lab      5" in told
    assert "A-001  examine  lab" in told
    assert "3 more not shown" in told
    assert "UTC" not in told


def test_status_can_be_narrowed(office: Office) -> None:
    """By pilot, agency, office, lateness, and closed cases."""
    office.opened(application(1), application(2, office="south"))

    def listed(*options: str) -> list[str]:
        return [case["reference"] for case in office.done("status", *options, "--json").json]

    assert listed("small") == ["A-001", "A-002"]
    assert listed("--office", "south") == ["A-002"]
    assert listed("--agency", "lab") == ["A-001", "A-002"]
    assert listed("--agency", "desk") == []
    assert listed("--overdue") == []
    assert listed("--closed") == []
    office.done("withdraw", "A-001", "--reason", "moved away", "--yes")
    assert listed("--closed") == ["A-001"]
    assert listed() == ["A-002"]


def test_personal_data_show_only_when_asked_for(office: Office) -> None:
    """Neither lists nor timelines have a name or an identity number."""
    office.opened(application(1, full_name="Siti Rahayu"))
    for command in (
        ("status",),
        ("status", "--json"),
        ("case", "A-001"),
        ("case", "A-001", "--json"),
        ("inbox", "lab"),
    ):
        told = office.done(*command).out
        assert "Siti" not in told
        assert "3173" not in told
    assert "Siti Rahayu" in office.done("case", "A-001", "--personal").out


def test_a_case_is_found_by_reference_and_by_number(office: Office) -> None:
    """Its timeline says what happened, when and by whom."""
    office.opened(application(1))
    by_reference, by_number = office.done("case", "A-001"), office.done("case", 1)
    assert by_reference.out == by_number.out
    lines = by_reference.out.splitlines()
    assert lines[0] == "Case A-001 of small, office north (number 1)"
    assert any("look up done" in line and line.endswith("register") for line in lines)
    events = office.done("case", 1, "--json").json["events"]
    assert [(e["step"], e["lifecycle"]) for e in events] == [
        ("case", "start"), ("register.look_up", "complete"), ("lab.examine", "schedule"),
    ]  # fmt: skip


def test_a_case_that_stopped_stands_first_and_says_why(office: Office) -> None:
    """The reason names the place in the code and no value; `retry` takes it up again."""
    office.opened(*[application(n, note="fault" if n == 3 else "") for n in range(1, 5)])
    work = next(w["work"] for w in office.done("inbox", "lab", "--json").json if w["reference"] == "A-003")
    told = office.done("answer", work, "--set", "fit=yes", "--set", "grade=good").out
    assert "The case has stopped: the process code stopped with ValueError in small.py line" in told
    assert office.done("status", "--json").json[0]["reference"] == "A-003"
    assert "1 failed" in office.done("status").out
    assert "The case has stopped" in office.done("retry", "A-003").out
    assert "nothing to retry" in office("retry", "A-001").err


def test_a_step_that_failed_says_where_in_the_code(office: Office) -> None:
    """The place and the kind of fault, in what happens next, in the timeline and for programs; no value."""
    office.opened(application(1, nik="3173014507900666"))
    told = office.done("case", "A-001").out
    assert "The case has stopped: register.look_up (visit 1) failed and was tried often enough" in told
    assert "look up failed: RuntimeError in desk.py line" in told
    assert "look up sent back" not in told
    assert "0666" not in told
    shown = office.done("case", "A-001", "--json").json
    assert shown["events"][-1]["error"] == shown["waiting_for"][0]["error"]


def test_a_step_that_is_tried_again_says_why() -> None:
    """It waits for nobody; what went wrong is told, so that somebody can put it right meanwhile."""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    work = WorkLine(7, 1, "small", "A-001", "register.look_up", 1, "automatic", "register", "retrying", at, at, None,
                    None, "north", "RuntimeError in desk.py line 9")  # fmt: skip
    case = CaseLine(1, "A-001", "small", "to_be", "north", "waiting", at, None, None, None, None, (work,))
    (told,) = next_words(case, Offices({}), at)
    assert told == (
        "The case now waits for register (look up, work 7), which failed and is tried again: "
        "RuntimeError in desk.py line 9."
    )


def test_a_case_with_news_is_ready_whatever_date_it_also_waits_for(office: Office) -> None:
    """It does not wait for the date; a run moves it on."""
    office.opened(application(1))
    work = office.done("inbox", "lab", "--json").json[0]["work"]
    office.done("answer", work, "--set", "fit=yes", "--set", "grade=good", "--no-advance")
    assert "The case is ready to move on: `perintis run small` does it." in office.done("case", 1).out
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    timer = WorkLine(8, 1, "small", "A-001", "timer", 1, "timer", "calendar", "open", at, None, at, None, None, None)
    asked = timer._replace(work=9, step="lab.examine", kind="human", agency="lab", due=None)
    case = CaseLine(1, "A-001", "small", "to_be", "north", "ready", at, None, None, None, None, (timer, asked))
    assert next_words(case, Offices({}), at) == [
        "The case is ready to move on: `perintis run small` does it.",
        "  it also waits for lab (examine, work 9)",
    ]


def test_an_empty_list_says_what_there_is_none_of(office: Office) -> None:
    """Closed, overdue, of an office, with an agency."""
    office.opened(application(1))
    assert "No closed case." in office.done("status", "--closed").out
    assert "No open case is past a due date." in office.done("status", "--overdue").out
    assert "No closed case of office north." in office.done("status", "--closed", "--office", "north").out
    assert "No open case waits for desk." in office.done("status", "--agency", "desk").out


def test_withdrawing_and_cancelling_need_a_yes(office: Office) -> None:
    """Without a person to ask, --yes has to be given; a closed case stays as it is."""
    office.opened(application(1), application(2))
    assert "add --yes" in office("withdraw", "A-001", "--reason", "moved").err
    assert "1 open work item withdrawn" in office.done("withdraw", "A-001", "--reason", "moved", "--yes").out
    told = office.done("cancel", "A-002", "--reason", "twice", "--yes", "--json").json
    assert told["outcome"] == "cancelled"
    again = office("cancel", "A-002", "--reason", "twice", "--yes")
    assert again.status == 1
    assert "is closed (cancelled)" in again.err
    assert "moved" in office.done("case", "A-001", "--personal").out


def test_runs_show_what_each_run_did_and_leave_single_answers_out(office: Office) -> None:
    """The latest first, with the metrics of the latest that completed a step; --answers shows the rest."""
    office.opened(application(1))
    work = office.done("inbox", "lab", "--json").json[0]["work"]
    office.done("answer", work, "--set", "fit=yes", "--set", "grade=good")
    office.done("run", "small", "--without-prefect")
    runs = office.done("runs", "small", "--json").json
    assert [run["run"] for run in runs] == [3, 1]
    assert runs[1]["counts"]["opened"] == 1
    assert runs[0]["metrics"]["steps"]["lab.examine"]["completed"] == 1
    assert [run["kind"] for run in office.done("runs", "small", "--answers", "--json").json] == [
        "local",
        "answer",
        "local",
    ]
    assert "1 of 1 service levels met" in office.done("runs", "small").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("status", "smal"), "there is no pilot 'smal'; there is small"),
        (("status", "--agency", "labb"), "there is no agency 'labb'; there is desk, lab, register"),
        (("status", "--office", "west"), "no case belongs to an office 'west'; there is north"),
        (("case", "A-999"), "there is no case 'A-999'"),
        (("case", "9" * 30), "there is no case"),
        (("runs", "smal"), "there is no pilot 'smal'; there is small"),
        (("run", "smal"), "there is no pilot 'smal'; there is small"),
        (("retry", "A-999"), "there is no case 'A-999'"),
        (("check", "smal"), "there is no pilot 'smal'; there is small"),
    ],
)
def test_a_slip_in_a_name_is_told_with_what_there_is(office: Office, arguments: tuple[str, ...], sentence: str) -> None:
    """One sentence on standard error, status 1."""
    office.opened(application(1))
    answer = office(*arguments)
    assert answer.status == 1
    assert answer.err.startswith(f"error: {sentence}")
    assert answer.out == ""


def test_the_store_can_be_verified_and_upgraded(office: Office) -> None:
    """What the events say is what is stored; upgrading twice changes nothing."""
    office.opened(application(1))
    assert office.done("db", "verify", "--json").json == []
    assert office.done("db", "upgrade", "--json").json["before"] == office.done("db", "upgrade", "--json").json["after"]
