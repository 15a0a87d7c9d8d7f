"""Times compared among cases with equal covariates, open cases included.

`adjusted_mean_time` weighs each case whose time within tau is known by the inverse of the chance that it stayed in view
so long, in each cohort by itself, and fits a straight line. Source: Tian, Zhao and Wei 2014. `regression` fits a line
to pseudo-values (or any values of cases). Source: Andersen, Klein and Rosthoj 2003. Both give one influence value a
case, so that errors can be clustered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import Effect, NoEstimate
from perintis.rules.statistics.products import combined, crossed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Units


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients by name (`intercept`, `pilot`, then the covariates) and influence values, shape (cases, names).

    Influence values sum to zero over all cases, not over each cohort.
    """

    names: tuple[str, ...]
    coefficients: Floats
    influence: Floats

    @property
    def errors(self) -> Floats:
        """Standard errors for independent cases."""
        found: Floats = np.sqrt((self.influence**2).sum(axis=0))
        return found


def adjusted_mean_time(
    time: ArrayLike, ended: ArrayLike, pilot: ArrayLike, covariates: Mapping[str, Floats], tau: float
) -> Fit | NoEstimate:
    """The restricted mean time within tau as a line of the cohort and the covariates, all known (no NaN)."""
    times, cohort = np.minimum(np.asarray(time, dtype=np.float64), tau), np.asarray(pilot, dtype=bool)
    known = np.asarray(ended, dtype=bool) | (np.asarray(time) >= tau)
    names, x = _design(cohort, covariates)
    weights = np.zeros(len(times))
    for chosen in (cohort, ~cohort):
        if not known[chosen].any():
            return NoEstimate("no case of one cohort is known up to tau", "choose a shorter tau, or wait")
        weights[chosen] = _staying(times[chosen], known[chosen])
    beta = _solved(crossed(x, x * weights[:, None]), crossed(x, (weights * times)[:, None])[:, 0])
    if beta is None:
        return NoEstimate("two covariates say the same", "leave one of them out")
    scores = x * (weights * (times - combined(x, beta)))[:, None]
    for chosen in (cohort, ~cohort):
        scores[chosen] += _left_view(times[chosen], known[chosen], scores[chosen])
    return Fit(names, beta, _influence(x, scores))


def adjusted_time_effect(
    metric: str, unit: str, time: Floats, ended: Flags, used: Flags, units: Units, covariates: Mapping[str, Floats],
    tau: float,
) -> Effect | NoEstimate:  # fmt: skip
    """The pilot's coefficient of `adjusted_mean_time` as an effect; all arrays have one entry a case of the units."""
    chosen = {name: x[used] for name, x in covariates.items()}
    fit = adjusted_mean_time(time[used], ended[used], units.pilot[used], chosen, tau)
    return fit if isinstance(fit, NoEstimate) else _effect(metric, unit, fit, used, units, chosen)


def regression(values: CaseValues, covariates: Mapping[str, Floats]) -> Fit | NoEstimate:
    """A straight line through the values of the used cases; covariates have one entry a case of the units."""
    used = values.used
    names, x = _design(values.units.pilot[used], {name: c[used] for name, c in covariates.items()})
    y = values.y[used]
    beta = _solved(crossed(x, x), crossed(x, y[:, None])[:, 0])
    if beta is None:
        return NoEstimate("two covariates say the same, or there are fewer cases than covariates", "leave some out")
    return Fit(names, beta, _influence(x, x * (y - combined(x, beta))[:, None]))


def regression_effect(values: CaseValues, covariates: Mapping[str, Floats]) -> Effect | NoEstimate:
    """The pilot's coefficient of `regression` as an effect; for lead times a regression of pseudo-values."""
    fit = regression(values, covariates)
    if isinstance(fit, NoEstimate):
        return fit
    chosen = {name: x[values.used] for name, x in covariates.items()}
    return _effect(values.metric, values.unit, fit, values.used, values.units, chosen)


def _effect(metric: str, unit: str, fit: Fit, used: Flags, units: Units, covariates: Mapping[str, Floats]) -> Effect:
    """The cohorts' values are those of a case with the mean of the covariates."""
    psi = np.zeros(len(units))
    psi[used] = fit.influence[:, 1]
    estimate = float(fit.coefficients[1])
    baseline = float(
        fit.coefficients[0] + sum(b * x.mean() for b, x in zip(fit.coefficients[2:], covariates.values(), strict=True))
    )
    return Effect(metric, estimate, psi, used, units, baseline + estimate, baseline, unit)


def _design(pilot: Flags, covariates: Mapping[str, Floats]) -> tuple[tuple[str, ...], Floats]:
    columns = [np.ones(len(pilot)), pilot.astype(np.float64), *covariates.values()]
    return ("intercept", "pilot", *covariates), np.column_stack(columns)


def _solved(square: Floats, right: Floats) -> Floats | None:
    if np.linalg.matrix_rank(square) < len(square):
        return None
    return np.linalg.solve(square, right).astype(np.float64)


def _influence(x: Floats, scores: Floats) -> Floats:
    return combined(scores, np.linalg.inv(crossed(x, x)))


def _at_or_after(times: Floats, rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct times; for each the number of cases with at least it, and the sum of their rows."""
    moments, place = np.unique(times, return_inverse=True)
    count = np.bincount(place, minlength=len(moments))
    sums = np.array([np.bincount(place, weights=c, minlength=len(moments)) for c in rows.T]).reshape(-1, len(moments)).T
    return moments, np.cumsum(count[::-1])[::-1].astype(np.float64), np.cumsum(sums[::-1], axis=0)[::-1]


def _staying(times: Floats, known: Flags) -> Floats:
    """1 over the Kaplan-Meier chance of being in view until the case's own time; 0 where it is not known."""
    moments, at_risk, _ = _at_or_after(times, np.zeros((len(times), 0)))
    place = np.searchsorted(moments, times)
    lost = np.bincount(place[~known], minlength=len(moments))
    view = np.cumprod(1 - lost / at_risk)
    found: Floats = np.divide(known, view[place], out=np.zeros(len(times)), where=known)
    return found


def _left_view(times: Floats, known: Flags, scores: Floats) -> Floats:
    """What the estimation of the weights adds: the integral of the mean score at risk over the loss from view."""
    moments, at_risk, behind = _at_or_after(times, scores)
    place = np.searchsorted(moments, times)
    lost = np.bincount(place[~known], minlength=len(moments))
    mean = behind / at_risk[:, None]
    passed = np.cumsum(mean * (lost / at_risk)[:, None], axis=0)
    found: Floats = np.where(known[:, None], 0.0, mean[place]) - passed[place]
    return found
