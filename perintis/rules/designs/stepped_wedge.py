"""Offices that start one after the other in a drawn order: a mixed model with an effect for each time since the start.

Sources: Hussey and Hughes 2007; exposure times and their average (TATE) Kenny et al. 2022; Maleyeff et al. 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.office_periods import NEVER, Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from perintis.rules.statistics.effect import Floats, Whole

ORDERS = 999
CHUNK = 50


@dataclass(frozen=True)
class Spread:
    """Variances: between offices, of an office's periods around it, and of cases within a cell."""

    office: float
    cell: float
    case: float


@dataclass(frozen=True, eq=False)
class ExposureFit:
    """`coefficient` and `covariance` of the columns: periods, then times since the start (`exposures`).

    `contrast` averages the latter; `weight` (offices, periods) is what each cell adds to that, `fitted` its mean.
    """

    coefficient: Floats
    covariance: Floats
    exposures: tuple[int, ...]
    spread: Spread
    contrast: Floats
    weight: Floats
    fitted: Floats

    @property
    def estimate(self) -> float:
        """The effect averaged over the times since the start, each alike."""
        return float(self.contrast @ self.coefficient)

    @property
    def error(self) -> float:
        """Its standard error in the model."""
        return float(np.sqrt(self.contrast @ self.covariance @ self.contrast))


def design_of(pattern: Pattern, period: Whole, exposures: Sequence[int]) -> Floats:
    """The rows of an office: an indicator for each period, then one for each time since the start."""
    exposure = period - pattern.group if pattern.group != NEVER else np.full(len(period), -1)
    later = [(exposure == e).astype(np.float64) for e in exposures]
    return np.column_stack([np.eye(len(period)), *later]) if later else np.eye(len(period))


def exposures_of(patterns: Sequence[Pattern], period: Whole, mean: Floats) -> tuple[int, ...]:
    """The times since the start that some office has cases at, outside transition."""
    seen = set()
    for pattern, row in zip(patterns, mean, strict=True):
        if pattern.group != NEVER:
            usable = ~np.isnan(row) & ~pattern.transition & (period >= pattern.group)
            seen.update((period[usable] - pattern.group).tolist())
    return tuple(sorted(seen))


class Office:
    """One office's cells, and what it adds to the equations under some pattern."""

    def __init__(self, mean: Floats, n: Floats, period: Whole, exposures: Sequence[int]) -> None:
        self.mean, self.n, self.period, self.exposures = mean, n, period, exposures

    def parts(self, pattern: Pattern, spread: Spread) -> tuple[Whole, Floats, Floats, Floats, float]:
        """Used columns, X (cells, k), V^-1 (cells, cells), y (cells,), log |V|, with V = office 11' + diag(...)."""
        used = np.flatnonzero(~np.isnan(self.mean) & ~pattern.transition)
        x = design_of(pattern, self.period, self.exposures)[used]
        own = spread.cell + spread.case / self.n[used]
        inverse = 1 / own
        total = inverse.sum()
        shrink = spread.office / (1 + spread.office * total)
        v = np.diag(inverse) - shrink * np.outer(inverse, inverse)
        log_det = float(np.log(own).sum() + np.log1p(spread.office * total))
        return used, x, v, self.mean[used], log_det


def fit_exposure(
    mean: Floats, n: Floats, period: Whole, patterns: Sequence[Pattern], within: float
) -> ExposureFit | None:
    """Generalised least squares with variances by restricted likelihood; None where effects are not determined.

    `mean`, `n` (offices, periods), `within` the variance of cases within cells.
    """
    exposures = exposures_of(patterns, period, mean)
    offices = [Office(row, count, period, exposures) for row, count in zip(mean, n, strict=True)]
    keep = _determined(offices, patterns, Spread(1.0, 1.0, 0.0))
    places = [k - len(period) for k in keep if k >= len(period)]
    if not places or len(places) < len(exposures) or (~np.isnan(mean)).sum() - len(keep) < 2:
        return None
    spread = _restricted_likelihood(offices, patterns, keep, within)
    gram, score, _ = _equations(offices, patterns, spread, keep)
    covariance: Floats = np.linalg.inv(gram).astype(np.float64)
    coefficient: Floats = covariance @ score
    contrast = np.array([0.0 if k < len(period) else 1 / len(exposures) for k in keep])
    weight, fitted = np.zeros_like(mean), np.zeros_like(mean)
    for row, (office, pattern) in enumerate(zip(offices, patterns, strict=True)):
        used, x, v, _, _ = office.parts(pattern, spread)
        weight[row, used] = v @ x[:, keep] @ covariance @ contrast
        fitted[row, used] = x[:, keep] @ coefficient
    return ExposureFit(coefficient, covariance, exposures, spread, contrast, weight, fitted)


def _equations(
    offices: Sequence[Office], patterns: Sequence[Pattern], spread: Spread, keep: Sequence[int]
) -> tuple[Floats, Floats, tuple[float, float]]:
    """X'V^-1X, X'V^-1y, and (y'V^-1y, log |V|) over all offices."""
    gram, score = np.zeros((len(keep), len(keep))), np.zeros(len(keep))
    square, log_det = 0.0, 0.0
    for office, pattern in zip(offices, patterns, strict=True):
        _, x, v, y, log = office.parts(pattern, spread)
        x = x[:, keep]
        gram += x.T @ v @ x
        score += x.T @ v @ y
        square += float(y @ v @ y)
        log_det += log
    return gram, score, (square, log_det)


def _determined(offices: Sequence[Office], patterns: Sequence[Pattern], spread: Spread) -> list[int]:
    """Columns that the data determine: an exposure time that only goes with one period drops out, and so on."""
    from perintis.rules.designs.linear import independent

    every = range(len(offices[0].period) + len(offices[0].exposures))
    gram, _, _ = _equations(offices, patterns, spread, every)
    kept: list[int] = []
    for column in every:
        trial = [*kept, column]
        if independent(gram[np.ix_(trial, trial)]):
            kept = trial
    return kept


def _restricted_likelihood(
    offices: Sequence[Office], patterns: Sequence[Pattern], keep: Sequence[int], within: float
) -> Spread:
    """Variances between and within offices that make the residual contrasts likeliest (Patterson and Thompson 1971)."""
    from scipy.optimize import minimize

    every = np.concatenate([office.mean[~np.isnan(office.mean)] for office in offices])
    scale = max(float(every.var()), 1e-12)

    def deviance(logs: Floats) -> float:
        office, cell = scale * np.exp(np.clip(logs, -18, 6))
        gram, score, (square, log_det) = _equations(offices, patterns, Spread(office, cell, within), keep)
        sign, log_gram = np.linalg.slogdet(gram)
        if sign <= 0:
            return float("inf")
        return log_det + float(log_gram) + square - float(score @ np.linalg.solve(gram, score))

    start = np.log(np.array([0.5, 0.1]))
    found = minimize(deviance, start, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-5, "maxiter": 200})
    office, cell = scale * np.exp(np.clip(found.x, -18, 6))
    return Spread(float(office), float(cell), within)


def order_p_value(
    mean: Floats,
    n: Floats,
    period: Whole,
    patterns: Sequence[Pattern],
    fit: ExposureFit,
    strata: Sequence[str],
    seed: int,
    orders: int = ORDERS,
) -> float:
    """Two-sided p-value of the average effect over other orders in which the offices could have started.

    Starts are exchanged within strata; variances are held. What an office adds under a pattern is worked out once.
    """
    offices = [Office(row, count, period, fit.exposures) for row, count in zip(mean, n, strict=True)]
    kinds = {(pattern.group, pattern.transition.tobytes()): pattern for pattern in patterns}
    of = np.array([list(kinds).index((p.group, p.transition.tobytes())) for p in patterns])
    keep = _determined(offices, patterns, Spread(1.0, 1.0, 0.0))
    size = len(keep)
    gram, score = np.zeros((len(offices), len(kinds), size, size)), np.zeros((len(offices), len(kinds), size))
    for row, office in enumerate(offices):
        for kind, pattern in enumerate(kinds.values()):
            _, x, v, y, _ = office.parts(pattern, fit.spread)
            x = x[:, keep]
            gram[row, kind], score[row, kind] = x.T @ v @ x, x.T @ v @ y
    others = _orders(of, np.asarray(strata), seed, orders)
    places = np.arange(len(offices))
    extreme, tried = 0, 0
    for chunk in np.array_split(others, max(orders // CHUNK, 1)):
        whole = np.array([gram[places, other].sum(axis=0) for other in chunk])
        sums = np.array([score[places, other].sum(axis=0) for other in chunk])
        # An order under which some effect is not determined (an office without cases then) is no possible outcome.
        fit_for = np.linalg.slogdet(whole)[0] > 0
        found = np.linalg.solve(whole[fit_for], sums[fit_for][:, :, None])[:, :, 0] @ fit.contrast
        tried += len(found)
        extreme += int((np.abs(found) >= abs(fit.estimate) * (1 - 1e-9)).sum())
    return (1 + extreme) / (1 + tried)


def _orders(of: Whole, strata: NDArray[np.str_], seed: int, orders: int) -> Whole:
    """Orders of the starts (orders, offices), exchanged within strata."""
    random = np.random.default_rng(seed)
    found = np.tile(of, (orders, 1))
    for name in sorted(set(strata.tolist())):
        mine = np.flatnonzero(strata == name)
        found[:, mine] = random.permuted(found[:, mine], axis=1)
    return found


def hussey_hughes_variance(treated: Floats, cell: float, office: float) -> float:
    """Variance of a constant effect, closed form.

    `treated` (offices, periods) of 0 and 1, `cell` the variance of a cell mean (case variance / cases), `office` that
    between offices. Source: Hussey and Hughes 2007, eq. 8.
    """
    count, periods = treated.shape
    u = float(treated.sum())
    w = float((treated.sum(axis=0) ** 2).sum())
    v = float((treated.sum(axis=1) ** 2).sum())
    below = (count * u - w) * cell + (u**2 + count * periods * u - periods * w - count * v) * office
    return float(count * cell * (cell + periods * office) / below)


def constant_effect_variance(treated: Floats, cell: float, office: float) -> float:
    """The same by generalised least squares, for any table of 0 and 1."""
    count, periods = treated.shape
    inverse = np.linalg.inv(cell * np.eye(periods) + office * np.ones((periods, periods)))
    gram = np.zeros((periods + 1, periods + 1))
    for row in range(count):
        x = np.column_stack([np.eye(periods), treated[row]])
        gram += x.T @ inverse @ x
    return float(np.linalg.inv(gram)[-1, -1])


def steps(offices: int, steps_: int) -> Floats:
    """The table of a stepped wedge: one period without, then an equal share of offices more at each step."""
    start = np.arange(offices) * steps_ // offices + 1
    found: Floats = (np.arange(steps_ + 1) >= start[:, None]).astype(np.float64)
    return found


def stepped_wedge_power(effect: float, variance: float, level: float = 0.05) -> float:
    """The chance to find a constant effect with a two-sided normal test."""
    from scipy.special import ndtr, ndtri

    return float(ndtr(abs(effect) / np.sqrt(variance) + ndtri(level / 2)))
