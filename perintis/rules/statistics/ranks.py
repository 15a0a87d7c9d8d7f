"""Comparisons by rank: how likely it is that a case of the pilot is faster, and by how much the cohorts are shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from perintis.rules.statistics.effect import Effect, NoEstimate, Scale

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Floats

EXACT_BELOW = 50
"""Cohorts smaller than this, without ties, have the exact distribution of the rank sum."""

MOST_PAIRS = 4_000_000


@dataclass(frozen=True, eq=False)
class Faster:
    """P(a pilot case has the lower value) + P(tie) / 2.

    `low` and `high` bound it, `statistic`, `df` and `p` test it against one half; all five are None, with the `reason`,
    where the values do not vary enough. `psi_pilot` and `psi_baseline` are the influence values of the cases, in their
    order, each summing to zero.
    """

    probability: float
    psi_pilot: Floats
    psi_baseline: Floats
    low: float | None = None
    high: float | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Shift:
    """The rank-sum test with the shift that belongs to it (pilot minus baseline), in the unit of the values.

    `w` counts the pairs in which the pilot's value is higher, ties by one half. `p_higher` is one-sided (the pilot's
    values are higher). `exact` tells whether the distribution was counted or approximated.
    """

    w: float
    p: float
    p_higher: float
    shift: float
    low: float
    high: float
    exact: bool


def brunner_munzel(pilot: Floats, baseline: Floats, level: float = 0.95) -> Faster | NoEstimate:
    """The test and interval of Brunner and Munzel 2000: values may have ties and differ in spread."""
    few = _too_few(pilot, baseline, 2)
    if few:
        return few
    n1, n0 = len(pilot), len(baseline)
    u, v = 1 - _placements(pilot, baseline), _placements(baseline, pilot)
    p = float(u.mean())
    psi1, psi0 = (u - p) / n1, (v - p) / n0
    v1, v0 = float((psi1**2).sum()) * n1 / (n1 - 1), float((psi0**2).sum()) * n0 / (n0 - 1)
    if v1 + v0 <= 1e-24:
        which = "all values are equal" if p == 0.5 else "the values of the two cohorts do not overlap"
        return Faster(p, psi1, psi0, reason=f"{which}: no interval can be given")
    error = float(np.sqrt(v1 + v0))
    df = (v1 + v0) ** 2 / (v1**2 / (n1 - 1) + v0**2 / (n0 - 1))
    statistic = (p - 0.5) / error
    half = float(stdtrit(df, (1 + level) / 2)) * error
    p_value = float(2 * stdtr(df, -abs(statistic)))
    return Faster(p, psi1, psi0, max(0.0, p - half), min(1.0, p + half), statistic, df, p_value)


def faster_effect(values: CaseValues, *, lower_is_better: bool = True) -> Effect | NoEstimate:
    """The chance that a pilot case beats a baseline case, minus the chance that it is beaten, ties shared.

    The `pilot` value is P(better) + P(tie) / 2, the `baseline` value the rest, the estimate their difference (from -1
    to 1). The influence values carry it to offices and days. For times that may be cut short use min(T, tau) of cases
    opened at least tau ago.
    """
    units, sign = values.units, 1.0 if lower_is_better else -1.0
    pilot, baseline = values.used & units.pilot, values.used & units.baseline
    found = brunner_munzel(sign * values.y[pilot], sign * values.y[baseline])
    if isinstance(found, NoEstimate):
        return found
    psi = np.zeros(len(units))
    psi[pilot], psi[baseline] = 2 * found.psi_pilot, 2 * found.psi_baseline
    p = found.probability
    return Effect(values.metric, 2 * p - 1, psi, values.used, units, p, 1 - p, "probability", Scale.DIFFERENCE)


def rank_sum(pilot: Floats, baseline: Floats, level: float = 0.95) -> Shift | NoEstimate:
    """Wilcoxon's rank sum with the Hodges-Lehmann shift: exact for small cohorts without ties, else normal.

    Sources: Wilcoxon 1945; Hodges and Lehmann 1963; the interval by Moses (Hollander and Wolfe 1999, section 4.3).
    """
    few = _too_few(pilot, baseline, 1)
    if few:
        return few
    n1, n0 = len(pilot), len(baseline)
    if n1 * n0 > MOST_PAIRS:
        return NoEstimate(f"{n1} x {n0} pairs are too many for the median of all differences", "use Brunner-Munzel")
    pairs = np.sort(np.subtract.outer(pilot, baseline), axis=None)
    w = float((pairs > 0).sum() + (pairs == 0).sum() / 2)
    ties = len(np.unique(np.concatenate([pilot, baseline]))) < n1 + n0
    exact = not ties and max(n1, n0) < EXACT_BELOW
    if exact:
        at_most = np.cumsum(_rank_sum_chances(n1, n0))
        higher = 1 - (at_most[int(w) - 1] if w >= 1 else 0.0)
        lower = at_most[int(w)]
        cut = int(np.searchsorted(at_most, (1 - level) / 2 * (1 - 1e-12)))
    else:
        error = _rank_sum_error(pilot, baseline)
        if error == 0:
            return NoEstimate("all values are equal")
        higher = float(ndtr(-(w - n1 * n0 / 2 - 0.5) / error))
        lower = float(ndtr((w - n1 * n0 / 2 + 0.5) / error))
        cut = round(n1 * n0 / 2 - float(ndtri((1 + level) / 2)) * error)
    cut = max(cut, 1)
    p = float(min(1.0, 2 * min(higher, lower)))
    return Shift(w, p, float(higher), float(np.median(pairs)), float(pairs[cut - 1]), float(pairs[-cut]), exact)


def _placements(values: Floats, among: Floats) -> Floats:
    """For each value the share of `among` below it, ties by one half. Sorted first: a million take a second."""
    order = np.argsort(values)
    ordered, others = values[order], np.sort(among)
    below = np.searchsorted(others, ordered, side="left") + np.searchsorted(others, ordered, side="right")
    placed = np.empty(len(values))
    placed[order] = below / (2 * len(among))
    return placed


def _rank_sum_chances(n1: int, n0: int) -> Floats:
    """The chance of every rank sum from 0 to n1 * n0 if cohorts do not differ: Mann and Whitney's recursion."""
    ways = np.zeros(n1 * n0 + 1)
    ways[0] = 1.0
    for k in range(1, n1 + 1):  # times (1 - q^(n0 + k)) / (1 - q^k), the factors of the Gaussian binomial
        ways[n0 + k :] -= ways[: -(n0 + k)].copy() if n0 + k <= n1 * n0 else 0.0
        for first in range(k):
            ways[first::k] = np.cumsum(ways[first::k])
    chances: Floats = np.maximum(ways, 0.0) / ways.sum()  # rounding may leave a last bit below zero
    return chances


def _rank_sum_error(pilot: Floats, baseline: Floats) -> float:
    n1, n0 = len(pilot), len(baseline)
    n = n1 + n0
    _, tied = np.unique(np.concatenate([pilot, baseline]), return_counts=True)
    correction = float((tied.astype(float) ** 3 - tied).sum()) / (n * (n - 1))
    return float(np.sqrt(max(n1 * n0 / 12 * (n + 1 - correction), 0.0)))


def _too_few(pilot: Floats, baseline: Floats, fewest: int) -> NoEstimate | None:
    for name, values in (("pilot", pilot), ("baseline", baseline)):
        if len(values) < fewest:
            return NoEstimate(f"{len(values)} cases in the {name}; {fewest} are needed")
        if np.isnan(values).any():
            raise ValueError(f"values of the {name} are missing; leave those cases out first")
    return None
