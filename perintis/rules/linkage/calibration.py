"""Weights after training, corrected for what sampling and blocking distort. No labels are used.

Random pairs, from which u is estimated, contain the true pairs too: in a small file with many duplicates nearly all
random pairs with the same e-mail address are one person, and u of `equal` comes out a hundred times too large. The
prior from strict rules rests on a guess of what those rules find. Both are estimated again from the predictions,
by turns (an EM over prior and u with m held, Dempster, Laird and Rubin, 1977).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_M = 0.002
"""No level is so rare among pairs of one person that a single difference could outweigh all agreement."""
LEAST_SHARE_OF_U = 0.05
"""How much of a sampled u always remains: the sample is too small to say that a level never occurs by chance."""
ROUNDS = 50
SETTLED = 0.005


@dataclass(frozen=True, slots=True)
class Column:
    """What was learned of one column: m and u of each level, the least alike first.

    `present` is the share of all pairs in which both values are there. `by_frequency` says that the level `equal` (the
    last) is weighed by the frequency of the value, so that its u does not enter.
    """

    m: tuple[float, ...]
    u: tuple[float, ...]
    present: float
    by_frequency: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Weights (log2 of the odds) of the pairs, the prior, and u of each column after the correction."""

    weights: NDArray[np.float64]
    prior: float
    u: tuple[tuple[float, ...], ...]


def calibrate(
    weights: NDArray[np.float64], levels: NDArray[np.int8], columns: Sequence[Column], *, prior: float, all_pairs: int
) -> Calibrated:
    """Corrects the weights of scored pairs.

    `levels` has a row a pair and a column a comparison: the level reached, -1 where a value is missing. `all_pairs` is
    the number of pairs there are, compared or not.
    """
    fixed = weights - _log_odds(prior) + sum(_by_level(levels[:, n], _lifted(c)) for n, c in enumerate(columns))
    current, u = prior, [np.array(column.u) for column in columns]
    scores = fixed + _log_odds(current)
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp2(-np.clip(scores, -200, 200)))
        current = float(np.clip(chance.sum() / all_pairs, 1e-12, 0.5))
        u = [_without_matches(c, levels[:, n], chance, all_pairs, current) for n, c in enumerate(columns)]
        before, scores = scores, fixed + _log_odds(current)
        for n, column in enumerate(columns):
            scores = scores + _by_level(levels[:, n], _gain(column, u[n]))
        if not len(scores) or np.max(np.abs(scores - before)) < SETTLED:
            break
    return Calibrated(scores, current, tuple(tuple(map(float, values)) for values in u))


def _log_odds(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))


def _by_level(reached: NDArray[np.int8], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value of the level that each pair reached; 0 where a value is missing."""
    return np.append(values, 0.0)[reached]


def _lifted(column: Column) -> NDArray[np.float64]:
    m = np.maximum(np.array(column.m), 1e-12)
    return np.asarray(np.log2(np.maximum(m, LEAST_M) / m))


def _gain(column: Column, u: NDArray[np.float64]) -> NDArray[np.float64]:
    gain = np.log2(np.array(column.u) / u)
    if column.by_frequency:
        gain[-1] = 0.0
    return np.asarray(gain)


def _without_matches(
    column: Column, reached: NDArray[np.int8], chance: NDArray[np.float64], all_pairs: int, prior: float
) -> NDArray[np.float64]:
    """u of each level once the expected pairs of one person are taken out of the sample."""
    sampled = np.array(column.u)
    there = reached >= 0
    matches = np.bincount(reached[there], weights=chance[there], minlength=len(sampled))
    share = matches / max(1.0, all_pairs * column.present)
    return np.asarray(np.maximum((sampled - share) / (1 - prior), LEAST_SHARE_OF_U * sampled))
