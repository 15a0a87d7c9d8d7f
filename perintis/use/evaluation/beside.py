"""The same effects by other ways, beside those that decide: ratios of counts, shares, limits, adjusted effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from perintis.rules.designs.design import Design
from perintis.rules.designs.strata import is_binary
from perintis.rules.evaluation.parts import Another, Between, Figure, MetricResult
from perintis.rules.metrics import DUPLICATE_ENTRY, HANDOVERS, OFFICER_HANDOVERS, REWORK, Kind
from perintis.rules.statistics.clusters import Clustering
from perintis.rules.statistics.counts import adjusted_rate_ratio, rate_ratio
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import newcombe
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.adjusting import adjusted, columns_of, stratum_of_offices
from perintis.use.evaluation.at_margin import EXCHANGE, SCORE, AtMargin
from perintis.use.evaluation.measuring import Measured, Outcome
from perintis.use.evaluation.together import together
from perintis.use.evaluation.ways import by_another_way, not_computed, said

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import Metric
    from perintis.use.evaluation.prepare import Prepared

COUNTS = tuple(metric.name for metric in (HANDOVERS, OFFICER_HANDOVERS, REWORK, DUPLICATE_ENTRY))
SIDE_BY_SIDE = (Design.RANDOMISED_CASES, Design.RANDOMISED_OFFICES, Design.PARALLEL_COHORTS)
RATE_RATIO = "the ratio of counts a case, pilot over baseline"
WAYS = {
    SCORE: "the limit within offices (Miettinen and Nurminen), held against the margin",
    EXCHANGE: "the limit by exchanging offices, which must keep the margin too",
}


def with_others(prepared: Prepared, outcomes: Sequence[Outcome], metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """The metrics of the report, each with its figures by other ways."""
    measured = {o.known.name: o for o in outcomes if isinstance(o, Measured)}
    results = {m.metric: m for m in metrics if isinstance(m, MetricResult)}
    joint = together(prepared, [m for m in measured.values() if m.role is Role.PRIMARY], results)
    found: list[Metric] = []
    for metric in metrics:
        if isinstance(metric, MetricResult) and (own := measured.get(metric.metric)) is not None:
            others = (*_ways(prepared, own), *joint.get(metric.metric, ()))
            found.append(metric.model_copy(update={"beside": others}))
        else:
            found.append(metric)
    return tuple(found)


def _ways(prepared: Prepared, found: Measured) -> Iterator[Another]:
    if found.known.name in COUNTS:
        yield _ratio(prepared, found)
    yield from _shares(prepared, found)
    if found.held is not None:
        yield _limit(found, found.held)
    if found.role is Role.PRIMARY:
        yield from adjusted(prepared, found)


def _ratio(prepared: Prepared, found: Measured) -> Another:
    """The ratio of mean counts, quasi-Poisson with errors by office; where cases were drawn, within offices by case."""
    values, design = found.values, prepared.plan.design.kind
    if design not in SIDE_BY_SIDE:
        reason = "the design compares changes over time, which no ratio of two cohorts shows"
        return not_computed("rate_ratio", RATE_RATIO, reason)
    name, y, used, units = found.known.name, values.y, found.effect.used, values.units
    if design is Design.RANDOMISED_CASES:
        ratio = rate_ratio(name, y, used, units, units.office + 1)
        return by_another_way("rate_ratio", RATE_RATIO, ratio, Clustering.NONE)
    if design is Design.PARALLEL_COHORTS and prepared.facts.covariates:
        ratio = adjusted_rate_ratio(name, y, used, units, columns_of(prepared, used))
        return by_another_way("rate_ratio", RATE_RATIO, ratio)
    return by_another_way(
        "rate_ratio", RATE_RATIO, rate_ratio(name, y, used, units, stratum_of_offices(prepared))
    )  # fmt: skip


def unclustered(prepared: Prepared) -> bool:
    """Whether cases count by themselves: drawn one by one, or of no office that is known."""
    units = prepared.units
    alone = units.offices_of(True) + units.offices_of(False) == 0
    return prepared.plan.design.kind is Design.RANDOMISED_CASES or alone


def _shares(prepared: Prepared, found: Measured) -> Iterator[Another]:
    """The two shares as they are, with Newcombe's interval, where cases count by themselves."""
    if found.known.unit != "share" or found.known.kind is Kind.RATIO or not unclustered(prepared):
        return
    what = "the two shares as they are (Newcombe's interval)"
    used, pilot = found.effect.used, found.values.units.pilot
    y = found.values.y[used]
    if not is_binary(y):
        yield not_computed(
            "newcombe", what, "the share is read from a curve, as cases may still be open, and is no count"
        )
        return
    mine = pilot[used]
    ends = newcombe(int(y[mine].sum()), int(mine.sum()), int(y[~mine].sum()), int((~mine).sum()))
    if isinstance(ends, NoEstimate):
        yield not_computed("newcombe", what, ends.reason)
        return
    figure = Figure(value=ends.estimate, interval=Between(low=ends.low, high=ends.high))
    yield Another(code="newcombe", what=said("newcombe", what), unit=found.known.unit, figure=figure)


def _limit(found: Measured, held: AtMargin) -> Another:
    """The one-sided 97.5 % limit of harm, as measured: it has one end only."""
    what = WAYS[held.way]
    if held.limit is None:
        return not_computed(held.way, what, held.reason or "")
    end = found.sign * held.limit
    ends = Between(low=end, high=None) if found.sign > 0 else Between(low=None, high=end)
    figure = Figure(value=found.effect.estimate, interval=ends)
    return Another(code=held.way, what=said(held.way, what), unit=found.known.unit, figure=figure, decides=True)
