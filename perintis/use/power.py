"""What a plan can show before any data, resting on a baseline where one is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from perintis.rules.designs.design import Design
from perintis.rules.designs.few_offices import OFFICES_NEEDED
from perintis.rules.metrics import METRICS, NotComparable, View, figure_metric, measure, outcome_metrics
from perintis.rules.plan import OfficeGroup, Plan, PlannedMetric
from perintis.rules.power.supposed import Supposed, steadiness, suppose
from perintis.rules.power.table import PowerTable, power_table
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics import Calendars, Metric
    from perintis.words.tables import DataSet


def plan_power(
    plan: Plan, baseline: DataSet | None, calendars: Calendars | None, *, repetitions: int, seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> PowerTable:  # fmt: skip
    """The table of a plan; without a baseline it rests on assumptions, which it names.

    Raises BadInput where a size in percent has nothing to be a percentage of, and for a pilot in a few offices.
    """
    from perintis.rules.metrics import Calendars

    if plan.design.kind is Design.FEW_OFFICES:
        raise BadInput(_not_foreseen(plan))
    deciding = (*plan.primaries, *plan.guardrails)
    if baseline is None:
        supposed = [suppose(metric, None, None) for metric in deciding]
    else:
        view = View(baseline, calendars or Calendars())
        supposed = [_from_data(metric, view, baseline) for metric in deciding]
    for metric, found in zip(deciding, supposed, strict=True):
        if found.measured and metric.unit == "percent" and found.mean == 0:
            raise BadInput(f"{metric.metric} is 0 in {found.source}, and a percentage of nothing is nothing; write its "
                           f"sizes in {metric.known.unit}")  # fmt: skip
    return power_table(plan, supposed, repetitions=repetitions, seed=seed, progress=progress)


def _not_foreseen(plan: Plan) -> str:
    listed = sum(office.group is OfficeGroup.COMPARISON for office in plan.design.offices)
    few = "" if listed >= OFFICES_NEEDED else f"; {listed} comparison offices are listed, {OFFICES_NEEDED} needed"
    return (
        "what few_offices can find hangs on how alike the offices move from period to period, which no plan tells"
        f"{few}; the evaluation shows it by putting comparison offices in the pilot's place"
    )


def _from_data(planned: PlannedMetric, view: View, data: DataSet) -> Supposed:
    import numpy as np
    import polars as pl

    metric = _find(planned, data)
    measured = None if metric is None else measure(metric, view)
    if measured is None or isinstance(measured, NotComparable):
        return suppose(planned, None, None)
    cases = data.cases.select("case", "office", "opened").join(_used(planned, measured), on="case")
    values = cases["y"].cast(pl.Float64).to_numpy()
    office = (cases["office"].rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()
    found = suppose(planned, values, office, data.name)
    if not found.measured:
        return found
    opened = cases["opened"].cast(pl.Int64).to_numpy()
    return replace(found, steadiness=steadiness(values, office, opened < np.median(opened)))


def _find(planned: PlannedMetric, data: DataSet) -> Metric | None:
    known: dict[str, Metric] = {metric.name: metric for metric in METRICS}
    if planned.outcome is not None:
        known |= {metric.name: metric for metric in outcome_metrics(data)}
    return known.get(planned.metric) or figure_metric(planned.metric)


def _used(planned: PlannedMetric, measured: pl.DataFrame) -> pl.DataFrame:
    """One number a case: final values; of a time the part within tau, also of cases that are open for longer."""
    import polars as pl

    if planned.tau is None:
        return measured.filter(pl.col("ended")).select("case", pl.col("value").alias("y")).drop_nulls()
    tau = planned.tau.value
    known = pl.col("ended") | (pl.col("value") >= tau)
    return measured.filter(known).select("case", pl.min_horizontal("value", pl.lit(tau)).alias("y")).drop_nulls()
