"""Two shares compared within strata (offices) by the score method: the one-sided limit for a test against a margin.

In each stratum the two shares most likely under a given difference give the variance, as of Miettinen and Nurminen
1985, section 5; strata count by their cases. With one stratum it is their interval for two shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import restricted

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

HALVINGS = 60


def stratified_lower_limit(tables: Floats, alpha: float = 0.025) -> float | NoEstimate:
    """The lower one-sided limit of the pilot's share less the baseline's at level `alpha`.

    `tables` has shape (strata, 2, 2): pilot first, successes first. Strata without cases of both cohorts say nothing.
    """
    tables = tables[(tables.sum(axis=2) > 0).all(axis=1)]
    if not len(tables):
        return NoEstimate("no stratum has cases of both cohorts")
    sizes = tables.sum(axis=2)
    weight = sizes.sum(axis=1) / sizes.sum()
    x1, x0, n1, n0 = tables[:, 0, 0], tables[:, 1, 0], sizes[:, 0], sizes[:, 1]
    estimate = float(weight @ (x1 / n1 - x0 / n0))
    z = float(ndtri(1 - alpha))

    def above(difference: float) -> bool:
        """Whether that difference is refuted from below."""
        p0 = restricted(x1, n1, x0, n0, difference)
        p1 = p0 + difference
        spread = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * (n1 + n0) / (n1 + n0 - 1)
        return estimate - difference > z * float(np.sqrt(weight**2 @ np.maximum(spread, 0.0)))

    low, high = -1.0, estimate
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return low
