"""One value a case for every metric: open cases, young cases, withdrawn cases, and what was not recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from perintis.rules.metrics import METRICS, Calendars, NotComparable, View
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.estimators import case_values, cost_per_decision, metric_named
from perintis.rules.statistics.units import units_of
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet
from tests.rules.small_tables import data_set, moment

CLOSED = """
case opened closed outcome
A    1/00:00 3/00:00  granted
B    1/00:00 5/00:00  refused
C    2/00:00 10/00:00 granted
"""
OPEN = """
case opened closed outcome
A    1/00:00 3/00:00  granted
B    1/00:00 5/00:00  withdrawn
C    2/00:00 -        -
D    28/00:00 -       -
"""
NO_CALENDAR = Calendars()


def values(
    metric: str, baseline: DataSet, pilot: DataSet, calendars: Calendars = NO_CALENDAR, **options: Any
) -> CaseValues:
    found = maybe(metric, baseline, pilot, calendars, **options)
    assert isinstance(found, CaseValues), found
    return found


def maybe(
    metric: str, baseline: DataSet, pilot: DataSet, calendars: Calendars = NO_CALENDAR, **options: Any
) -> CaseValues | NotComparable:
    return case_values(
        metric, View(baseline, calendars), View(pilot, calendars), units_of(baseline, pilot), **options
    )  # fmt: skip


def reason(metric: str, baseline: DataSet, pilot: DataSet, **options: Any) -> str:
    found = maybe(metric, baseline, pilot, **options)
    assert isinstance(found, NotComparable)
    return found.reason


def test_lead_time_of_closed_cases_is_their_time_within_tau() -> None:
    """Where every case is closed, a case's value is min(lead time, tau)."""
    found = values("lead_time", data_set(CLOSED), data_set(CLOSED), tau=5.0)
    assert found.y.tolist() == pytest.approx([2, 4, 5] * 2)
    assert (found.unit, found.tau) == ("days", 5.0)


def test_an_open_case_counts_for_as_long_as_it_was_seen() -> None:
    """D was seen for 2 days, so the share open stays 3/3 until then: mean within 6 days by hand.

    Decided: A at 2 of 4 at risk (D still under observation at 2). Withdrawn: B at 4 of 2 (C and B).
    Share decided 1/4 from 2 on: 6 - 1/4 * 4 = 5.
    """
    found = values("lead_time", data_set(CLOSED), data_set(OPEN), tau=6.0)
    assert found.mean(pilot=True) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("withdrawal", "mean"), [("competing", 5.0), ("ended", 2 + 0.75 * 2 + 0.375 * 2), ("left_out", 2 + 4 * 2 / 3)]
)
def test_a_withdrawn_case_counts_as_the_plan_says(withdrawal: str, mean: float) -> None:
    """Never decided; ended like the others; or not there."""
    found = values("lead_time", data_set(CLOSED), data_set(OPEN), tau=6.0, withdrawal=withdrawal)
    assert found.mean(pilot=True) == pytest.approx(mean)
    assert (withdrawal == "left_out") == any("withdrawn" in why for why, _ in found.left_out)


def test_a_horizon_beyond_follow_up_is_refused() -> None:
    """Nobody was followed for 40 days, and some are open."""
    assert reason("lead_time", data_set(CLOSED), data_set(OPEN), tau=40.0).startswith(
        "pilot: no case was followed for 40"
    )
    assert "tau" in reason("lead_time", data_set(CLOSED), data_set(OPEN))
    assert "tau" in reason("lead_time", data_set(CLOSED), data_set(OPEN), tau=0.0)


def test_an_open_case_is_late_once_its_deadline_passed() -> None:
    """A in time, B late, C open and late; D, whose deadline lies ahead, is only seen for so long.

    In units of the deadlines D leaves first, and A is decided at 2/3 of three at risk: 1/3. With 4 days for all, A is
    one of four and B, at 4 days sharp, one of the two then left: 1/4 + 3/4 * 1/2.
    """
    data = data_set("""
        case opened  closed  due     outcome
        A    1/00:00 3/00:00 4/00:00  granted
        B    1/00:00 5/00:00 4/00:00  granted
        C    2/00:00 -       5/00:00  -
        D    28/00:00 -      31/23:00 -
        """)
    assert values("service_level_met", data, data).mean(pilot=True) == pytest.approx(1 / 3)
    assert values("service_level_met", data, data, service_level_days=4.0).mean(pilot=True) == pytest.approx(5 / 8)


def test_a_case_closed_on_its_deadline_is_in_time() -> None:
    """At the very instant is in time, as in the metric of closed cases."""
    data = data_set("""
        case opened  closed  due
        A    1/07:13 4/09:41 4/09:41
        B    1/07:13 4/09:42 4/09:41
        """)
    assert values("service_level_met", data, data).y.tolist() == pytest.approx([1, 0] * 2)


def test_a_cohort_without_deadlines_is_named() -> None:
    """The reason says which cohort lacks what."""
    pilot = data_set("case opened closed due\nA 1/00:00 2/00:00 3/00:00")
    assert reason("service_level_met", data_set(CLOSED), pilot) == (
        "baseline: no deadlines were recorded, and no promised number of days was given"
    )


STEPS = """
case step  visit agency officer ready    started  completed outcome   cost keyed
A    one   1     x      p       1/00:00  1/00:00  2/00:00   completed 10   name
A    two   1     y      q       2/00:00  2/12:00  3/00:00   completed 10   name
B    one   1     x      p       1/00:00  1/00:00  2/00:00   completed 10   name
B    two   1     y      p       2/00:00  4/00:00  5/00:00   completed 10   -
C    one   1     x      p       9/00:00  9/00:00  10/00:00  completed 30   name
"""
WITHOUT_STARTS = """
case step  visit agency started completed
A    one   1     x      -       2/00:00
"""


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("touch_time", [1.5, 1.0, 0.0]),
        ("waiting_time", [0.5, 2.0, 3.0]),
        ("handovers", [1, 1, 0]),
        ("officer_handovers", [1, 0, 0]),
        ("rework", [0, 0, 0]),
        ("any_rework", [0, 0, 0]),
        ("duplicate_entry", [1, 0, 0]),
        ("cost", [20, 10, 0]),
        ("outcome:granted", [1, 0, 0]),
    ],
)
def test_counts_are_cut_at_tau(metric: str, expected: list[float]) -> None:
    """Each case is looked at for 3 days: B's second step is handed over at the very horizon, C's lies behind."""
    data = data_set(CLOSED, STEPS)
    found = values(metric, data, data, tau=3.0)
    assert found.y[:3].tolist() == pytest.approx(expected)


def test_a_young_case_is_not_used_for_counts() -> None:
    """D entered two days before the reading."""
    data = data_set(OPEN, STEPS + "D one 1 x p 28/00:00 28/00:00 29/00:00 completed 5 name\n")
    found = values("touch_time", data, data, tau=3.0)
    assert found.used.tolist() == [True, True, True, False] * 2
    assert dict(found.left_out)["entered less than tau ago (pilot)"] == 1


def test_a_cohort_without_start_times_is_named() -> None:
    """Waiting needs starts in both cohorts."""
    pilot, baseline = data_set(CLOSED, STEPS), data_set(CLOSED, WITHOUT_STARTS)
    for metric in ("waiting_time", "touch_time"):
        assert reason(metric, baseline, pilot, tau=3.0) == "baseline: no times at which work started were recorded"
    assert reason("handovers", data_set(CLOSED), pilot, tau=3.0) == "baseline: no steps were recorded"
    assert reason("waiting_time_working", pilot, pilot, tau=3.0).startswith("baseline: no office hours")
    assert reason("error_rate", pilot, pilot) == "baseline: no errors in decisions were recorded"
    assert reason("handovers", pilot, pilot).startswith("baseline: a horizon (tau) is needed")
    assert reason("speed", pilot, pilot).startswith("there is no metric 'speed'; there is lead_time")


def test_long_sessions_are_cut_only_where_asked() -> None:
    """C's step of a day counts 8 hours with a longest session of 8 hours, in both cohorts alike."""
    data = data_set(CLOSED, STEPS)
    long = View(data, NO_CALENDAR, longest_session=timedelta(hours=8))
    found = case_values("touch_time", long, View(data, NO_CALENDAR), units_of(data, data), tau=3.0)
    assert isinstance(found, CaseValues)
    assert found.y.tolist() == pytest.approx([2 / 3, 1 / 3, 0.0, 1.5, 1.0, 0.0])


def test_a_horizon_in_working_hours_ends_within_office_hours() -> None:
    """12 working hours from Monday 00:00 end on Tuesday 12:00; A was waiting from 08:00 until then."""
    office = Calendars(case=Calendar.weekdays("UTC"))  # 08:00 to 16:00, Monday to Friday
    data = data_set(CLOSED, STEPS)
    found = values("waiting_time_working", data, data, office, tau=12.0)
    assert (found.y[0], found.y[1]) == pytest.approx((4.0, 4.0))
    assert values("touch_time_working", data, data, office, tau=12.0).y[0] == pytest.approx(8.0)
    assert values("lead_time_working", data, data, office, tau=12.0).y[0] == pytest.approx(12.0)


def test_errors_are_those_found_within_tau_of_the_decision() -> None:
    """A was found wrong after 2 days, B after 9, C never; D is not decided."""
    data = dated(
        OPEN.replace("withdrawn", "refused").replace("C    2/00:00 -        -", "C    2/00:00 3/00:00 granted")
    )
    found = values("error_rate", data, data, tau=5.0)
    assert found.y[:3].tolist() == [1.0, 0.0, 0.0]
    assert not found.used[3]


def test_a_reaudited_sample_goes_before_errors_found_in_passing() -> None:
    """Cases outside the sample are not used."""
    data = data_set("""
        case opened  closed  case:error case:reaudit_error
        A    1/00:00 3/00:00 no         yes
        B    1/00:00 5/00:00 no         no
        C    1/00:00 5/00:00 yes        -
        """)
    found = values("error_rate", data, data)
    assert found.y[:2].tolist() == [1.0, 0.0]
    assert not found.used[2]


def test_cost_per_decision_divides_the_cost_of_all_by_those_decided() -> None:
    """Within 3 days 30 was spent and one case was decided."""
    data = data_set(CLOSED, STEPS)
    view = View(data, NO_CALENDAR)
    found = cost_per_decision(view, View(data, NO_CALENDAR), units_of(data, data), tau=3.0)
    assert not isinstance(found, NotComparable)
    assert (found.baseline, found.estimate) == (30.0, 0.0)
    assert found.psi[:3].sum() == pytest.approx(0)


def test_the_order_of_rows_does_not_matter() -> None:
    """Cases are put into the order of their identifiers, whatever the table's."""
    data = data_set(OPEN, STEPS)
    turned = replace(data, cases=data.cases.reverse(), steps=data.steps.reverse())
    for metric in ("lead_time", "touch_time", "handovers", "cost"):
        one, other = (values(metric, data, each, tau=5.0) for each in (data, turned))
        np.testing.assert_array_equal(one.y, other.y)


def test_an_event_told_twice_changes_no_time_and_no_hand_over() -> None:
    """Work told twice is one stretch of work, by one agency; only what is summed (cost) counts it twice."""
    once = data_set(CLOSED, STEPS)
    twice = replace(once, steps=once.steps.gather([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]))
    for metric in ("lead_time", "touch_time", "waiting_time", "handovers", "rework"):
        one, other = (values(metric, once, each, tau=3.0) for each in (once, twice))
        np.testing.assert_array_equal(one.y, other.y)


def test_cohorts_swapped_turn_the_sign() -> None:
    """Pilot against baseline is minus baseline against pilot."""
    a, b = data_set(CLOSED, STEPS), data_set(OPEN, STEPS)
    for metric in ("lead_time", "touch_time", "cost"):
        one, other = values(metric, a, b, tau=4.0).difference(), values(metric, b, a, tau=4.0).difference()
        assert one.estimate == pytest.approx(-other.estimate)
        assert np.square(one.psi).sum() == pytest.approx(np.square(other.psi).sum())


def test_cases_already_open_at_the_window_count_from_then_on() -> None:
    """A window from day 4: A is gone before, B is seen from age 3, C from age 2. At 4 B is one of two: 1/2 decided."""
    data = data_set(CLOSED)
    found = values("lead_time", data, data, tau=8.0, observed_from=(None, moment("4/00:00")))
    assert found.mean(pilot=True) == pytest.approx(4 + 8 / 2 / 2)
    assert ("ended before observation began (pilot)", 1) in found.left_out
    late = values("service_level_met", data, data, service_level_days=4.0, observed_from=(None, moment("4/00:00")))
    assert late.mean(pilot=True) == pytest.approx(0.5)


def test_cases_already_open_are_left_out_of_counts_and_of_means_by_day() -> None:
    """They are there because they took long. From day 2 only C was followed from its opening: 8 days."""
    data = data_set(CLOSED, STEPS)
    window = (None, moment("2/00:00"))
    by_day = values("lead_time", data, data, tau=9.0, observed_from=window, enter_late=False)
    assert by_day.mean(pilot=True) == pytest.approx(8.0)
    assert ("were open already when observation began (pilot)", 2) in by_day.left_out
    counted = values("cost", data, data, tau=4.0, observed_from=window)
    assert counted.used.tolist() == [True] * 3 + [False, False, True]


def test_closed_cases_only_where_the_plan_says_so() -> None:
    """Counts of closed cases need no horizon, and tell how many are open."""
    data = data_set(OPEN, STEPS)
    found = values("handovers", data, data, counted="closed")
    assert found.used.tolist() == [True, True, False, False] * 2
    assert ("are still open (pilot)", 2) in found.left_out
    left = values("handovers", data, data, counted="closed", withdrawal="left_out")
    assert left.used.tolist() == [True, False, False, False] * 2


def test_nothing_begun_within_tau_is_no_hand_over_yet() -> None:
    """C's work began behind its horizon: zero hand-overs; a case without any recorded work is not known."""
    data = data_set(CLOSED + "D 1/00:00 4/00:00 granted\n", STEPS)
    found = values("handovers", data, data, tau=3.0)
    assert found.y[2] == 0
    assert not found.used[3]


def test_units_of_other_data_are_refused() -> None:
    """A wrong pairing of cases and units would give wrong offices to cases."""
    a, b = data_set(CLOSED), data_set(OPEN)
    with pytest.raises(BadInput, match="units_of"):
        case_values("lead_time", View(a, NO_CALENDAR), View(b, NO_CALENDAR), units_of(a, a), tau=2.0)


def test_every_metric_has_an_estimator() -> None:
    """No metric of the list is forgotten, and names of outcomes are understood."""
    assert all(metric_named(metric.name) is metric for metric in METRICS)
    assert metric_named("outcome:granted") is not None
    assert metric_named("outcome:") is None


def test_units_carry_the_local_day_and_the_office() -> None:
    """20:00 UTC on day 1 is day 2 in Jakarta; the same identifier in both cohorts stays two cases."""
    data = data_set("""
        case opened  opened_offset office
        B    1/20:00 420           north
        A    1/20:00 -             -
        """)
    units = units_of(data, data)
    assert units.case == ("baseline:A", "baseline:B", "pilot:A", "pilot:B")
    assert units.pilot.tolist() == [False, False, True, True]
    assert (units.offices, units.office.tolist()) == (("north",), [-1, 0, -1, 0])
    assert (units.days, units.day.tolist()) == (("2024-03-04", "2024-03-05"), [0, 1, 0, 1])


def dated(cases: str) -> DataSet:
    """Cases with the dates on which errors were found."""
    import polars as pl

    data = data_set(cases)
    found = [moment("5/00:00"), moment("14/00:00"), None, None]
    column = pl.Series("case:error", found, dtype=pl.Datetime("us", "UTC"))
    return replace(data, cases=data.cases.with_columns(column))


def test_what_only_needs_time_says_until_when() -> None:
    """Young cases: the day on which the first was followed for tau; open ones: until they close; else nothing."""
    young = data_set(OPEN, STEPS)
    found = maybe("cost", young, young, tau=40.0)
    assert isinstance(found, NotComparable)
    day = (moment("1/00:00") + timedelta(days=40)).date()
    assert found.cure == f"data read on {day} or later, or a shorter tau by an amendment"
    still = data_set(OPEN.replace("3/00:00  granted", "- -").replace("5/00:00  withdrawn", "- -"), STEPS)
    waits = maybe("cost", still, still, counted="closed")
    assert isinstance(waits, NotComparable)
    assert waits.cure == "data read when cases have closed"
    bare = maybe("cost", data_set(CLOSED), data_set(CLOSED), tau=4.0)
    assert isinstance(bare, NotComparable)
    assert bare.cure is None
