"""What must not change an answer, and what must turn it round: order of rows, names, cohorts, units, weights."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.effect import Effect, Units
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from simulations.cohorts import rmst_effect, units_of
from simulations.lognormal import lead_times

TAU = 60.0
RNG = np.random.default_rng(17)
UNITS = units_of((30,) * 24, 12)
TOOK = np.round(lead_times(RNG, (len(UNITS),)), 1)
WATCHED = np.round(RNG.uniform(5, 90, len(UNITS)), 1)
SEEN, ENDED = np.minimum(TOOK, WATCHED), TOOK <= WATCHED


def both(effect: Effect) -> tuple[Interval, Interval]:
    """The intervals by office and by case."""
    found = interval(effect, Clustering.OFFICE), interval(effect, Clustering.NONE)
    assert all(isinstance(each, Interval) for each in found)
    return found  # type: ignore[return-value]


def numbers(effect: Effect) -> list[float]:
    return [effect.estimate, *(x for each in both(effect) for x in (each.low, each.high, each.error, each.p))]


GIVEN = rmst_effect(SEEN, ENDED, UNITS, TAU)


def test_the_order_of_rows_does_not_matter() -> None:
    """Cases in any order give the same estimate, intervals and p."""
    order = np.random.default_rng(1).permutation(len(UNITS))
    names = tuple(UNITS.case[place] for place in order)
    mixed = Units(names, UNITS.pilot[order], UNITS.office[order], UNITS.day[order], UNITS.offices)
    assert numbers(rmst_effect(SEEN[order], ENDED[order], mixed, TAU)) == pytest.approx(numbers(GIVEN), rel=1e-9)


def test_names_do_not_matter() -> None:
    """Other references of cases and other names of offices, in another order, change nothing."""
    other = np.random.default_rng(2).permutation(24)
    named = Units(tuple(f"x{n}" for n in UNITS.case), UNITS.pilot, other[UNITS.office], UNITS.day, UNITS.offices)
    assert numbers(rmst_effect(SEEN, ENDED, named, TAU)) == pytest.approx(numbers(GIVEN), rel=1e-9)


def test_exchanging_the_cohorts_turns_the_sign() -> None:
    """Baseline for pilot: minus the estimate, the mirrored interval, the same p."""
    turned = Units(UNITS.case, ~UNITS.pilot, UNITS.office, UNITS.day, UNITS.offices)
    mirrored = rmst_effect(SEEN, ENDED, turned, TAU)
    assert mirrored.estimate == pytest.approx(-GIVEN.estimate)
    for one, other in zip(both(mirrored), both(GIVEN), strict=True):
        assert (-one.high, -one.low, one.p) == pytest.approx((other.low, other.high, other.p))


def test_the_unit_of_time_only_changes_the_unit() -> None:
    """In hours everything is 24 times as large, and p the same."""
    hours = rmst_effect(SEEN * 24, ENDED, UNITS, TAU * 24)
    assert hours.estimate == pytest.approx(24 * GIVEN.estimate)
    for one, other in zip(both(hours), both(GIVEN), strict=True):
        assert (one.low / 24, one.high / 24, one.p) == pytest.approx((other.low, other.high, other.p))


def test_without_open_cases_it_is_the_plain_mean() -> None:
    """The restricted mean of cases that all ended is the mean of min(T, tau), exactly."""
    found = restricted_mean(follow(TOOK, np.ones(len(TOOK), dtype=bool)), TAU)
    assert isinstance(found, FromCurve)
    assert found.value == pytest.approx(float(np.minimum(TOOK, TAU).mean()), abs=1e-12)
    assert found.influence * len(TOOK) == pytest.approx(np.minimum(TOOK, TAU) - found.value, abs=1e-9)


def test_weights_are_repeated_rows() -> None:
    """A case with weight three is three cases."""
    weight = np.random.default_rng(3).integers(1, 4, 60)
    weighted = restricted_mean(follow(SEEN[:60], ENDED[:60], weight=weight.astype(float)), 30.0)
    repeated = restricted_mean(follow(np.repeat(SEEN[:60], weight), np.repeat(ENDED[:60], weight)), 30.0)
    assert isinstance(weighted, FromCurve)
    assert isinstance(repeated, FromCurve)
    assert (weighted.value, weighted.greenwood) == pytest.approx((repeated.value, repeated.greenwood))


def test_the_wrong_error_is_caught() -> None:
    """Negative control: with the error of cases the interval is too narrow where offices differ much."""
    shift = np.random.default_rng(4).normal(0, 0.5, 24)[UNITS.office]
    effect = rmst_effect(np.minimum(TOOK * np.exp(shift), WATCHED), TOOK * np.exp(shift) <= WATCHED, UNITS, TAU)
    by_office, by_case = both(effect)
    assert by_office.error > 1.5 * by_case.error
