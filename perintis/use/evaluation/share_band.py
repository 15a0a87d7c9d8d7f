"""The daily band of a yes or no where cases count by themselves: exact intervals for the share of either cohort."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.sequential.always_valid import FEWEST_CASES, FIRST_DAY, Band, DayInterval, half_of
from perintis.rules.sequential.mixtures import share_intervals
from perintis.rules.sequential.spending import LEVEL

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole


def share_band(
    y: Floats, used: Flags, pilot: Flags, ripe: Whole, until: date, planned: int, alpha: float = LEVEL
) -> Band:  # fmt: skip
    """Pilot minus baseline after each day up to `until`, `y` being 0 or 1.

    Each cohort's share has a Bernoulli confidence sequence at half of alpha, tightest at half of its planned cases; the
    difference reaches from the lowest of one less the highest of the other. Shown from the fifth day and a hundred
    cases a cohort on, like the other band. Source: Howard, Ramdas, McAuliffe and Sekhon 2021.
    """
    chosen = used & (ripe > 0) & (ripe <= until.toordinal())
    days, place = np.unique(ripe[chosen], return_inverse=True)
    cell = place * 2 + pilot[chosen]
    n, x = (
        np.cumsum(np.bincount(cell, weights=w, minlength=2 * len(days)).reshape(-1, 2), axis=0)
        for w in (None, y[chosen])
    )  # fmt: skip
    fewest = n.min(axis=1) if len(days) else np.zeros(0)
    shown = np.flatnonzero((fewest >= FEWEST_CASES) & (np.cumsum(fewest >= 2) >= FIRST_DAY))
    if not len(shown):
        return Band((), _why_hidden(len(days), int(fewest[-1]) if len(fewest) else 0))
    best_at = half_of(planned) / 2
    (low0, high0), (low1, high1) = (
        share_intervals(x[shown, side].astype(np.float64), n[shown, side].astype(np.float64), alpha / 2, best_at)
        for side in (0, 1)
    )  # fmt: skip
    gap = x[shown, 1] / n[shown, 1] - x[shown, 0] / n[shown, 0]
    low, high = low1 - high0, high1 - low0
    return Band(tuple(
        DayInterval(date.fromordinal(int(days[k])), int(n[k].sum()), float(gap[i]), float(low[i]), float(high[i]))
        for i, k in enumerate(shown)
    ))  # fmt: skip


def _why_hidden(days: int, fewest: int) -> str:
    if fewest < FEWEST_CASES:
        return f"shown from {FEWEST_CASES} matured cases in each cohort on; the smaller one has {fewest}"
    return f"shown from day {FIRST_DAY} on; there are {days} days"
