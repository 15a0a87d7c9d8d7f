"""Means from sums, relative changes, ratios of sums and the size of a t test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Effect, NoEstimate, Scale, Units
from perintis.rules.statistics.ratios import (
    Compared,
    Ratio,
    Sums,
    cases_needed_t,
    compare_means,
    power_t,
    ratio_effect,
    ratio_of_sums,
    relative_effect,
    smallest_effect_t,
)

CONTROL = Sums(3_407, 1_396.87, 52_377.9767)
VARIATION = Sums(3_461, 2_422.7, 134_698.29)


def compared(pilot: Sums, baseline: Sums, *, relative: bool = False) -> Compared:
    found = compare_means(pilot, baseline, relative=relative)
    assert isinstance(found, Compared)
    return found


def sums(values: np.ndarray) -> Sums:
    return Sums(len(values), float(values.sum()), float((values**2).sum()))


def units(pilot: np.ndarray) -> Units:
    nowhere = np.full(len(pilot), -1, dtype=np.int64)
    return Units(tuple(str(k) for k in range(len(pilot))), pilot, nowhere, nowhere)


@pytest.mark.parametrize(
    ("relative", "estimate", "error", "low", "high", "p"),
    [(False, 0.29, 0.12478, 0.04538, 0.53462, 0.02016), (True, 0.70732, 0.37879, -0.03526, 1.44989, 0.06191)],
)
def test_two_sided_t_from_sums(
    relative: bool, estimate: float, error: float, low: float, high: float, p: float
) -> None:
    """GrowthBook's own test of its two-sided t, absolute and relative (packages/stats, test_tests.py, 8f1db445)."""
    found = compared(VARIATION, CONTROL, relative=relative)
    figures = (found.estimate, found.error, found.low, found.high, found.p)
    assert figures == pytest.approx((estimate, error, low, high, p), abs=5e-6)


def test_the_relative_error_counts_the_baseline_too() -> None:
    """Dividing the absolute error by the baseline's mean alone would be too small where the pilot's mean is higher."""
    absolute, relative = compared(VARIATION, CONTROL), compared(VARIATION, CONTROL, relative=True)
    assert relative.error > 1.2 * absolute.error / CONTROL.mean


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=20), st.lists(st.integers(-20, 20), min_size=2, max_size=20))
def test_swapping_the_cohorts_turns_the_sign(a: list[int], b: list[int]) -> None:
    """Pilot minus baseline is minus baseline minus pilot, with the same p."""
    first, second = np.array(a, dtype=float), np.array(b, dtype=float)
    there, back = compare_means(sums(first), sums(second)), compare_means(sums(second), sums(first))
    if isinstance(there, NoEstimate) or isinstance(back, NoEstimate):
        assert there == back == NoEstimate("the values do not vary")
        return
    assert (there.estimate, there.low, there.p) == pytest.approx((-back.estimate, -back.high, back.p))


def test_too_few_cases_give_a_reason() -> None:
    """One case has no spread, a mean of zero nothing to be relative to."""
    assert compare_means(Sums(1, 2.0, 4.0), CONTROL) == NoEstimate("1 cases in the pilot; 2 are needed")
    assert compare_means(CONTROL, Sums(0, 0.0, 0.0)) == NoEstimate("0 cases in the baseline; 2 are needed")
    assert isinstance(compare_means(CONTROL, Sums(9, 0.0, 5.0), relative=True), NoEstimate)
    assert isinstance(ratio_of_sums(np.ones(1), np.ones(1)), NoEstimate)
    assert ratio_of_sums(np.ones(3), np.zeros(3)) == NoEstimate("the sum to divide by is zero")


def test_relative_effect_by_influence_is_the_full_delta_formula() -> None:
    """The influence values of a relative effect give the error of the formula from sums."""
    random = np.random.default_rng(1)
    pilot = np.arange(500) < 220
    y = random.gamma(2, np.where(pilot, 4.0, 5.0))
    plain = CaseValues("lead_time", "days", y, np.ones(500, dtype=bool), units(pilot)).difference()
    found = relative_effect(plain)
    assert isinstance(found, Effect)
    direct = compared(sums(y[pilot]), sums(y[~pilot]), relative=True)
    assert found.estimate == pytest.approx(direct.estimate)
    assert np.sqrt((found.psi**2).sum()) == pytest.approx(direct.error, rel=0.005)
    assert found.scale is Scale.DIFFERENCE


def test_an_adjusted_effect_has_no_relative_change_of_this_kind() -> None:
    """Where the estimate is not the difference of the cohorts' values the formula does not hold."""
    pilot = np.array([True, True, False, False])
    adjusted = Effect("x", -1.0, np.zeros(4), np.ones(4, dtype=bool), units(pilot), 3.0, 5.0, "days")
    assert isinstance(relative_effect(adjusted), NoEstimate)


def test_ratio_of_sums_by_the_formula() -> None:
    """Var = (s_c^2 + R^2 s_n^2 - 2 R s_cn) / (n mean_n^2). Cochran 1977."""
    random = np.random.default_rng(2)
    decided = random.integers(1, 6, 300).astype(float)
    cost = 40 * decided + random.normal(0, 30, 300)
    found = ratio_of_sums(cost, decided)
    assert isinstance(found, Ratio)
    c = np.cov(cost, decided)
    ratio = cost.sum() / decided.sum()
    formula = (c[0, 0] + ratio**2 * c[1, 1] - 2 * ratio * c[0, 1]) / (300 * decided.mean() ** 2)
    assert found.value == pytest.approx(ratio)
    assert found.error == pytest.approx(np.sqrt(formula))
    assert found.psi.sum() == pytest.approx(0, abs=1e-12)


def test_difference_of_two_ratios() -> None:
    """Cost per decided case: each cohort's own ratio, and influence values that sum to zero in each."""
    pilot = np.array([True, True, True, False, False, False])
    cost, decided = np.array([10.0, 20, 30, 40, 50, 60]), np.array([1.0, 1, 0, 1, 1, 1])
    used = np.ones(6, dtype=bool)
    found = ratio_effect("cost", "IDR", cost, decided, used, units(pilot))
    assert isinstance(found, Effect)
    assert (found.pilot, found.baseline, found.estimate) == pytest.approx((30, 50, -20))
    assert found.psi[pilot].sum() == pytest.approx(0)
    none = ratio_effect("cost", "IDR", cost, np.where(pilot, 0.0, 1.0), used, units(pilot))
    assert none == NoEstimate("pilot: the sum to divide by is zero")


def test_sizes_of_a_t_test() -> None:
    """R's pwr: 63.76561 and 393.4057 cases a cohort for d = 0.5 and 0.2; d = 0.177358 with 500."""
    assert cases_needed_t(0.5) == pytest.approx(63.76561, abs=1e-4)
    assert cases_needed_t(0.2) == pytest.approx(393.4057, abs=1e-4)
    assert smallest_effect_t(500) == pytest.approx(0.177358, abs=1e-6)
    assert power_t(63.76561, 0.5) == pytest.approx(0.8, abs=1e-6)
    assert power_t(50, 0.0) == pytest.approx(0.05)


def test_sizes_that_make_no_sense_are_refused() -> None:
    """No number of cases shows an effect of zero, and one case has no spread."""
    with pytest.raises(ValueError, match="effect of zero"):
        cases_needed_t(0)
    with pytest.raises(ValueError, match="more than one case"):
        power_t(1, 0.5)
