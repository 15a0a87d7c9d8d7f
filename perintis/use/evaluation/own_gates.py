"""Gates that need more than plain facts: the look, what was asked, follow-up to tau, missing values, made-up cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

from perintis.rules.metrics import NotComparable, View
from perintis.rules.plan import tau_beyond_follow_up
from perintis.rules.statistics.followed_values import BACKWARDS
from perintis.rules.statistics.horizon import permitted_tau
from perintis.rules.statistics.matured_values import UNKNOWN
from perintis.rules.statistics.reaching import SHORTER_TAU
from perintis.rules.verdict.gates import Gate
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.curves import TIMES, risk_sets
from perintis.use.evaluation.evidence import followed_on
from perintis.use.evaluation.measuring import Measured, Outcome

if TYPE_CHECKING:
    from perintis.rules.plan import PlannedMetric
    from perintis.use.evaluation.looks import Standing
    from perintis.use.evaluation.prepare import Prepared

COHORTS = ("baseline", "pilot")
LACKING = (UNKNOWN, BACKWARDS, "close before they open or have no deadline")
MORE_TIME = f"{SHORTER_TAU}, or more time"
MATURED_FOR_TAU = 0.10
"""With a tenth of a cohort entered tau ago, its curve is known that far, however few of them are still open."""


def own_gates(prepared: Prepared, outcomes: Sequence[Outcome], standing: Standing | None) -> tuple[Gate, ...]:
    """The gates, to be put in order with the others by their codes."""
    return (*_asked(prepared), *_made_up(prepared), *_missing(prepared, outcomes), *_look(prepared, standing),
            *_tau(prepared))  # fmt: skip


def in_order(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """By group (G0 to G6), within a group as they came; the look last in its group, for it only says to wait."""
    return tuple(sorted(gates, key=lambda gate: (gate.code[:2], gate.code == "G3.look")))


def _asked(prepared: Prepared) -> Iterator[Gate]:
    for departure in prepared.material.request.departures:
        yield Gate("G0.plan", False, departure, "evaluate without naming other data, or amend the plan")


def _made_up(prepared: Prepared) -> Iterator[Gate]:
    sides = (prepared.material.baseline, prepared.material.pilot)
    made_up = [data for data in sides if data.simulated]
    if len(made_up) == 1:
        yield Gate(
            "G1.simulated", False, f"{made_up[0].name} is simulated and the other cohort is real: made-up cases say "
            "nothing of real ones", "compare with a baseline of real cases",
        )  # fmt: skip


def _missing(prepared: Prepared, outcomes: Sequence[Outcome]) -> Iterator[Gate]:
    """At most the planned share of values may be missing, in each metric that decides and each cohort."""
    most = prepared.plan.minimums.missing
    for found in outcomes:
        if not isinstance(found, Measured) or found.planned is None or found.role is Role.SECONDARY:
            continue
        for pilot, cohort in enumerate(COHORTS):
            lacking = sum(n for why, n in found.values.left_out if why in {f"{w} ({cohort})" for w in LACKING})
            share = lacking / max(lacking + found.effect.cases(bool(pilot)), 1)
            if share > most:
                yield Gate(
                    f"G1.missing.{found.known.name}", False,
                    f"{found.known.label.lower()} is missing for {share:.0%} of the cases of the {cohort} (at most "
                    f"{most:.0%})", "record or import what is missing",
                )  # fmt: skip


def _look(prepared: Prepared, standing: Standing | None) -> Iterator[Gate]:
    if standing is None:
        yield Gate("G3.look", False, "no look can be taken: the first primary metric has no error that could be told",
                   "wait for more cases")  # fmt: skip
        return
    taken = prepared.material.request.looks
    if standing.look is not None:
        kind = "the final look" if standing.look.final else f"look {standing.look.number}"
        yield Gate("G3.look", True, f"{kind}, at {standing.fraction:.0%} of the planned information")
        return
    where = (
        f"there is {standing.fraction:.0%} of the planned information, and the next look is at {standing.due_at:.0%}"
    )
    if taken:
        last = taken[-1]
        told = f"look {last.look.number} was taken on {last.at.isoformat()}"
        yield Gate("G3.look", True, told if standing.over else f"{told}; {where}")
        return
    yield Gate("G3.look", False, where, more_cases(standing.missing_cases))


def more_cases(number: int) -> str:
    """What brings the next look, in words."""
    return f"about {number:,} more matured case{'' if number == 1 else 's'}"


def _tau(prepared: Prepared) -> Iterator[Gate]:
    """A horizon that the cases were not followed to is never shortened silently."""
    planned = [m for m in prepared.plan.metrics if m.metric in TIMES and m.tau is not None and m.role != Role.SECONDARY]
    for metric in planned:
        followed = {
            cohort: {metric.metric: reach}
            for cohort, reach in zip(COHORTS, _reach(prepared, metric), strict=True)
            if reach is not None
        }
        days = [found for view in prepared.views() if (found := followed_on(view, metric)) is not None]
        cure = f"data read on {max(days).isoformat()} or later, or {SHORTER_TAU}" if days else MORE_TIME
        for fault in tau_beyond_follow_up(prepared.plan, followed):
            yield Gate("G4.tau", False, fault, cure)


def _reach(prepared: Prepared, metric: PlannedMetric) -> tuple[float | None, float | None]:
    """How far each cohort was followed; None where it has no times at all (a gate of its own says so)."""
    reaches: list[float | None] = []
    for view in prepared.views():
        found = risk_sets(metric.metric, view)
        if isinstance(found, NotComparable):
            reaches.append(None)
            continue
        risk = found[1]
        many = metric.tau is not None and risk.knows(metric.tau.value) and _matured(view, metric) >= MATURED_FOR_TAU
        reaches.append(inf if many else permitted_tau(risk, risk).tau)
    return reaches[0], reaches[1]


def _matured(view: View, metric: PlannedMetric) -> float:
    """The share of cases that entered tau ago or earlier; 0 where tau is not in days."""
    if metric.tau is None or metric.tau.unit != "days":
        return 0.0
    return float((view.cases["opened"] <= view.read - timedelta(days=metric.tau.value)).mean() or 0.0)  # type: ignore[arg-type]
