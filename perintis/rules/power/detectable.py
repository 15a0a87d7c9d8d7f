"""The smallest effect that a design finds four times in five."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

POWER = 0.8


@dataclass(frozen=True)
class Cohort:
    """The size of each of two cohorts: `clusters` (offices) with `cases` each, and the spread of a case's value.

    `icc` is the intra-cluster correlation, `correlation` that of an office's mean with its mean before the pilot, where
    the analysis adjusts for it. `factor` is what the design's own error is in that of two parallel cohorts.
    """

    clusters: int
    cases: float
    sd: float
    icc: float
    correlation: float = 0.0
    factor: float = 1.0

    @property
    def error(self) -> float:
        """The standard error of the difference of two such cohorts, in the unit of `sd`.

        sqrt(2 sd^2 / (G m) * (1 + (m - 1) ICC) * (1 - r^2)). Source: Donner and Klar 2000, chapter 5; for r Teerenstra
        et al. 2012.
        """
        design_effect = 1 + (self.cases - 1) * self.icc
        variance = 2 * self.sd**2 / (self.clusters * self.cases) * design_effect * (1 - self.correlation**2)
        return self.factor * math.sqrt(variance)

    @property
    def df(self) -> float:
        """Degrees of freedom: one less than the clusters of each cohort."""
        return 2.0 * self.clusters - 2

    @property
    def between_sd(self) -> float:
        """Spread of cluster means around their common mean, beside chance."""
        return self.sd * math.sqrt(self.icc * (1 - self.correlation**2))

    @property
    def within_sd(self) -> float:
        """Spread of cases around the mean of their cluster."""
        return self.sd * math.sqrt((1 - self.icc) * (1 - self.correlation**2))


def smallest_detectable(cohort: Cohort, *, alpha: float = 0.05, power: float = POWER) -> float:
    """The difference found with that power by a two-sided test at `alpha`, in the unit of `sd`.

    (t_{1 - alpha/2} + t_{power}) times the standard error, t with 2 G - 2 degrees of freedom. Source: Bloom 1995.
    """
    if cohort.df < 1:
        return math.inf
    return float(stdtrit(cohort.df, 1 - alpha / 2) + stdtrit(cohort.df, power)) * cohort.error


def guardrails_needed(guardrails: int, *, beta: float = 1 - POWER) -> float:
    """The power that each of several guardrails needs so that all pass together with power 1 - beta: 1 - beta / G."""
    return 1 - beta / max(guardrails, 1)
