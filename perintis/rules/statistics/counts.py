"""Counts a case (hand-overs, repeated steps): the ratio of two rates, within strata or adjusted for covariates.

The mean is modelled as log E = arm + strata. Variances come from the influence values or from the observed dispersion
(quasi-Poisson), never from Poisson's own, so that counts may vary more or less than Poisson's. Source: McCullagh and
Nelder 1989; Wooldridge 2010, chapter 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate, Scale
from perintis.rules.statistics.products import combined, crossed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perintis.rules.statistics.effect import Flags, Floats, Units, Whole

STEPS = 100
CONVERGED = 1e-10
FARTHEST = 30.0  # a logarithm of a mean count beyond which it is zero or endless


@dataclass(frozen=True, eq=False)
class CountFit:
    """A Poisson regression: coefficients and standard errors by name ("constant" is the first).

    `poisson` are errors under Poisson's variance, `quasi` those times `sigma` (root of Pearson's chi-square over its
    degrees of freedom), `clustered` those by cluster (None without clusters). `psi` has one influence value a case and
    coefficient.
    """

    names: tuple[str, ...]
    coefficients: Floats
    poisson: Floats
    quasi: Floats
    clustered: Floats | None
    sigma: float
    log_likelihood: float
    psi: Floats


def rate_ratio(metric: str, y: Floats, used: Flags, units: Units, stratum: Whole | None = None) -> Effect | NoEstimate:
    """The log of the ratio of mean counts, pilot over baseline; within strata where they are given.

    Closed form without strata; with strata the one equation that remains once the strata are solved for is halved.
    Strata without cases of both cohorts say nothing. `pilot` and `baseline` are the plain means. With strata the
    influence values sum to zero over both cohorts together, not in each.
    """
    number = np.zeros(len(units), dtype=np.int64) if stratum is None else stratum
    used = used & (number != NOWHERE)
    arm = units.pilot.astype(float)
    for pilot, name in ((True, "pilot"), (False, "baseline")):
        chosen = used & (units.pilot == pilot)
        if chosen.sum() < 2:
            return NoEstimate(f"{int(chosen.sum())} cases in the {name}; 2 are needed")
        if float(y[chosen].sum()) == 0:
            return NoEstimate(f"nothing was counted in the {name}: there is no ratio")
    size = int(number[used].max()) + 1
    columns = (y * arm, y, arm, np.ones(len(y)))
    counted, total, n1, n = (_by(number[used], column[used], size) for column in columns)
    ratio = _solve(counted, total, n1, n - n1)
    if isinstance(ratio, NoEstimate):
        return ratio
    weight = n1 * ratio + n - n1
    rate = np.divide(total, weight, out=np.zeros(size), where=weight > 0)
    share = np.divide(n1 * ratio, weight, out=np.zeros(size), where=weight > 0)
    information = float((total * share * (1 - share)).sum())
    place = np.where(used, number, 0)
    fitted = rate[place] * np.where(units.pilot, ratio, 1.0)
    psi = np.where(used, (arm - share[place]) * (y - fitted) / information, 0.0)
    means = [float(y[used & (units.pilot == pilot)].mean()) for pilot in (True, False)]
    return Effect(metric, log(ratio), psi, used, units, means[0], means[1], "log ratio", Scale.LOG_RATIO)


def dispersion(y: Floats, fitted: Floats, parameters: int) -> float:
    """Pearson's chi-square over its degrees of freedom: 1 for Poisson counts. Source: McCullagh and Nelder 1989."""
    return float(((y - fitted) ** 2 / fitted).sum() / (len(y) - parameters))


def quasi_poisson(y: Floats, covariates: Mapping[str, Floats], cluster: Whole | None = None) -> CountFit | NoEstimate:
    """A regression of counts on covariates with a constant; clustered errors have the factor G / (G - 1)."""
    names = ("constant", *covariates)
    x = np.column_stack([np.ones(len(y)), *covariates.values()])
    if len(y) <= len(names):
        return NoEstimate(f"{len(y)} cases for {len(names)} coefficients")
    if np.linalg.matrix_rank(x) < len(names):
        return NoEstimate("the covariates say the same thing twice", "leave one of them out")
    beta = _newton(y, x)
    if beta is None:
        return NoEstimate("the regression of counts does not converge", "use fewer covariates")
    fitted = np.exp(combined(x, beta))
    bread = np.linalg.inv(crossed(x, x * fitted[:, None]))
    psi = combined(x * (y - fitted)[:, None], bread)
    poisson = np.sqrt(np.diag(bread))
    sigma = sqrt(dispersion(y, fitted, len(names)))
    clustered = None if cluster is None else _clustered(psi, cluster)
    likelihood = float((y * np.log(fitted) - fitted - gammaln(y + 1)).sum())
    return CountFit(names, beta, poisson, poisson * sigma, clustered, sigma, likelihood, psi)


def adjusted_rate_ratio(
    metric: str, y: Floats, used: Flags, units: Units, covariates: Mapping[str, Floats]
) -> Effect | NoEstimate:
    """The log of the ratio of mean counts among cases with equal covariates."""
    columns = {"pilot": units.pilot[used].astype(float), **{name: x[used] for name, x in covariates.items()}}
    for pilot, name in ((True, "pilot"), (False, "baseline")):
        if float(y[used & (units.pilot == pilot)].sum()) == 0:
            return NoEstimate(f"nothing was counted in the {name}: there is no ratio")
    fit = quasi_poisson(y[used], columns)
    if isinstance(fit, NoEstimate):
        return fit
    psi = np.zeros(len(units))
    psi[used] = fit.psi[:, 1]
    means = [float(y[used & (units.pilot == pilot)].mean()) for pilot in (True, False)]
    return Effect(
        metric, float(fit.coefficients[1]), psi, used, units, means[0], means[1], "log ratio", Scale.LOG_RATIO
    )


def _newton(y: Floats, x: Floats) -> Floats | None:
    """The coefficients of most likelihood by Newton's method (McCullagh and Nelder 1989, 2.5); None where they run off.

    The first column is the constant.
    """
    mean = float(y.mean())
    if mean <= 0:
        return None
    beta = np.zeros(x.shape[1])
    beta[0] = log(mean)
    for _ in range(STEPS):
        fitted = np.exp(np.clip(combined(x, beta), -FARTHEST, FARTHEST))
        right = crossed(x, (y - fitted)[:, None])[:, 0]
        step = np.linalg.lstsq(crossed(x * fitted[:, None], x), right, rcond=None)[0]
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < CONVERGED:
            return beta if np.abs(combined(x, beta)).max() < FARTHEST else None
    return None


def _solve(counted: Floats, total: Floats, n1: Floats, n0: Floats) -> float | NoEstimate:
    """The ratio at which the pilot's counts are what the strata expect of it: a rising function, halved on the log."""
    both = (n1 > 0) & (n0 > 0)
    counted, total, n1, n0 = counted[both], total[both], n1[both], n0[both]
    if counted.sum() == 0 or (total - counted).sum() == 0:
        return NoEstimate("no stratum has counts of both cohorts", "coarser strata")
    if len(counted) == 1:
        return float(counted[0] / n1[0] / ((total[0] - counted[0]) / n0[0]))
    low, high = -50.0, 50.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        expected = total * n1 * np.exp(middle) / (n1 * np.exp(middle) + n0)
        low, high = (middle, high) if expected.sum() < counted.sum() else (low, middle)
    return float(np.exp((low + high) / 2))


def _by(number: Whole, weights: Floats, size: int) -> Floats:
    return np.bincount(number, weights=weights, minlength=size).astype(np.float64)


def _clustered(psi: Floats, cluster: Whole) -> Floats:
    _, place = np.unique(cluster, return_inverse=True)
    groups = int(place.max()) + 1
    sums = np.array([np.bincount(place, weights=column, minlength=groups) for column in psi.T])
    found: Floats = np.sqrt((sums**2).sum(axis=1) * groups / (groups - 1))
    return found
