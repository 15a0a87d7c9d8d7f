"""From what was measured to the verdict: the look, the gates, the rule; and what holds between two looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy.special import ndtr

from perintis.rules.designs.design import Evidence
from perintis.rules.evaluation.parts import Message, MetricResult
from perintis.rules.statistics.effect import NOWHERE
from perintis.rules.verdict.conditions import Word
from perintis.rules.verdict.gates import Gate, check_gates, failed
from perintis.rules.verdict.needs import Size
from perintis.rules.verdict.reading import Role
from perintis.rules.verdict.reasons import Reason
from perintis.rules.verdict.rule import Context, Verdict, judge
from perintis.use.evaluation.beside import with_others
from perintis.use.evaluation.evidence import gate_facts
from perintis.use.evaluation.grading import evidence_of
from perintis.use.evaluation.intervals import Z95
from perintis.use.evaluation.looks import Sighting, Standing, stand
from perintis.use.evaluation.measuring import Measured, Outcome
from perintis.use.evaluation.money import net_at
from perintis.use.evaluation.office_panel import Groups, apart, correlation, subgroups
from perintis.use.evaluation.own_gates import in_order, more_cases, own_gates
from perintis.use.evaluation.process_panel import followed_design
from perintis.use.evaluation.readings import readings, results
from perintis.use.evaluation.ripening import ripe_cases

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import Metric
    from perintis.rules.process.fidelity import Fidelity
    from perintis.use.evaluation.material import LookTaken
    from perintis.use.evaluation.prepare import Prepared


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdict with what it rests on. `first` is the first primary metric that could be measured, `result` the same
    for the report; `standing` is None where no look can be counted."""

    verdict: Verdict
    standing: Standing | None
    gates: tuple[Gate, ...]
    evidence: Evidence
    why: Message
    metrics: tuple[Metric, ...]
    first: Measured | None
    result: MetricResult | None
    icc: float | None
    groups: Groups
    followed: Fidelity | None


def judged(prepared: Prepared, outcomes: tuple[Outcome, ...]) -> Judged:
    """Count the look, hold the gates, apply the rule. Between two looks the verdict of the last one holds."""
    first = next((o for o in outcomes if isinstance(o, Measured) and o.role is Role.PRIMARY), None)
    icc = None if first is None else correlation(first)
    standing = None if first is None or first.inference.error <= 0 else _standing(prepared, first, icc or 0.0)
    bound, alpha = _bound(standing)
    found = check_gates(prepared.plan, gate_facts(prepared, outcomes))
    gates = in_order((*found, *own_gates(prepared, outcomes, standing)))
    evidence, why = evidence_of(prepared, first)
    metrics = with_others(prepared, outcomes, results(outcomes, bound, alpha))
    result = next((m for m in metrics if isinstance(m, MetricResult) and m.role is Role.PRIMARY), None)
    groups, followed = subgroups(prepared, first), followed_design(prepared)
    verdict = _held(prepared, standing, gates)
    if verdict is None:
        context = _context(prepared, standing, gates, evidence, alpha, result)
        context = replace(
            context, sizes=_sizes(prepared, outcomes), offices_apart=apart(first),
            harmed_subgroups=tuple(f"{s.name} {s.value}" for s in groups.rows if s.harmed),
            fidelity=None if followed is None else followed.share,
        )  # fmt: skip
        verdict = judge(readings(outcomes, bound, alpha), context)
    return Judged(verdict, standing, gates, evidence, why, metrics, first, result, icc, groups, followed)


def _standing(prepared: Prepared, first: Measured, icc: float) -> Standing:
    units, request = prepared.units, prepared.material.request
    counts = units.offices_of(False), units.offices_of(True)
    seen = Sighting(
        ripe_cases(prepared, first), counts, icc * (1 - _shared_offices(prepared)), first.inference.error
    )  # fmt: skip
    return stand(prepared.plan.looks, request.looks, seen, as_final=request.as_final)


def _shared_offices(prepared: Prepared) -> float:
    """The share of offices that are in both cohorts: what their cases have in common drops out of the difference."""
    units = prepared.units
    places = [set(units.office[side].tolist()) - {NOWHERE} for side in (units.baseline, units.pilot)]
    fewest = min(len(found) for found in places)
    return len(places[0] & places[1]) / fewest if fewest else 0.0


def _bound(standing: Standing | None) -> tuple[float, float]:
    """The bound on |Z| of this look with its nominal two-sided level; 1.96 where none is due: then nothing decides."""
    bound = Z95 if standing is None or standing.look is None or standing.look.bound is None else standing.look.bound
    return bound, float(2 * ndtr(-bound))


def _held(prepared: Prepared, standing: Standing | None, gates: tuple[Gate, ...]) -> Verdict | None:
    """The verdict of the last look, which holds until the next one; None where this is a look, or none was taken."""
    request = prepared.material.request
    if standing is None or standing.look is not None or not request.looks or request.registered is None:
        return None
    if any(gate.code == "G0.plan" for gate in failed(gates)):
        return None
    return held(request.looks[-1], standing)


def held(last: LookTaken, standing: Standing) -> Verdict:
    """What the last look said, said again; figures that came since decide nothing."""
    kind = "the final look" if last.look.final else f"look {last.look.number}"
    said = last.sentence[:1].lower() + last.sentence[1:]
    change = last.change if last.look.final else more_cases(standing.missing_cases)
    reason = Reason(
        "look_stands", f"As {kind} of {last.at.isoformat()} found, {said}; what came in since then decides nothing",
        change, {"look": last.look.number, "day": last.at.isoformat(), "because": last.code, "sentence": last.sentence},
    )  # fmt: skip
    return Verdict(Word(last.word), (reason,), last.look.final, last.staged)


def _context(
    prepared: Prepared, standing: Standing | None, gates: tuple[Gate, ...], evidence: Evidence, alpha: float,
    result: MetricResult | None,
) -> Context:  # fmt: skip
    """What the rule must know of the plan and of the look."""
    plan, request = prepared.plan, prepared.material.request
    low = None if result is None or result.oriented.interval is None else result.oriented.interval.low
    return Context(
        evidence=evidence, final=standing is not None and standing.look is not None and standing.look.final,
        look=1 if standing is None else standing.number, looks=len(plan.looks.fractions), look_alpha=alpha,
        registered=request.registered is not None, gates=gates, unmet=plan.scalability.unmet,
        net_benefit=None if low is None else net_at(prepared, low),
        exempt=plan.value_for_money.exception is not None,
    )  # fmt: skip


def _sizes(prepared: Prepared, outcomes: Sequence[Outcome]) -> dict[str, Size]:
    count = prepared.units.offices_of(True) + prepared.units.offices_of(False)
    return {
        o.known.name: Size(o.effect.n, count, correlation(o))
        for o in outcomes
        if isinstance(o, Measured) and o.planned is not None
    }
