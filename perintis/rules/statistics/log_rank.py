"""The log-rank test: whether two cohorts end at the same pace throughout. A supplement; it gives no size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, stdtr

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from perintis.rules.statistics.effect import Flags, Floats, Whole


@dataclass(frozen=True)
class LogRank:
    """Chi-square on one degree of freedom and its p; endings seen and expected in the pilot. For independent cases."""

    chi2: float
    p: float
    seen: float
    expected: float


@dataclass(frozen=True)
class ClusteredLogRank:
    """Endings seen and expected in the pilot, with the two-sided p of their difference by t over groups of cases."""

    seen: float
    expected: float
    t: float
    df: float
    p: float


def log_rank(time: ArrayLike, ended: ArrayLike, pilot: ArrayLike) -> LogRank | NoEstimate:
    """Compare the cases of the pilot with the others. Source: Mantel 1966, hypergeometric variance."""
    times, done, chosen = (
        np.asarray(time, dtype=np.float64),
        np.asarray(ended, dtype=bool),
        np.asarray(pilot, dtype=bool),
    )
    moments = np.unique(times[done])
    all_risk, pilot_risk = (_at_least(times[rows], moments) for rows in (np.ones_like(chosen), chosen))
    all_done, pilot_done = (
        np.bincount(np.searchsorted(moments, times[rows]), minlength=len(moments)) for rows in (done, done & chosen)
    )
    expected = all_done * pilot_risk / np.maximum(all_risk, 1)
    spread = np.divide(
        expected * (all_risk - pilot_risk) * (all_risk - all_done),
        all_risk * (all_risk - 1),
        out=np.zeros(len(moments)),
        where=all_risk > 1,
    )
    if spread.sum() <= 0:
        return NoEstimate("no case ended while both cohorts had open ones", "wait for more cases to end")
    gap = float(pilot_done.sum() - expected.sum())
    chi2 = gap**2 / float(spread.sum())
    return LogRank(chi2, float(chdtrc(1, chi2)), float(pilot_done.sum()), float(expected.sum()))


def log_rank_by_group(
    time: Floats, ended: Flags, pilot: Flags, group: Whole, entry: Floats | None = None
) -> ClusteredLogRank | NoEstimate:  # fmt: skip
    """The log-rank test where cases of one group (an office) resemble each other; `group` has no unknown (-1).

    The difference is a sum of one number a case, and its variance that of the sums by group, each about the mean of the
    groups that have the same cohorts: a large effect does not make its own error large. `entry` is the age at which a
    case came under observation. Source: Lin and Wei 1989; Lee, Wei and Amato 1992.
    """
    moments = np.unique(time[ended])
    at_risk = _at_least(time, moments) - _entering_later(entry, moments)
    entry_pilot = None if entry is None else entry[pilot]
    mine = (_at_least(time[pilot], moments) - _entering_later(entry_pilot, moments)) / np.maximum(at_risk, 1)
    if not len(moments) or not ((mine > 0) & (mine < 1)).any():
        return NoEstimate("no case ended while both cohorts had open ones", "wait for more cases to end")
    place = np.searchsorted(moments, time, side="right")
    done = np.bincount(place[ended] - 1, minlength=len(moments))
    hazard = np.concatenate([[0.0], np.cumsum(done / np.maximum(at_risk, 1))])
    expected = np.concatenate([[0.0], np.cumsum(mine * done / np.maximum(at_risk, 1))])
    begun = 0 if entry is None else np.searchsorted(moments, entry, side="right")
    passed, drawn = hazard[place] - hazard[begun], expected[place] - expected[begun]
    own = np.where(ended, pilot - np.append(mine, 0.0)[np.maximum(place - 1, 0)], 0.0) - (pilot * passed - drawn)
    _, number = np.unique(group, return_inverse=True)
    here, there = (np.bincount(number, weights=side) > 0 for side in (pilot, ~pilot))
    error, df = between_groups(np.bincount(number, weights=own).astype(np.float64), here, there)
    if error <= 0:
        return NoEstimate("the cohorts end at the same moments, case by case")
    t = float(own.sum()) / error
    seen = float((ended & pilot).sum())
    return ClusteredLogRank(seen, seen - float(own.sum()), t, df, float(2 * stdtr(df, -abs(t))))


def between_groups(sums: Floats, with_pilot: Flags, with_baseline: Flags) -> tuple[float, float]:
    """The error of the total of groups, and its degrees of freedom."""
    variance, df = 0.0, 0.0
    for kind in (with_pilot & with_baseline, with_pilot & ~with_baseline, with_baseline & ~with_pilot):
        own = sums[kind]
        if len(own) == 1:  # nothing to compare it with
            variance += float(own[0] ** 2)
        elif len(own):
            variance += float(own.var(ddof=1)) * len(own)
            df += len(own) - 1
    return float(np.sqrt(variance)), max(df, 1.0)


def _entering_later(entry: Floats | None, moments: Floats) -> Whole | int:
    """By moment, the cases that come under observation only at it or later."""
    return 0 if entry is None else len(entry) - np.searchsorted(np.sort(entry), moments, side="left")


def _at_least(times: Floats, moments: Floats) -> Whole:
    return len(times) - np.searchsorted(np.sort(times), moments, side="left")
