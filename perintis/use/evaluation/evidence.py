"""What the gates must know, read from the data: amounts, follow-up, how times were stamped, what changed beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Design, Diagnostic
from perintis.rules.metrics import NotComparable, View
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.followed_values import WORKING
from perintis.rules.statistics.queues import utilisation
from perintis.rules.statistics.reaching import reached_on
from perintis.rules.statistics.silent_weeks import silent_weeks
from perintis.rules.verdict.gates import LEAST_AT_RISK, CohortFacts, Facts
from perintis.rules.verdict.reading import Role, Unreadable
from perintis.use.evaluation.curves import TIMES, risk_sets
from perintis.use.evaluation.measuring import Measured, Outcome, Unmeasured, tau_days

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.plan import PlannedMetric
    from perintis.use.evaluation.prepare import Prepared

DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0
UNITS = {"days": DAY, "working hours": HOUR}
SAME_EVENT = ("case", "step", "agency", "officer", "started", "completed")
BALANCE, EFFECTIVE, RATIO = "weighted_balance", "effective_sample", "sample_ratio"
"""Diagnostics of designs that are gates of their own (G2)."""


def gate_facts(prepared: Prepared, outcomes: Sequence[Outcome]) -> Facts:
    """The facts for `check_gates`. What is not known stays None, and is shown as not checked."""
    diagnostics = diagnostics_of(outcomes)
    baseline, pilot = (
        _cohort(prepared, view, name)
        for view, name in zip(prepared.views(), ("baseline", "pilot"), strict=True)
    )  # fmt: skip
    return Facts(
        baseline=baseline, pilot=pilot, weeks=_weeks(prepared.pilot), srm_p=_worst(diagnostics, RATIO, min),
        worst_smd=_worst(diagnostics, BALANCE, max), effective=_worst(diagnostics, EFFECTIVE, min),
        same_calendar=_same_calendar(prepared), volume_adjusted=prepared.facts.arrivals,
        co_interventions=_one_sided(prepared), worthwhile_seconds=_worthwhile_seconds(outcomes),
        diagnostics=tuple(d for d in diagnostics if d.value is None or d.code not in (RATIO, BALANCE, EFFECTIVE)),
        unreadable=tuple(
            Unreadable(o.known.name, o.role, o.reason, o.cure)
            for o in outcomes
            if isinstance(o, Unmeasured) and o.planned
        ),
    )  # fmt: skip


def diagnostics_of(outcomes: Sequence[Outcome]) -> tuple[Diagnostic, ...]:
    """The diagnostics of the design for the primary metrics; what two of them say alike is said once."""
    found: dict[tuple[str, str], Diagnostic] = {}
    for outcome in outcomes:
        if isinstance(outcome, Measured) and outcome.role is Role.PRIMARY:
            for check in outcome.estimated.diagnostics:
                found.setdefault((check.code, check.text), check)
    return tuple(found.values())


def _worst(
    diagnostics: Sequence[Diagnostic], code: str, worst: Callable[[list[float]], float]
) -> float | None:  # fmt: skip
    """The worst value of that diagnostic over the primary metrics; None where it could not be had."""
    values = [d.value for d in diagnostics if d.code == code and d.value is not None]
    return worst(values) if values else None


def _same_calendar(prepared: Prepared) -> bool | None:
    """Both cohorts are counted by the one calendar of the material; not known where it has none."""
    return None if prepared.material.calendars.case is None else True


def _cohort(prepared: Prepared, view: View, name: str) -> CohortFacts:
    cases = view.data.cases
    tau = tau_days(prepared)
    known, risk = _follow_up(prepared, view)
    wanted = _planned_time(prepared)
    steps = view.data.steps
    busy = utilisation(view) if steps.height else NoEstimate("no steps were recorded")
    return CohortFacts(
        name=f"the {name}", cases=cases.height, offices=cases["office"].drop_nulls().n_unique(),
        matured_per_office=_matured(view, tau) if tau is not None else None, known_to_tau=known, at_risk_at_tau=risk,
        followed_on=None if wanted is None else followed_on(view, wanted),
        resolution_seconds=_resolution(cases), duplicates=_duplicates(steps), silent=silent_weeks(view),
        utilisation=None if isinstance(busy, NoEstimate) else busy.share,
        intake=None if isinstance(busy, NoEstimate) else busy.cases / busy.offered_hours,
    )  # fmt: skip


def _matured(view: View, tau: float) -> float | None:
    """The median over offices of cases that entered at least tau before the reading."""
    import polars as pl

    ripe = view.data.cases.filter(pl.col("opened") <= pl.lit(view.read) - timedelta(days=tau))
    if view.data.cases["office"].drop_nulls().is_empty():
        return None
    offices = view.data.cases.select("office").drop_nulls().unique()
    counts = offices.join(ripe.group_by("office").len(), on="office", how="left")["len"].fill_null(0)
    return float(np.median(counts.to_numpy()))


def _follow_up(prepared: Prepared, view: View) -> tuple[float | None, float | None]:
    """Of the cases that entered tau ago, the share known up to tau; and the share at risk just before tau."""
    planned = _planned_time(prepared)
    if planned is None or planned.tau is None:
        return None, None
    found = risk_sets(planned.metric, view)
    if isinstance(found, NotComparable):
        return 0.0, 0.0
    rows, risk = found
    place = int(np.searchsorted(risk.moments, planned.tau.value, side="left"))
    at_risk = float(risk.at_risk[place] / risk.at_risk.max()) if place < len(risk.moments) else 0.0
    if risk.after[-1] <= 0:
        at_risk = 1.0  # everybody was followed to the end
    days = planned.tau.value if planned.tau.unit == "days" else None
    if days is None:
        return None, at_risk
    age = (view.cases["opened"] <= view.read - timedelta(days=days)).to_numpy()
    ripe = int(age.sum())
    return (float(age[rows].sum()) / ripe if ripe else 0.0), at_risk


def _planned_time(prepared: Prepared) -> PlannedMetric | None:
    """The first time of the plan that has a horizon."""
    return next((m for m in prepared.plan.metrics if m.metric in TIMES and m.tau is not None), None)


def followed_on(view: View, planned: PlannedMetric) -> date | None:
    """The day on which a tenth of the cases will have entered tau ago; None where that has passed already."""
    if planned.tau is None:
        return None
    working = planned.tau.unit == WORKING
    found = reached_on(view, planned.tau.value, working=working, share=LEAST_AT_RISK)
    return found if found is not None and found > view.read.date() else None


def _resolution(cases: pl.DataFrame) -> float | None:
    """The step in which most times of opening and closing were stamped, in seconds; None where there are none."""
    import polars as pl

    local = pl.duration(minutes=pl.col("opened_offset").fill_null(0))
    times = pl.concat([cases.select((pl.col(c) + local).alias("at")).drop_nulls() for c in ("opened", "closed")])
    if times.is_empty():
        return None
    seconds = pl.col("at").dt.epoch("s")
    day, minute = times.select(d=(seconds % 86_400 == 0).mean(), m=(seconds % 60 == 0).mean()).row(0)
    return DAY if day > 0.5 else MINUTE if minute > 0.5 else 1.0


def _duplicates(steps: pl.DataFrame) -> float | None:
    if not steps.height:
        return None
    return 1 - steps.select(SAME_EVENT).hash_rows(seed=0).n_unique() / steps.height


def _weeks(view: View) -> float:
    """Whole weeks of intake."""
    opened = view.data.cases["opened"]
    first, last = opened.min(), opened.max()
    return float(((last - first).days + 1) // 7) if first is not None and last is not None else 0.0  # type: ignore[operator,union-attr]


def _one_sided(prepared: Prepared) -> tuple[str, ...]:
    """Other changes that touched one cohort only, while its cases were open."""
    design = prepared.plan.design.kind
    if design is Design.BEFORE_AFTER:
        return ()  # its own diagnostic looks at the log
    views = {"baseline": prepared.baseline, "pilot": prepared.pilot}
    found = []
    for change in prepared.plan.co_interventions:
        view = views.get(change.cohort)
        if view is None:
            continue
        first = view.data.cases["opened"].min()
        if first is not None and first.date() <= change.on <= view.read.date():  # type: ignore[union-attr]
            found.append(f"{change.what} on {change.on}")
    return tuple(found)


def _worthwhile_seconds(outcomes: Sequence[Outcome]) -> float | None:
    """The smallest worthwhile effect of the first primary time, in seconds."""
    for outcome in outcomes:
        if isinstance(outcome, Measured) and outcome.role is Role.PRIMARY and outcome.planned is not None:
            size, unit = outcome.planned.worthwhile, UNITS.get(outcome.known.unit)
            if size is not None and unit is not None:
                return outcome.planned.absolute(size, outcome.effect.baseline) * unit
    return None
