"""Least squares and logistic regression on a design matrix, with what the designs need of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.products import combined, crossed

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit of n rows and k columns.

    `coefficient` (k,), `inverse` (k, k) of X'WX, `weights_of` gives the row of the linear map from y to a coefficient.
    """

    coefficient: Floats
    inverse: Floats
    residual: Floats
    df: int
    x: Floats
    weight: Floats | None = None

    @property
    def sigma2(self) -> float:
        """The residual variance (of unit weight)."""
        weight = 1.0 if self.weight is None else self.weight
        return float((weight * self.residual**2).sum() / self.df)

    def error(self, contrast: Floats) -> float:
        """The classical standard error of `contrast @ coefficient`."""
        return float(np.sqrt(self.sigma2 * contrast @ self.inverse @ contrast))

    def weights_of(self, contrast: Floats) -> Floats:
        """a with `contrast @ coefficient == a @ y`, shape (n,)."""
        x = self.x if self.weight is None else self.x * self.weight[:, None]
        found: Floats = x @ (self.inverse @ contrast)
        return found


def least_squares(x: Floats, y: Floats, weight: Floats | None = None) -> Fit | None:
    """Fit y on the columns of x; None where the columns do not determine it or no row is left for the error."""
    weighted = x if weight is None else x * weight[:, None]
    gram = weighted.T @ x
    if len(y) <= x.shape[1] or not independent(gram):
        return None
    inverse: Floats = np.linalg.inv(gram).astype(np.float64)
    coefficient: Floats = inverse @ (weighted.T @ y)
    return Fit(coefficient, inverse, y - x @ coefficient, len(y) - x.shape[1], x, weight)


def independent(gram: Floats) -> bool:
    """Whether the columns behind X'X are independent, whatever their units."""
    scale = np.sqrt(np.diag(gram))
    if not np.all(scale > 0):
        return False
    return bool(np.linalg.eigvalsh(gram / np.outer(scale, scale))[0] > RANK_TOLERANCE)


def independent_columns(x: Floats, weight: Floats | None = None) -> list[int]:
    """The places of columns that are not made up of those before them, in order (a constant column counts as one)."""
    weighted = x if weight is None else x * weight[:, None]
    gram = weighted.T @ x
    kept: list[int] = []
    for column in range(x.shape[1]):
        trial = [*kept, column]
        if independent(gram[np.ix_(trial, trial)]):
            kept = trial
    return kept


def logistic(x: Floats, successes: Floats, trials: Floats, iterations: int = 50) -> Floats | None:
    """Coefficients (k,) of a logistic regression of successes out of trials; None where it does not converge.

    Iteratively reweighted least squares (McCullagh and Nelder 1989, 2.5).
    """
    beta = np.zeros(x.shape[1])
    for _ in range(iterations):
        fitted = expit(combined(x, beta))
        variance = trials * fitted * (1 - fitted)
        gram = crossed(x * variance[:, None], x)
        if not independent(gram):
            return None
        step = np.linalg.solve(gram, crossed(x, (successes - trials * fitted)[:, None])[:, 0])
        beta = beta + step
        if np.max(np.abs(step)) < 1e-9:
            return beta
    return None


def expit(value: Floats) -> Floats:
    """1 / (1 + exp(-value)) without overflow."""
    found: Floats = 0.5 * (1 + np.tanh(value / 2))
    return found


def t_p_value(statistic: float, df: float | None) -> float:
    """The two-sided p-value of a t (df given) or normal statistic."""
    from scipy.special import ndtr, stdtr

    size = -abs(statistic)
    return float(2 * (ndtr(size) if df is None else stdtr(df, size)))


def t_quantile(df: float | None, level: float = 0.975) -> float:
    """The quantile of t (df given) or of the normal."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(level) if df is None else stdtrit(df, level))
