"""From the material to the evaluation: pure, and the same to the last digit for the same material."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.doors.frozen import content_hash
from perintis.rules.evaluation.document import Evaluation, PlanFacts, Provenance
from perintis.rules.evaluation.panels import FlowPanel, Panels, VerdictPanel
from perintis.rules.evaluation.parts import Message, MetricResult
from perintis.rules.plan import plan_hash
from perintis.use.evaluation.curves import curves
from perintis.use.evaluation.flow import flow_side
from perintis.use.evaluation.judging import Judged, judged
from perintis.use.evaluation.measuring import Outcome, measure_all, tau_days
from perintis.use.evaluation.money import money
from perintis.use.evaluation.office_panel import offices
from perintis.use.evaluation.prepare import Prepared, prepare
from perintis.use.evaluation.process_panel import process
from perintis.use.evaluation.satisfied import satisfied
from perintis.use.evaluation.sequential_panel import sequential
from perintis.use.evaluation.series import series
from perintis.use.evaluation.stage_panel import stage_panel
from perintis.use.evaluation.trust import trust

if TYPE_CHECKING:
    from perintis.rules.evaluation.parts import Decided
    from perintis.rules.verdict.reasons import Reason
    from perintis.rules.verdict.rule import Verdict
    from perintis.use.evaluation.looks import Standing
    from perintis.use.evaluation.material import Material


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The evaluation, and what is kept of the look that was taken (None where none can be counted)."""

    evaluation: Evaluation
    standing: Standing | None
    first: MetricResult | None
    verdict: Verdict


def evaluate(material: Material) -> Evaluated:
    """Measure, hold against the gates, judge by the rule, and lay out the panels."""
    prepared = prepare(material)
    outcomes = measure_all(prepared)
    found = judged(prepared, outcomes)
    document = _document(prepared, found, _panels(prepared, outcomes, found))
    return Evaluated(document, found.standing, found.result, found.verdict)


def _panels(prepared: Prepared, outcomes: tuple[Outcome, ...], found: Judged) -> Panels:
    tau = tau_days(prepared)
    baseline, pilot = (
        flow_side(view.data, received, tau)
        for view, received in zip(prepared.views(), prepared.received, strict=True)
    )  # fmt: skip
    first = found.first
    return Panels(
        verdict=_verdict(found.verdict, prepared.material.request.decision),
        flow=FlowPanel(baseline=baseline, pilot=pilot, tau_days=tau),
        metrics=found.metrics, curves=curves(prepared, found.metrics), time=stage_panel(prepared, outcomes),
        offices=offices(first, found.groups),
        series=series(prepared, None if first is None else first.values, None if first is None else first.estimated),
        sequential=sequential(prepared, first, found.result, found.standing, outcomes, found.verdict),
        process=process(prepared, found.followed), satisfaction=satisfied(prepared),
        trust=trust(prepared, outcomes, found.gates, first, found.result, found.icc),
        money=money(prepared, found.metrics),
    )  # fmt: skip


def _verdict(verdict: Verdict, decision: Decided | None) -> VerdictPanel:
    reason, *further = verdict.reasons
    change = None
    if reason.change is not None:
        change = Message(code=f"change_{reason.code}", text=reason.change, values=reason.values)
    return VerdictPanel(
        word=verdict.word.value, staged=verdict.staged, final=verdict.final, reason=_said(reason), change=change,
        further=tuple(_said(other) for other in further if other.text != reason.text),
        decision=decision,
    )  # fmt: skip


def _said(reason: Reason) -> Message:
    return Message(code=reason.code, text=reason.text, values=reason.values)


def _document(prepared: Prepared, found: Judged, panels: Panels) -> Evaluation:
    material, plan, standing = prepared.material, prepared.plan, found.standing
    request, kept = material.request, material.request.registered
    sides = (material.baseline, material.pilot)
    methods = {m.method for m in panels.metrics if isinstance(m, MetricResult)}
    return Evaluation(
        pilot=request.pilot, title=request.title, phase=request.phase, other_phases=request.other_phases,
        design=plan.design.kind, evidence=found.evidence, evidence_why=found.why,
        simulated=any(d.simulated for d in sides),
        data_until=material.pilot.observed_until,
        look=0 if standing is None or standing.look is None else standing.look.number,
        looks=len(plan.looks.fractions), information=None if standing is None else standing.fraction,
        level=1 - plan.looks.alpha,
        plan=PlanFacts(
            hash=plan_hash(plan) if kept is None else kept.hash, registered_at=None if kept is None else kept.at,
            late=kept is not None and kept.late, results_visible=kept is not None and kept.results_visible,
            amendments=() if kept is None else kept.amendments, question=plan.question,
            objectives=tuple(plan.objectives), rule=plan.rule,
        ),
        panels=panels,
        provenance=Provenance(
            snapshot=content_hash(material.pilot), baseline=content_hash(material.baseline),
            code_version=request.code_version, lock_hash=request.lock_hash, seed=request.seed,
            methods=tuple(sorted(methods)),
        ),
    )  # fmt: skip
