"""For one plan: what its metrics can show, and the table of what the rule would say under which truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from perintis.rules.designs.design import Design
from perintis.rules.plan.model import Plan
from perintis.rules.plan.study import OfficeGroup
from perintis.rules.power.detectable import (
    Cohort,
    guardrails_needed,
    smallest_detectable,
)
from perintis.rules.power.simulate import Answers, Draws, SimulatedMetric, answers, draw, kept_by_t
from perintis.rules.power.supposed import Supposed
from perintis.rules.sequential.spending import bounds
from perintis.rules.statistics.clusters import ENOUGH_OFFICES, FEWEST_OFFICES
from perintis.rules.verdict.gates import offices_needed
from perintis.rules.verdict.reading import Role

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats

CLUSTERS_OF_CASES = 50
WEEKS = 12
HALF = 0.5
FARTHEST = 6.0
BELOW = 0.9
WORSE = 0.1
WORTHWHILE = "what is just worthwhile"
ASSUMED_STEADINESS = 0.5
AGREED = "; where they differ there is no verdict, which counts as adjust here"
EXCHANGING = (Design.RANDOMISED_OFFICES, Design.PARALLEL_COHORTS)
"""Designs whose evaluation exchanges offices beside the t test where a cohort has fewer than twelve."""


@dataclass(frozen=True)
class MetricPower:
    """One metric: what is supposed of it, its standard error at the last look, the smallest effect found four times in
    five, and for a guardrail the chance that it is found inside its margin when nothing is wrong."""

    supposed: Supposed
    role: Role
    error: float
    detectable: float
    passes: float | None


@dataclass(frozen=True)
class Truth:
    """A row: what is true, and what the rule says then."""

    label: str
    answers: Answers


@dataclass(frozen=True)
class PowerTable:
    """What a plan can show. `clusters` a cohort of `cluster` ("office", "week"), each with `cases`.

    `turning` is the multiple of the target from which the rule says *scale* in at least half of the pilots; None where
    it never does. `below` is what it says of an effect nine tenths as large (of the target, where it never scales).
    `together` is the chance that all guardrails pass when nothing is wrong, `needed` what each needs. `too_few` says
    how many offices are lacking for a verdict, or to scale, if any are.
    """

    plan: Plan
    cluster: str
    clusters: int
    cases: float
    bounds: tuple[float, ...]
    may_scale: bool
    metrics: tuple[MetricPower, ...]
    rows: tuple[Truth, ...]
    turning: float | None
    below: Answers
    together: float
    needed: float
    repetitions: int
    seed: int
    notes: tuple[str, ...]
    too_few: str | None = None


def power_table(
    plan: Plan, supposed: Sequence[Supposed], *, repetitions: int, seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> PowerTable:  # fmt: skip
    """Simulate the plan. `supposed` has one entry for each primary metric and guardrail, in the order of the plan."""
    deciding = [*plan.primaries, *plan.guardrails]
    layout = _layout(plan, supposed)
    cohorts = [_cohort(plan, layout, metric) for metric in supposed]
    metrics = [
        SimulatedMetric(s.metric, c, s.worthwhile if m.role is Role.PRIMARY else None, s.margin)
        for m, s, c in zip(deciding, supposed, cohorts, strict=True)
    ]
    limits = bounds(plan.looks.fractions, plan.looks.alpha, plan.looks.spending, final=True)
    levels = [2 * float(ndtr(-bound)) for bound in limits]
    shares, exchanged = shares_of_cases(cohorts[0], plan.looks.fractions), _exchanged(plan, layout)
    drawn = draw(metrics, shares, repetitions, seed, levels if exchanged else None)
    may_scale = plan.design.kind is not Design.BEFORE_AFTER and not layout.too_few
    must_agree = exchanged and plan.design.kind is Design.RANDOMISED_OFFICES

    def ask(truth: Sequence[float]) -> Answers:
        return answers(metrics, drawn, truth, plan.looks.fractions, limits, may_scale=may_scale, must_agree=must_agree)

    truths = list(_truths(plan, supposed))
    rows = []
    for done, (label, truth) in enumerate(truths, start=1):
        rows.append(Truth(label, ask(truth)))
        if progress is not None:
            progress(done, len(truths))
    turning = _turning(supposed, ask)
    below = ask(_times(_effects(supposed, "target"), 1.0 if turning is None else BELOW * turning))
    inside = _inside(metrics, drawn)
    powers = tuple(
        MetricPower(s, m.role, c.error, smallest_detectable(c, alpha=plan.looks.alpha),
                    None if s.margin is None else float(passed.mean()))
        for m, s, c, passed in zip(deciding, supposed, cohorts, inside, strict=True)
    )  # fmt: skip
    return PowerTable(
        plan, layout.cluster, layout.clusters, layout.cases, limits, may_scale, powers, tuple(rows),
        turning, below, float(inside.all(axis=0).mean()), guardrails_needed(len(plan.guardrails)), repetitions, seed,
        layout.notes, layout.too_few,
    )  # fmt: skip


def shares_of_cases(cohort: Cohort, fractions: Sequence[float]) -> tuple[float, ...]:
    """The share of the planned cases at which each fraction of the planned information is there.

    With m cases a cluster and intra-cluster correlation r the information of a cluster grows as m / (1 + (m - 1) r), so
    the first cases bring the most: looks come when their information does, as in the evaluation.
    """
    each, icc = cohort.cases, cohort.icc
    whole = each / (1 + (each - 1) * icc)
    return tuple(f * whole * (1 - icc) / (1 - f * whole * icc) / each for f in fractions)


@dataclass(frozen=True)
class _Layout:
    """How many clusters a cohort, of what, with how many cases each."""

    cluster: str
    clusters: int
    cases: float
    notes: tuple[str, ...] = ()
    too_few: str | None = None


def _layout(plan: Plan, supposed: Sequence[Supposed]) -> _Layout:
    kind, half = plan.design.kind, plan.looks.planned_cases / 2
    listed = [sum(o.group is group for o in plan.design.offices) for group in OfficeGroup]
    offices = max([metric.offices or 0 for metric in supposed] + [plan.minimums.offices])
    if kind is Design.STAGGERED:
        offices = max(2, len(plan.design.offices) // 2)
    elif all(listed):
        offices = min(listed)
    if kind is Design.RANDOMISED_CASES:
        note = "cases are drawn within offices, so what offices differ in cancels out"
        return _Layout("group of cases", CLUSTERS_OF_CASES, half / CLUSTERS_OF_CASES, (note,))
    if kind is Design.BEFORE_AFTER:
        weeks = max(plan.minimums.weeks, WEEKS)
        note = "one series before and after rests on its weeks, and never gives scale; a trend makes the errors larger"
        return _Layout("week", weeks, half / weeks, (note,))
    notes = ["each office is supposed to be in one cohort; offices in both make the errors smaller"]
    if kind is not Design.PARALLEL_COHORTS or all(listed):
        notes.clear()
    offices = max(2, offices)
    layout = _Layout("office", offices, half / offices, (), _too_few(plan, listed, offices))
    if _exchanged(plan, layout):
        said = "below twelve offices a cohort, exchanging offices must bear out what the t test says"
        notes.append(said + (AGREED if kind is Design.RANDOMISED_OFFICES else ""))
    return replace(layout, notes=tuple(notes))


def _exchanged(plan: Plan, layout: _Layout) -> bool:
    """Whether the evaluation exchanges offices beside the t test."""
    few = FEWEST_OFFICES <= layout.clusters < ENOUGH_OFFICES
    return plan.design.kind in EXCHANGING and layout.cluster == "office" and few


def _too_few(plan: Plan, listed: Sequence[int], offices: int) -> str | None:
    """Fewer offices than a verdict needs (then there is none), or than scaling needs."""
    fewest = listed[0] if plan.design.kind is Design.STAGGERED else offices
    needed, to_scale = offices_needed(plan)
    if fewest < needed:
        return f"there is no verdict at all: {needed} offices a cohort needed"
    return f"the rule never answers 'scale': {to_scale} offices a cohort needed" if fewest < to_scale else None


def _cohort(plan: Plan, layout: _Layout, metric: Supposed) -> Cohort:
    kind = plan.design.kind
    icc = 0.0 if kind is Design.RANDOMISED_CASES else metric.icc
    correlation = (metric.steadiness or 0.0) if kind is Design.RANDOMISED_OFFICES else 0.0
    plain = Cohort(layout.clusters, layout.cases, metric.sd, icc, correlation)
    factor = 1.0
    if kind is Design.COMPARISON_OFFICES:
        steady = ASSUMED_STEADINESS if metric.steadiness is None else metric.steadiness
        factor = math.sqrt(2 * (1 - min(steady, 0.95)))  # a change of an office, against its level
    elif kind is Design.STAGGERED:
        factor = _staggered_error(plan, metric) / plain.error
    return Cohort(layout.clusters, layout.cases, metric.sd, icc, correlation, factor)


def _staggered_error(plan: Plan, metric: Supposed) -> float:
    from perintis.rules.designs.stepped_wedge import constant_effect_variance

    offices = plan.design.offices
    starts = sorted({o.start for o in offices if o.start is not None and o.group is OfficeGroup.PILOT})
    begun = [[o.group is OfficeGroup.PILOT and o.start is not None and o.start <= at for at in starts] for o in offices]
    treated: Floats = np.column_stack([np.zeros(len(offices)), np.array(begun, dtype=np.float64)])
    cases = plan.looks.planned_cases / treated.size
    cell = metric.sd**2 * (1 - metric.icc) / cases
    return math.sqrt(constant_effect_variance(treated, cell, metric.sd**2 * metric.icc))


def _truths(plan: Plan, supposed: Sequence[Supposed]) -> list[tuple[str, list[float]]]:
    """The rows: label, and the true effect of each metric, positive is better."""
    worthwhile, target = _effects(supposed, "worthwhile"), _effects(supposed, "target")
    rows = [
        ("no effect", [0.0] * len(supposed)),
        ("half of what is worthwhile", _times(worthwhile, HALF)),
        (WORTHWHILE, worthwhile),
        ("target", target),
        ("1.3 x target", _times(target, 1.3)),
    ]
    for place, metric in enumerate(supposed):
        if metric.margin is not None:
            harmed = list(target)
            harmed[place] = -2 * metric.margin
            rows.append((f"target; {metric.metric} worse by 2 margins", harmed))
    first = supposed[0]
    word = "slower" if plan.primaries[0].known.timed else "worse"
    rows.append((f"{first.metric} {WORSE:.0%} {word}", [-WORSE * abs(first.mean)] + [0.0] * (len(supposed) - 1)))
    return rows


def _effects(supposed: Sequence[Supposed], size: str) -> list[float]:
    return [getattr(metric, size) or 0.0 if metric.margin is None else 0.0 for metric in supposed]


def _times(effects: Sequence[float], factor: float) -> list[float]:
    return [factor * effect for effect in effects]


def _turning(supposed: Sequence[Supposed], ask: Callable[[Sequence[float]], Answers]) -> float | None:
    """The multiple of the target from which *scale* is said at least half of the time."""
    target = _effects(supposed, "target")
    if ask(_times(target, FARTHEST)).scale < HALF:
        return None
    low, high = 0.0, FARTHEST
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (low, middle) if ask(_times(target, middle)).scale >= HALF else (middle, high)
    return high


def _inside(metrics: Sequence[SimulatedMetric], drawn: Draws) -> Flags:
    """Guardrails that are found inside their margins at the last look when nothing is wrong, shape (metrics, pilots).

    True for other metrics.
    """
    limit = kept_by_t(metrics, drawn, [0.0] * len(metrics), -1)
    margins = np.array([np.inf if metric.margin is None else metric.margin for metric in metrics])
    found: Flags = limit > -margins[:, None]
    return found
