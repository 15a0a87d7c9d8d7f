"""How long cases take when some are still open: the mean time within tau, the share still open, and their errors.

`restricted_mean` is the area under the curve of open cases up to tau: the mean time that a case spends within its first
tau days. Each estimate comes with the influence value of every case, from which clustered errors are made, and with
Greenwood's error for independent cases. Sources: Kaplan and Meier 1958; Greenwood 1926; Royston and Parmar 2013; for
pseudo-values Andersen, Klein and Rosthoj 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats
    from perintis.rules.statistics.risk_sets import RiskSets

ROUNDING = 1e-9  # a share that equals one half only up to the last bits has reached one half


@dataclass(frozen=True, eq=False)
class FromCurve:
    """A value with the influence of each case (in the order given) and Greenwood's error for independent cases.

    For the share decided, for which Greenwood gave no formula, both errors are that of the influence values.
    """

    value: float
    influence: Floats
    greenwood: float

    @property
    def error(self) -> float:
        """Standard error for independent cases, from the influence values."""
        return float(np.sqrt((self.influence**2).sum()))

    @property
    def pseudo_values(self) -> Floats:
        """One number a case, whose mean is the value: value + n * influence."""
        return self.value + len(self.influence) * self.influence


@dataclass(frozen=True)
class Quantile:
    """The time by which that share has ended; a limit is None where follow-up was too short to see it."""

    value: float | None
    low: float | None
    high: float | None


def restricted_mean(risk: RiskSets, tau: float) -> FromCurve | NoEstimate:
    """The mean time within the first `tau` units, any ending counting as one."""
    if not risk.knows(tau):
        return too_short(risk, tau)
    ahead = area_after(risk, tau)
    moments = np.minimum(np.concatenate([[0.0], risk.moments]), tau)
    value = float(np.sum(np.diff(np.append(moments, tau)) * np.append(1.0, risk.after)))
    gain = -risk.over_left(ahead)
    rate = risk.ended / risk.at_risk
    variance = float(np.sum(ahead * -gain * rate))
    return FromCurve(value, risk.influence(gain, _other(risk, gain), gain * rate), sqrt(variance))


def share_open(risk: RiskSets, at: float) -> FromCurve | NoEstimate:
    """The share of cases that take longer than `at`, any ending counting as one."""
    if not risk.knows(at):
        return too_short(risk, at)
    seen = risk.until(at)
    value = float(risk.after[seen - 1]) if seen else 1.0
    inside = np.arange(len(risk.moments)) < seen
    gain = -risk.over_left(np.where(inside, value, 0.0))
    rate = risk.ended / risk.at_risk
    variance = float(np.sum(-gain * value * rate))
    return FromCurve(value, risk.influence(gain, _other(risk, gain), gain * rate), sqrt(variance))


FARTHEST = 700.0
"""Beyond so many natural logarithms a number of the machine overflows; the limits are 0 and 1 long before."""


def log_log_interval(share: float, error: float, level: float = 0.95) -> tuple[float, float]:
    """The interval of a share on the log(-log) scale, which stays within 0 and 1. Source: Kalbfleisch, Prentice."""
    if not 0 < share < 1 or error <= 0:
        return share, share
    half = min(float(ndtri(0.5 + level / 2)) * error / (share * abs(log(share))), FARTHEST)
    return share ** exp(half), share ** exp(-half)


def quantile(risk: RiskSets, share: float, level: float = 0.95) -> Quantile:
    """The time by which `share` of the cases has ended, with its log-log interval. Source: Brookmeyer, Crowley 1982."""
    keep = risk.ended > 0
    open_, moments = risk.after[keep], risk.moments[keep]
    spread = np.sqrt(np.cumsum(risk.over_left(risk.ended / risk.at_risk))[keep])  # error of log(open)
    inside = (open_ > 0) & (open_ < 1)
    logs = np.log(np.where(inside, open_, 0.5))
    half = float(ndtri(0.5 + level / 2)) * spread / np.abs(logs)
    low = np.where(inside, np.exp(logs * np.exp(half)), open_)
    high = np.where(inside, np.exp(logs * np.exp(-half)), open_)
    return Quantile(*(_first(moments, line, 1 - share) for line in (open_, low, high)))


def jackknife_values(risk: RiskSets, tau: float) -> Floats | NoEstimate:
    """The exact pseudo-values n * mean - (n - 1) * mean without the case, in one pass over the sorted moments.

    They agree with `pseudo_values` up to 1/n. Without late entries and weights only.
    """
    if risk.entered is not None or risk.weight is not None:
        return NoEstimate("exact pseudo-values need cases without late entry or weights", "use pseudo_values")
    if not risk.knows(tau):
        return too_short(risk, tau)
    mean = restricted_mean(risk, tau)
    assert isinstance(mean, FromCurve)
    n, r, d, t = len(risk), risk.at_risk, risk.ended, risk.moments
    thinner = np.maximum(1 - np.divide(d, r - 1, out=np.ones_like(r), where=r > 1), 0.0)
    after = np.cumprod(thinner)  # the curve with one fewer at risk
    before = np.concatenate([[1.0], after[:-1]])
    area = np.cumsum(np.diff(np.minimum(np.concatenate([[0.0], t]), tau)) * before)
    residual = np.maximum(tau - t, 0.0)
    np.divide(area_after(risk, tau), risk.after, out=residual, where=risk.after > 0)
    kept = np.divide(r - d, r - 1, out=np.ones_like(r), where=r > 1)  # an ending leaves, the others of its moment stay
    ending, open_ = area + before * kept * residual, area + after * residual
    without = risk.as_given(np.where(risk.cause > 0, ending[risk.at], open_[risk.at]))
    found: Floats = n * mean.value - (n - 1) * without
    return found


def area_after(risk: RiskSets, tau: float) -> Floats:
    """The area under the curve from each moment to tau; zero beyond it."""
    widths = np.diff(np.minimum(np.append(risk.moments, tau), tau))
    ahead: Floats = np.cumsum((widths * risk.after)[::-1])[::-1]
    return ahead


def _other(risk: RiskSets, gain: Floats) -> Floats | None:
    return gain if (risk.decided != risk.ended).any() else None


def _first(moments: Floats, line: Floats, target: float) -> float | None:
    reached = np.flatnonzero(line <= target + ROUNDING)
    return float(moments[reached[0]]) if reached.size else None


def too_short(risk: RiskSets, time: float) -> NoEstimate:
    """The answer where no case was followed for so long and some were still open."""
    return NoEstimate(
        f"no case was followed for {time:g}; the longest was {risk.last:.2g}, and some were still open",
        f"choose a horizon of at most {risk.last:.2g}, or read the data later",
    )
