"""Turns what was measured into readings for the rule and results for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, MetricMissing, MetricResult
from perintis.rules.sequential.looks import repeated_interval, t_bound
from perintis.rules.statistics.clusters import Clustering, standard_error
from perintis.rules.statistics.multiplicity import benjamini_hochberg, holm
from perintis.rules.verdict.reading import Reading, Role, Unreadable
from perintis.rules.verdict.reasons import amount, metric_label, size_of, span
from perintis.use.evaluation.intervals import Z95, with_interval
from perintis.use.evaluation.measuring import Measured, Outcome, Unmeasured

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats


def reading_of(found: Measured, bound: float, look_alpha: float) -> Reading:
    """The metric turned so that more is better; the interval is that of this look for primary metrics.

    Where the test over offices and the permutation do not agree at this level, the interval is drawn to zero.
    """
    own = found.inference
    centre = found.sign * found.effect.estimate
    primary = found.role is Role.PRIMARY
    held = repeated_interval(centre, own.error, bound if primary else Z95, own.df)
    low, high = held.low, held.high
    if own.p > (look_alpha if primary else 0.05):
        low, high = min(low, 0.0), max(high, 0.0)
    planned, size = found.planned, found.effect.baseline
    sized = {
        name: planned.absolute(value, size)
        for name in ("worthwhile", "margin", "target")
        if planned is not None and (value := getattr(planned, name)) is not None
    }
    one_sided = centre - t_bound(Z95, own.df) * own.error
    if found.held is not None and "margin" in sized:
        one_sided = found.held.held(one_sided, sized["margin"])
    return Reading(
        metric=found.known.name, role=found.role, effect=centre, error=own.error, df=own.df, low=low, high=high,
        one_sided_low=one_sided, p=own.p, **sized,
    )  # fmt: skip


def readings(outcomes: Sequence[Outcome], bound: float, look_alpha: float) -> tuple[Reading | Unreadable, ...]:
    """All metrics of the plan as the rule sees them."""
    return tuple(
        reading_of(found, bound, look_alpha)
        if isinstance(found, Measured)
        else Unreadable(found.known.name, found.role, found.reason, found.cure)
        for found in outcomes
        if found.planned is not None
    )


def results(
    outcomes: Sequence[Outcome], bound: float, look_alpha: float
) -> tuple[MetricResult | MetricMissing, ...]:  # fmt: skip
    """All metrics for the report, with p-values adjusted within their role."""
    adjusted = _adjusted([o for o in outcomes if isinstance(o, Measured)])
    return tuple(
        _result(found, reading_of(found, bound, look_alpha), adjusted.get(found.known.name))
        if isinstance(found, Measured)
        else _missing(found)
        for found in outcomes
    )


def _adjusted(found: list[Measured]) -> dict[str, float]:
    """Holm over primaries, Benjamini-Hochberg over secondaries; guardrails each at their own level."""
    adjusted: dict[str, float] = {}
    primaries = [m for m in found if m.role is Role.PRIMARY]
    secondaries = [m for m in found if m.role is Role.SECONDARY]
    if primaries:
        ps = holm([m.inference.p for m in primaries])
        adjusted |= {m.known.name: float(p) for m, p in zip(primaries, ps, strict=True)}
    if secondaries:
        ps = benjamini_hochberg([m.inference.p for m in secondaries])
        adjusted |= {m.known.name: float(p) for m, p in zip(secondaries, ps, strict=True)}
    return adjusted


def _missing(found: Unmeasured) -> MetricMissing:
    return MetricMissing(
        metric=found.known.name, label=found.known.label, role=found.role, registered=found.planned is not None,
        reason=Message(code="not_comparable", text=found.reason, values={"metric": found.known.name}),
    )  # fmt: skip


def _result(found: Measured, reading: Reading, p_adjusted: float | None) -> MetricResult:
    effect, own = found.effect, found.inference
    ends = sorted((found.sign * reading.low, found.sign * reading.high))
    return MetricResult(
        metric=found.known.name, label=found.known.label, unit=found.known.unit, role=found.role,
        better=found.better.value, registered=found.planned is not None, estimate=effect.estimate,
        interval=Between(low=ends[0], high=ends[1]), relative=_relative(found),
        oriented=Figure(value=reading.effect, interval=Between(low=reading.low, high=reading.high)),
        pilot=effect.pilot, baseline=effect.baseline,
        cases=Cohorts(baseline=effect.cases(False), pilot=effect.cases(True)), error=own.error, df=own.df, p=own.p,
        p_adjusted=p_adjusted, worthwhile=reading.worthwhile, target=reading.target, margin=reading.margin,
        tau=found.values.tau, reading=said(reading), rests_on=own.rests_on,
        method=own.method if own.caution is None else f"{own.method} ({own.caution})", left_out=found.values.left_out,
    )  # fmt: skip


def said(reading: Reading) -> Message:
    """What may be said of a metric: never "no effect", and nothing without its interval."""
    label = metric_label(reading.metric)
    values: dict[str, str | int | float] = {
        "metric": reading.metric, "effect": reading.effect, "low": reading.low, "high": reading.high,
    }  # fmt: skip
    if reading.margin is not None:
        values["margin"] = reading.margin
    if reading.low > 0:
        code, text = "better", f"{label}: better by {size_of(reading)} ({span(reading)})"
    elif reading.high < 0:
        code, text = "worse", f"{label}: worse by {size_of(reading)} ({span(reading)})"
    elif reading.margin is not None and reading.one_sided_low > -reading.margin:
        code, text = "not_worse", f"{label} is not worse by its margin of {amount(reading.margin, reading.metric)}"
    else:
        code = "cannot_tell"
        text = f"we cannot tell whether {label} is better; effects {span(reading)} remain possible"
    return Message(code=code, text=text, values=values)


def _relative(found: Measured) -> Figure | None:
    """The change as a share of the baseline, with the delta method; None where the baseline is about zero.

    With d the difference, b the baseline's mean and r = d / b, the influence of a case is (psi_d - r psi_b) / b.
    """
    effect = found.effect
    base = effect.baseline
    if not isfinite(base) or abs(base) < 1e-9:
        return None
    ratio = effect.estimate / base
    chosen = found.values.used & effect.units.baseline
    own = np.zeros(len(effect.psi))
    if chosen.any():
        own[chosen] = (found.values.y[chosen] - found.values.y[chosen].mean()) / chosen.sum()
    psi: Floats = (effect.psi - ratio * own) / base
    by_case = found.inference.df is None or not effect.units.offices
    by = Clustering.NONE if by_case else Clustering.OFFICE
    error = _scaled_error(replace(effect, psi=psi), effect, found.inference.error, by)
    return with_interval(ratio, error, found.inference.df)


def _scaled_error(relative: Effect, effect: Effect, error: float, by: Clustering) -> float:
    """The error of the ratio: that of its influence values, blown up as much as that of the difference is.

    Where cases count by themselves (drawn within offices), sums by office are nothing but rounding.
    """
    plain = standard_error(effect, by)
    found = standard_error(relative, by)
    if not (isfinite(plain) and isfinite(found)) or plain <= 0:
        return error / abs(effect.baseline)
    return found * error / plain
