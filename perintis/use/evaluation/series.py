"""The primary metric over time: weekly means by date of opening, with what the design says would have been."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from perintis.rules.designs.facts import WEEK, ordinals
from perintis.rules.evaluation.panels import ExposurePoint, TimeSeriesPanel
from perintis.rules.evaluation.parts import Cohorts, Message, Missing, WeekPoint
from perintis.use.evaluation.intervals import with_interval

if TYPE_CHECKING:
    from perintis.rules.designs.design import Estimated
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.use.evaluation.prepare import Prepared

COHORTS = ((False, "baseline"), (True, "pilot"))


def series(prepared: Prepared, values: CaseValues | None, estimated: Estimated | None) -> TimeSeriesPanel | Missing:
    """The panel of the first primary metric; the design's own series where it has one."""
    if values is None:
        return Missing(reason=Message(code="no_series", text="the first primary metric could not be measured"))
    own = [] if estimated is None else estimated.panels.get("series", [])
    points = _of_design(own) if own else _means(prepared, values)
    if not points:
        return Missing(reason=Message(code="no_dates", text="no case has a day on which it was opened"))
    unit = "week" if prepared.plan.weekly else "day"
    return TimeSeriesPanel(
        metric=values.metric, unit=values.unit, start=prepared.plan.design.start, unit_of_time=unit, points=points,
        event_study=_event_study(estimated),
    )  # fmt: skip


def _of_design(rows: list[dict[str, Any]]) -> tuple[WeekPoint, ...]:
    return tuple(
        WeekPoint(
            start=date.fromisoformat(row["day"]), cohort="pilot" if row["counterfactual"] is not None else "baseline",
            cases=row["n"], value=row["mean"], fitted=row["fitted"], counterfactual=row["counterfactual"],
        )
        for row in rows
    )  # fmt: skip


def _means(prepared: Prepared, values: CaseValues) -> tuple[WeekPoint, ...]:
    """Weekly (or daily) means by cohort, counted from the planned start, so that no week lies on both sides of it."""
    length = WEEK if prepared.plan.weekly else 1
    first = prepared.plan.design.start.toordinal()
    day = ordinals(values.units)
    points = []
    for pilot, name in COHORTS:
        chosen = values.used & (values.units.pilot == pilot) & (day > 0)
        if not chosen.any():
            continue
        place = (day[chosen] - first) // length
        origin = int(place.min())
        count = np.bincount(place - origin)
        sums = np.bincount(place - origin, weights=values.y[chosen])
        for k in np.flatnonzero(count):
            start = prepared.plan.design.start + timedelta(days=(origin + int(k)) * length)
            points.append(WeekPoint(start=start, cohort=name, cases=int(count[k]), value=float(sums[k] / count[k])))
    return tuple(points)


def _event_study(estimated: Estimated | None) -> tuple[ExposurePoint, ...]:
    rows = [] if estimated is None else estimated.panels.get("event_study", [])
    df = None if estimated is None else estimated.df
    return tuple(
        ExposurePoint(
            period=int(row["period"]), effect=with_interval(float(row["estimate"]), float(row["error"]), df),
            cases=Cohorts(baseline=float(row["cases"][0]), pilot=float(row["cases"][1])),
        )
        for row in rows
        if row["error"] is not None and np.isfinite(row["error"])
    )  # fmt: skip
