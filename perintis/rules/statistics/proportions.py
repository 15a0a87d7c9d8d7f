"""Shares of cases: intervals, differences of two shares, and the test that a pilot is not worse by a margin.

The score methods find the two shares that are most likely under a given difference (the restricted maximum) by
halving, for one table or for arrays of tables at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln, ndtr, ndtri

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

LEVEL = 0.95
HALVINGS = 50
GRID, ROUNDS = 64, 7


class Interval(NamedTuple):
    """An estimate with the ends of its interval."""

    estimate: float
    low: float
    high: float


class NotWorse(NamedTuple):
    """The one-sided test of a share against a margin.

    `difference` is pilot minus baseline, `z` the score statistic at minus the margin, `p` its one-sided p-value,
    `limit` the lower one-sided limit of the difference. `passed`: the pilot is not worse by the margin.
    """

    difference: float
    z: float
    p: float
    limit: float
    passed: bool


def wilson(successes: int, n: int, level: float = LEVEL) -> Interval | NoEstimate:
    """The score interval of one share. Source: Wilson 1927; Newcombe 1998a, method 3."""
    if n == 0:
        return NoEstimate("no cases")
    _check(successes, n)
    z = _two_sided(level)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, float(centre - half))
    high = 1.0 if successes == n else min(1.0, float(centre + half))
    return Interval(p, low, high)


def newcombe(x1: int, n1: int, x0: int, n0: int, level: float = LEVEL) -> Interval | NoEstimate:
    """The difference x1/n1 - x0/n0 from the two score intervals. Source: Newcombe 1998b, method 10."""
    one, zero = wilson(x1, n1, level), wilson(x0, n0, level)
    if isinstance(one, NoEstimate) or isinstance(zero, NoEstimate):
        return _no_cases(n1)
    difference = one.estimate - zero.estimate
    below = np.hypot(one.estimate - one.low, zero.high - zero.estimate)
    above = np.hypot(one.high - one.estimate, zero.estimate - zero.low)
    return Interval(difference, max(-1.0, float(difference - below)), min(1.0, float(difference + above)))


def miettinen_nurminen(x1: int, n1: int, x0: int, n0: int, level: float = LEVEL) -> Interval | NoEstimate:
    """The score interval of x1/n1 - x0/n0 with the factor N/(N-1). Source: Miettinen and Nurminen 1985."""
    return _score_interval(x1, n1, x0, n0, level, small=True)


def mee(x1: int, n1: int, x0: int, n0: int, level: float = LEVEL) -> Interval | NoEstimate:
    """The score interval without that factor. Source: Mee 1984; Farrington and Manning 1990."""
    return _score_interval(x1, n1, x0, n0, level, small=False)


def not_worse(x1: int, n1: int, x0: int, n0: int, margin: float, alpha: float = 0.025) -> NotWorse | NoEstimate:
    """Whether the pilot's share x1/n1 is not lower than the baseline's by `margin` (positive) or more.

    A success is what one wants: for errors, count the cases without one. One-sided Miettinen-Nurminen score test at
    level `alpha`; the limit is that of the two-sided interval at 1 - 2 alpha, so that the two always agree.
    """
    if not 0 < margin < 1:
        raise ValueError(f"the margin {margin} must lie between 0 and 1")
    interval = miettinen_nurminen(x1, n1, x0, n0, 1 - 2 * alpha)
    if isinstance(interval, NoEstimate):
        return interval
    z = float(score(np.array([x1]), n1, np.array([x0]), n0, -margin)[0])
    p = float(ndtr(-z))
    return NotWorse(interval.estimate, z, p, interval.low, p < alpha)


def size_at_margin(n1: int, n0: int, share0: float, margin: float, alpha: float = 0.025) -> float:
    """How often `not_worse` passes a pilot that is worse by exactly the margin: the sum over all possible tables."""
    x1, x0 = np.meshgrid(np.arange(n1 + 1.0), np.arange(n0 + 1.0), indexing="ij")
    z = score(x1.ravel(), n1, x0.ravel(), n0, -margin).reshape(x1.shape)
    chance = np.outer(_binomial(n1, share0 - margin), _binomial(n0, share0))
    return float(chance[z > ndtri(1 - alpha)].sum())


def score(x1: Floats, n1: int, x0: Floats, n0: int, difference: float | Floats, *, small: bool = True) -> Floats:
    """The score statistic of many tables against a difference of the shares; positive above it."""
    p0 = restricted(x1, n1, x0, n0, difference)
    p1 = p0 + difference
    variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
    if small:
        variance = variance * (n1 + n0) / (n1 + n0 - 1)
    above = x1 / n1 - x0 / n0 - difference
    error = np.sqrt(np.maximum(variance, 0.0))
    certain = error < 1e-12  # a difference of exactly one: nothing can vary any more
    z = above / np.where(certain, 1.0, error)
    found: Floats = np.where(certain & (np.abs(above) > 1e-12), np.where(above > 0, np.inf, -np.inf), z)
    return found


def restricted(
    x1: Floats, n1: int | Floats, x0: Floats, n0: int | Floats, difference: float | Floats
) -> Floats:  # fmt: skip
    """The most likely share of the baseline where the pilot's is higher by `difference`, by halving on the slope."""
    low = np.broadcast_to(np.maximum(0.0, -difference), np.shape(x1))
    high = np.broadcast_to(np.minimum(1.0, 1.0 - difference), np.shape(x1))
    for _ in range(HALVINGS):
        p0 = (low + high) / 2
        p1 = p0 + difference
        slope = _part(x1, p1) - _part(n1 - x1, 1 - p1) + _part(x0, p0) - _part(n0 - x0, 1 - p0)
        rising = slope > 0
        low, high = np.where(rising, p0, low), np.where(rising, high, p0)
    found: Floats = (low + high) / 2
    return found


def _part(count: Floats, share: Floats) -> Floats:
    """count / share, zero where nothing was counted."""
    found: Floats = np.where(count > 0, count / np.maximum(share, 1e-300), 0.0)
    return found


def _score_interval(x1: int, n1: int, x0: int, n0: int, level: float, *, small: bool) -> Interval | NoEstimate:
    if n1 == 0 or n0 == 0:
        return _no_cases(n1)
    _check(x1, n1)
    _check(x0, n0)
    difference = x1 / n1 - x0 / n0
    z = _two_sided(level)

    low, high = (
        _crossing(x1, n1, x0, n0, z, ends, small) for z, ends in ((z, (-1, difference)), (-z, (difference, 1)))
    )
    return Interval(difference, low, high)


def _crossing(x1: int, n1: int, x0: int, n0: int, z: float, ends: tuple[float, float], small: bool) -> float:
    """The difference at which the falling score passes z, by finer and finer grids between the ends."""
    low, high = ends
    for _ in range(ROUNDS):
        grid = np.linspace(low, high, GRID + 1)
        above = int(
            (score(np.full(GRID + 1, float(x1)), n1, np.full(GRID + 1, float(x0)), n0, grid, small=small) > z).sum()
        )
        last = min(max(above - 1, 0), GRID - 1)
        low, high = float(grid[last]), float(grid[last + 1])
    return (low + high) / 2


def _binomial(n: int, share: float) -> Floats:
    if not 0 < share < 1:
        raise ValueError(f"the share {share} must lie between 0 and 1")
    k = np.arange(n + 1)
    chance = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(share) + (n - k) * np.log1p(-share)
    found: Floats = np.exp(chance)
    return found


def _two_sided(level: float) -> float:
    return float(ndtri((1 + level) / 2))


def _check(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} cases cannot be")


def _no_cases(n1: int) -> NoEstimate:
    return NoEstimate(f"no cases in the {'pilot' if n1 == 0 else 'baseline'}")
