"""Each metric, told by a small log and its answer."""

from __future__ import annotations

import pytest

from perintis.rules.metrics import (
    ANY_REWORK,
    COST,
    DUPLICATE_ENTRY,
    HANDOVERS,
    LEAD_TIME,
    LEAD_TIME_WORKING,
    METRICS,
    REWORK,
    SERVICE_LEVEL_MET,
    TOUCH_TIME,
    TOUCH_TIME_WORKING,
    WAITING_TIME,
    WAITING_TIME_WORKING,
    Calendars,
    Metric,
    NotComparable,
    View,
    measure,
    outcome_metrics,
)
from perintis.words.agency import Calendar
from perintis.words.tables import DataSet
from tests.rules.small_tables import data_set

OFFICE = Calendar.weekdays("UTC")  # 08:00 to 16:00, Monday to Friday
LONG_HOURS = Calendar.weekdays("UTC", "06:00", "22:00")
CALENDARS = Calendars(case=OFFICE, agencies={"polri": LONG_HOURS})


def values(metric: Metric, data: DataSet) -> list[float | None]:
    found = measure(metric, View(data, CALENDARS))
    assert not isinstance(found, NotComparable), found
    return [None if v is None else round(v, 6) for v in found["value"]]


def final(metric: Metric, data: DataSet) -> list[bool]:
    found = measure(metric, View(data, CALENDARS))
    assert not isinstance(found, NotComparable), found
    return found["ended"].to_list()


def reason(metric: Metric, data: DataSet, calendars: Calendars = CALENDARS) -> str:
    found = measure(metric, View(data, calendars))
    assert isinstance(found, NotComparable)
    return found.reason


def test_lead_time_runs_from_opening_to_closing() -> None:
    """Open cases have taken as long as they were seen; a case that closes before it opens has no lead time."""
    data = data_set(
        """
        case  opened   closed
        A     1/08:00  3/20:00
        B     5/10:00  8/10:00
        C     1/12:00  -
        D     2/00:00  1/00:00
        """,
        read="11/12:00",
    )
    assert values(LEAD_TIME, data) == [2.5, 3, 10, None]
    assert final(LEAD_TIME, data) == [True, True, False, True]
    # A: three days; B: Friday 6 hours, Monday 2; C: 4, four days, a weekend, three days, 4
    assert values(LEAD_TIME_WORKING, data) == [24, 8, 64, None]


ONE_CASE = """
    case  opened   closed
    A     1/08:00  2/12:00
"""


@pytest.mark.parametrize(
    ("steps", "touched", "waited"),
    [
        (
            """
            case step   visit agency  started  completed outcome
            A    check  1     dukcapil 1/10:00  1/12:00  completed
            A    police 1     polri   1/20:00  1/21:00   completed
            """,
            3,
            25,
        ),
        (
            """
            case step   visit agency  started  completed outcome
            A    check  1     dukcapil 1/10:00  1/14:00  completed
            A    police 1     polri   1/11:00  1/12:00   completed
            A    health 1     kemenkes 1/13:00 1/15:00   completed
            """,
            5,
            23,
        ),
        (
            """
            case step   visit agency  started  completed outcome
            A    check  1     dukcapil 1/06:00  1/09:00  completed
            A    timer  1     -       1/09:00  2/09:00   completed
            A    police 1     polri   1/09:00  1/12:00   withdrawn
            A    issue  1     imigrasi 2/11:00 2/11:00   completed
            """,
            1,
            27,
        ),
    ],
    ids=["one after another", "side by side: the union, not the sum", "cut at opening; timers, withdrawn work not"],
)
def test_touch_is_the_union_of_work_and_waiting_the_rest(steps: str, touched: float, waited: float) -> None:
    """Lead time is touch time plus waiting time (hours of 28 here)."""
    data = data_set(ONE_CASE, steps)
    assert values(TOUCH_TIME, data) == [round(touched / 24, 6)]
    assert values(WAITING_TIME, data) == [round(waited / 24, 6)]


def test_touch_in_working_time_uses_the_hours_of_the_agency_at_work() -> None:
    """Work in the evening counts for an agency that is open then; waiting is counted by the calendar of the case."""
    data = data_set(
        ONE_CASE,
        """
        case step   visit agency   started  completed outcome
        A    check  1     dukcapil 1/15:00  1/17:00   completed
        A    police 1     polri    1/20:00  1/23:00   completed
        """,
    )
    assert values(TOUCH_TIME_WORKING, data) == [1 + 2]
    assert values(LEAD_TIME_WORKING, data) == [12]
    assert values(WAITING_TIME_WORKING, data) == [11]


def test_touch_is_unknown_where_a_time_is_missing() -> None:
    """Null, not zero: a start or an end that was not recorded, or a closed case without any work."""
    data = data_set(
        """
        case         opened   closed
        complete     1/08:00  1/20:00
        no_start     1/08:00  1/20:00
        no_end       1/08:00  1/20:00
        no_steps     1/08:00  1/20:00
        in_hand      1/08:00  -
        untouched    1/08:00  -
        """,
        """
        case      step  visit started  completed outcome
        complete  check 1     1/08:00  1/14:00   completed
        no_start  check 1     1/08:00  1/14:00   completed
        no_start  issue 1     -        1/15:00   completed
        no_end    check 1     1/08:00  -         -
        in_hand   check 1     1/14:00  -         -
        untouched check 1     -        -         -
        """,
        read="2/08:00",
    )
    assert values(TOUCH_TIME, data) == [0.25, None, None, None, 0.75, 0]
    assert values(WAITING_TIME, data) == [0.25, None, None, None, 0.25, 1]
    assert final(WAITING_TIME, data) == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("agencies", "count"),
    [
        ("a a a", 0),
        ("a b a", 2),
        ("a b b c", 2),
        ("a", 0),
    ],
)
def test_a_handover_is_two_consecutive_steps_by_different_agencies(agencies: str, count: int) -> None:
    """Steps of the same agency one after another are none."""
    lines = [
        f"A s{k} 1 {agency} 1/{8 + k:02d}:00 1/{9 + k:02d}:00 completed" for k, agency in enumerate(agencies.split())
    ]
    data = data_set(ONE_CASE, "\n".join(["case step visit agency started completed outcome", *lines]))
    assert values(HANDOVERS, data) == [count]


def test_handovers_follow_the_order_of_start_then_end() -> None:
    """Not the order of the rows; what has not begun, waits for dates and withdrawn work are not handed over yet."""
    data = data_set(
        """
        case  opened   closed
        A     1/08:00  2/12:00
        B     1/08:00  2/12:00
        C     1/08:00  2/12:00
        """,
        """
        case step  visit agency started  completed outcome
        A    two   1     b      1/09:00  1/12:00   completed
        A    one   1     a      1/08:00  1/13:00   completed
        A    three 1     b      1/09:00  1/14:00   completed
        B    one   1     a      1/08:00  1/09:00   completed
        B    timer 1     -      1/09:00  1/10:00   completed
        B    two   1     b      1/09:00  1/10:00   withdrawn
        B    three 1     c      -        -         -
        B    four  1     a      -        1/11:00   completed
        C    one   1     a      1/08:00  1/09:00   completed
        C    two   1     -      1/09:00  1/10:00   completed
        """,
    )
    assert values(HANDOVERS, data) == [1, 0, None]


def test_rework_is_a_step_visited_again_after_it_was_done() -> None:
    """Sent back counts too, once; two visits side by side, waits and withdrawn visits do not."""
    data = data_set(
        """
        case       opened   closed
        straight   1/08:00  3/12:00
        again      1/08:00  3/12:00
        thrice     1/08:00  3/12:00
        returned   1/08:00  3/12:00
        mended     1/08:00  3/12:00
        parallel   1/08:00  3/12:00
        dropped    1/08:00  3/12:00
        """,
        """
        case     step  visit ready    started  completed outcome
        straight check 1     1/08:00  1/09:00  1/10:00   completed
        straight issue 1     1/10:00  1/11:00  1/12:00   completed
        again    check 1     1/08:00  1/09:00  1/10:00   completed
        again    ask   1     1/10:00  1/10:00  1/12:00   completed
        again    check 2     1/12:00  1/13:00  1/14:00   completed
        thrice   check 1     -        -        1/10:00   completed
        thrice   check 2     -        -        1/11:00   completed
        thrice   check 3     -        -        1/12:00   completed
        returned check 1     1/08:00  1/09:00  1/10:00   sent_back
        mended   check 1     1/08:00  1/09:00  1/10:00   sent_back
        mended   check 2     1/10:00  1/11:00  1/12:00   completed
        parallel check 1     1/08:00  1/09:00  1/12:00   completed
        parallel check 2     1/08:00  1/09:00  1/10:00   completed
        dropped  check 1     1/08:00  1/09:00  1/10:00   completed
        dropped  timer 1     1/08:00  1/09:00  1/10:00   completed
        dropped  timer 2     1/10:00  1/11:00  1/12:00   completed
        dropped  check 2     1/10:00  -        1/12:00   withdrawn
        """,
    )
    assert values(REWORK, data) == [0, 1, 2, 1, 1, 0, 0]
    assert values(ANY_REWORK, data) == [0, 1, 1, 1, 1, 0, 0]


def test_trying_again_what_failed_is_no_rework() -> None:
    """What was done in one step says nothing about the visits of another, and a failed visit did nothing."""
    data = data_set(
        ONE_CASE,
        """
        case step  visit ready    started  completed outcome
        A    check 1     1/08:00  1/09:00  1/10:00   completed
        A    issue 1     1/11:00  1/11:00  1/11:30   failed
        A    issue 2     1/12:00  1/12:00  1/13:00   completed
        """,
    )
    assert values(REWORK, data) == [0]


def test_duplicate_entry_counts_fields_typed_more_than_once() -> None:
    """A field typed three times was typed twice too often; nothing recorded is unknown, nothing typed is zero."""
    data = data_set(
        """
        case  opened   closed
        A     1/08:00  2/12:00
        B     1/08:00  2/12:00
        C     1/08:00  2/12:00
        """,
        """
        case step  visit keyed
        A    one   1     name+passport+address
        A    two   1     name+passport
        A    three 1     name
        A    four  1     -
        B    one   1     []
        C    one   1     -
        """,
    )
    assert values(DUPLICATE_ENTRY, data) == [3, 0, None]


def test_cost_is_the_sum_of_recorded_costs() -> None:
    """Null where no step of the case has one."""
    data = data_set(
        """
        case  opened   closed
        A     1/08:00  2/12:00
        B     1/08:00  2/12:00
        """,
        """
        case step  visit cost
        A    one   1     12.5
        A    two   1     -
        A    three 1     2
        B    one   1     -
        """,
    )
    assert values(COST, data) == [14.5, None]


def test_a_deadline_is_met_by_closing_in_time() -> None:
    """Open cases are late once the deadline has passed, and undecided before; without a deadline nothing is known."""
    data = data_set(
        """
        case      opened   closed   due
        in_time   1/08:00  2/12:00  3/00:00
        exactly   1/08:00  3/00:00  3/00:00
        late      1/08:00  3/12:00  3/00:00
        open_late 1/08:00  -        3/00:00
        open      1/08:00  -        9/00:00
        early     1/08:00  2/00:00  9/00:00
        none      1/08:00  2/00:00  -
        """,
        read="5/00:00",
    )
    assert values(SERVICE_LEVEL_MET, data) == [1, 1, 0, 0, None, 1, None]
    assert final(SERVICE_LEVEL_MET, data) == [True, True, True, True, False, False, False]


def test_outcomes_are_shares_of_the_closed_cases() -> None:
    """One metric for each outcome that occurs, the most frequent first."""
    data = data_set(
        """
        case  opened   closed   outcome
        A     1/08:00  2/12:00  granted
        B     1/08:00  2/12:00  refused
        C     1/08:00  2/12:00  granted
        D     1/08:00  -        -
        """
    )
    granted, refused = outcome_metrics(data)
    assert (granted.name, refused.name) == ("outcome:granted", "outcome:refused")
    assert values(granted, data) == [1, 0, 1, None]
    assert granted.better is None


CASES_ONLY = data_set(ONE_CASE)
BARE_STEPS = data_set(ONE_CASE, "case step visit completed outcome\nA one 1 1/10:00 completed")


@pytest.mark.parametrize(
    ("metric", "data", "words"),
    [
        (HANDOVERS, CASES_ONLY, "no steps were recorded"),
        (WAITING_TIME, BARE_STEPS, "no times at which work started were recorded"),
        (HANDOVERS, BARE_STEPS, "no agencies were recorded"),
        (DUPLICATE_ENTRY, BARE_STEPS, "no fields typed by hand were recorded"),
        (COST, BARE_STEPS, "no costs were recorded"),
        (SERVICE_LEVEL_MET, CASES_ONLY, "no deadlines were recorded"),
    ],
)
def test_what_was_not_recorded_cannot_be_compared(metric: Metric, data: DataSet, words: str) -> None:
    """A reason, never a number."""
    assert reason(metric, data) == words


def test_working_time_needs_office_hours() -> None:
    """Without a calendar there is no working time."""
    assert reason(LEAD_TIME_WORKING, CASES_ONLY, Calendars()).startswith("no office hours")


def test_all_cases_of_a_table_get_a_row_in_its_order() -> None:
    """Whatever the metric, the rows are those of the case table."""
    data = data_set(
        """
        case  opened   closed   due      outcome  case:error
        B     1/08:00  2/12:00  3/00:00  granted  yes
        A     1/09:00  -        3/00:00  -        -
        """,
        """
        case step visit agency   officer started  completed outcome   cost keyed
        A    one  1     dukcapil budi    1/10:00  1/12:00   completed 1    name
        B    one  1     dukcapil sari    1/10:00  1/12:00   completed 1    name
        """,
    )
    view = View(data, CALENDARS)
    for metric in (*METRICS, *outcome_metrics(data)):
        found = measure(metric, view)
        assert not isinstance(found, NotComparable), metric.name
        assert found.columns == ["case", "value", "ended"]
        assert found["case"].to_list() == ["B", "A"]
