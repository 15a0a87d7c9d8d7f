"""Regression of a series whose errors hang together from one point to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.linear import Fit, least_squares

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats, Whole

ITERATIONS = 5
LARGEST_RHO = 0.98


@dataclass(frozen=True, eq=False)
class Series:
    """A Prais-Winsten fit of T points.

    `fit` is that of the transformed rows, `residual` (T,) of the series as it is, `innovation` (T,) of the transformed
    rows, which should not hang together any more; `scale` (T,) are the roots of the weights.
    """

    coefficient: Floats
    rho: float
    fit: Fit
    residual: Floats
    innovation: Floats
    scale: Floats

    @property
    def df(self) -> int:
        """Points less coefficients."""
        return self.fit.df

    def error(self, contrast: Floats) -> float:
        """Standard error of `contrast @ coefficient`."""
        return self.fit.error(contrast)


def prais_winsten(
    x: Floats,
    y: Floats,
    time: Whole | None = None,
    weight: Floats | None = None,
    corrected: bool = True,
    iterations: int = ITERATIONS,
) -> Series | None:
    """Generalised least squares with AR(1) errors; None where the columns of x do not determine it.

    `x` (T, k) with its constant, `time` (T,) whole numbers that may leave gaps, `weight` (T,) inverse to the variance
    of a point. With `corrected`, each iteration adds 2 (1 + 3 rho) / T to rho, since the residuals understate it
    (the bias of Kendall 1954, doubled for a regression with trends). Sources: Prais and Winsten 1954; gaps as in
    Savin and White 1978.
    """
    size = len(y)
    step = np.ones(size, dtype=np.int64) if time is None else np.diff(time, prepend=time[0] - 1)
    scale = np.ones(size) if weight is None else np.sqrt(weight / weight.mean())
    xs, ys = x * scale[:, None], y * scale
    fit = least_squares(xs, ys)
    rho = 0.0
    for _ in range(iterations):
        if fit is None:
            return None
        residual = ys - xs @ fit.coefficient
        before = rho
        rho = _rho(residual, step)
        if corrected:
            rho = rho + 2 * (1 + 3 * rho) / size
        rho = float(np.clip(rho, -LARGEST_RHO, LARGEST_RHO))
        fit = least_squares(transform(xs, step, rho), transform(ys[:, None], step, rho)[:, 0])
        if abs(rho - before) < 1e-10:
            break
    if fit is None:
        return None
    return Series(fit.coefficient, rho, fit, y - x @ fit.coefficient, fit.residual, scale)


def transform(x: Floats, step: Whole, rho: float) -> Floats:
    """Rows of x (T, k) freed of AR(1): the first times sqrt(1 - rho^2), others less rho^step times the one before.

    After a gap the row is scaled back to the variance of an innovation.
    """
    power = rho ** step[1:].astype(np.float64)
    shrink = np.sqrt((1 - rho**2) / (1 - power**2))
    found = np.empty_like(x)
    found[0] = x[0] * np.sqrt(1 - rho**2)
    found[1:] = (x[1:] - power[:, None] * x[:-1]) * shrink[:, None]
    return found


def linear_map(series: Series, contrast: Floats, step: Whole) -> Floats:
    """a (T,) with `contrast @ coefficient == a @ y` for the given rho: the weight of each point of the series."""
    whole = transform(np.diag(series.scale), step, series.rho)
    found: Floats = series.fit.weights_of(contrast) @ whole
    return found


def _rho(residual: Floats, step: Whole) -> float:
    """Regression of the residuals on those one step before."""
    joined = step[1:] == 1
    earlier, later = residual[:-1][joined], residual[1:][joined]
    below = float((earlier**2).sum())
    return float((earlier * later).sum()) / below if below > 0 else 0.0


def newey_west(x: Floats, y: Floats, lags: int) -> Floats | None:
    """Covariance (k, k) of least squares with Bartlett weights; no prewhitening, no small-sample factor.

    Only shown beside: on series of pilots its intervals are too narrow. Source: Newey and West 1987.
    """
    fit = least_squares(x, y)
    if fit is None:
        return None
    scores = x * fit.residual[:, None]
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        middle = middle + (1 - lag / (lags + 1)) * (cross + cross.T)
    found: Floats = fit.inverse @ middle @ fit.inverse
    return found


def ljung_box(residual: Floats, lags: int) -> float:
    """p-value that nothing is left of autocorrelation up to `lags` (Ljung and Box 1978)."""
    from scipy.special import chdtrc

    size = len(residual)
    centred = residual - residual.mean()
    below = float((centred**2).sum())
    if below == 0:
        return 1.0
    each = [float((centred[lag:] * centred[:-lag]).sum()) / below for lag in range(1, lags + 1)]
    statistic = size * (size + 2) * sum(r**2 / (size - lag) for lag, r in enumerate(each, start=1))
    # One degree is spent on rho.
    return float(chdtrc(max(lags - 1, 1), statistic))
