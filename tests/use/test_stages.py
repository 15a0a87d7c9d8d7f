"""Where the time went: waiting and work by step, of cases seen long enough, and the flow of cases."""

from __future__ import annotations

import pytest

from perintis.rules.metrics import Calendars, View
from perintis.use.evaluation.flow import flow_side
from perintis.use.evaluation.stage_panel import fewest
from perintis.use.evaluation.stages import BETWEEN, stages_of
from perintis.words.errors import BadInput
from tests.rules.small_tables import data_set

CASES = """
    case  office  opened   closed   outcome
    a     north   1/08:00  3/08:00  granted
    b     north   1/08:00  -        -
    c     south   9/08:00  -        -
"""
STEPS = """
    case  step    visit  agency  ready    started  completed
    a     check   1      front   1/08:00  1/20:00  2/08:00
    a     decide  1      front   2/08:00  3/02:00  3/08:00
    b     check   1      front   1/08:00  2/08:00  2/20:00
    b     decide  1      front   2/20:00  -        -
    c     check   1      front   9/08:00  -        -
"""


def test_a_step_waits_until_it_begins_and_an_open_one_until_the_horizon() -> None:
    """Cases that entered at least tau ago count, each for its first tau days: c entered too late."""
    found = stages_of(View(data_set(CASES, STEPS, read="10/08:00"), Calendars()), tau_days=5)

    assert found.rows.tolist() == [0, 1]
    assert found.waiting["check"].tolist() == [0.5, 1.0]
    assert found.waiting["decide"].tolist() == [0.75, 3.5]
    assert found.touch is not None
    assert found.touch["check"].tolist() == [0.5, 0.5]
    assert found.touch["decide"].tolist() == [0.25, 0.0]
    assert [fewest(found, step) for step in ("check", "decide", "stamp")] == [2, 1, 0]  # only a's decision was work


def test_without_ready_times_a_step_waits_from_the_end_of_the_work_before_it() -> None:
    """An imported log has ends only: the step waits from the end of the one before, the first from the opening."""
    steps = """
        case  step    visit  agency  completed
        a     check   1      front   2/08:00
        a     decide  1      front   3/08:00
    """
    found = stages_of(View(data_set(CASES, steps, read="10/08:00"), Calendars()), tau_days=5)

    assert found.touch is None
    assert found.waiting["check"].tolist() == [1.0, 0.0]
    assert found.waiting["decide"].tolist() == [1.0, 0.0]


def test_time_in_which_no_step_could_begin_is_between_steps() -> None:
    """A paper file on its way: done on day 2 at 08:00, ready at the next agency on day 2 at 20:00."""
    cases = """
        case  office  opened   closed   outcome
        a     north   1/08:00  4/08:00  granted
    """
    steps = """
        case  step    visit  agency  ready    started  completed
        a     check   1      front   1/08:00  1/20:00  2/08:00
        a     record  1      police  2/20:00  3/02:00  3/08:00
        a     screen  1      health  2/20:00  3/20:00  4/08:00
    """
    found = stages_of(View(data_set(cases, steps, read="10/08:00"), Calendars()), tau_days=5)

    assert found.waiting[BETWEEN].tolist() == [0.5]
    assert found.waiting["screen"].tolist() == [1.0]


def test_the_flow_of_cases_adds_up() -> None:
    """received = not eligible + assigned; assigned = decided + withdrawn + open."""
    data = data_set(CASES + "    d  south  2/08:00  4/08:00  withdrawn\n", STEPS, read="10/08:00")

    side = flow_side(data, received=6, tau_days=5)

    assert (side.received, side.not_eligible, side.assigned) == (6, 2, 4)
    assert (side.decided, side.withdrawn, side.open, side.followed, side.offices) == (1, 1, 2, 3, 2)


def test_a_cohort_without_a_case_is_named() -> None:
    """A population that nobody belongs to is a fault of the plan, said in one sentence."""
    empty = data_set("case opened", read="10/08:00", name="old cases")

    with pytest.raises(BadInput, match="old cases has no case of the plan's population"):
        flow_side(empty, received=3, tau_days=5)
