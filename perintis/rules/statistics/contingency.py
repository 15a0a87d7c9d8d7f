"""Counts in tables: whether cohorts have the agreed sizes, and shares compared within strata.

Stratification answers the question that a crude comparison cannot: the pilot may look better only because it had the
easier cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtri

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.statistics.effect import Floats

INVALID_BELOW = 0.001
"""Below this p-value a randomised assignment did not work as agreed. Source: Fabijan et al. 2019."""


class SampleRatio(NamedTuple):
    """Observed against agreed numbers of cases: chi-square, degrees of freedom and p-value."""

    chi2: float
    df: int
    p: float

    @property
    def as_agreed(self) -> bool:
        """Whether the numbers fit the agreed shares."""
        return self.p >= INVALID_BELOW


@dataclass(frozen=True)
class Stratified:
    """Two cohorts compared within strata.

    `risk_difference` is pilot minus baseline, weighted by Mantel and Haenszel, with its standard error; `odds_ratio`
    has the standard error of its logarithm beside it, and is None where a cell it rests on is empty in all strata.
    `chi2` (one degree of freedom, with continuity correction) and `p` test that there is no association in any
    stratum; None where no stratum has variation. `strata` counts those with cases of both cohorts.
    """

    risk_difference: float
    risk_difference_error: float
    odds_ratio: float | None
    log_odds_error: float | None
    chi2: float | None
    p: float | None
    crude_difference: float
    strata: int

    def risk_interval(self, level: float = 0.95) -> tuple[float, float]:
        """The normal interval of the risk difference."""
        half = float(ndtri((1 + level) / 2)) * self.risk_difference_error
        return self.risk_difference - half, self.risk_difference + half


def sample_ratio(counts: Sequence[int], shares: Sequence[float] | None = None) -> SampleRatio | NoEstimate:
    """Whether cases were assigned in the agreed shares (equal ones by default). Pearson's chi-square."""
    seen = np.asarray(counts, dtype=float)
    if seen.size < 2:
        raise ValueError("at least two cohorts are needed")
    agreed = np.full(seen.size, 1 / seen.size) if shares is None else np.asarray(shares, dtype=float)
    if agreed.size != seen.size or (agreed <= 0).any():
        raise ValueError("one positive share is needed for each cohort")
    if seen.sum() == 0:
        return NoEstimate("no cases were assigned")
    expected = seen.sum() * agreed / agreed.sum()
    chi2 = float(((seen - expected) ** 2 / expected).sum())
    return SampleRatio(chi2, seen.size - 1, float(chdtrc(seen.size - 1, chi2)))


def mantel_haenszel(tables: Sequence[Sequence[Sequence[int]]] | Floats) -> Stratified | NoEstimate:
    """Compare two cohorts over strata; each table is [[successes, failures] of the pilot, [...] of the baseline].

    Source: Mantel and Haenszel 1959 (test and odds ratio); Robins, Breslow and Greenland 1986 (variance of the log odds
    ratio); Sato 1989 (variance of the risk difference, right for many small strata and for few large ones).
    """
    found = np.asarray(tables, dtype=float).reshape(-1, 2, 2)
    both = found[(found.sum(axis=2) > 0).all(axis=1)]
    if not len(both):
        return NoEstimate("no stratum has cases of both cohorts", "coarser strata")
    a, b, c, d = both[:, 0, 0], both[:, 0, 1], both[:, 1, 0], both[:, 1, 1]
    difference, error = _risk_difference(a, b, c, d)
    odds, log_error = _odds_ratio(a, b, c, d)
    chi2 = _association(a, b, c, d)
    crude = float(a.sum() / (a + b).sum() - c.sum() / (c + d).sum())
    p = None if chi2 is None else float(chdtrc(1, chi2))
    return Stratified(difference, error, odds, log_error, chi2, p, crude, len(both))


def _risk_difference(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float]:
    n1, n0 = a + b, c + d
    n = n1 + n0
    weight = n1 * n0 / n
    difference = float((weight * (a / n1 - c / n0)).sum() / weight.sum())
    skew = (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2
    spread = (a * d + c * b) / (2 * n)
    variance = (difference * skew.sum() + spread.sum()) / weight.sum() ** 2
    return difference, float(np.sqrt(max(float(variance), 0.0)))


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float | None, float | None]:
    n = a + b + c + d
    r, s = a * d / n, b * c / n
    if r.sum() == 0 or s.sum() == 0:
        return None, None
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * r).sum() / (2 * r.sum() ** 2)
        + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        + (q * s).sum() / (2 * s.sum() ** 2)
    )
    return float(r.sum() / s.sum()), float(np.sqrt(variance))


def _association(a: Floats, b: Floats, c: Floats, d: Floats) -> float | None:
    n = a + b + c + d
    rows, columns = (a + b, c + d), (a + c, b + d)
    expected = rows[0] * columns[0] / n
    several = n > 1
    variance = (rows[0] * rows[1] * columns[0] * columns[1])[several] / (n**2 * (n - 1))[several]
    if variance.sum() == 0:
        return None
    off = max(abs(float((a - expected).sum())) - 0.5, 0.0)
    return float(off**2 / variance.sum())
