"""The bootstrap over offices from counts: a thousand resamples of a million cases in a fraction of a second.

Cases are counted once by office and by time (in equal bins up to tau). A resample weighs each office by a Poisson
number of mean 1, so it is a product of a weight matrix with the counts; the cost does not grow with the cases. An
office that is in both cohorts has one weight. Bins serve for the spread only: every resample is moved by the gap
between the exact estimate and the binned one. Source: Chamandy et al. 2012; Field and Welsh 2007 for clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.bootstrap import limits, stream
from perintis.rules.statistics.effect import NOWHERE

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Flags, Floats, Units, Whole

BINS = 512
RESAMPLES = 1_000


@dataclass(frozen=True, eq=False)
class OfficeCounts:
    """Cases of one cohort by office and bin: `ended` and `open` have shape (offices, BINS + 1), the last beyond tau.

    `sums` are the sums of the values by office and `sizes` their numbers; both are exact.
    """

    width: float
    ended: Floats
    open: Floats
    sums: Floats
    sizes: Floats


@dataclass(frozen=True, eq=False)
class Replicates:
    """The estimate and its values in the resamples, of the same cohort or of pilot minus baseline."""

    estimate: float
    values: Floats

    @property
    def error(self) -> float:
        """The standard deviation of the resamples."""
        return float(self.values.std(ddof=1))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The percentile interval."""
        return limits(self.values, level)

    def minus(self, other: Replicates) -> Replicates:
        """The difference, resample by resample."""
        return Replicates(self.estimate - other.estimate, self.values - other.values)


Statistic = Callable[[OfficeCounts, "Floats"], "Floats"]
"""One number for every row of office weights."""


def count_offices(values: Floats, ended: Flags, office: Whole, offices: int, tau: float) -> OfficeCounts:
    """Count cases by office and time; `office` numbers from 0, with -1 (unknown) each case would need a weight."""
    if (office == NOWHERE).any():
        raise ValueError("every case needs an office; leave out the others first, and say how many")
    width = tau / BINS
    bins = np.minimum(values / width, BINS).astype(np.int64)
    cell = (office * (BINS + 1) + bins) * 2 + ended
    counts = np.bincount(cell, minlength=offices * (BINS + 1) * 2).reshape(offices, BINS + 1, 2).astype(np.float64)
    return OfficeCounts(
        width,
        np.ascontiguousarray(counts[:, :, 1]),
        np.ascontiguousarray(counts[:, :, 0]),
        np.bincount(office, weights=values, minlength=offices).astype(np.float64),
        np.bincount(office, minlength=offices).astype(np.float64),
    )


def office_weights(cohorts: Sequence[OfficeCounts], resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Poisson weights, shape (resamples, offices); a row that leaves a cohort without an office is drawn again."""
    random = stream(seed, "offices")
    return _drawn([c.sizes for c in cohorts], resamples, random)


def _drawn(sizes: Sequence[Floats], resamples: int, random: np.random.Generator) -> Floats:
    offices = len(sizes[0])
    weights = random.poisson(1.0, (resamples, offices)).astype(np.float64)
    while (empty := np.any([weights @ (own > 0) == 0 for own in sizes], axis=0)).any():
        weights[empty] = random.poisson(1.0, (int(empty.sum()), offices))
    return weights


def resample_influence(
    estimate: float, sums: Floats, sizes: Floats, resamples: int = RESAMPLES, seed: int = 0
) -> Replicates:  # fmt: skip
    """Any effect in resamples of offices, from the sums of its influence values, shape (offices, groups).

    `sizes`, of the same shape, is what each office counts for in each group (its cases, or one): a group of which a
    resample has more weighs no more for it. One group is both cohorts together, two are baseline and pilot. For a
    difference of two means it is that of the weighted means. Sums are taken in one order on any number of threads.
    Source: Field and Welsh 2007; Davison and Hinkley 1997, section 2.7 (linear approximation).
    """
    weights = _drawn(list(sizes.T), resamples, stream(seed, "influence"))
    moved = np.full(resamples, estimate)
    for own, size in zip(sums.T, sizes.T, strict=True):
        moved += _in_order(weights * own) * float(size.sum()) / _in_order(weights * size)
    return Replicates(estimate, moved)


def _in_order(table: Floats) -> Floats:
    """The sum of each row, from left to right."""
    found: Floats = np.cumsum(table, axis=1)[:, -1]
    return found


def mean_within(counts: OfficeCounts, weights: Floats) -> Floats:
    """The restricted mean within tau."""
    share = _curve(counts, weights)
    before = np.hstack([np.ones((len(share), 1)), share[:, :-1]])
    found: Floats = (share + before).sum(axis=1) * counts.width / 2
    return found


def mean(counts: OfficeCounts, weights: Floats) -> Floats:
    """The plain mean of the values."""
    found: Floats = (weights @ counts.sums) / (weights @ counts.sizes)
    return found


def quantile_at(share: float) -> Statistic:
    """The time by which that share has ended; infinite where that lies beyond tau."""

    def found(counts: OfficeCounts, weights: Floats) -> Floats:
        curve = _curve(counts, weights)
        reached = curve <= 1 - share
        row, place = np.arange(len(curve)), reached.argmax(axis=1)
        after = curve[row, place]
        before = np.where(place > 0, curve[row, place - 1], 1.0)
        drop = before - after
        part = np.divide(before - (1 - share), drop, out=np.ones_like(drop), where=drop > 0)
        return np.where(reached.any(axis=1), (place + part) * counts.width, np.inf)

    return found


def replicates(counts: OfficeCounts, weights: Floats, statistic: Statistic, exact: float) -> Replicates:
    """The statistic in every resample, moved so that the unweighted one is `exact`."""
    binned = statistic(counts, np.ones((1, weights.shape[1])))[0]
    shift = exact - binned if np.isfinite(binned) else 0.0
    return Replicates(exact, statistic(counts, weights) + shift)


def multiplier_draws(effects: Sequence[Effect], resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Chance deviations of several effects at once, shape (resamples, effects): sums by office times random signs.

    For the distribution of the largest of several t values. Source: Chernozhukov, Chetverikov and Kato 2013.
    """
    office = _of_every_case(effects[0].units)
    sums = np.column_stack([np.bincount(office, weights=effect.psi) for effect in effects])
    signs = np.where(stream(seed, "multipliers").random((resamples, len(sums))) < 0.5, -1.0, 1.0)
    found: Floats = signs @ sums
    return found


def _of_every_case(units: Units) -> Whole:
    """The office of every case; one without is an office of its own."""
    known = units.office != NOWHERE
    found = units.office.copy()
    found[~known] = int(units.office.max(initial=-1)) + 1 + np.arange(int((~known).sum()))
    return found


def _curve(counts: OfficeCounts, weights: Floats) -> Floats:
    """The share open after each bin up to tau; cases censored within a bin count as at risk for half of it."""
    ended, open_ = weights @ counts.ended, weights @ counts.open
    at_risk = np.cumsum((ended + open_)[:, ::-1], axis=1)[:, ::-1] - open_ / 2
    leaving = np.zeros_like(at_risk)
    np.divide(ended, at_risk, out=leaving, where=at_risk > 0)
    np.minimum(leaving, 1.0, out=leaving)
    found: Floats = np.cumprod(1 - leaving[:, :BINS], axis=1, dtype=np.float64)
    return found
