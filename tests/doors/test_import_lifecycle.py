"""Schedule, start and complete of one activity become one step visit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.doors.import_kit import Imported, event, import_text, trace, xes


def log_of(tmp_path: Path, text: str, **mapping: object) -> Imported:
    """A log of one case from lines `HH:MM activity transition [instance]`."""
    events = []
    for line in text.strip().splitlines():
        clock, activity, transition, *instance = line.split()
        more = [f"string concept:instance={instance[0]}"] if instance else []
        events.append(event(activity, f"2024-03-04T{clock}:00Z", f"string lifecycle:transition={transition}", *more))
    return import_text(tmp_path, "log.xes", xes(trace("A", *events)), **mapping)


def rows(log: Imported) -> list[str]:
    """Each visit as `step visit ready started completed outcome`, `-` for null."""
    found = []
    for row in log.steps.iter_rows(named=True):
        times = [row[name] and f"{row[name]:%H:%M}" for name in ("ready", "started", "completed")]
        found.append(" ".join(str(v or "-") for v in (row["step"], row["visit"], *times, row["outcome"])))
    return found


def test_the_three_transitions_of_an_activity_are_one_visit(tmp_path: Path) -> None:
    """In the order of the first event of each."""
    log = log_of(
        tmp_path,
        """
        08:00 check schedule
        08:30 decide schedule
        09:00 check start
        10:00 check complete
        11:00 decide start
        12:00 decide complete
        """,
    )
    assert rows(log) == ["check 1 08:00 09:00 10:00 completed", "decide 1 08:30 11:00 12:00 completed"]


def test_the_instance_pairs_visits_that_overlap(tmp_path: Path) -> None:
    """Two checks at once: each end belongs to its own beginning."""
    log = log_of(
        tmp_path,
        """
        08:00 check start one
        08:10 check start two
        09:00 check complete two
        10:00 check complete one
        """,
    )
    assert rows(log) == ["check 1 - 08:00 10:00 completed", "check 2 - 08:10 09:00 completed"]


def test_without_instances_the_first_begun_ends_first(tmp_path: Path) -> None:
    """First in, first out."""
    log = log_of(
        tmp_path,
        """
        08:00 check start
        08:10 check start
        09:00 check complete
        10:00 check complete
        11:00 check complete
        """,
    )
    assert rows(log) == [
        "check 1 - 08:00 09:00 completed",
        "check 2 - 08:10 10:00 completed",
        "check 3 - - 11:00 completed",
    ]


def test_what_has_not_ended_has_no_outcome(tmp_path: Path) -> None:
    """An unfinished step is a row without end."""
    assert rows(log_of(tmp_path, "08:00 check schedule\n09:00 check start")) == ["check 1 08:00 09:00 - -"]


def test_aborted_and_withdrawn_are_ends_of_their_own_kind(tmp_path: Path) -> None:
    """Names in capitals are the same names; unknown ones count as complete."""
    log = log_of(
        tmp_path,
        """
        08:00 check START
        09:00 check ATE_ABORT
        10:00 decide SCHEDULE
        11:00 decide WITHDRAW
        12:00 issue UNKNOWN
        """,
    )
    assert rows(log) == [
        "check 1 - 08:00 09:00 failed",
        "decide 1 10:00 - 11:00 withdrawn",
        "issue 1 - - 12:00 completed",
    ]


def test_other_transitions_make_no_row_and_are_noted(tmp_path: Path) -> None:
    """Assign, suspend and resume mean neither a beginning nor an end of a step."""
    log = log_of(tmp_path, "08:00 check start\n08:30 check suspend\n09:00 check resume\n10:00 check complete")
    assert rows(log) == ["check 1 - 08:00 10:00 completed"]
    assert "transitions that begin or end no step were passed over: resume 1, suspend 1" in log.read.notes


def test_cases_close_by_their_closing_steps(tmp_path: Path) -> None:
    """At the last of them; its name is the outcome. A case without one is open and observed until the last event."""
    closed = {"closed": {"activities": ["issue", "refuse"]}}
    log = log_of(tmp_path, "08:00 check complete\n09:00 issue complete\n10:00 archive complete", **closed)
    assert (log.case("closed"), log.case("outcome")) == ([datetime(2024, 3, 4, 9, tzinfo=UTC)], ["issue"])
    log = log_of(tmp_path, "08:00 check complete\n09:00 issue start", **closed)
    assert (log.case("closed"), log.case("outcome")) == ([None], [None])
    assert (log.read.tables.open_cases, log.read.tables.last) == (1, datetime(2024, 3, 4, 9, tzinfo=UTC))


def test_without_a_rule_all_count_as_closed_and_a_note_says_so(tmp_path: Path) -> None:
    """Silence would hide that open cases are taken for closed ones."""
    log = log_of(tmp_path, "08:00 check complete")
    assert log.case("closed") == [datetime(2024, 3, 4, 8, tzinfo=UTC)]
    assert any("counts as closed at its last event" in note for note in log.read.notes)
