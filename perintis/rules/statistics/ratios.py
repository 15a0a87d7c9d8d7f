"""Means compared from their sums, relative changes, and ratios of sums such as the cost of a decided case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import nctdtr, stdtr, stdtrit

from perintis.rules.statistics.effect import Effect, NoEstimate, Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from perintis.rules.statistics.effect import Flags, Floats, Units


class Sums(NamedTuple):
    """What is kept of many values: how many, their sum, and the sum of their squares."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """Their mean; n must not be 0."""
        return self.total / self.n

    @property
    def variance(self) -> float:
        """Their sample variance; n must be at least 2."""
        return (self.squares - self.total**2 / self.n) / (self.n - 1)


class Compared(NamedTuple):
    """An estimate with standard error, degrees of freedom, interval and two-sided p-value."""

    estimate: float
    error: float
    df: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, eq=False)
class Ratio:
    """A sum over another sum, its standard error by the delta method, and one influence value a case."""

    value: float
    error: float
    psi: Floats


def compare_means(pilot: Sums, baseline: Sums, *, relative: bool = False, level: float = 0.95) -> Compared | NoEstimate:
    """Pilot minus baseline, or that as a share of the baseline, from sums of independent cases: Welch's t.

    The relative error is the full delta formula s_b^2/(n_b m_a^2) + s_a^2 m_b^2/(n_a m_a^4), with a the baseline: it
    counts that the baseline's mean is uncertain too. Welch 1947; Deng, Knoblich and Lu 2018.
    """
    for name, sums in (("pilot", pilot), ("baseline", baseline)):
        if sums.n < 2:
            return NoEstimate(f"{sums.n} cases in the {name}; 2 are needed")
    v1, v0 = max(pilot.variance, 0.0) / pilot.n, max(baseline.variance, 0.0) / baseline.n
    if v1 + v0 == 0:
        return NoEstimate("the values do not vary")
    df = (v1 + v0) ** 2 / (v1**2 / (pilot.n - 1) + v0**2 / (baseline.n - 1))
    estimate, error = pilot.mean - baseline.mean, sqrt(v1 + v0)
    if relative:
        if baseline.mean == 0:
            return NoEstimate("the baseline's mean is zero: there is no relative change")
        estimate /= abs(baseline.mean)
        error = sqrt(v1 / baseline.mean**2 + v0 * pilot.mean**2 / baseline.mean**4)
    half = float(stdtrit(df, (1 + level) / 2)) * error
    return Compared(estimate, error, df, estimate - half, estimate + half, float(2 * stdtr(df, -abs(estimate) / error)))


def relative_effect(effect: Effect) -> Effect | NoEstimate:
    """Pilot over baseline, minus 1, with influence values by the full delta formula.

    For effects that are a plain difference of two cohorts' values (`estimate == pilot - baseline`).
    """
    if effect.scale is not Scale.DIFFERENCE or abs(effect.pilot - effect.baseline - effect.estimate) > 1e-9 * (
        abs(effect.pilot) + abs(effect.baseline)
    ):
        return NoEstimate("an adjusted effect is not the difference of the two cohorts' values")
    if effect.baseline <= 0:
        return NoEstimate("the baseline's value is not above zero: there is no relative change")
    ratio = effect.pilot / effect.baseline
    psi = np.where(effect.units.pilot, effect.psi, effect.psi * ratio) / effect.baseline
    return replace(effect, estimate=ratio - 1, psi=psi, unit="share of the baseline")


def ratio_of_sums(over: Floats, under: Floats) -> Ratio | NoEstimate:
    """sum(over) / sum(under), for instance the cost of all cases by the number decided. Source: Cochran 1977, ch. 6.

    Variance (s_c^2 + R^2 s_n^2 - 2 R s_cn) / (n mean_n^2), which is the sum of squared influence values times n/(n-1).
    """
    n = len(over)
    if n != len(under):
        raise ValueError("both sums need one value a case")
    if n < 2:
        return NoEstimate(f"{n} cases; 2 are needed")
    if float(np.sum(under)) == 0:
        return NoEstimate("the sum to divide by is zero")
    value = float(np.sum(over) / np.sum(under))
    psi = (over - value * under) / float(np.sum(under))
    return Ratio(value, sqrt(float((psi**2).sum()) * n / (n - 1)), psi)


def ratio_effect(metric: str, unit: str, over: Floats, under: Floats, used: Flags, units: Units) -> Effect | NoEstimate:
    """The difference of two cohorts' ratios of sums; `over` and `under` have one value a case of `units`."""
    psi, value = np.zeros(len(units)), {}
    for pilot, sign in ((True, 1.0), (False, -1.0)):
        chosen = used & (units.pilot == pilot)
        found = ratio_of_sums(over[chosen], under[chosen])
        if isinstance(found, NoEstimate):
            return replace(found, reason=f"{'pilot' if pilot else 'baseline'}: {found.reason}")
        psi[chosen], value[pilot] = sign * found.psi, found.value
    return Effect(metric, value[True] - value[False], psi, used, units, value[True], value[False], unit)


def power_t(n: float, effect: float, level: float = 0.05) -> float:
    """The power of a two-sided t test, n cases a cohort, for an effect in standard deviations. Source: Cohen 1988."""
    if n <= 1:
        raise ValueError("more than one case a cohort is needed")
    df, shift = 2 * (n - 1), abs(effect) * sqrt(n / 2)
    bound = float(stdtrit(df, 1 - level / 2))
    return float(1 - nctdtr(df, shift, bound) + nctdtr(df, shift, -bound))


def cases_needed_t(effect: float, power: float = 0.8, level: float = 0.05) -> float:
    """Cases a cohort (not rounded up) for that power, the effect in standard deviations."""
    if effect == 0:
        raise ValueError("no number of cases shows an effect of zero")
    return _where(lambda n: power_t(n, effect, level) >= power, 1.0 + 1e-6, 2.0)


def smallest_effect_t(n: float, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest effect, in standard deviations, that n cases a cohort show with that power."""
    return _where(lambda effect: power_t(n, effect, level) >= power, 0.0, 1.0)


def _where(enough: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest value that is enough, by doubling and halving."""
    while not enough(high):
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return (low + high) / 2
