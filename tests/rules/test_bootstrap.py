"""The bootstrap on counts gives what drawing cases one by one would give."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.bootstrap import (
    Resamples,
    limits,
    office_weights,
    quantiles,
    resample_cases,
    resample_offices,
    still_open,
    stream,
    tally,
)
from perintis.rules.survival import kaplan_meier

# scipy's test_resampling.py quotes R's boot::boot.ci for these values; known answer B1.
AIR = [10, 12, 12.5, 12.5, 13.9, 15, 21, 22, 23, 34, 50, 81, 89, 121, 134, 213]


def test_the_percentile_interval_of_a_mean() -> None:
    """R's boot gives 28.86 to 84.21; our limits agree within half of a hundredth."""
    counts = tally(np.array(AIR), np.ones(16, dtype=bool))
    drawn = resample_cases(counts, 200_000, stream(7, "air"))
    assert limits(drawn.means) == pytest.approx((28.86, 84.21), rel=0.005)


def test_every_resample_has_as_many_cases() -> None:
    """Cases are drawn with replacement: counts change, their sum does not."""
    counts = tally(np.array([1.0, 2, 2, 5]), np.array([True, True, False, True]))
    drawn = resample_cases(counts, 50, stream(1, "few"))
    assert (drawn.ended.sum(axis=1) + drawn.open.sum(axis=1)).tolist() == [4] * 50
    assert drawn.open[:, [0, 2]].sum() == 0


def test_a_curve_from_counts_is_the_curve_of_the_cases() -> None:
    """With each case drawn once the quantiles are those of Kaplan and Meier; beyond what was seen they are infinite."""
    times = np.array([9.0, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161])
    ended = np.array([1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0], dtype=bool)
    counts = tally(times, ended)
    once = Resamples(counts.ended.astype(float), counts.open.astype(float), np.zeros(1))
    curves = still_open(counts, once)
    for share in (0.1, 0.25, 0.5, 0.75):
        assert quantiles(counts, curves, share).tolist() == [kaplan_meier(times, ended).quantile(share)]
    assert quantiles(counts, curves, 0.9).tolist() == [np.inf]


def test_bins_leave_quantiles_and_their_spread_alone() -> None:
    """Four thousand different values in 256 bins: the same limits as drawing the cases themselves."""
    random = np.random.default_rng(5)
    truth, seen = random.lognormal(3, 0.9, 4000), random.uniform(0, 120, 4000)
    times, ended = np.minimum(truth, seen), truth <= seen
    counts = tally(times, ended)
    binned = still_open(counts, resample_cases(counts, 2000, stream(2, "binned")))
    rows = [random.integers(0, 4000, 4000) for _ in range(400)]
    for share in (0.5, 0.9):
        plain = np.array([kaplan_meier(times[r], ended[r]).quantile(share) for r in rows], dtype=float)
        found = quantiles(counts, binned, share)
        assert np.median(found) == pytest.approx(np.median(plain), rel=0.01)
        assert found.std() == pytest.approx(plain.std(), rel=0.15)


def test_offices_are_drawn_whole() -> None:
    """An office drawn twice brings each of its cases twice; as many offices are drawn as there are."""
    counts = tally(np.array([1.0, 1, 4, 6]), np.ones(4, dtype=bool), np.array([0, 0, 1, 2]))
    drawn = resample_offices(counts, np.array([[2.0, 1, 0], [0, 0, 3]]))
    assert drawn.ended.tolist() == [[4, 1, 0], [0, 0, 3]]
    assert drawn.means.tolist() == [8 / 5, 6]
    assert set(office_weights(5, 100, stream(1, "w")).sum(axis=1)) == {5}


def test_limits_beyond_what_was_seen_are_infinite() -> None:
    """A difference that is unknown counts against both ends."""
    assert limits(np.array([1.0] * 90 + [np.inf] * 10)) == (1, np.inf)
    assert limits(np.array([1.0] * 90 + [np.nan] * 10)) == (-np.inf, np.inf)
    assert limits(np.arange(1001.0)) == (25, 975)


def test_random_numbers_depend_on_seed_and_name_alone() -> None:
    """The same name gives the same numbers, whatever was drawn before."""
    first = stream(3, "baseline", "").random(4).tolist()
    assert stream(3, "baseline", "").random(4).tolist() == first
    assert stream(3, "pilot", "").random(4).tolist() != first
    assert stream(4, "baseline", "").random(4).tolist() != first


def test_the_order_of_rows_does_not_matter() -> None:
    """A shuffled table has the same tally, to the last bit."""
    random = np.random.default_rng(1)
    times, ended, office = random.lognormal(3, 1, 3000), random.random(3000) < 0.8, random.integers(0, 7, 3000)
    order = random.permutation(3000)
    one, other = tally(times, ended, office), tally(times[order], ended[order], office[order])
    for name in ("low", "high", "mean", "variance", "ended", "open", "sums", "sizes"):
        assert (getattr(one, name) == getattr(other, name)).all(), name
