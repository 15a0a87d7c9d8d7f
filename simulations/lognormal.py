"""The lead times of most checks: lognormal with median 20 days and shape 0.9, so a mean of 30 and a long tail."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from simulations.check import Floats

MEDIAN, SHAPE, TAU = 20.0, 0.9, 60.0


def lead_times(
    rng: np.random.Generator,
    size: tuple[int, ...],
    factor: float = 1.0,
    *,
    office: Floats | float = 0.0,
    spread: float = 1.0,
) -> Floats:
    """Draw lead times of that shape, multiplied by `factor`; `office` is added to their logarithm.

    `spread` is the share of SHAPE that cases of one office have among themselves.
    """
    found: Floats = factor * MEDIAN * np.exp(spread * SHAPE * rng.standard_normal(size) + office)
    return found


def office_shifts(rng: np.random.Generator, size: tuple[int, ...], icc: float) -> tuple[Floats, float]:
    """Shifts of offices on the log scale and the share of spread left to cases, so that both together have SHAPE."""
    return SHAPE * np.sqrt(icc) * rng.standard_normal(size), float(np.sqrt(1 - icc))


def restricted_mean(factor: float = 1.0, tau: float = TAU, shape: float = SHAPE) -> float:
    """The true mean of min(T, tau): E[T; T <= tau] + tau P(T > tau)."""
    centre = np.log(factor * MEDIAN)
    z = (np.log(tau) - centre) / shape
    return float(np.exp(centre + shape**2 / 2) * ndtr(z - shape) + tau * ndtr(-z))


def restricted_variances(icc: float, tau: float = TAU) -> tuple[float, float]:
    """The variance of min(T, tau) between offices and that of all cases, where `icc` is that of the logarithm."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    own = SHAPE * np.sqrt(1 - icc)
    shifts = np.exp(SHAPE * np.sqrt(icc) * nodes)
    means = np.array([restricted_mean(float(shift), tau, own) for shift in shifts])
    weights = weights / weights.sum()
    z = (np.log(tau) - np.log(MEDIAN)) / SHAPE
    square = MEDIAN**2 * np.exp(2 * SHAPE**2) * ndtr(z - 2 * SHAPE) + tau**2 * ndtr(-z)
    centre = restricted_mean(1.0, tau)
    return float(weights @ (means - centre) ** 2), float(square - centre**2)
