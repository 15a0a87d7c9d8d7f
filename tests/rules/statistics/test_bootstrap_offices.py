"""The bootstrap over offices from counts."""

from __future__ import annotations

import time as clock

import numpy as np
import pytest

from perintis.rules.bootstrap import stream
from perintis.rules.statistics.bootstrap_offices import (
    OfficeCounts,
    Replicates,
    count_offices,
    mean,
    mean_within,
    multiplier_draws,
    office_weights,
    quantile_at,
    replicates,
    resample_influence,
)
from perintis.rules.statistics.clusters import standard_error
from perintis.rules.statistics.restricted_mean import FromCurve, quantile, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from tests.rules.statistics.made import clustered, values

TAU = 60.0


def cohort(seed: int, n: int, offices: int, spread: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, whether ended, and offices that differ."""
    random = np.random.default_rng(seed)
    office = random.integers(0, offices, n)
    time = random.lognormal(3, 0.9, n) * np.exp(random.normal(0, spread, offices))[office]
    seen = random.uniform(10, 90, n)
    return np.minimum(time, seen), time <= seen, office


def exact(time: np.ndarray, ended: np.ndarray) -> float:
    found = restricted_mean(follow(time, ended), TAU)
    assert isinstance(found, FromCurve)
    return found.value


def counted(seed: int, n: int, offices: int) -> tuple[OfficeCounts, float]:
    time, ended, office = cohort(seed, n, offices)
    return count_offices(time, ended, office, offices, TAU), exact(time, ended)


def test_counts_give_nearly_the_exact_curve() -> None:
    """Unweighted, the binned mean, quantile and plain mean differ from the exact ones by far less than their error."""
    time, ended, office = cohort(1, 20_000, 10)
    counts, ones = count_offices(time, ended, office, 10, TAU), np.ones((1, 10))
    median = quantile(follow(time, ended), 0.5).value
    assert mean_within(counts, ones)[0] == pytest.approx(exact(time, ended), abs=0.01)
    assert quantile_at(0.5)(counts, ones)[0] == pytest.approx(median, abs=0.1)
    assert mean(counts, ones)[0] == pytest.approx(time.mean())


def test_the_spread_is_that_of_the_influence_values() -> None:
    """60 offices: the bootstrap's error and the clustered one agree within a tenth."""
    n, offices = 30_000, 60
    time, ended, office = cohort(2, n, offices)
    curve = restricted_mean(follow(time, ended), TAU)
    assert isinstance(curve, FromCurve)
    by_office = np.bincount(office, weights=curve.influence)
    expected = np.sqrt((by_office**2).sum() * offices / (offices - 1))
    counts = count_offices(time, ended, office, offices, TAU)
    found = replicates(counts, office_weights([counts]), mean_within, curve.value)
    assert found.error == pytest.approx(expected, rel=0.1)
    low, high = found.interval()
    assert low < curve.value < high


def test_neither_rows_nor_runs_change_the_answer() -> None:
    """Shuffled cases give the same numbers to the last digit, and so does a second run; another seed does not."""
    time, ended, office = cohort(3, 2_000, 8)
    order = np.random.default_rng(0).permutation(2_000)
    one = count_offices(time, ended, office, 8, TAU)
    other = count_offices(time[order], ended[order], office[order], 8, TAU)
    weights = office_weights([one], 50, seed=4)
    np.testing.assert_array_equal(weights, office_weights([other], 50, seed=4))
    np.testing.assert_array_equal(mean_within(one, weights), mean_within(other, weights))
    assert (weights != office_weights([one], 50, seed=5)).any()


def test_a_resample_without_any_office_is_drawn_again() -> None:
    """With two offices every seventh draw would be empty."""
    counts, _ = counted(4, 100, 2)
    assert (office_weights([counts], 500) @ counts.sizes > 0).all()


def test_the_difference_of_cohorts_with_the_same_offices() -> None:
    """An office that is slow in both cohorts has one weight, so that its level drops out of the difference."""
    made = [counted(5, 5_000, 20) for _ in range(2)]
    weights = office_weights([c for c, _ in made])
    same = [replicates(c, weights, mean_within, e) for c, e in made]
    assert np.abs(same[1].minus(same[0]).values).max() == 0
    assert isinstance(same[0].minus(same[1]), Replicates)


def test_a_case_without_an_office_is_refused() -> None:
    """Its weight would be its own."""
    with pytest.raises(ValueError, match="needs an office"):
        count_offices(np.ones(2), np.ones(2, dtype=bool), np.array([0, -1]), 1, TAU)


def test_multipliers_have_the_errors_of_the_effects() -> None:
    """The spread of the draws is the clustered error (without its small-sample factor)."""
    made = clustered(np.random.default_rng(1), [10] * 40, 0.1)
    drawn = multiplier_draws([made.difference(), made.difference()], 4_000, seed=1)
    assert drawn.shape == (4_000, 2)
    assert drawn[:, 0].std() == pytest.approx(standard_error(made.difference()) * np.sqrt(19 / 20), rel=0.05)
    assert multiplier_draws([values([1, 2, 3], [0, 1, 1]).difference()], 10).shape == (10, 1)


def test_a_million_cases_take_less_than_a_second() -> None:
    """1,000 resamples of mean within tau, mean and median; the promise on a quiet machine is half a second."""
    time, ended, office = cohort(6, 1_000_000, 40)
    begin = clock.perf_counter()
    counts = count_offices(time, ended, office, 40, TAU)
    weights = office_weights([counts])
    for statistic in (mean_within, mean, quantile_at(0.5)):
        replicates(counts, weights, statistic, 20.0)
    assert clock.perf_counter() - begin < 3.0


def test_resampling_influence_is_resampling_the_difference_of_weighted_means() -> None:
    """For two plain means it is the same, resample by resample; and the spread is that of the clustered error."""
    random = np.random.default_rng(3)
    offices, n = 30, random.integers(20, 60, (30, 2)).astype(float)
    sums = n * (10 + random.normal(0, 1, (offices, 1)) + np.array([0.0, -2.0]) + random.normal(0, 0.5, (offices, 2)))
    means = sums.sum(axis=0) / n.sum(axis=0)
    psi = (sums - means * n) / n.sum(axis=0) * np.array([-1.0, 1.0])
    found = resample_influence(float(means[1] - means[0]), psi, n, 400, seed=9)
    weights = office_weights_of(n, 400, 9)
    whole = (weights @ sums) / (weights @ n)
    np.testing.assert_allclose(found.values, whole[:, 1] - whole[:, 0], rtol=1e-9)
    clustered = float(np.sqrt((psi.sum(axis=1) ** 2).sum() * offices / (offices - 1)))
    assert found.error == pytest.approx(clustered, rel=0.2)
    np.testing.assert_array_equal(found.values, resample_influence(found.estimate, psi, n, 400, seed=9).values)
    assert (found.values != resample_influence(found.estimate, psi, n, 400, seed=8).values).any()


def office_weights_of(n: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    return stream(seed, "influence").poisson(1.0, (resamples, len(n))).astype(float)
