"""Case extracts with more than two dates: a column per milestone becomes a step of the pilot's vocabulary."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perintis.words.errors import BadInput
from tests.doors.import_kit import Imported, import_text

TEXT = (
    "n,received,police_from,police_done,health_done,decided\n"
    "1,2024-03-01,2024-03-02,2024-03-04,2024-03-03,2024-03-08\n"
    "2,2024-03-02,,2024-03-05,,\n"
    "3,2024-03-03,,,,\n"
)
MILESTONES = {
    "police_done": {"step": "police_record", "start": "police_from", "agency": "polri"},
    "health_done": "health_check",
    "decided": "issue_permit",
}


def read(folder: Path, text: str = TEXT, **mapping: Any) -> Imported:
    """The extract with its milestones."""
    defaults = {"layout": "cases", "case": "n", "opened": "received", "milestones": MILESTONES}
    return import_text(folder, "cases.csv", text, **(defaults | mapping))


def day(number: int) -> datetime:
    return datetime(2024, 3, number, tzinfo=UTC)


def test_each_date_that_a_case_has_is_a_step(tmp_path: Path) -> None:
    """In the order of time, with start and agency where the mapping tells them; a case without dates has no steps."""
    log = read(tmp_path, closed="decided")
    assert log.steps.select("case", "step", "visit", "agency", "started", "completed").rows() == [
        ("1", "police_record", 1, "polri", day(2), day(4)),
        ("1", "health_check", 1, None, None, day(3)),
        ("1", "issue_permit", 1, None, None, day(8)),
        ("2", "police_record", 1, "polri", None, day(5)),
    ]
    assert log.case("case") == ["1", "2", "3"]
    assert log.case("closed") == [day(8), None, None]


def test_a_closing_step_may_be_a_milestone(tmp_path: Path) -> None:
    """The same rule as for event logs; the outcome is the closing step."""
    log = read(tmp_path, closed={"activities": ["issue_permit"]})
    assert log.case("closed") == [day(8), None, None]
    assert log.case("outcome") == ["issue_permit", None, None]


def test_without_an_opening_the_first_milestone_opens_the_case(tmp_path: Path) -> None:
    """A case that has none is rejected."""
    log = read(tmp_path, opened=None)
    assert log.case("opened") == [day(2), day(5)]
    assert log.rejects == [("4", "", "opened", "no event and no opening date")]


@pytest.mark.parametrize(
    ("row", "reject", "steps"),
    [
        ("1,2024-03-01,,soon,2024-03-03,", ("police_done", "not a date and time (ISO 8601; or give date_format)"), 1),
        ("1,2024-03-01,2024-03-09,2024-03-04,2024-03-03,", ("police_done", "ends before it starts"), 1),
        ("1,soon,,2024-03-04,2024-03-03,", ("opened", "not a date (ISO 8601; or give date_format)"), 0),
    ],
)
def test_a_milestone_that_cannot_be_read_is_named_by_its_column(
    tmp_path: Path, row: str, reject: tuple[str, str], steps: int
) -> None:
    """The case stays without that step; a case whose own dates are wrong goes with all its steps."""
    text = TEXT.splitlines()[0] + "\n" + row + "\n9,2024-03-01,,,,2024-03-02\n"
    log = read(tmp_path, text)
    assert log.rejects == [("2", "", *reject)]
    assert log.column("case").count("1") == steps


def test_two_columns_may_be_visits_of_one_step(tmp_path: Path) -> None:
    """They are numbered by time, whatever the order of the columns."""
    log = read(
        tmp_path, "n,received,second,first\n1,2024-03-01,2024-03-05,2024-03-02\n",
        milestones={"second": "police_record", "first": "police_record"},
    )  # fmt: skip
    assert log.steps.select("visit", "completed").rows() == [(1, day(2)), (2, day(5))]


def test_milestones_that_are_not_there_or_in_an_event_log_are_refused(tmp_path: Path) -> None:
    """One sentence each."""
    with pytest.raises(BadInput, match="no column 'paid' for `milestones`"):
        read(tmp_path, milestones={"paid": "payment"})
    with pytest.raises(BadInput, match="milestones belong to `layout: cases`"):
        read(tmp_path, layout="events")
    with pytest.raises(BadInput, match="a case extract needs `opened`"):
        read(tmp_path, opened=None, milestones={})
