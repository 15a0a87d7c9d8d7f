"""Brunner-Munzel and the rank sum, against published results."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.clusters import Interval, interval
from perintis.rules.statistics.effect import Effect, NoEstimate, Units
from perintis.rules.statistics.ranks import Faster, Shift, brunner_munzel, faster_effect, rank_sum

PAIN = np.array([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1.0])
PAIN_OTHER = np.array([3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4.0])
TRITIUM = np.array([0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
TRITIUM_OTHER = np.array([1.15, 0.88, 0.9, 0.74, 1.21])

few_values = st.lists(st.integers(0, 6), min_size=3, max_size=25).map(lambda x: np.array(x, dtype=float))


def faster(pilot: np.ndarray, baseline: np.ndarray) -> Faster:
    found = brunner_munzel(pilot, baseline)
    assert isinstance(found, Faster)
    return found


def test_brunner_munzel_pain_scores() -> None:
    """The pain scores of Brunner and Munzel 2000, as R's lawstat prints them."""
    found = faster(PAIN, PAIN_OTHER)
    figures = (found.probability, found.statistic, found.df, found.p, found.low, found.high)
    assert figures == pytest.approx((0.788961, 3.1374675, 17.682842, 0.005786209, 0.5952169, 0.9827052), abs=1e-6)


def test_rank_sum_and_shift() -> None:
    """Hollander and Wolfe 1999, example 4.1, as R's wilcox.test prints it: exact p and interval."""
    found = rank_sum(TRITIUM, TRITIUM_OTHER)
    assert isinstance(found, Shift)
    assert found.exact
    assert (found.w, found.p_higher, found.shift) == pytest.approx((35, 0.1272061, 0.305), abs=1e-6)
    assert (found.low, found.high) == pytest.approx((-0.15, 0.76), abs=1e-6)


def test_the_exact_distribution_is_a_plain_count() -> None:
    """Two against two cases have six orders: the highest sum has one of them."""
    found = rank_sum(np.array([3.0, 4.0]), np.array([1.0, 2.0]))
    assert isinstance(found, Shift)
    assert found.p_higher == pytest.approx(1 / 6)
    assert found.p == pytest.approx(2 / 6)


def test_normal_and_exact_rank_sums_are_close() -> None:
    """One tie turns 40 against 40 cases over to the normal approximation, which changes little."""
    random = np.random.default_rng(3)
    pilot, baseline = random.normal(size=40), random.normal(0.5, 1, 40)
    exact = rank_sum(pilot, baseline)
    baseline[0] = pilot[0]
    about = rank_sum(pilot, baseline)
    assert isinstance(exact, Shift)
    assert isinstance(about, Shift)
    assert (exact.exact, about.exact) == (True, False)
    assert about.p == pytest.approx(exact.p, abs=0.02)
    assert (about.low, about.high) == pytest.approx((exact.low, exact.high), abs=0.1)


@given(few_values, few_values)
def test_swapping_the_cohorts_gives_the_rest(pilot: np.ndarray, baseline: np.ndarray) -> None:
    """P(faster) of one cohort and of the other add up to one, ties shared; the order of cases does not matter."""
    there, back = faster(pilot, baseline), faster(baseline, pilot)
    assert there.probability + back.probability == pytest.approx(1)
    pairs = np.subtract.outer(pilot, baseline)
    assert there.probability == pytest.approx((pairs < 0).mean() + (pairs == 0).mean() / 2)
    assert there.psi_pilot.sum() == pytest.approx(0, abs=1e-12)
    assert there.psi_baseline.sum() == pytest.approx(0, abs=1e-12)
    shuffled = faster(pilot[::-1], baseline[::-1])
    assert shuffled.p == pytest.approx(there.p) if there.p is not None else shuffled.p is None


def test_all_tied_or_apart_gives_a_reason() -> None:
    """Values that are all equal, or that do not overlap at all, have a probability but no interval."""
    tied, apart = faster(np.ones(5), np.ones(4)), faster(np.arange(5.0), 10 + np.arange(5.0))
    assert (tied.probability, tied.p) == (0.5, None)
    assert (apart.probability, apart.p) == (1.0, None)
    assert tied.reason == "all values are equal: no interval can be given"
    assert apart.reason == "the values of the two cohorts do not overlap: no interval can be given"


def test_too_few_cases_give_a_reason() -> None:
    """No case and one case are too few."""
    assert brunner_munzel(np.zeros(0), PAIN) == NoEstimate("0 cases in the pilot; 2 are needed")
    assert brunner_munzel(PAIN, np.ones(1)) == NoEstimate("1 cases in the baseline; 2 are needed")
    assert rank_sum(np.zeros(0), PAIN) == NoEstimate("0 cases in the pilot; 1 are needed")


def test_missing_values_are_refused() -> None:
    """A missing value has no rank."""
    with pytest.raises(ValueError, match="missing"):
        brunner_munzel(np.array([1.0, np.nan, 2.0]), PAIN)


def by_office(random: np.random.Generator, offices: int, cases: int, spread: float) -> CaseValues:
    """Two cohorts of offices that differ among themselves and not between the cohorts."""
    office = np.repeat(np.arange(2 * offices), cases)
    units = Units(
        tuple(map(str, range(len(office)))), office >= offices, office, np.zeros_like(office),
        tuple(map(str, range(2 * offices))), ("2024-03-04",),
    )  # fmt: skip
    y = random.normal(size=len(office)) + spread * random.normal(size=2 * offices)[office]
    return CaseValues("lead_time", "days", y, np.ones(len(office), dtype=bool), units)


def test_offices_widen_the_interval() -> None:
    """No effect, offices that differ: the interval by cases is often wrong, that by offices is not."""
    random = np.random.default_rng(11)
    wrong = np.zeros(2)
    trials = 150
    for _ in range(trials):
        values = by_office(random, 12, 60, 0.3)
        effect = faster_effect(values)
        assert isinstance(effect, Effect)
        clustered = interval(effect)
        assert isinstance(clustered, Interval)
        half = faster(values.y[values.units.pilot], values.y[values.units.baseline])
        assert half.p is not None
        wrong += [half.p < 0.05, clustered.p < 0.05]
    assert wrong[0] / trials > 0.25
    assert wrong[1] / trials < 0.10


def test_the_effect_says_the_same_as_the_test() -> None:
    """P(faster) = (1 + estimate) / 2, and the error of independent cases is that of Brunner and Munzel."""
    values = by_office(np.random.default_rng(2), 12, 20, 0.0)
    effect, back = faster_effect(values), faster_effect(values, lower_is_better=False)
    assert isinstance(effect, Effect)
    assert isinstance(back, Effect)
    direct = faster(values.y[values.units.pilot], values.y[values.units.baseline])
    assert effect.pilot == pytest.approx(direct.probability)
    assert (1 + effect.estimate) / 2 == pytest.approx(direct.probability)
    assert back.estimate == pytest.approx(-effect.estimate)
    assert np.sqrt((effect.psi**2).sum()) / 2 == pytest.approx(
        (direct.probability - 0.5) / (direct.statistic or 1), rel=0.01
    )
