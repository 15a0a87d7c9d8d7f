"""When a formal look is due, which bound it has, and that the planned information stays as it was at the first look."""

from __future__ import annotations

from datetime import date

import pytest

from perintis.rules.plan import Looks
from perintis.use.evaluation.looks import Sighting, Standing, grown, stand
from perintis.use.evaluation.material import LookTaken

PLAN = Looks(fractions=(0.5, 0.75, 1.0), planned_cases=1_000)


def taken(standing: Standing) -> LookTaken:
    assert standing.look is not None
    return LookTaken(look=standing.look, estimate=-1.0, low=-2.0, high=0.0, at=date(2026, 3, 1))


def seen(cases: int, error: float, *, offices: int = 0, icc: float = 0.0) -> Sighting:
    """Half of the cases in either cohort."""
    return Sighting((cases // 2, cases // 2), (offices, offices), icc, error)


def test_the_bounds_are_those_of_the_planned_fractions() -> None:
    """At 500, 750 and 1,000 independent cases: 2.9626, 2.359, 2.0141 (Lan and DeMets 1983)."""
    looks: tuple[LookTaken, ...] = ()
    bounds = []
    for cases in (500, 750, 1_000):
        standing = stand(PLAN, looks, seen(cases, (1 / cases) ** 0.5))
        assert standing.look is not None
        bounds.append(standing.look.bound)
        looks = (*looks, taken(standing))

    assert bounds == pytest.approx([2.9626, 2.359, 2.0141], abs=5e-4)
    assert looks[-1].look.final
    after = stand(PLAN, looks, seen(1_200, 0.02))
    assert (after.look, after.over, after.number) == (None, True, 3)


def test_between_two_looks_nothing_is_decided_and_the_missing_cases_are_told() -> None:
    """With 400 of 1,000 cases the first look, at a half, is 100 cases away."""
    standing = stand(PLAN, (), seen(400, 0.05))

    assert standing.look is None
    assert standing.fraction == pytest.approx(0.4)
    assert standing.missing_cases == 100


def test_a_baseline_that_is_complete_brings_the_first_look_no_nearer() -> None:
    """500 cases before and 100 of 500 after: the information is 1 / (1/500 + 1/100) of 250, a third, not 60 %."""
    standing = stand(PLAN, (), Sighting((500, 100), (0, 0), 0.0, 0.1))

    assert standing.look is None
    assert standing.fraction == pytest.approx((500 * 100 / 600) / 250)
    assert standing.missing_cases == pytest.approx(67, abs=1)  # 167 cases after give half of it


def test_cases_of_few_offices_add_little_information() -> None:
    """Ten offices a cohort, correlation 0.1: from 1,000 to 2,000 cases each adds a twentieth of the information."""
    ratio = grown((2_000, 2_000), (10, 10), 0.1) / grown((1_000, 1_000), (10, 10), 0.1)
    assert ratio == pytest.approx(2 * 10.9 / 20.9)
    assert grown((2_000, 2_000), (0, 0), 0.1) / grown((1_000, 1_000), (0, 0), 0.1) == 2
    assert grown((2_000, 0), (10, 0), 0.1) == 0


def test_the_planned_information_is_fixed_at_the_first_look() -> None:
    """A larger error later on lowers the fraction instead of moving the goal."""
    first = stand(PLAN, (), seen(500, 0.05))
    second = stand(PLAN, (taken(first),), seen(750, 0.05))

    assert second.planned_information == pytest.approx(first.planned_information)
    assert second.fraction == pytest.approx(0.5)
    assert second.look is None


def test_a_look_that_came_late_takes_the_place_of_those_it_passed() -> None:
    """A first look at 80 % passed those at 50 % and 75 %: the next is due at 100 %, not at once."""
    first = stand(PLAN, (), seen(800, (1 / 800) ** 0.5))
    assert first.look is not None
    again = stand(PLAN, (taken(first),), seen(810, (1 / 810) ** 0.5))

    assert (again.look, again.due_at) == (None, 1.0)


def test_a_final_reading_spends_what_is_left() -> None:
    """When the pilot ends early the last look comes early, at the full level."""
    standing = stand(PLAN, (), seen(300, 0.06), as_final=True)

    assert standing.look is not None
    assert standing.look.final
    assert standing.look.bound == pytest.approx(1.96, abs=1e-3)


def test_a_final_reading_right_after_a_look_has_only_what_is_left() -> None:
    """A look at 80 %, and the pilot is closed soon after: the bound is above 1.96, never a second full try."""
    first = stand(PLAN, (), seen(800, (1 / 800) ** 0.5))
    last = stand(PLAN, (taken(first),), seen(950, (1 / 950) ** 0.5), as_final=True)

    assert last.look is not None
    assert last.look.bound is not None
    assert last.look.bound > 1.99
    assert last.look.spent == pytest.approx(0.05)
