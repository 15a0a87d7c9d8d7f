"""Officers' commands: the inbox, answering, sending back, taking; and what happens to the case next."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faces.office import Office, application


class Keyboard(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


def items(office: Office, agency: str) -> list[dict[str, Any]]:
    return list(office.done("inbox", agency, "--json").json)


def first(office: Office, agency: str = "lab") -> int:
    return int(items(office, agency)[0]["work"])


def test_a_case_goes_from_its_application_to_its_decision(office: Office) -> None:
    """The laboratory answers, the case moves to the desk at once, the desk decides, the case is closed."""
    office.opened(application(1))
    told = office.done("answer", first(office), "--set", "fit=yes", "--set", "grade=good", "--officer", "Rini").out
    assert "The case now waits for Front Desk (decide, work " in told
    assert ", due " in told
    told = office.done("answer", first(office, "desk"), "--set", "grant=ya").out
    assert told.endswith("The case is closed: granted.\n")
    assert office.done("status", "--closed", "--json").json[0]["outcome"] == "granted"


def test_the_inbox_says_since_when_and_due_when_in_words(office: Office) -> None:
    """No UUIDs and no UTC for people."""
    office.opened(application(1))
    told = office.done("inbox", "lab").out
    assert "State Laboratory: 1 work item waits." in told
    assert "due " in told
    assert "UTC" not in told
    assert "Times are WIB." in told


REFUSED = [
    (["--set", "fit=perhaps", "--set", "grade=good"], "fit is not yes or no"),
    (["--set", "fit=yes", "--set", "grade=bad"], "grade is none of 'good' or 'poor'"),
    (["--set", "fit=yes", "--set", "grade=good", "--set", "level=12"], "level has to be at most 9"),
    (["--set", "fit=yes"], "grade is missing"),
    (["--set", "fitt=yes"], "no field 'fitt'; it has fit, grade, level, remarks"),
    (["--set", "fit"], "--set fit=yes"),
    (["--set", "fit=yes", "--set", "fit=no", "--set", "grade=good"], "fit is given twice"),
    (["--send-back", " "], "say why"),
    (["--set", "fit=yes", "--send-back", "x"], "one way only"),
    ([], "nobody can be asked here"),
    (["missing.json"], "cannot be read"),
]


@pytest.mark.parametrize(("options", "sentence"), REFUSED)
def test_a_wrong_answer_is_refused_with_the_field_and_the_reason(
    office: Office, options: list[str], sentence: str
) -> None:
    """Nothing is recorded of it."""
    office.opened(application(1))
    answer = office("answer", first(office), *options)
    assert answer.status == 1
    assert sentence in answer.err
    assert len(items(office, "lab")) == 1


def test_an_answer_from_a_file_is_checked_field_by_field(office: Office) -> None:
    """The file has the fields of the step's result."""
    office.opened(application(1))
    file = office.folder / "answer.json"
    file.write_text(json.dumps({"fit": "maybe", "extra": 1}), "utf-8")
    assert "no field 'extra'" in office("answer", first(office), file).err
    file.write_text(json.dumps({"fit": True, "grade": "poor", "level": 3}), "utf-8")
    told = office.done("answer", first(office), file, "--json").json
    assert told["answer"] == "completed"
    assert told["waiting_for"][0]["step"] == "desk.decide"


def test_the_first_answer_stands(office: Office) -> None:
    """Answering twice is refused, and says when it was answered."""
    office.opened(application(1))
    work = first(office)
    office.done("answer", work, "--set", "fit=yes", "--set", "grade=good")
    again = office("answer", work, "--set", "fit=no", "--set", "grade=good")
    assert again.status == 1
    assert f"work item {work} was already answered, today" in again.err
    late = office("take", work, "--officer", "Budi")
    assert late.status == 1
    assert f"work item {work} was already answered, today" in late.err


def test_work_sent_back_comes_again_as_a_second_visit(office: Office) -> None:
    """The reason stays with the case; a step that takes no send-back says so."""
    office.opened(application(1))
    office.done("answer", first(office), "--send-back", "not legible", "--officer", "Rini")
    assert items(office, "lab")[0]["visit"] == 2
    assert "(visit 2)" in office.done("inbox", "lab").out
    office.done("answer", first(office), "--set", "fit=yes", "--set", "grade=good")
    assert "cannot be sent back" in office("answer", first(office, "desk"), "--send-back", "x").err


def test_an_answer_can_wait_for_the_next_run(office: Office) -> None:
    """With --no-advance the case stays where it is until somebody runs the pilot."""
    office.opened(application(1))
    told = office.done("answer", first(office), "--set", "fit=yes", "--set", "grade=good", "--no-advance").out
    assert "was not moved on" in told
    assert items(office, "desk") == []
    assert office.done("run", "small", "--without-prefect", "--json").json["advanced"] == 1
    assert len(items(office, "desk")) == 1


def test_taken_work_shows_by_whom_and_is_not_taken_twice(office: Office) -> None:
    """Taking it again is harmless, for another officer it is refused."""
    office.opened(application(1))
    work = first(office)
    office.done("take", work, "--officer", "Rini")
    office.done("take", work, "--officer", "Rini")
    assert "already taken" in office("take", work, "--officer", "Budi").err
    assert items(office, "lab")[0]["taken_by"] == "Rini"


def test_prompts_show_the_request_and_ask_until_the_answer_is_right(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer sees the fields of the request and no others; a wrong value is asked for again."""
    office.opened(application(1, full_name="Siti Rahayu"))
    work = first(office)
    monkeypatch.setattr("sys.stdin", Keyboard("perhaps\nyes\nexcellent\ngood\n12\n7\n\n"))
    told = office.done("answer", work)
    assert "full_name  Siti Rahayu" in told.out
    assert "nik" not in told.out
    assert "fit is not yes or no" in told.err
    assert "level has to be at most 9" in told.err
    assert f"`perintis answer {work} --send-back REASON`" in told.out
    assert "now waits for Front Desk" in told.out


def test_leaving_a_question_open_records_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The input ends, or somebody presses Ctrl-C: the command was interrupted, and the work still waits."""
    office.opened(application(1))
    work = first(office)
    monkeypatch.setattr("sys.stdin", Keyboard("yes\n"))
    left = office("answer", work)
    assert (left.status, "interrupted" in left.err) == (130, True)
    assert first(office) == work


def test_messages_of_an_agencys_system_answer_its_requests(office: Office) -> None:
    """The same message again is nothing new; what is no message is named with its line."""
    office.opened(application(1, note="ask"))
    office.done("answer", first(office), "--set", "fit=yes", "--set", "grade=good")
    (request,) = (office.folder / ".perintis" / "exchange" / "lab" / "out").glob("*.json")
    key = json.loads(request.read_text("utf-8"))["key"]
    file = office.folder / "messages.jsonl"
    file.write_text(json.dumps({"message": "m-1", "key": key, "answer": {"known": True}}) + "\nno message\n", "utf-8")
    taken = office.done("inbox", "lab", "--receive", file, "--json")
    assert taken.json == {
        "received": 1, "new": 1, "answered": 1, "refused": 0, "reasons": {}, "unreadable": 1,
    }  # fmt: skip
    assert "line 2" in taken.err
    assert office.done("inbox", "lab", "--receive", file, "--json").json["new"] == 0
    assert office.done("run", "small", "--without-prefect", "--json").json["advanced"] == 1


def asked_of_the_laboratory(office: Office) -> tuple[Path, str]:
    """Its exchange folder once something was asked of it, with an empty `in`, and the key of the request."""
    office.opened(application(1, note="ask"))
    office.done("answer", first(office), "--set", "fit=yes", "--set", "grade=good")
    exchange = office.folder / ".perintis" / "exchange" / "lab"
    (request,) = (exchange / "out").glob("*.json")
    (exchange / "in").mkdir()
    return exchange, str(json.loads(request.read_text("utf-8"))["key"])


def test_a_run_says_how_many_messages_it_took_in_and_refused(office: Office) -> None:
    """What lay in the folder and answers nothing is told too."""
    exchange, key = asked_of_the_laboratory(office)
    for name, asked in (("a.json", key), ("b.json", "nothing of ours")):
        (exchange / "in" / name).write_text(json.dumps({"key": asked, "answer": {"known": True}}), "utf-8")
    told = office.done("run", "small", "--without-prefect")
    assert "1 answer taken in, 1 answer refused" in told.out
    assert "1 message of lab's system refused: its key is not one of ours\n" in told.err


def test_why_an_answer_was_refused_is_said_by_the_run_and_by_the_inbox(office: Office) -> None:
    """The field that is not valid, the case that still waits, and who has to do something; never a value."""
    exchange, key = asked_of_the_laboratory(office)
    (exchange / "in" / "a.json").write_text(json.dumps({"key": key, "answer": {"known": "Siti"}}), "utf-8")
    told = office.done("run", "small", "--without-prefect").err
    sentence = "1 message of lab's system refused: the answer is not valid: known (case A-001)"
    assert sentence in told
    assert "the agency has to send it again" in told
    listed = office.done("inbox", "lab").out
    assert sentence in listed.partition("In the last week:")[2]
    assert "Siti" not in told + listed
    assert "refused" not in office.done("inbox", "desk").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("inbox", "labb"), "there is no agency 'labb'; there is desk, lab, register"),
        (("answer", "999", "--set", "fit=yes"), "there is no work item 999"),
        (("take", "999", "--officer", "Rini"), "there is no work item 999"),
        (("resolve", "1", "sent"), "there is no work item 1"),
    ],
)
def test_a_slip_in_a_name_or_number_is_told_with_what_there_is(
    office: Office, arguments: tuple[str, ...], sentence: str
) -> None:
    """An empty list would look like peace."""
    answer = office(*arguments)
    assert answer.status == 1
    assert sentence in answer.err
