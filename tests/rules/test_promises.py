"""Cases held against a published service standard: a share within the promise, never an effect."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from perintis.rules.comparison import compare
from perintis.rules.metrics import Calendars
from perintis.rules.promises import Kept, hold_against
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.standard import Standard
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import data_set

CASES = data_set(
    """
    case  opened   closed
    A     1/09:00  2/09:00
    B     1/09:00  3/09:01
    C     1/09:00  -
    D     9/09:00  9/10:00
    """,
    """
    case  step   visit  ready    completed  outcome
    A     check  1      1/09:00  1/12:00    completed
    B     check  1      1/09:00  1/16:00    completed
    B     check  2      2/09:00  -          withdrawn
    """,
    read="10/09:00",
)


def promised(*promises: dict[str, Any], **about: Any) -> DataSet:
    """A data set with these promises and no cases."""
    values = {"title": "Times", "source": {"rule": "Rule 1", "read": date(2026, 1, 1)}, "promises": promises, **about}
    empty = data_set("case", name="rule", grade=Grade.PROMISED)
    return DataSet(
        "rule", empty.cases, empty.steps, empty.observed_until, Grade.PROMISED,
        standard=Standard.model_validate(values),
    )  # fmt: skip


def held(*promises: dict[str, Any], calendars: Calendars | None = None) -> Kept:
    """The first promise held against the four cases."""
    return hold_against(promised(*promises), CASES, calendars or Calendars()).kept[0]


def test_a_case_counts_once_its_promised_time_is_over() -> None:
    """A is within two days, B a minute late, C open beyond them; D closed early, but its like are not known."""
    kept = held({"within": "2 days"})
    assert (kept.within, kept.late, kept.not_yet, kept.share) == (1, 2, 1, 1 / 3)


def test_the_last_moment_of_a_promise_keeps_it() -> None:
    """A is closed exactly one day after it was opened, D sooner, B and C are late."""
    assert (held({"within": "1 day"}).within, held({"within": "1 day"}).late) == (2, 2)


def test_working_time_counts_by_the_calendar_of_the_case() -> None:
    """From Monday 09:00 two working days end on Wednesday at 09:00: B is late. Without office hours nobody can say."""
    hours = Calendars(case=Calendar.weekdays("UTC", "08:00", "16:00"))
    assert (held({"within": "2 working days"}, calendars=hours).late) == 2
    assert held({"within": "3 working days"}, calendars=hours).within == 2
    assert held({"within": "2 working days"}).reason == "no office hours are known in which to count working time"


def test_a_step_counts_from_ready_to_completed() -> None:
    """A withdrawn visit is nobody's work; a step that does not occur is named, not zero."""
    kept = held({"step": "check", "within": "4 hours"})
    assert (kept.within, kept.late, kept.not_yet) == (1, 1, 0)
    absent = held({"step": "issue", "within": "1 day"})
    assert (absent.share, absent.reason) == (None, "this step does not occur")


def test_what_may_be_said_is_said() -> None:
    """The claim in one sentence; cases from outside the validity and another clock are pointed out."""
    standard = promised({"within": "1 day", "starts": "payment", "stops": "decision"}, valid_from=date(2024, 3, 6))
    told = hold_against(standard, CASES, Calendars())
    assert told.claim.startswith("rule holds promised times, not measured ones")
    assert any("3 of 4 cases were opened outside its validity (valid from 2024-03-06)" in w for w in told.warnings)
    assert any("counts from payment to decision" in w for w in told.warnings)
    assert "difference" not in told.to_json()


def test_a_promise_is_never_compared_as_if_it_were_measured() -> None:
    """The comparison with intervals refuses it; two standards have no cases to hold."""
    rule = promised({"within": "1 day"})
    with pytest.raises(NotAllowed, match="rule holds promised times, not measured ones"):
        compare(rule, CASES)
    with pytest.raises(BadInput, match="one has to be a service standard and the other hold cases"):
        hold_against(rule, rule, Calendars())


def test_a_later_promise_is_never_kept_less_often() -> None:
    """More time cannot make more cases late."""
    late = [held({"within": f"{days} days"}).late for days in range(1, 9)]
    assert late == sorted(late, reverse=True)
