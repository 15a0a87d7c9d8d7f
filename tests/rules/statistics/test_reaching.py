"""The day to wait for, where cases were not followed for long enough."""

from __future__ import annotations

from datetime import timedelta

import pytest

from perintis.rules.metrics import Calendars, View
from perintis.rules.statistics.reaching import reached_on, too_short
from perintis.rules.statistics.risk_sets import follow
from perintis.words.agency import Calendar
from tests.rules.small_tables import data_set

OFFICE = Calendars(case=Calendar.weekdays("UTC"))
OPEN = """
case opened  closed
A    1/00:00 3/00:00
B    2/00:00 -
C    9/00:00 -
"""


@pytest.mark.parametrize(
    ("tau", "share", "days"),
    [
        (40.0, 0.0, 1 + 40),  # B, the oldest that is open, came a day after A
        (40.0, 0.9, 1 + 40),  # nine tenths of three cases: B's place
        (400.0, 0.0, None),  # more than a year ahead
    ],
)
def test_the_day_on_which_the_oldest_open_case_was_followed_for_so_long(
    tau: float, share: float, days: int | None
) -> None:
    """Or so large a share of all cases entered so long ago."""
    view = View(data_set(OPEN), Calendars())
    first = view.cases["opened"][0].date()
    wanted = None if days is None else first + timedelta(days=days)
    assert reached_on(view, tau, working=False, share=share) == wanted


def test_working_hours_pass_on_working_days_only() -> None:
    """Eight hours a day: a day is reached that is a weekday, and one hour more takes one working day more."""
    view = View(data_set(OPEN), OFFICE)
    opened = view.cases["opened"][1].date()
    weekdays = sum((opened + timedelta(days=k)).weekday() < 5 for k in range((view.read.date() - opened).days + 1))
    just = reached_on(view, 8.0 * (weekdays + 5), working=True)
    later = reached_on(view, 8.0 * (weekdays + 5) + 1, working=True)
    assert just is not None
    assert later is not None
    assert just.weekday() < 5
    assert later > just
    assert reached_on(View(data_set(OPEN), Calendars()), 8.0, working=True) is None


def test_the_sentence_has_units_and_few_digits() -> None:
    """And as many digits as show that the longest is below the horizon."""
    view = View(data_set(OPEN), OFFICE)
    found = too_short(view, follow([3.0, 0.00012345], [1, 0]), 40.0, "working hours", working=True)
    assert found.reason == (
        "no case was followed for 40 working hours; the longest was 3 working hours, and some were still open"
    )
    near = too_short(view, follow([39.96], [0]), 40.0, "days", working=False)
    assert "the longest was 39.96 days" in near.reason
    assert near.cure is not None
    assert near.cure.endswith(" or later, or a shorter tau by an amendment")
