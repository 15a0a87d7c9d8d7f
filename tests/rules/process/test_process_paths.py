"""The order of work on a case, and what directly follows what."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.rules.process.paths import Pair, alone, edge_name, follows, orders, pair, steps_of
from perintis.rules.statistics.effect import NoEstimate
from tests.rules.process.logs import log
from tests.rules.small_tables import data_set

CASES = """
    case opened  closed  office
    1    1/08:00 3/08:00 Batam
    2    1/08:00 2/12:00 -
    3    1/08:00 -       Medan
    4    1/08:00 2/08:00 Medan
"""
STEPS = """
    case step   started completed outcome
    1    file   1/10:00 1/11:00   completed
    1    health 2/08:00 2/12:00   completed
    1    police 2/08:00 2/10:00   completed
    1    issue  2/14:00 2/15:00   completed
    2    issue  1/20:00 1/20:00   completed
    2    file   1/09:00 1/10:00   completed
    2    timer  1/10:00 1/12:00   completed
    2    health 1/12:00 -         withdrawn
    3    file   1/10:00 1/11:00   completed
"""


def both(view: View) -> Pair:
    found = alone(view)
    assert isinstance(found, Pair)
    return found


def small() -> Pair:
    return both(View(data_set(CASES, STEPS), Calendars()))


def test_order_of_work() -> None:
    """Begun first, then ended first, whatever the order of rows; waits for a date and withdrawn work do not count."""
    found = small()
    texts = [steps_of(order, found.steps) for order in orders(found.pilot)]
    assert texts == [("file", "police", "health", "issue"), ("file", "issue")]


def test_only_closed_cases_with_work_have_a_path() -> None:
    """The others are counted with their reason."""
    assert small().pilot.left_out == (("still open", 1), ("no work was recorded", 1))
    assert small().pilot.office.tolist() == [0, -1]


def test_what_follows_what() -> None:
    """With the days from the end of one step to the beginning of the next, 0 where they overlap, and both ends."""
    found = small()
    way = follows(found.pilot, len(found.steps))
    rows = {
        (int(c), *edge_name(int(e), found.steps), round(24 * w, 6))
        for c, e, w in zip(way.case, way.edge, way.wait, strict=True)
    }
    assert rows == {
        (0, "(start)", "file", 2), (0, "file", "police", 21), (0, "police", "health", 0), (0, "health", "issue", 2),
        (0, "issue", "(end)", 17), (1, "(start)", "file", 1), (1, "file", "issue", 10), (1, "issue", "(end)", 16),
    }  # fmt: skip


def test_an_unknown_end_is_an_unknown_wait() -> None:
    """Where the end of a step was not recorded, nothing is known of the wait after it."""
    steps = STEPS.replace("1/10:00 1/11:00", "1/10:00 -      ")
    found = both(View(data_set(CASES, steps), Calendars()))
    way = follows(found.pilot, len(found.steps))
    unknown = [edge_name(int(e), found.steps) for e in way.edge[np.isnan(way.wait)]]
    assert unknown == [("file", "police")]


def test_steps_and_offices_are_numbered_alike() -> None:
    """Both cohorts share one numbering, so that figures can be set side by side."""
    found = pair(log(["AB"], ["x"]), log(["BC"], ["w"]))
    assert isinstance(found, Pair)
    assert (found.steps, found.offices) == (("A", "B", "C"), ("w", "x"))
    assert (found.baseline.step.tolist(), found.pilot.step.tolist()) == ([0, 1], [1, 2])


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (log([]), "the pilot has no recorded steps"),
        (log(["AB"], closed=[False]), "the pilot has no closed case with recorded work"),
    ],
)
def test_without_a_closed_case_there_is_a_reason(view: View, reason: str) -> None:
    """No steps, or no closed case, is no path."""
    found = pair(log(["AB"]), view)
    assert isinstance(found, NoEstimate)
    assert found.reason == reason


def test_a_log_with_thousands_of_different_steps_is_no_process() -> None:
    """Such a log needs a mapping first."""
    found = pair(log(["AB"]), log(["".join(chr(0x4E00 + k) for k in range(2_000))]))
    assert found == NoEstimate("2002 different steps; up to 2000 can be compared", "map them to fewer")
