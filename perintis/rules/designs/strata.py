"""Differences within strata, weighted by the size of the stratum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole


@dataclass(frozen=True, eq=False)
class Stratified:
    """A stratified difference. `psi` has one entry a case; `error` is that within strata and cohorts.

    `left_out` counts cases of strata in which a cohort is absent (or has one case, which says nothing of its error).
    """

    estimate: float
    pilot: float
    baseline: float
    psi: Floats
    error: float
    kept: Flags
    left_out: int
    strata: int


def stratified_difference(y: Floats, pilot: Flags, stratum: Whole) -> Stratified | None:
    """sum over strata of w (mean of pilot - mean of baseline), w = the stratum's share of cases; None without any.

    Source: Cochran 1954; Imbens and Rubin 2015, ch. 9.
    """
    if not len(y):
        return None
    count = int(stratum.max()) + 1
    cell = stratum * 2 + pilot
    n = np.bincount(cell, minlength=2 * count).reshape(count, 2)
    usable: Flags = (n >= 2).min(axis=1)
    if not usable.any():
        return None
    sums = np.bincount(cell, weights=y, minlength=2 * count).reshape(count, 2)
    mean = sums / np.maximum(n, 1)
    weight = np.where(usable, n.sum(axis=1), 0) / n[usable].sum()
    centred = y - mean.ravel()[cell]
    variance = np.bincount(cell, weights=centred**2, minlength=2 * count).reshape(count, 2) / np.maximum(n - 1, 1)
    psi = np.where(pilot, 1.0, -1.0) * (weight[:, None] / np.maximum(n, 1)).ravel()[cell] * centred
    baseline, treated = weight @ mean
    error = float(np.sqrt((weight[:, None] ** 2 * variance / np.maximum(n, 1))[usable].sum()))
    kept = usable[stratum]
    return Stratified(
        float(treated - baseline), float(treated), float(baseline), psi, error, kept, int((~kept).sum()),
        int(usable.sum()),
    )  # fmt: skip


def tables_of(y: Floats, pilot: Flags, stratum: Whole) -> Floats:
    """The 2 x 2 table of every stratum for y of 0 and 1, shape (strata, 2, 2), pilot first, yes first."""
    count = int(stratum.max()) + 1
    cell = (stratum * 2 + ~pilot) * 2 + (y < 0.5)
    found: Floats = np.bincount(cell, minlength=4 * count).reshape(count, 2, 2).astype(np.float64)
    return found


def is_binary(y: Floats) -> bool:
    """Whether y holds nothing but 0 and 1."""
    return bool(np.all((y == 0) | (y == 1)))
