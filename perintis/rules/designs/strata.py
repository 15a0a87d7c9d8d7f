"""Differences within strata: weighted by the size of the stratum, and the Mantel-Haenszel estimates for yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

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


@dataclass(frozen=True)
class MantelHaenszel:
    """Common odds ratio and risk difference (with its standard error) of 2 x 2 tables, and the continuity-corrected
    chi-square of no association with its p-value."""

    odds_ratio: float
    risk_difference: float
    risk_difference_error: float
    chi2: float
    p: float


def mantel_haenszel(tables: ArrayLike) -> MantelHaenszel | None:
    """Tables of shape (strata, 2, 2): rows pilot and baseline, columns yes and no. None where nothing can be compared.

    Sources: Mantel and Haenszel 1959; the error of the risk difference Sato 1989.
    """
    from scipy.special import chdtrc

    cells = np.asarray(tables, dtype=np.float64)
    (a, b), (c, d) = (cells[:, 0, 0], cells[:, 0, 1]), (cells[:, 1, 0], cells[:, 1, 1])
    n1, n0 = a + b, c + d
    fit = (n1 > 0) & (n0 > 0) & (n1 + n0 > 1)
    a, b, c, d, n1, n0 = (part[fit] for part in (a, b, c, d, n1, n0))
    n, yes = n1 + n0, a + c
    spread = (n1 * n0 * yes * (n - yes) / (n**2 * (n - 1))).sum() if len(n) else 0.0
    if spread <= 0 or (b * c / n).sum() == 0:
        return None
    pairs = (n1 * n0 / n).sum()
    difference = float(((a * n0 - c * n1) / n).sum() / pairs)
    p_part = (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2
    q_part = (a * (n0 - c) + c * (n1 - a)) / (2 * n)
    variance = (difference * p_part.sum() + q_part.sum()) / pairs**2
    chi2 = float(max(abs((a - n1 * yes / n).sum()) - 0.5, 0.0) ** 2 / spread)
    return MantelHaenszel(
        float((a * d / n).sum() / (b * c / n).sum()), difference, float(np.sqrt(variance)), chi2, float(chdtrc(1, chi2))
    )


def tables_of(y: Floats, pilot: Flags, stratum: Whole) -> Floats:
    """The 2 x 2 table of every stratum for y of 0 and 1, shape (strata, 2, 2), as `mantel_haenszel` takes it."""
    count = int(stratum.max()) + 1
    cell = (stratum * 2 + ~pilot) * 2 + (y < 0.5)
    found: Floats = np.bincount(cell, minlength=4 * count).reshape(count, 2, 2).astype(np.float64)
    return found


def is_binary(y: Floats) -> bool:
    """Whether y holds nothing but 0 and 1."""
    return bool(np.all((y == 0) | (y == 1)))
