"""The primary effect in a thousand resamples of offices: a second opinion on its interval, for the trust box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Design
from perintis.rules.evaluation.parts import Another, Between, Figure
from perintis.rules.statistics.bootstrap_offices import RESAMPLES, resample_influence
from perintis.rules.statistics.clusters import FEWEST_OFFICES
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.use.evaluation.ways import not_computed, said

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats
    from perintis.use.evaluation.measuring import Measured
    from perintis.use.evaluation.prepare import Prepared

WHAT = f"the effect in {RESAMPLES:,} resamples of offices (percentiles)"
CODE = "office_bootstrap"


def resampled(prepared: Prepared, first: Measured | None) -> Another | None:
    """The figure, or why there is none; None without a primary metric. The seed is that of the evaluation."""
    if first is None:
        return None
    parts = _parts(prepared.plan.design.kind, first)
    if isinstance(parts, NoEstimate):
        return not_computed(CODE, WHAT, parts.reason, first.known.unit)
    found = resample_influence(first.effect.estimate, *parts, seed=prepared.material.request.seed)
    low, high = found.interval()
    figure = Figure(value=found.estimate, interval=Between(low=low, high=high))
    return Another(code=CODE, what=said(CODE, WHAT), unit=first.known.unit, figure=figure)


def _parts(design: Design, first: Measured) -> tuple[Floats, Floats] | NoEstimate:
    """Sums of influence values by office, and what each office counts for; see `resample_influence`."""
    units, used = first.effect.units, first.effect.used
    fewest = min(units.offices_of(True), units.offices_of(False))
    if design is Design.BEFORE_AFTER:
        return NoEstimate("the design follows one series over time, of which offices are no sample")
    if fewest < FEWEST_OFFICES:
        return NoEstimate(f"{FEWEST_OFFICES} offices a cohort needed, {fewest} present")
    unknown = int((units.office[used] == NOWHERE).sum())
    if unknown:
        return NoEstimate(f"{unknown:,} cases have no office")
    if design is Design.RANDOMISED_CASES:
        return _within_offices(first)
    office, psi = units.office[used], first.effect.psi[used]
    if design is Design.RANDOMISED_OFFICES:
        cell = office * 2 + units.pilot[used]
        size = len(units.offices)
        by_cohort: Floats = np.bincount(cell, weights=psi, minlength=2 * size).reshape(size, 2).astype(np.float64)
        return by_cohort, (np.bincount(cell, minlength=2 * size).reshape(size, 2) > 0).astype(np.float64)
    sums, cases = (np.bincount(office, weights=w).astype(np.float64) for w in (psi, None))
    there = cases > 0
    weight = cases if design is Design.PARALLEL_COHORTS else np.ones(len(cases))
    return sums[there, None], weight[there, None]


def _within_offices(first: Measured) -> tuple[Floats, Floats]:
    """How far each office's own difference is from that of all, times its share of the cases."""
    units, used = first.effect.units, first.effect.used
    cell = units.office[used] * 2 + units.pilot[used]
    size = len(units.offices)
    n = np.bincount(cell, minlength=2 * size).reshape(size, 2)
    sums = np.bincount(cell, weights=first.values.y[used], minlength=2 * size).reshape(size, 2)
    both = (n > 0).all(axis=1)
    mean, cases = sums[both] / n[both], n[both].sum(axis=1).astype(np.float64)
    own = mean[:, 1] - mean[:, 0]
    total = float(cases.sum())
    centre = float((cases * own).sum()) / total
    return (cases * (own - centre) / total)[:, None], cases[:, None]
