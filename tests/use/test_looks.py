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


def test_the_bounds_are_those_of_the_planned_fractions() -> None:
    """At 500, 750 and 1,000 independent cases: 2.9626, 2.359, 2.0141 (Lan and DeMets 1983)."""
    looks: tuple[LookTaken, ...] = ()
    bounds = []
    for cases in (500, 750, 1_000):
        standing = stand(PLAN, looks, Sighting(cases, 0, 0.0, (1 / cases) ** 0.5))
        assert standing.look is not None
        bounds.append(standing.look.bound)
        looks = (*looks, taken(standing))

    assert bounds == pytest.approx([2.9626, 2.359, 2.0141], abs=5e-4)
    assert looks[-1].look.final
    assert stand(PLAN, looks, Sighting(1_200, 0, 0.0, 0.02)).look is None


def test_between_two_looks_nothing_is_decided_and_the_missing_cases_are_told() -> None:
    """With 400 of 1,000 cases the first look, at a half, is 100 cases away."""
    standing = stand(PLAN, (), Sighting(400, 0, 0.0, 0.05))

    assert standing.look is None
    assert standing.fraction == pytest.approx(0.4)
    assert standing.missing_cases == 100


def test_cases_of_few_offices_add_little_information() -> None:
    """Ten offices with a correlation of 0.1: doubling the cases from 1,000 adds a twentieth of the information."""
    assert grown(2_000, 10, 0.1) / grown(1_000, 10, 0.1) == pytest.approx(2 * 10.9 / 20.9)
    assert grown(2_000, 0, 0.1) / grown(1_000, 0, 0.1) == 2


def test_the_planned_information_is_fixed_at_the_first_look() -> None:
    """A larger error later on lowers the fraction instead of moving the goal."""
    first = stand(PLAN, (), Sighting(500, 0, 0.0, 0.05))
    second = stand(PLAN, (taken(first),), Sighting(750, 0, 0.0, 0.05))

    assert second.planned_information == pytest.approx(first.planned_information)
    assert second.fraction == pytest.approx(0.5)
    assert second.look is None


def test_a_final_reading_spends_what_is_left() -> None:
    """When the pilot ends early the last look comes early, at the full level."""
    standing = stand(PLAN, (), Sighting(300, 0, 0.0, 0.06), as_final=True)

    assert standing.look is not None
    assert standing.look.final
    assert standing.look.bound == pytest.approx(1.96, abs=1e-3)
