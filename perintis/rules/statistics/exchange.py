"""How small an effect the exchange of offices still allows: the one-sided limit that a permutation test gives.

A difference is refuted from below where, were it the true one, at most `alpha` of all assignments of offices would
give a result as good as the one seen. Every assignment has one difference from which on it is at least as good; the
limit is found among these without trying any. Sources: Hartigan 1969 (signs within offices); Ernst 2004 (labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb, floor
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.office_tests import SEED, signs_of, sums_of_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from perintis.rules.statistics.effect import Floats, Whole
    from perintis.rules.statistics.office_tests import OfficeMeans

ALPHA = 0.025
MOST_OF_MANY, DRAWN_OF_MANY = 1_000, 1_999


@dataclass(frozen=True)
class ExchangeLimit:
    """The lower limit of pilot minus baseline; minus infinity where so few offices can refute nothing at all.

    `smallest` is the smallest one-sided chance that the offices allow, `tried` how many assignments there were.
    """

    limit: float
    smallest: float
    tried: int


def lower_limit(
    means: OfficeMeans, alpha: float = ALPHA, strata: Whole | None = None, seed: int = SEED
) -> ExchangeLimit | NoEstimate:  # fmt: skip
    """The one-sided limit at level `alpha`, more being better; `strata` has one number for each office of `means`."""
    if means.apart:
        found, same, exact = _between(means, strata, seed)
    elif means.paired:
        found, same, exact = _within(means.differences, seed)
    else:
        return NoEstimate(
            "some offices are in both cohorts and others in one, so that labels cannot be exchanged",
            "keep the offices that are in both, or let each office be in one cohort",
        )
    tried = len(found) + same
    room = _room(alpha, tried, same, exact)
    smallest = same / tried if exact else (same + 1) / (tried + 1)
    if room < 0 or not len(found):
        return ExchangeLimit(float("-inf"), smallest, tried)
    limit = float(np.partition(found, room)[room]) if room < len(found) else float("inf")
    return ExchangeLimit(limit, smallest, tried)


def limits_of_many(means: Floats, alphas: Sequence[float], seed: int = SEED) -> tuple[Floats, Floats]:
    """The one-sided lower and upper limits of many pilots at once, by the same rule, as the plan's simulation needs.

    `means` (pilots, 2, G): office means of the baseline and of the pilot, as many offices in each. Gives two tables
    (levels, pilots); where nothing can be refuted they hold minus and plus infinity. Above a thousand assignments 1,999
    drawn ones stand for all.
    """
    size = means.shape[2]
    labels, exact = _labels(size, seed)
    moved = size - labels[:, size:].sum(axis=1)
    others = moved > 0
    same = int((~others).sum())
    flat = means.reshape(len(means), 2 * size).astype(np.float32)  # half the time, and digits enough for a simulation
    found = (flat[:, size:].sum(axis=1)[:, None] - flat @ labels[others].T) / moved[others].astype(np.float32)
    low, high = np.full((len(alphas), len(means)), -np.inf), np.full((len(alphas), len(means)), np.inf)
    rooms = [_room(alpha, len(labels), same, exact) for alpha in alphas]
    last = found.shape[1] - 1
    kept = sorted({place for room in rooms if 0 <= room <= last for place in (room, last - room)})
    found = np.partition(found, kept, axis=1) if kept else found
    for level, room in enumerate(rooms):
        if 0 <= room <= last:
            low[level], high[level] = found[:, room], found[:, last - room]
    return low, high


def _room(alpha: float, tried: int, same: int, exact: bool) -> int:
    """How many other assignments may do as well as the one seen; below 0 where nothing can be refuted.

    A drawn set of assignments does not hold the one that came about by itself: it is counted in.
    """
    return floor(alpha * tried + 1e-9) - same if exact else floor(alpha * (tried + 1) + 1e-9) - same - 1


@lru_cache(maxsize=16)
def _labels(size: int, seed: int) -> tuple[NDArray[np.float32], bool]:
    """Assignments of labels to twice `size` offices, one a row: all of them, or drawn ones; and whether all."""
    if comb(2 * size, size) <= MOST_OF_MANY:
        chosen = np.array(list(combinations(range(2 * size), size)), dtype=np.int64)
    else:
        order = np.random.default_rng(seed).random((DRAWN_OF_MANY, 2 * size)).argsort(axis=1)
        chosen = order[:, :size]
    rows = np.zeros((len(chosen), 2 * size), dtype=np.float32)
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows, len(chosen) == comb(2 * size, size)


def _between(means: OfficeMeans, strata: Whole | None, seed: int) -> tuple[Floats, int, bool]:
    """For every assignment of labels, the difference from which on it does as well; how many are the one seen."""
    pilot = means.pilot
    places = np.zeros(len(pilot), dtype=np.int64) if strata is None else strata
    shape = tuple((int((places == s).sum()), int(pilot[places == s].sum())) for s in np.unique(places))
    order = np.argsort(places, kind="stable")
    arranged, mine = means.single[order], pilot[order].astype(np.float64)
    sums, exact = sums_of_labels(shape, arranged, seed)
    moved = mine.sum() - sums_of_labels(shape, mine, seed)[0]  # offices of the pilot that lose their label
    other = moved > 0.5
    found: Floats = (float(arranged @ mine) - sums[other]) / moved[other]
    return found, int((~other).sum()), exact


def _within(differences: Floats, seed: int) -> tuple[Floats, int, bool]:
    """The mean difference of the offices whose sign is turned, for every choice of them."""
    signs, exact = signs_of(len(differences), seed)
    turned = signs < 0
    count = turned.sum(axis=1)
    other = count > 0
    found: Floats = np.where(turned[other], differences, 0.0).sum(axis=1) / count[other]
    return found, int((~other).sum()), exact
