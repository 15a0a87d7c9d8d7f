"""Which cases followed the designed process, and where the others left it."""

from __future__ import annotations

import pytest

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.rules.process.fidelity import Designed, Fidelity, How, Left, designed_from, fidelity
from perintis.rules.statistics.effect import NoEstimate
from tests.rules.process.logs import log
from tests.rules.small_tables import data_set

REHEARSAL = ["ABCD"] * 50 + ["ACBD"] * 48 + ["ABCBCD"] * 12
"""B and C side by side, in either order; one in nine goes back to B once."""


def design() -> Designed:
    found = designed_from(log(REHEARSAL))
    assert isinstance(found, Designed)
    return found


def followed(view: View, designed: Designed | None = None) -> Fidelity:
    found = fidelity(view, designed)
    assert isinstance(found, Fidelity)
    return found


def test_the_design_is_learnt_from_the_rehearsal() -> None:
    """Steps that every case has, and successions that at least one in a hundred takes, with start and end."""
    found = design()
    assert found.steps == frozenset("ABCD")
    assert found.edges == {
        ("(start)", "A"), ("A", "B"), ("A", "C"), ("B", "C"), ("C", "B"), ("C", "D"), ("B", "D"), ("D", "(end)"),
    }  # fmt: skip


def test_rare_ways_and_withdrawn_cases_are_not_the_design() -> None:
    """One case in two hundred, and cases that their applicants withdrew, do not widen the design."""
    paths = ["AB"] * 200 + ["AXB", "A"]
    outcomes = ["granted"] * 201 + ["withdrawn"]
    found = designed_from(log(paths, outcomes=outcomes))
    assert found == Designed(frozenset("AB"), frozenset({("(start)", "A"), ("A", "B"), ("B", "(end)")}))
    assert isinstance(designed_from(log(["A"], outcomes=["withdrawn"])), NoEstimate)


def test_the_rehearsal_follows_its_own_design() -> None:
    """Every case of it."""
    found = followed(log(REHEARSAL), design())
    assert (found.share, found.left) == (1.0, ())


def test_where_cases_left_the_design() -> None:
    """A step left out, a strange step, and an order that the design does not have; each case once a way."""
    found = followed(log(["ABCD", "ACBD", "ABD", "ABXCD", "BACD", "BACD"]), design())
    assert (found.share, found.followed, found.cases) == (pytest.approx(2 / 6), 2, 6)
    assert set(found.left) == {
        Left("C", How.SKIPPED, 1), Left("X", How.UNKNOWN, 1), Left("(start)", How.ORDER, 2), Left("B", How.ORDER, 2),
    }  # fmt: skip
    assert [one.cases for one in found.left] == sorted((one.cases for one in found.left), reverse=True)


def test_a_step_that_nobody_did_is_missing_in_every_case() -> None:
    """Even if the log does not know it at all."""
    found = followed(log(["ABC", "ABC"]), design())
    assert Left("D", How.SKIPPED, 2) in found.left
    assert found.share == 0.0


CASES = """
    case opened  closed  outcome
    1    1/08:00 5/08:00 granted
    2    1/08:00 5/08:00 granted
    3    1/08:00 5/08:00 granted
    4    1/08:00 5/08:00 withdrawn
    5    1/08:00 5/08:00 cancelled
    6    1/08:00 5/08:00 granted
    7    1/08:00 5/08:00 granted
    8    1/08:00 -       -
"""
STEPS = """
    case step   started completed outcome   due
    1    file   1/09:00 1/10:00   completed 2/08:00
    1    health 1/09:00 -         withdrawn -
    2    file   1/09:00 1/10:00   sent_back 2/08:00
    2    file   1/11:00 1/12:00   sent_back 2/08:00
    3    file   1/09:00 3/10:00   completed 2/08:00
    4    file   1/09:00 1/10:00   completed 2/08:00
    5    file   1/09:00 1/10:00   completed 2/08:00
    6    file   1/09:00 1/10:00   failed    -
    7    file   1/09:00 -         -         -
    8    file   1/09:00 3/10:00   failed    2/08:00
"""


def test_a_case_of_the_engine_leaves_the_design_by_what_was_recorded() -> None:
    """Failed, unfinished, withdrawn, cancelled; sent back, late, or no longer needed is by design."""
    found = followed(View(data_set(CASES, STEPS), Calendars()))
    assert (found.followed, found.cases, found.left_out) == (3, 7, (("still open", 1),))
    assert set(found.left) == {
        Left("file", how, 1) for how in (How.FAILED, How.UNFINISHED, How.WITHDRAWN, How.CANCELLED)
    }


def test_without_closed_cases_there_is_no_share() -> None:
    """A reason, and no share of zero or one."""
    assert isinstance(fidelity(log([])), NoEstimate)
    assert isinstance(fidelity(log(["AB"], closed=[False])), NoEstimate)
    with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
        designed_from(log(["AB"]), min_share=0.0)
