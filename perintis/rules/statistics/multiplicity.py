"""Several tests at once: adjusted p-values, and the joint distribution of metrics measured on the same offices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.statistics.effect import Flags, Floats

DRAWS = 9_999
FEWEST_CLUSTERS = 4


@dataclass(frozen=True, eq=False)
class MaxT:
    """The largest of several t statistics under no effect: `critical` holds all intervals together at the level.

    `adjusted` are step-down p-values, one a metric, in the given order.
    """

    critical: float
    t: Floats
    adjusted: Floats


def bonferroni(p: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that keep the chance of any false finding. Source: Dunn 1961."""
    values = _checked(p)
    return np.minimum(values * len(values), 1.0)


def holm(p: Sequence[float] | Floats) -> Floats:
    """The same promise as Bonferroni, with more power. Source: Holm 1979."""
    return holm_rows(_checked(p))


def holm_rows(p: Floats) -> Floats:
    """`holm` along the last axis, for many sets of p-values at once; they are not checked."""
    order = np.argsort(p, axis=-1, kind="stable")
    count = p.shape[-1]
    stepped = np.take_along_axis(p, order, axis=-1) * (count - np.arange(count))
    adjusted: Floats = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(stepped, axis=-1), 1.0), axis=-1)
    return adjusted


def benjamini_hochberg(p: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that keep the share of false findings. Source: Benjamini and Hochberg 1995."""
    values = _checked(p)
    order = np.argsort(values, kind="stable")
    factors = len(values) / np.arange(1, len(values) + 1)
    steps = np.minimum.accumulate((values[order] * factors)[::-1])[::-1]
    return _back(np.minimum(steps, 1.0), order)


def benjamini_yekutieli(p: Sequence[float] | Floats) -> Floats:
    """The same under any dependence between the tests. Source: Benjamini and Yekutieli 2001."""
    values = _checked(p)
    harmonic = float((1 / np.arange(1, len(values) + 1)).sum())
    order = np.argsort(values, kind="stable")
    factors = harmonic * len(values) / np.arange(1, len(values) + 1)
    steps = np.minimum.accumulate((values[order] * factors)[::-1])[::-1]
    return _back(np.minimum(steps, 1.0), order)


def rejected(adjusted: Floats, level: float = 0.05) -> Flags:
    """Which of them are findings at that level."""
    return adjusted <= level


def max_t(
    sums: Floats, estimates: Sequence[float] | Floats, seed: int, level: float = 0.95, draws: int = DRAWS
) -> MaxT:
    """Test metrics together by a multiplier bootstrap of offices.

    `sums` has one row an office and one column a metric: sums of influence values. Signs of offices are drawn at
    random and every draw is divided by its own standard error, which keeps few offices honest; p-values step down.
    Sources: Chernozhukov, Chetverikov and Kato 2013; Romano and Wolf 2005. Fewer than 4 offices: ValueError.
    """
    sums = np.asarray(sums, dtype=float)
    found = np.asarray(estimates, dtype=float)
    offices, metrics = sums.shape
    if offices < FEWEST_CLUSTERS:
        raise ValueError(f"{offices} offices; {FEWEST_CLUSTERS} are needed to test metrics together")
    if len(found) != metrics:
        raise ValueError("one estimate is needed for each column of sums")
    factor = offices / (offices - 1)
    error = np.sqrt(factor * (sums**2).sum(axis=0))
    if (error == 0).any():
        raise ValueError("a metric without any variation cannot be tested; leave it out")
    t = np.abs(found) / error
    signs = np.random.default_rng(seed).choice(np.array([-1.0, 1.0]), size=(draws, offices))
    # Summed from left to right: a product of matrices hangs on the number of threads in its last digit.
    moved = np.column_stack([np.cumsum(signs * column, axis=1)[:, -1] for column in sums.T])
    spread = factor * ((sums**2).sum(axis=0) - moved**2 / offices)
    drawn = np.abs(moved) / np.sqrt(np.maximum(spread, 1e-300))
    critical = float(np.quantile(drawn.max(axis=1), level, method="higher"))
    return MaxT(critical, t, _step_down(t, drawn))


def _step_down(t: Floats, drawn: Floats) -> Floats:
    """Each metric against the largest of those that are not more significant than itself."""
    order = np.argsort(-t, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    beyond = (1 + (largest >= t[order]).sum(axis=0)) / (1 + len(drawn))
    return _back(np.maximum.accumulate(beyond), order)


def _checked(p: Sequence[float] | Floats) -> Floats:
    values = np.asarray(p, dtype=float)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p-values must lie between 0 and 1; leave missing ones out")
    return values


def _back(ordered: Floats, order: np.ndarray) -> Floats:
    found = np.empty(len(ordered))
    found[order] = ordered
    return found
