"""The sequential panel: formal looks with their bounds, the daily always-valid band, and the harm monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import DayPoint, LookPoint, SequentialPanel
from perintis.rules.evaluation.parts import Between, Message, Missing
from perintis.rules.metrics import NotComparable, measure
from perintis.rules.sequential.always_valid import DayEstimate, band
from perintis.rules.sequential.harm_monitor import watch
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.curves import TIMES
from perintis.use.evaluation.daily import day_series
from perintis.use.evaluation.flow import LOST
from perintis.use.evaluation.measuring import Measured, Outcome, tau_days

if TYPE_CHECKING:
    from perintis.rules.evaluation.parts import MetricResult
    from perintis.rules.plan import Looks
    from perintis.rules.statistics.effect import Flags, Floats
    from perintis.use.evaluation.looks import Standing
    from perintis.use.evaluation.material import LookTaken
    from perintis.use.evaluation.prepare import Prepared


def sequential(
    prepared: Prepared, first: Measured | None, result: MetricResult | None, standing: Standing | None,
    outcomes: tuple[Outcome, ...],
) -> SequentialPanel | Missing:  # fmt: skip
    """The panel of the first primary metric; missing where that could not be measured."""
    if first is None or result is None or standing is None:
        return Missing(reason=Message(code="no_primary", text="the first primary metric could not be measured"))
    plan = prepared.plan.looks
    days = daily(prepared, first)
    shown = band(days, plan.planned_cases) if days else None
    hidden = "the metric has no horizon in days" if shown is None else shown.hidden
    return SequentialPanel(
        metric=first.known.name, unit=first.known.unit, spending=plan.spending.value, fraction=standing.fraction,
        looks=_looks(plan, prepared.material.request.looks, standing, result, prepared),
        days=() if shown is None else tuple(
            DayPoint(day=d.day, cases=d.cases, estimate=d.estimate, interval=Between(low=d.low, high=d.high))
            for d in shown.days
        ),
        hidden=None if hidden is None else Message(code="band_hidden", text=hidden),
        harm=harm(prepared, outcomes),
    )  # fmt: skip


def harm(prepared: Prepared, outcomes: tuple[Outcome, ...]) -> tuple[Message, ...]:
    """What the harm monitor has seen: one message for each guardrail that is worse beyond doubt."""
    guardrails: dict[str, list[DayEstimate]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Measured) and outcome.role is Role.GUARDRAIL:
            guardrails[outcome.known.name] = daily(prepared, outcome, sign=outcome.sign)
    trips = watch(guardrails, prepared.plan.looks.planned_cases)
    return tuple(
        Message(code="harm_trip", text=trip.in_words(),
                values={"metric": trip.metric, "day": trip.day.isoformat(), "effect": trip.effect, "limit": trip.limit})
        for trip in trips
    )  # fmt: skip


def daily(prepared: Prepared, found: Measured, *, sign: float = 1.0) -> list[DayEstimate]:
    """The effect by day on matured outcomes; empty where the plan has no horizon in days."""
    tau = tau_days(prepared)
    if tau is None:
        return []
    y, used = found.values.y, found.values.used
    if found.known.name == "lead_time":
        y, used = _matured_times(prepared, tau)
    return day_series(y, used, prepared.units, tau, prepared.pilot.read.date(), sign=sign)


def _matured_times(prepared: Prepared, tau: float) -> tuple[Floats, Flags]:
    """min(T, tau) in days, tau for a withdrawn case, in the order of the units: final for every matured case."""
    parts, known = [], []
    for view in prepared.views():
        table = measure(TIMES["lead_time"], view)
        assert not isinstance(table, NotComparable)  # it was measured
        value = table["value"].cast(float).to_numpy()
        lost = view.cases["outcome"].is_in(LOST).fill_null(False).to_numpy()
        parts.append(np.where(lost, tau, np.minimum(value, tau)))
        known.append(np.isfinite(value))
    return np.concatenate(parts), np.concatenate(known)


def _looks(
    plan: Looks, taken: tuple[LookTaken, ...], standing: Standing, result: MetricResult, prepared: Prepared
) -> tuple[LookPoint, ...]:
    """The looks taken, the one taken now, and those still planned."""
    points = [
        LookPoint(look=t.look.number, fraction=t.look.fraction, planned=False, bound=t.look.bound, estimate=t.estimate,
                  interval=None if t.estimate is None else Between(low=t.low, high=t.high), at=t.at)
        for t in taken
    ]  # fmt: skip
    now = standing.look
    if now is not None:
        points.append(
            LookPoint(look=now.number, fraction=now.fraction, planned=False, bound=now.bound, estimate=result.estimate,
                      interval=result.interval, at=prepared.pilot.read.date())
        )  # fmt: skip
    if not (now is not None and now.final):
        points += [
            LookPoint(look=number, fraction=fraction, planned=True)
            for number, fraction in enumerate(plan.fractions, 1)
            if number > len(points)
        ]
    return tuple(points)
