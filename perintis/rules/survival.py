"""How long cases take when some are still open: the Kaplan-Meier curve and what is read from it.

An open case says "at least so long"; leaving it out makes every process look faster the younger its cases are, and
counting it as finished does too. The curve uses each case for as long as it was seen.

Times may be in any unit; results are in the same. Source of the formulas: Kaplan and Meier 1958; Greenwood 1926; for
the restricted mean Royston and Parmar 2013, with the variance of the estimator (not of the truncated time itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

ROUNDING = 1e-9  # a share that equals one half only up to the last bits has reached one half


@dataclass(frozen=True)
class RestrictedMean:
    """The mean time spent within the first `tau` units, with its standard error."""

    value: float
    error: float
    tau: float


@dataclass(frozen=True)
class Curve:
    """The share of cases still open by time since opening.

    `times` are the distinct times at which cases ended, ascending; beside them the cases `at_risk` just before, those
    that `ended`, the share still `open` just after, and Greenwood's `variance` of that share (NaN where the curve
    has reached zero). `last` is the longest time for which any case was seen.
    """

    times: Floats
    at_risk: Floats
    ended: Floats
    open: Floats
    variance: Floats
    last: float

    def still_open(self, time: float) -> float | None:
        """Share of cases that take longer than `time`; None where no case was followed so far and some were open."""
        before = int(np.searchsorted(self.times, time, side="right"))
        share = float(self.open[before - 1]) if before else 1.0
        return share if time <= self.last or share == 0 else None

    def quantile(self, share: float) -> float | None:
        """The time by which that share of cases has ended; None where follow-up was too short to see it."""
        reached = np.flatnonzero(self.open <= 1 - share + ROUNDING)
        return float(self.times[reached[0]]) if reached.size else None

    def restricted_mean(self, tau: float) -> RestrictedMean | None:
        """The area under the curve up to `tau`; None where some cases were still open before `tau` at the end.

        Variance: sum of A_j^2 d_j / (r_j (r_j - d_j)), A_j the area from t_j to tau.
        """
        if self.still_open(tau) is None:
            return None
        inside = self.times < tau
        times = np.concatenate([[0.0], self.times[inside], [tau]])
        share = np.concatenate([[1.0], self.open[inside]])
        areas = np.diff(times) * share
        ahead = np.cumsum(areas[::-1])[::-1][1:]
        risk, ended = self.at_risk[inside], self.ended[inside]
        left = risk - ended
        parts = np.zeros_like(ahead)
        np.divide(ahead**2 * ended, risk * left, out=parts, where=left > 0)
        return RestrictedMean(float(areas.sum()), float(np.sqrt(parts.sum())), tau)


def kaplan_meier(
    time: ArrayLike, ended: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Curve:
    """The curve of cases seen for `time`, which `ended` then (true) or were still open (false).

    `entry` is the age at which a case came under observation, for cases already open when the window began; a case is
    at risk after its entry up to and including its time. `weight` counts a row as so many cases. Cases that end and
    cases that are censored at the same time: the endings come first.
    """
    times = np.asarray(time, dtype=np.float64)
    done = np.asarray(ended, dtype=bool)
    weights = np.ones_like(times) if weight is None else np.asarray(weight, dtype=np.float64)
    moments, place = np.unique(times[done], return_inverse=True)
    deaths = np.bincount(place, weights=weights[done], minlength=moments.size).astype(np.float64)
    risk = _at_least(times, weights, moments)
    if entry is not None:
        risk -= _at_least(np.asarray(entry, dtype=np.float64), weights, moments)
    share: Floats = np.cumprod(1 - deaths / risk, dtype=np.float64)
    left = risk - deaths
    terms = np.full_like(share, np.nan)
    np.divide(deaths, risk * left, out=terms, where=left > 0)
    variance: Floats = share**2 * np.cumsum(terms)
    return Curve(moments, risk, deaths, share, variance, float(times.max()) if times.size else 0.0)


def _at_least(values: Floats, weights: Floats, moments: Floats) -> Floats:
    """The weight of all values of at least each moment."""
    order = np.argsort(values, kind="stable")
    behind = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
    found: Floats = behind[np.searchsorted(values[order], moments, side="left")]
    return found
