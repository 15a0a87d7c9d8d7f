"""Metrics: one case in, one value out. Pure functions of the case table and the step table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.metrics.counted import figure_metric, figure_metrics, not_counted
from perintis.rules.metrics.counts import (
    ANY_REWORK,
    COST,
    DUPLICATE_ENTRY,
    HANDOVERS,
    OFFICER_HANDOVERS,
    REWORK,
    SERVICE_LEVEL_MET,
    outcome_metrics,
)
from perintis.rules.metrics.errors import ERROR_RATE
from perintis.rules.metrics.matured import MaturedView, matured
from perintis.rules.metrics.metric import Basis, Better, Calendars, Kind, Metric, Need, NotComparable
from perintis.rules.metrics.times import (
    LEAD_TIME,
    LEAD_TIME_WORKING,
    TOUCH_TIME,
    TOUCH_TIME_WORKING,
    WAITING_TIME,
    WAITING_TIME_WORKING,
)
from perintis.rules.metrics.view import View

if TYPE_CHECKING:
    import polars as pl

METRICS = (
    LEAD_TIME,
    LEAD_TIME_WORKING,
    WAITING_TIME,
    WAITING_TIME_WORKING,
    TOUCH_TIME,
    TOUCH_TIME_WORKING,
    HANDOVERS,
    OFFICER_HANDOVERS,
    REWORK,
    ANY_REWORK,
    DUPLICATE_ENTRY,
    SERVICE_LEVEL_MET,
    ERROR_RATE,
    COST,
)
"""The metrics that do not depend on the data; outcomes come from `outcome_metrics`, figures from `figure_metrics`."""


def measure(metric: Metric, view: View) -> pl.DataFrame | NotComparable:
    """The value of every case (`case`, `value`, `ended`), or why there is none.

    A value is null, never zero, where what it needs was not recorded for that case.
    """
    missing = lacking(metric, view)
    if missing is not None:
        return NotComparable(missing)
    values = metric.measure(view)
    if values["value"].null_count() == values.height:
        return NotComparable(f"not one of {values.height} cases has what this needs")
    return values


def lacking(metric: Metric, view: View) -> str | None:
    """What this data set lacks that the metric needs, in words; None where it lacks nothing."""
    for need in metric.requires:
        if view.lacks(need):
            no_hours = need is Need.CALENDAR
            return "no office hours were given in which to count working time" if no_hours else _none_of(need.value)
    cases = view.data.cases
    absent = (c for c in metric.columns if c not in cases.columns or cases[c].null_count() == view.size)
    return next(map(not_counted, absent), None)


def _none_of(what: str) -> str:
    return f"no {what} were recorded"


__all__ = [
    "ANY_REWORK",
    "COST",
    "DUPLICATE_ENTRY",
    "ERROR_RATE",
    "HANDOVERS",
    "LEAD_TIME",
    "LEAD_TIME_WORKING",
    "METRICS",
    "OFFICER_HANDOVERS",
    "REWORK",
    "SERVICE_LEVEL_MET",
    "TOUCH_TIME",
    "TOUCH_TIME_WORKING",
    "WAITING_TIME",
    "WAITING_TIME_WORKING",
    "Basis",
    "Better",
    "Calendars",
    "Kind",
    "MaturedView",
    "Metric",
    "Need",
    "NotComparable",
    "View",
    "figure_metric",
    "figure_metrics",
    "lacking",
    "matured",
    "measure",
    "outcome_metrics",
]
