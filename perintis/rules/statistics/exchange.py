"""How small an effect the exchange of offices still allows: the one-sided limit that a permutation test gives.

A difference is refuted from below where, were it the true one, at most `alpha` of all assignments of offices would
give a result as good as the one seen. Every assignment has one difference from which on it is at least as good; the
limit is found among these without trying any. Sources: Hartigan 1969 (signs within offices); Ernst 2004 (labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.office_tests import SEED, signs_of, sums_of_labels

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats, Whole
    from perintis.rules.statistics.office_tests import OfficeMeans

ALPHA = 0.025


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
    # A drawn set of assignments does not hold the one that came about by itself: it is counted in.
    room = floor(alpha * tried + 1e-9) - same if exact else floor(alpha * (tried + 1) + 1e-9) - same - 1
    smallest = same / tried if exact else (same + 1) / (tried + 1)
    if room < 0 or not len(found):
        return ExchangeLimit(float("-inf"), smallest, tried)
    limit = float(np.partition(found, room)[room]) if room < len(found) else float("inf")
    return ExchangeLimit(limit, smallest, tried)


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
