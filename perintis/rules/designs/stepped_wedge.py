"""Offices that start one after the other in a drawn order: a mixed model with an effect for each time since the start.

Sources: Hussey and Hughes 2007; exposure times and their average (TATE) Kenny et al. 2022; Maleyeff et al. 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.linear import independent
from perintis.rules.designs.office_periods import NEVER, Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from perintis.rules.statistics.effect import Flags, Floats, Whole

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


@dataclass(frozen=True, eq=False)
class Stack:
    """All offices' cells: `x` (offices, periods, columns), `y`, `n` and `used` (offices, periods).

    The covariance of an office's cells is V = office 11' + diag(cell + case / n); its inverse is a diagonal less one
    outer product (Sherman and Morrison), so nothing larger than the equations is ever inverted.
    """

    x: Floats
    y: Floats
    n: Floats
    used: Flags

    def precision(self, spread: Spread) -> tuple[Floats, Floats]:
        """The diagonal of V^-1 before the outer product (offices, periods; 0 where unused), and that one's factor."""
        own = np.where(self.used, 1 / (spread.cell + spread.case / np.maximum(self.n, 1)), 0.0)
        return own, spread.office / (1 + spread.office * own.sum(axis=1))

    def equations(self, spread: Spread) -> tuple[Floats, Floats, float, float]:
        """X'V^-1X, X'V^-1y, y'V^-1y and log |V| over all offices."""
        own, shrink = self.precision(spread)
        weighted = own[:, :, None] * self.x
        sums = weighted.sum(axis=1)
        totals = (own * self.y).sum(axis=1)
        # Office by office: products too small for several threads, which cost more than they give here.
        gram = (weighted.transpose(0, 2, 1) @ self.x).sum(axis=0) - (sums * shrink[:, None]).T @ sums
        score = (weighted * self.y[:, :, None]).sum(axis=(0, 1)) - sums.T @ (shrink * totals)
        square = float((own * self.y**2).sum() - (shrink * totals**2).sum())
        log_det = float(np.log1p(spread.office * own.sum(axis=1)).sum() - np.log(own[self.used]).sum())
        return gram, score, square, log_det

    def applied(self, spread: Spread, row: Floats) -> Floats:
        """V^-1 times values of all cells (offices, periods)."""
        own, shrink = self.precision(spread)
        weighted = own * row
        found: Floats = weighted - own * (shrink * weighted.sum(axis=1))[:, None]
        return found


def stack_of(
    mean: Floats, n: Floats, period: Whole, patterns: Sequence[Pattern], exposures: Sequence[int], keep: Sequence[int]
) -> Stack:
    """The cells of all offices under their patterns, some columns only."""
    x = np.array([design_of(pattern, period, exposures)[:, list(keep)] for pattern in patterns])
    used = ~np.isnan(mean) & ~np.array([pattern.transition for pattern in patterns])
    return Stack(x * used[:, :, None], np.where(used, mean, 0.0), n, used)


def fit_exposure(
    mean: Floats, n: Floats, period: Whole, patterns: Sequence[Pattern], within: float
) -> ExposureFit | None:
    """Generalised least squares with variances by restricted likelihood; None where effects are not determined.

    `mean`, `n` (offices, periods), `within` the variance of cases within cells.
    """
    exposures = exposures_of(patterns, period, mean)
    keep = _determined(mean, n, period, patterns, exposures)
    places = [k for k in keep if k >= len(period)]
    if not places or len(places) < len(exposures) or (~np.isnan(mean)).sum() - len(keep) < 2:
        return None
    stack = stack_of(mean, n, period, patterns, exposures, keep)
    spread = _restricted_likelihood(stack, within)
    gram, score, _, _ = stack.equations(spread)
    covariance: Floats = np.linalg.inv(gram).astype(np.float64)
    coefficient: Floats = covariance @ score
    contrast = np.array([0.0 if k < len(period) else 1 / len(exposures) for k in keep])
    weight = stack.applied(spread, stack.x @ (covariance @ contrast))
    return ExposureFit(coefficient, covariance, exposures, spread, contrast, weight, stack.x @ coefficient)


def _determined(
    mean: Floats, n: Floats, period: Whole, patterns: Sequence[Pattern], exposures: Sequence[int]
) -> list[int]:
    """Columns that the data determine beside the offices' own levels, in order: one period of all drops out, and so on.

    The levels themselves are random, so the first period keeps its column.
    """
    every = range(len(period) + len(exposures))
    gram = stack_of(mean, n, period, patterns, exposures, every).equations(Spread(1.0, 1.0, 0.0))[0]
    kept: list[int] = []
    for column in every:
        trial = [*kept, column]
        if independent(gram[np.ix_(trial, trial)]):
            kept = trial
    return kept


def _restricted_likelihood(stack: Stack, within: float) -> Spread:
    """Variances between and within offices that make the residual contrasts likeliest (Patterson and Thompson 1971)."""
    from scipy.optimize import minimize

    scale = max(float(stack.y[stack.used].var()), 1e-12)

    def spread_of(logs: Floats) -> Spread:
        office, cell = scale * np.exp(np.clip(logs, -18, 6))
        return Spread(float(office), float(cell), within)

    def deviance(logs: Floats) -> float:
        gram, score, square, log_det = stack.equations(spread_of(logs))
        sign, log_gram = np.linalg.slogdet(gram)
        if sign <= 0:
            return float("inf")
        return log_det + float(log_gram) + square - float(score @ np.linalg.solve(gram, score))

    start = np.log(np.array([0.5, 0.1]))
    found = minimize(deviance, start, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-5, "maxiter": 200})
    return spread_of(found.x)


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
    kinds = {(pattern.group, pattern.transition.tobytes()): pattern for pattern in patterns}
    of = np.array([list(kinds).index((p.group, p.transition.tobytes())) for p in patterns])
    keep = _determined(mean, n, period, patterns, fit.exposures)
    count, size = len(patterns), len(keep)
    gram, score = np.zeros((count, len(kinds), size, size)), np.zeros((count, len(kinds), size))
    for kind, pattern in enumerate(kinds.values()):
        stack = stack_of(mean, n, period, [pattern] * count, fit.exposures, keep)
        own, shrink = stack.precision(fit.spread)
        weighted = own[:, :, None] * stack.x
        sums, totals = weighted.sum(axis=1), (own * stack.y).sum(axis=1)
        gram[:, kind] = weighted.transpose(0, 2, 1) @ stack.x - shrink[:, None, None] * sums[:, :, None] * sums[:, None]
        score[:, kind] = (weighted * stack.y[:, :, None]).sum(axis=1) - sums * (shrink * totals)[:, None]
    others = _orders(of, np.asarray(strata), seed, orders)
    places = np.arange(count)
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
