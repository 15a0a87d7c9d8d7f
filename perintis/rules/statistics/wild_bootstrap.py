"""The wild cluster bootstrap: a second opinion on the error of an effect where offices are few.

Under the null hypothesis both cohorts have one mean. Each office's deviations from it change their sign together, at
random; the t of the effect is compared with the t values so drawn. Source: Cameron, Gelbach and Miller 2008
(Rademacher weights, null imposed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.grouped import Cells, cells

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats

DRAWN = 9_999
SEED = 20_080_801


@dataclass(frozen=True)
class WildP:
    """Two-sided p, the t of the effect, how many sign patterns were tried, and whether these are all."""

    p: float
    t: float
    tried: int
    exact: bool


def wild_bootstrap(effect: Effect, resamples: int = DRAWN, seed: int = SEED) -> WildP | NoEstimate:
    """The p value of no effect by offices; all sign patterns where there are no more than `resamples`."""
    table = cells(effect, effect.units.office)
    if min(table.per_cohort) < 2:
        return NoEstimate(
            f"2 offices a cohort needed, {min(table.per_cohort)} present", "let more offices take part in that cohort"
        )
    total = table.sizes.sum(axis=0)
    side = np.array([-1.0, 1.0])
    pooled = effect.estimate * total[1] / total.sum()  # the common mean, seen from the baseline's
    own = np.array([0.0, effect.estimate])
    deviations = table.sums * total * side + table.sizes * (own - pooled)
    count = len(table.group)
    exact = 2**count <= resamples
    signs = _all_signs(count) if exact else _drawn_signs(count, resamples, seed)
    observed = _t(table, total, deviations, np.ones((1, count)), effect.estimate)
    drawn = _t(table, total, deviations, signs, None)
    reached = int((np.abs(drawn) >= abs(observed[0]) * (1 - 1e-9)).sum())
    p = reached / len(signs) if exact else (reached + 1) / (len(signs) + 1)
    return WildP(p, float(observed[0]), len(signs), exact)


def _t(table: Cells, total: Floats, deviations: Floats, signs: Floats, estimate: float | None) -> Floats:
    """Estimate over cluster error for every row of signs, shape (rows,)."""
    means = np.stack([signs @ deviations[:, c] / total[c] for c in (0, 1)], axis=1)
    squares = np.zeros(len(signs))
    scores = [
        (signs * deviations[:, c] - table.sizes[:, c] * means[:, [c]]) / total[c] * side
        for c, side in ((0, -1.0), (1, 1.0))
    ]
    if table.shared:
        count = len(table.group)
        squares = ((scores[0] + scores[1]) ** 2).sum(axis=1) * count / (count - 1)
    else:
        for score, count in zip(scores, table.per_cohort, strict=True):
            squares += (score**2).sum(axis=1) * count / (count - 1)
    found = means[:, 1] - means[:, 0] if estimate is None else np.full(len(signs), estimate)
    errors = np.sqrt(squares)
    t: Floats = np.divide(
        found, errors, out=np.where(found == 0, 0.0, np.copysign(np.inf, found)), where=errors > 1e-12
    )
    return t


def _all_signs(count: int) -> Floats:
    bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    return np.where(bits, -1.0, 1.0)


def _drawn_signs(count: int, resamples: int, seed: int) -> Floats:
    return np.where(np.random.default_rng(seed).random((resamples, count)) < 0.5, -1.0, 1.0)
