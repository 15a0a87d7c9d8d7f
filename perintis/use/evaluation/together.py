"""Several primary metrics at once: an interval that holds for all of them, and the chance of the largest of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.design import Design
from perintis.rules.evaluation.parts import Another, Between, Figure, Message, MetricResult
from perintis.rules.statistics.clusters import ENOUGH_OFFICES
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.multiplicity import FEWEST_CLUSTERS, max_t
from perintis.use.evaluation.ways import not_computed, said

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats
    from perintis.use.evaluation.measuring import Measured
    from perintis.use.evaluation.prepare import Prepared

WHAT = "an interval that holds for all primary metrics at once (largest t, signs drawn by lot)"
BLOCKS = 400
"""Where cases were drawn by themselves, they are put into so many groups of about equal size, by their order."""


def together(
    prepared: Prepared, primaries: Sequence[Measured], results: Mapping[str, MetricResult]
) -> dict[str, tuple[Another, ...]]:
    """By metric; nothing where there is one primary metric only, as there is nothing to adjust for."""
    if len(primaries) < 2:
        return {}
    sums = _sums(prepared, primaries)
    if isinstance(sums, NoEstimate):
        return {m.known.name: (not_computed("max_t", WHAT, sums.reason),) for m in primaries}
    estimates = [m.effect.estimate for m in primaries]
    found = max_t(sums, estimates, prepared.material.request.seed)
    error = np.divide(np.abs(estimates), found.t, out=np.zeros(len(estimates)), where=found.t > 0)
    table: dict[str, tuple[Another, ...]] = {}
    for k, metric in enumerate(primaries):
        half = found.critical * float(error[k])
        figure = Figure(value=estimates[k], interval=Between(low=estimates[k] - half, high=estimates[k] + half))
        result = results.get(metric.known.name)
        table[metric.known.name] = (
            Another(code="max_t", what=said("max_t", WHAT), unit=metric.known.unit, figure=figure,
                    note=_note(float(found.adjusted[k]), None if result is None else result.p_adjusted)),
        )  # fmt: skip
    return table


def _note(p: float, by_holm: float | None) -> Message:
    """In words, beside what Holm says."""
    text = f"were there nothing, one of the primary metrics would reach as much in {in_draws(p)} of draws"
    if by_holm is not None:
        text += f"; by Holm's rule, which decides, in {in_draws(by_holm)}"
    return Message(code="max_t", text=text)


def _sums(prepared: Prepared, primaries: Sequence[Measured]) -> Floats | NoEstimate:
    """Sums of influence values, shape (groups, metrics): by office, or by blocks of cases where cases were drawn."""
    design, units = prepared.plan.design.kind, prepared.units
    if design is Design.BEFORE_AFTER:
        return NoEstimate("the design follows one series over time, of which offices are no sample")
    if design is Design.RANDOMISED_CASES:
        group = np.arange(len(units), dtype=np.int64) % min(BLOCKS, len(units))
    else:
        fewest = min(units.offices_of(True), units.offices_of(False))
        if fewest < ENOUGH_OFFICES:  # signs of fewer offices are too few to tell a rare result from a common one
            return NoEstimate(f"{ENOUGH_OFFICES} offices a cohort needed, {fewest} present")
        group = np.where(units.office == NOWHERE, len(units.offices), units.office)
    sums: Floats = np.column_stack([np.bincount(group, weights=m.effect.psi) for m in primaries])
    there: Flags = np.abs(sums).sum(axis=1) > 0
    sums = sums[there]
    if len(sums) < FEWEST_CLUSTERS or (sums**2).sum(axis=0).min() <= 0:
        return NoEstimate("a primary metric does not vary between offices")
    return sums
