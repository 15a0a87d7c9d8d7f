"""From the material to the evaluation: pure, and the same to the last digit for the same material."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.special import ndtr

from perintis.doors.frozen import content_hash
from perintis.rules.claims import claim_cap
from perintis.rules.designs.design import Evidence
from perintis.rules.evaluation.document import Evaluation, PlanFacts, Provenance
from perintis.rules.evaluation.panels import FlowPanel, Panels, VerdictPanel
from perintis.rules.evaluation.parts import Message, MetricResult
from perintis.rules.plan import plan_hash
from perintis.rules.verdict.gates import check_gates
from perintis.rules.verdict.needs import Size
from perintis.rules.verdict.reading import Role
from perintis.rules.verdict.reasons import Reason
from perintis.rules.verdict.rule import Context, Verdict, judge
from perintis.use.evaluation.curves import curves
from perintis.use.evaluation.evidence import gate_facts
from perintis.use.evaluation.flow import flow_side
from perintis.use.evaluation.looks import Sighting, Standing, stand
from perintis.use.evaluation.measuring import Measured, Outcome, measure_all, tau_days
from perintis.use.evaluation.money import money, net_at
from perintis.use.evaluation.office_panel import apart, correlation, offices, subgroups
from perintis.use.evaluation.prepare import Prepared, prepare
from perintis.use.evaluation.process_panel import followed_design, process
from perintis.use.evaluation.readings import readings, results
from perintis.use.evaluation.satisfied import satisfied
from perintis.use.evaluation.sequential_panel import sequential
from perintis.use.evaluation.series import series
from perintis.use.evaluation.stage_panel import stage_panel
from perintis.use.evaluation.trust import trust

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import Metric
    from perintis.rules.verdict.gates import Gate
    from perintis.use.evaluation.material import Material

Z95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The evaluation, and what is kept of the look that was taken (None where none was due)."""

    evaluation: Evaluation
    standing: Standing | None
    first: MetricResult | None
    verdict: Verdict


def evaluate(material: Material) -> Evaluated:
    """Measure, hold against the gates, judge by the rule, and lay out the panels."""
    prepared = prepare(material)
    outcomes = measure_all(prepared)
    first = _first(outcomes)
    icc = None if first is None else correlation(first)
    standing = None if first is None or first.inference.error <= 0 else _standing(prepared, first, icc or 0.0)
    bound, alpha = _bound(standing)
    gates = check_gates(
        prepared.plan, gate_facts(prepared, outcomes, standing is not None and standing.look is not None)
    )
    evidence, why = _evidence(prepared, first)
    metrics = results(outcomes, bound, alpha)
    result = next((m for m in metrics if isinstance(m, MetricResult) and m.role is Role.PRIMARY), None)
    context = _context(prepared, outcomes, first, standing, gates, evidence, alpha, result)
    verdict = judge(readings(outcomes, bound, alpha), context)
    panels = _panels(prepared, outcomes, first, standing, gates, metrics, result, icc, verdict)
    return Evaluated(_document(prepared, panels, evidence, why, standing), standing, result, verdict)


def _first(outcomes: tuple[Outcome, ...]) -> Measured | None:
    """The first primary metric that could be measured: looks are counted by its information."""
    return next((o for o in outcomes if isinstance(o, Measured) and o.role is Role.PRIMARY), None)


def _standing(prepared: Prepared, first: Measured, icc: float) -> Standing:
    units = prepared.units
    seen = Sighting(
        first.effect.n, units.offices_of(True) + units.offices_of(False), icc, first.inference.error
    )  # fmt: skip
    request = prepared.material.request
    return stand(prepared.plan.looks, request.looks, seen, as_final=request.as_final)


def _bound(standing: Standing | None) -> tuple[float, float]:
    """The bound on |Z| of this look with its nominal two-sided level; 1.96 where none is due: then nothing decides."""
    bound = Z95 if standing is None or standing.look is None or standing.look.bound is None else standing.look.bound
    return bound, float(2 * ndtr(-bound))


def _evidence(prepared: Prepared, first: Measured | None) -> tuple[Evidence, Message]:
    """The grade of the design, lowered to what the data sets allow; rehearsals are judged as if they were real."""
    if first is None:
        return Evidence.E, Message(code="no_primary", text="no primary metric could be measured")
    design = prepared.plan.design.kind
    grade = first.estimated.evidence
    why = Message(
        code="evidence_design", values={"design": design.value, "grade": grade.value},
        text=f"the design {design.value.replace('_', ' ')} gives evidence {grade.value} at best",
    )  # fmt: skip
    sides = (prepared.material.baseline, prepared.material.pilot)
    if all(data.simulated for data in sides):
        return grade, why
    for data in sides:
        cap = claim_cap(data.grade)
        lowered = Evidence.E if cap.evidence is None else grade.at_most(cap.evidence)
        if lowered.rank > grade.rank:
            grade = lowered
            why = Message(code="evidence_data", text=f"{data.name} {cap.text}", values={"grade": grade.value})
    clocks = {data.clock for data in sides}
    if len(clocks) > 1 and grade.rank < Evidence.D.rank:
        grade = Evidence.D
        why = Message(code="evidence_clock", text="the two cohorts count lead time by different clocks",
                      values={"grade": grade.value})  # fmt: skip
    return grade, why


def _context(
    prepared: Prepared, outcomes: tuple[Outcome, ...], first: Measured | None, standing: Standing | None,
    gates: tuple[Gate, ...], evidence: Evidence, alpha: float, result: MetricResult | None,
) -> Context:  # fmt: skip
    plan, request = prepared.plan, prepared.material.request
    followed = followed_design(prepared)
    harmed = () if first is None else tuple(f"{s.name} {s.value}" for s in subgroups(prepared, first) if s.harmed)
    low = None if result is None or result.oriented.interval is None else result.oriented.interval.low
    return Context(
        evidence=evidence, final=standing is not None and standing.look is not None and standing.look.final,
        look=1 if standing is None else standing.number, looks=len(plan.looks.fractions), look_alpha=alpha,
        registered=request.registered is not None, gates=gates, sizes=_sizes(prepared, outcomes),
        harmed_subgroups=harmed, offices_apart=apart(first), fidelity=None if followed is None else followed.share,
        unmet=plan.scalability.unmet, net_benefit=None if low is None else net_at(prepared, low),
        exempt=plan.value_for_money.exception is not None,
    )  # fmt: skip


def _sizes(prepared: Prepared, outcomes: tuple[Outcome, ...]) -> dict[str, Size]:
    count = prepared.units.offices_of(True) + prepared.units.offices_of(False)
    return {
        o.known.name: Size(o.effect.n, count, correlation(o))
        for o in outcomes
        if isinstance(o, Measured) and o.planned is not None
    }


def _panels(
    prepared: Prepared, outcomes: tuple[Outcome, ...], first: Measured | None, standing: Standing | None,
    gates: tuple[Gate, ...], metrics: tuple[Metric, ...], result: MetricResult | None, icc: float | None,
    verdict: Verdict,
) -> Panels:  # fmt: skip
    tau = tau_days(prepared)
    baseline, pilot = (
        flow_side(view.data, received, tau)
        for view, received in zip(prepared.views(), prepared.received, strict=True)
    )  # fmt: skip
    return Panels(
        verdict=_verdict(verdict), flow=FlowPanel(baseline=baseline, pilot=pilot, tau_days=tau), metrics=metrics,
        curves=curves(prepared, metrics), time=stage_panel(prepared, outcomes), offices=offices(prepared, first),
        series=series(prepared, None if first is None else first.values, None if first is None else first.estimated),
        sequential=sequential(prepared, first, result, standing, outcomes), process=process(prepared),
        satisfaction=satisfied(prepared), trust=trust(prepared, outcomes, gates, first, result, icc),
        money=money(prepared, metrics),
    )  # fmt: skip


def _verdict(verdict: Verdict) -> VerdictPanel:
    reason, *further = verdict.reasons
    change = None
    if reason.change is not None:
        change = Message(code=f"change_{reason.code}", text=reason.change, values=reason.values)
    return VerdictPanel(
        word=verdict.word.value, staged=verdict.staged, final=verdict.final, reason=_said(reason), change=change,
        further=tuple(_said(other) for other in further if other.text != reason.text),
    )  # fmt: skip


def _said(reason: Reason) -> Message:
    return Message(code=reason.code, text=reason.text, values=reason.values)


def _document(
    prepared: Prepared, panels: Panels, evidence: Evidence, why: Message, standing: Standing | None
) -> Evaluation:  # fmt: skip
    material, plan = prepared.material, prepared.plan
    request, kept = material.request, material.request.registered
    sides = (material.baseline, material.pilot)
    methods = {m.method for m in panels.metrics if isinstance(m, MetricResult)}
    return Evaluation(
        pilot=request.pilot, title=request.title, phase=request.phase, other_phases=request.other_phases,
        design=plan.design.kind, evidence=evidence, evidence_why=why, simulated=any(d.simulated for d in sides),
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
