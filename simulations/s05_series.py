"""S-5: in a series, today resembles yesterday. Prais-Winsten knows; least squares and Newey-West do not enough."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import stdtr

from perintis.rules.designs.linear import least_squares
from perintis.rules.designs.prais_winsten import newey_west, prais_winsten
from simulations.check import TYPE_ONE, Check, Figure, Floats, rate

POINTS, START = 120, 60
DRIFT = 0.0085
"""The secular trend a day, in spreads of a single point."""

PERSISTENT = (0.0, 0.07)
"""Accepted where rho is .6: the correction for small samples does not remove all of the bias of rho."""

TIME = np.arange(POINTS, dtype=np.float64)
POST = (TIME >= START).astype(np.float64)
MODEL = np.column_stack([np.ones(POINTS), POST, TIME - START])
STEP = np.eye(3)[1]

WAYS = ("before-after t", "least squares", "Newey-West, 4 lags", "Newey-West, lags by rule", "Prais-Winsten")


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """120 points with the pilot from the 61st on and no effect; then the same with a trend that began long before."""
    known = {
        0.0: (0.03, 0.04, 0.07, 0.15, 0.047),
        0.3: (0.13, 0.14, 0.10, 0.15, 0.055),
        0.6: (0.30, 0.32, 0.15, 0.19, 0.055),
    }
    found = []
    for rho, references in known.items():
        hits = np.array([tests(series(rng, rho)) for _ in range(repetitions)])
        for k, (way, reference) in enumerate(zip(WAYS, references, strict=True)):
            wrong = k < 4
            if wrong and rho == 0.0 and k < 2:
                continue  # without autocorrelation these are right
            accepted = PERSISTENT if rho == 0.6 else TYPE_ONE
            found.append(
                rate(
                    f"false alarms, rho {rho:.1f}: {way}",
                    hits[:, k],
                    accepted,
                    reference,
                    control=wrong,
                    weak=k in (2, 3),
                )
            )
    hits = np.array([tests(series(rng, 0.3) + DRIFT * TIME) for _ in range(repetitions)])
    found.append(rate("false alarms, old trend: before-after t", hits[:, 0], TYPE_ONE, 0.66, control=True))
    found.append(rate("false alarms, old trend: Prais-Winsten", hits[:, 4], TYPE_ONE, 0.046))
    return tuple(found)


def series(rng: np.random.Generator, rho: float) -> Floats:
    """AR(1) noise of spread 1."""
    y = rng.standard_normal(POINTS)
    for t in range(1, POINTS):
        y[t] = rho * y[t - 1] + sqrt(1 - rho * rho) * y[t]
    return y


def tests(y: Floats) -> tuple[bool, ...]:
    """Whether each of WAYS finds a step at .05."""
    fit, fitted = least_squares(MODEL, y), prais_winsten(MODEL, y)
    if fit is None or fitted is None:
        raise ValueError("the columns do not determine the step")
    step = float(STEP @ fit.coefficient)
    by_rule = int(np.ceil(0.75 * POINTS ** (1 / 3))) + 4
    return (
        _before_after(y) < 0.05,
        _p(step, fit.error(STEP), fit.df) < 0.05,
        _p(step, _newey_west(y, 4), fit.df) < 0.05,
        _p(step, _newey_west(y, by_rule), fit.df) < 0.05,
        _p(float(STEP @ fitted.coefficient), fitted.error(STEP), fitted.df) < 0.05,
    )


def _before_after(y: Floats) -> float:
    before, after = y[:START], y[START:]
    error = sqrt(before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after))
    return _p(float(after.mean() - before.mean()), error, POINTS - 2)


def _newey_west(y: Floats, lags: int) -> float:
    covariance = newey_west(MODEL, y, lags)
    return sqrt(float(STEP @ covariance @ STEP)) if covariance is not None else float("inf")


def _p(estimate: float, error: float, df: float) -> float:
    return float(2 * stdtr(df, -abs(estimate) / error))


CHECK = Check("S-5", "A series resembles its yesterday: Prais-Winsten keeps its promise", run, 10_000)
