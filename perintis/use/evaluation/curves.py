"""The cumulative share of decided cases by time since opening, in both cohorts, with numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import Curve, CurvesPanel
from perintis.rules.evaluation.parts import Cohorts, Message, MetricResult, Missing
from perintis.rules.metrics import LEAD_TIME, LEAD_TIME_WORKING, NotComparable, View, measure
from perintis.rules.statistics.competing import decided_curve, share_decided, time_to_decision
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.followed_values import ages
from perintis.rules.statistics.restricted_mean import log_log_interval, quantile
from perintis.rules.statistics.risk_sets import DECIDED, OTHER, RiskSets, follow
from perintis.use.evaluation.faster import faster
from perintis.use.evaluation.flow import LOST
from perintis.use.evaluation.pace import adjusted_pace, followed, pace

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats, Whole
    from perintis.rules.statistics.restricted_mean import FromCurve
    from perintis.use.evaluation.prepare import Prepared

POINTS, KNOTS, RISKS = 121, 16, 7
NOTHING = 1e-9
BEYOND = 1.25  # how far beyond tau a curve is drawn, where cases were followed so far
TIMES = {metric.name: metric for metric in (LEAD_TIME, LEAD_TIME_WORKING)}


def curves(prepared: Prepared, metrics: tuple[object, ...]) -> CurvesPanel | Missing:
    """The panel for the lead time of the plan, or for lead time in days up to the longest permitted horizon."""
    planned = next((m for m in prepared.plan.metrics if m.metric in TIMES), None)
    metric = TIMES[planned.metric] if planned else LEAD_TIME
    sets = [risk_sets(metric.name, view) for view in prepared.views()]
    ready = [f for f in sets if isinstance(f, tuple)]
    if len(ready) < 2:
        reason = next(f for f in sets if isinstance(f, NotComparable)).reason
        return Missing(reason=Message(code="no_lead_time", text=f"no curve can be drawn: {reason}"))
    (_, first), (_, second) = ready
    longest = min(first.last, second.last)
    wanted = planned.tau.value if planned and planned.tau else longest
    tau = wanted if first.knows(wanted) and second.knows(wanted) else longest
    reach = min(tau * BEYOND, max(longest, tau)) if longest > 0 else tau
    cases = followed(prepared, ready)
    drawn = [
        _curve(name, risk, view, rows, reach, tau)
        for name, view, (rows, risk) in zip(("baseline", "pilot"), prepared.views(), ready, strict=True)
    ]
    met = next((m for m in metrics if isinstance(m, MetricResult) and m.metric == "service_level_met"), None)
    return CurvesPanel(
        unit=metric.unit, tau=tau, service_level=_service_level(prepared) if metric is LEAD_TIME else None,
        compliance=None if met is None else Cohorts(baseline=met.baseline, pilot=met.pilot),
        compliance_gap=None if met is None else met.oriented, curves=tuple(drawn),
        faster=faster(prepared, metric.name, tau), pace=pace(cases),
        adjusted_pace=adjusted_pace(prepared, cases), note=_note(wanted, tau, metric.unit),
    )  # fmt: skip


def _note(wanted: float, tau: float, unit: str) -> Message | None:
    """A shorter horizon than the plan's is told, never taken silently."""
    if tau >= wanted:
        return None
    text = f"read up to {tau:.3g} {unit} only: a cohort was not followed for the {wanted:g} {unit} of the plan"
    return Message(code="shorter_tau", text=text, values={"tau": tau, "planned": wanted, "unit": unit})


def risk_sets(metric: str, view: View) -> tuple[Whole, RiskSets] | NotComparable:
    """Rows of the case table that have a lead time, and their risk sets with withdrawal as another ending.

    A case that was open already when observation began is at risk from the age that it had then.
    """
    found = measure(TIMES[metric], view)
    if isinstance(found, NotComparable):
        return found
    value = found["value"].cast(float).to_numpy()
    rows = np.flatnonzero(np.isfinite(value))
    lost = view.cases["outcome"].is_in(LOST).fill_null(False).to_numpy()
    cause = np.where(found["ended"].to_numpy(), np.where(lost, OTHER, DECIDED), 0)
    began = view.data.observed_from
    if began is None:
        return rows, follow(value[rows], cause[rows])
    entry = ages(view, began, working=TIMES[metric] is LEAD_TIME_WORKING)
    rows = rows[(entry[rows] <= 0) | (entry[rows] < value[rows])]
    if not rows.size:
        return NotComparable("every case had ended before observation began")
    return rows, follow(value[rows], cause[rows], entry=entry[rows])


def _curve(name: str, risk: RiskSets, view: View, rows: Whole, reach: float, tau: float) -> Curve:
    moments, share = decided_curve(risk)
    time = np.linspace(0.0, reach, POINTS)
    place = np.searchsorted(moments, time, side="right")
    decided = np.append(0.0, share)[place]
    low, high = _limits(risk, view, rows, time, decided)
    at = np.linspace(0.0, reach, RISKS)
    at_risk = np.append(risk.at_risk, 0.0)[np.searchsorted(moments, at, side="left")]
    mean = time_to_decision(risk, tau)
    assert not isinstance(mean, NoEstimate)  # tau is within the follow-up of both
    return Curve(
        cohort=name, time=_plain(time), decided=_plain(decided), low=_plain(low), high=_plain(high),
        at_risk_time=_plain(at), at_risk=tuple(int(n) for n in at_risk), mean=mean.value,
        median=quantile(risk, 0.5).value, p90=quantile(risk, 0.9).value,
    )  # fmt: skip


def _limits(risk: RiskSets, view: View, rows: Whole, time: Floats, decided: Floats) -> tuple[Floats, Floats]:
    """Pointwise 95 % limits on the log-log scale, with errors by office at a few knots and in between in proportion."""
    knots = np.linspace(0.0, time[-1], KNOTS)
    group = _groups(view, rows)
    errors = np.array([_error(share_decided(risk, float(knot)), group) for knot in knots])
    error = np.interp(time, knots, errors)
    low, high = np.empty_like(time), np.empty_like(time)
    for k, (share, off) in enumerate(zip(decided, error, strict=True)):
        left = 1 - float(share) if share < 1 - NOTHING else 0.0  # a rounding error is nobody
        upper, lower = (1 - limit for limit in log_log_interval(left, float(off), 0.95))
        low[k], high[k] = min(lower, upper), max(lower, upper)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _error(found: FromCurve | NoEstimate, group: Whole | None) -> float:
    if isinstance(found, NoEstimate):
        return 0.0
    influence = found.influence
    if group is None:
        return float(np.sqrt((influence**2).sum()))
    sums = np.bincount(group, weights=influence)
    count = int((np.bincount(group) > 0).sum())
    return float(np.sqrt((sums**2).sum() * count / max(count - 1, 1)))


def _groups(view: View, rows: Whole) -> Whole | None:
    """The office of each case where at least four are known, else None: cases then stand for themselves."""
    import polars as pl

    office = view.data.cases["office"].cast(pl.String)
    names = office.drop_nulls().unique().sort()
    if len(names) < 4 or office.null_count():
        return None
    codes = office.replace_strict(names, list(range(len(names))), default=NOWHERE, return_dtype=pl.Int64)
    found: Whole = codes.to_numpy().astype(np.int64)[rows]
    return found


def _service_level(prepared: Prepared) -> float | None:
    """The promised time in days, where nine of ten cases of the pilot have about the same; else None."""
    cases = prepared.pilot.data.cases
    days = ((cases["due"] - cases["opened"]).dt.total_seconds() / 86_400).drop_nulls().to_numpy()
    if not len(days):
        return None
    middle = float(np.median(days))
    return middle if float((np.abs(days - middle) <= 0.2 * middle).mean()) >= 0.9 else None


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
