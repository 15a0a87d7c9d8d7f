"""How offices differ: the effect of each, whether these differ by more than chance, and how alike cases of one are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, stdtrit

from perintis.rules.statistics.effect import NOWHERE, NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats

FEWEST_CASES = 5


@dataclass(frozen=True)
class OfficeEffect:
    """One office's effect with its interval for independent cases, and its cases in the baseline and the pilot."""

    office: str
    estimate: float
    low: float
    high: float
    error: float
    cases: tuple[int, int]


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q with its p, the share of variation beyond chance (I2), and the effects of the offices.

    `of` says what differs: the offices' own effects, where the same offices are in both cohorts; else the offices of
    the pilot, each held against the whole baseline. Offices always differ somewhat; `baseline_i2` says how much those
    of the baseline do.
    """

    q: float
    df: int
    p: float
    i2: float
    of: str
    effects: tuple[OfficeEffect, ...]
    baseline_i2: float | None = None


@dataclass(frozen=True)
class Alike:
    """Intra-office correlation, and by how much it raises the variance (the design effect)."""

    correlation: float
    design_effect: float
    cases_an_office: float


def heterogeneity(effect: Effect, level: float = 0.95) -> Heterogeneity | NoEstimate:
    """Whether the effect differs between offices of at least five cases a cohort.

    Source: Cochran 1954; Higgins and Thompson 2002 for I2.
    """
    n, mean, variance = _moments(effect)
    enough = n >= FEWEST_CASES
    both = enough.all(axis=1)
    if both.sum() >= 2:
        places = np.flatnonzero(both)
        estimates = effect.estimate + mean[both, 1] - mean[both, 0]
        errors = np.sqrt((variance / np.maximum(n, 1))[both].sum(axis=1))
        df, of, beside = n[both].sum(axis=1) - 2, "effects of the offices", None
    else:
        places = np.flatnonzero(enough[:, 1])
        if len(places) < 2:
            return NoEstimate(
                f"2 offices of the pilot with {FEWEST_CASES} cases each needed, {len(places)} present",
                "wait for more cases, or let more offices take part",
            )
        estimates, errors = effect.estimate + mean[places, 1], np.sqrt(variance[places, 1] / n[places, 1])
        df, of = n[places, 1] - 1, "offices of the pilot, each against the whole baseline"
        rows = enough[:, 0]
        beside = _q(mean[rows, 0], np.sqrt(variance[rows, 0] / n[rows, 0]))[3] if rows.sum() >= 2 else None
    q, free, p, i2 = _q(estimates, errors)
    half = errors * stdtrit(df, 0.5 + level / 2)
    names = effect.units.offices
    found = tuple(
        OfficeEffect(names[g], float(e), float(e - h), float(e + h), float(s), (int(n[g, 0]), int(n[g, 1])))
        for g, e, h, s in zip(places, estimates, half, errors, strict=True)
    )
    return Heterogeneity(q, free, p, i2, of, found, beside)


def intra_office(effect: Effect) -> Alike | NoEstimate:
    """The intra-office correlation by analysis of variance within each cohort, pooled; never below zero.

    Source: Donner and Koval 1980; design effect with unequal sizes 1 + (sum n^2 / sum n - 1) * correlation, Kish 1965.
    """
    n, mean, variance = _moments(effect)
    present = n > 0
    between_df = int(present.sum() - (present.any(axis=0)).sum())
    within_df = float((n - present).sum())
    if between_df < 1 or within_df < 1:
        return NoEstimate("2 offices in one cohort with 2 cases needed", "record the office of every case")
    total = n.sum(axis=0)
    centre = np.divide((n * mean).sum(axis=0), total, out=np.zeros(2), where=total > 0)
    between = float((n * (mean - centre) ** 2).sum()) / between_df
    within = float((variance * np.maximum(n - 1, 0)).sum()) / within_df
    squares = np.divide((n**2).sum(axis=0), total, out=np.zeros(2), where=total > 0)
    size = float((total - squares).sum()) / between_df
    spread = between + (size - 1) * within
    correlation = max(0.0, (between - within) / spread) if spread > 0 else 0.0
    typical = float((n**2).sum() / n.sum())
    return Alike(correlation, 1 + (typical - 1) * correlation, typical)


def _moments(effect: Effect) -> tuple[Floats, Floats, Floats]:
    """By office and cohort, shape (offices, 2): cases, mean and variance of the linearised values less the cohort's."""
    used = effect.used & (effect.units.office != NOWHERE)
    cell = effect.units.office[used] * 2 + effect.units.pilot[used]
    size = 2 * max(len(effect.units.offices), int(effect.units.office.max(initial=-1)) + 1)
    values = _linearised(effect)[used]
    n = np.bincount(cell, minlength=size).astype(np.float64)
    mean = np.bincount(cell, weights=values, minlength=size) / np.maximum(n, 1)
    squares = np.bincount(cell, weights=(values - mean[cell]) ** 2, minlength=size)
    return n.reshape(-1, 2), mean.reshape(-1, 2), (squares / np.maximum(n - 1, 1)).reshape(-1, 2)


def _linearised(effect: Effect) -> Floats:
    sizes = np.where(effect.units.pilot, effect.cases(True), -effect.cases(False))
    found: Floats = effect.psi * sizes
    return found


def _q(estimates: Floats, errors: Floats) -> tuple[float, int, float, float]:
    varying = errors > 0
    weights = np.divide(1.0, errors**2, out=np.zeros_like(errors), where=varying)
    df = int(varying.sum()) - 1
    if df < 1:
        return 0.0, max(df, 0), 1.0, 0.0
    centre = float((weights * estimates).sum() / weights.sum())
    q = float((weights * (estimates - centre) ** 2).sum())
    return q, df, float(chdtrc(df, q)), max(0.0, (q - df) / q) if q > 0 else 0.0
