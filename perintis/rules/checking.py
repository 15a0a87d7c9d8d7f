"""Holds a pilot against what was promised: every step against agreement, plan and service levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, Protocol, get_args, get_origin

from pydantic import BaseModel

from perintis.rules.agreement import (
    MARKS,
    Agreement,
    answered_fields,
    check_step,
    shown_fields,
    warnings,
    why_trial_only,
)
from perintis.rules.agreement.compare import StepShape
from perintis.rules.counted import declared_figures, figure_faults, is_personal
from perintis.rules.metrics.counted import figure_asked
from perintis.rules.plan import Plan
from perintis.rules.problem import Problem, warning
from perintis.words.durations import Span, WorkingTime
from perintis.words.pilot import Pilot, Sla
from perintis.words.recorded import CASE_STEP
from perintis.words.tables import ATTRIBUTE_PREFIX

SENT_BACK_FIELDS = frozenset({"step", "reason"})
"""What a process knows of work that was sent back, and may pass on."""


class StepFacts(StepShape, Protocol):
    """What a check needs to know of a step beyond what an agreement does."""

    @property
    def service_level(self) -> Sla | None: ...
    @property
    def keyed(self) -> tuple[str, ...]: ...
    @property
    def cost(self) -> float | None: ...


class PilotFacts(Protocol):
    """A pilot with its steps by name."""

    @property
    def pilot(self) -> Pilot[Any]: ...
    @property
    def steps(self) -> Mapping[str, Any]: ...


def check_pilot(
    definition: PilotFacts,
    agreement: Agreement | None,
    plan: Plan | None,
    *,
    on: date | None = None,
    today: date | None = None,
) -> list[Problem]:
    """Everything that does not fit: errors, which should keep the pilot from running, and warnings.

    `on` is the day on which the terms of the agreement must be in force; without it any day will do. `today` is the
    day from which the end of the agreement is warned of; without it nothing is said of its end.
    """
    pilot = definition.pilot
    steps: list[StepFacts] = list(definition.steps.values())
    return [
        *_check_words(pilot),
        *(problem for step in steps for problem in _check_step(pilot, step, steps)),
        *_check_agreement(pilot, steps, agreement, on),
        *(warning("agreement.yaml", told) for told in (_warnings(agreement, today) if agreement and today else ())),
        *_check_plan(pilot, steps, plan),
    ]


def _warnings(agreement: Agreement, today: date) -> Iterator[str]:
    if unsigned := why_trial_only(agreement):
        yield unsigned
    yield from warnings(agreement, today)


def _check_words(pilot: Pilot[Any]) -> Iterator[Problem]:
    where = f"pilot {pilot.name}"
    if "outcome" not in pilot.decision.model_fields:
        yield Problem(where, f"{pilot.decision.__name__} has no field 'outcome'; add one that says how a case ended")
    for fault in figure_faults(pilot.decision):
        yield Problem(where, f"{pilot.decision.__name__} {fault}")
    for name in filter(None, (pilot.reference, pilot.office, *pilot.segments)):
        if is_personal(pilot.application.model_fields[name]):
            yield Problem(where, f"{name!r} is shown in lists, but it identifies a person; name another field")
    if pilot.service_level is None:
        yield warning(where, "promises no time to the decision; give it a service level")
    elif not pilot.service_level.reference:
        yield warning(where, "promises a time without saying which rule promises it; give the Sla a reference")


def _check_step(pilot: Pilot[Any], step: StepFacts, steps: Sequence[StepFacts]) -> Iterator[Problem]:
    where = f"step {step.name}"
    if step.agency not in pilot.agencies:
        yield Problem(where, f"{step.agency} does not take part in {pilot.name}; add it to the pilot's agencies")
    if step.service_level is not None and not step.service_level.reference:
        yield warning(where, "promises a time without saying which rule promises it; write Sla(within, reference)")
    answers = {field for other in steps for field in _answer_fields(other)}
    known_answers = answers | {field for other in steps for field in _inner_fields(other.output_type)}
    for name, field in step.input_model.model_fields.items():
        known = _in_application(pilot, name) or name in known_answers or name in SENT_BACK_FIELDS
        if field.is_required() and not known:
            yield warning(where, f"takes {name!r}, which neither the application nor any step's answer has; look at "
                                 "its spelling, or see that the process passes it")  # fmt: skip
    for name in step.keyed:
        if not _in_application(pilot, name) and name not in answers:
            yield Problem(where, f"names {name!r} as typed by hand, which is no field of application or answers")


def _in_application(pilot: Pilot[Any], name: str) -> bool:
    return name in pilot.application.model_fields or isinstance(getattr(pilot.application, name, None), property)


def _answer_fields(step: StepFacts) -> tuple[str, ...]:
    """The fields of a step's answer."""
    return answered_fields(step.output_type)


def _inner_fields(annotation: Any) -> Iterator[str]:
    """The fields of models inside an answer: a process may pass on what one entry of a list says."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield name
            yield from _inner_fields(field.annotation)
    for part in get_args(annotation):
        yield from _inner_fields(part)


def _check_agreement(
    pilot: Pilot[Any], steps: Sequence[StepFacts], agreement: Agreement | None, on: date | None
) -> Iterator[Problem]:
    lead = pilot.lead.code
    others = [step for step in steps if step.agency.code != lead]
    if agreement is None:
        if others:
            yield Problem(
                "agreement.yaml", f"is missing, but {others[0].agency} takes part; write what it may be shown"
            )
        return
    if agreement.pilot != pilot.name:
        yield Problem("agreement.yaml", f"is on pilot {agreement.pilot}, not on {pilot.name}")
    parties = {party.code for party in agreement.parties}
    for agency in pilot.agencies:
        if agency.code not in parties:
            yield Problem("agreement.yaml", f"{agency} takes part in the pilot but is not among the parties")
    for step in others:
        yield from check_step(
            agreement,
            step=step.name,
            lead=lead,
            agency=step.agency.code,
            shown=shown_fields(step.input_model),
            answered=_answer_fields(step),
            on=on,
        )
    yield from _unused(agreement, lead, others)
    yield from _promised_otherwise(pilot, steps, agreement)


def _unused(agreement: Agreement, lead: str, others: Sequence[StepFacts]) -> Iterator[Problem]:
    """Terms wider than the work: what no step shows need not be allowed."""
    shown = {(lead, step.agency.code, field) for step in others for field in shown_fields(step.input_model)}
    answered = {(step.agency.code, lead, field) for step in others for field in _answer_fields(step)}
    for term in agreement.terms:
        for field in term.fields:
            if (term.discloses, term.receives, field) not in shown | answered and field not in MARKS:
                yield warning("agreement.yaml", f"{term.article} lets {term.discloses} disclose {field!r} to "
                                                f"{term.receives}, and no step does; take it out")  # fmt: skip


def _promised_otherwise(pilot: Pilot[Any], steps: Sequence[StepFacts], agreement: Agreement) -> Iterator[Problem]:
    """A time that the agreement promises is the one by which the step is measured."""
    measured = {step.name: step.service_level for step in steps} | {CASE_STEP: pilot.service_level}
    for level in agreement.service_levels:
        if level.step is None:
            continue
        told = f"{level.article} promises {level.within} for {level.step}"
        if level.step not in measured:
            yield Problem("agreement.yaml", f"{told}, and there is no such step; correct its name")
        elif (found := measured[level.step]) is None or found.within != level.span:
            counted = "without a service level" if found is None else f"with {_span_words(found.within)}"
            yield Problem("agreement.yaml", f"{told}, but the pilot has it {counted}; make them agree")


def _span_words(span: Span) -> str:
    if isinstance(span, WorkingTime):
        return str(span)
    hours = span / timedelta(hours=1)
    amount, unit = (hours / 24, "day") if hours >= 24 else (hours, "hour")
    return f"{amount:g} {unit}{'' if amount == 1 else 's'}"


def _check_plan(pilot: Pilot[Any], steps: Sequence[StepFacts], plan: Plan | None) -> Iterator[Problem]:
    where = "plan.yaml"
    if plan is None:
        yield warning(where, "is missing; write what will be measured before the first case is opened")
        return
    if plan.pilot != pilot.name:
        yield Problem(where, f"is for pilot {plan.pilot}, not for {pilot.name}")
    measured = {m.metric for m in plan.metrics}
    if "service_level_met" in measured and pilot.service_level is None:
        yield Problem(where, "measures service_level_met, but the pilot promises no time")
    if "duplicate_entry" in measured and not any(step.keyed for step in steps):
        yield Problem(where, "measures duplicate_entry, but no step says what is typed by hand (keyed=...)")
    if "cost" in measured and all(step.cost is None for step in steps):
        yield Problem(where, "measures cost, but no step has one (cost=...)")
    outcomes = _outcomes(pilot)
    for name in (m.outcome for m in plan.metrics if m.outcome):
        if outcomes and name not in outcomes:
            yield Problem(where, f"measures outcome {name!r}, but a decision is one of {', '.join(outcomes)}")
    yield from _check_figures(pilot, plan, where)
    promised = {step.name for step in steps if step.service_level} | ({CASE_STEP} if pilot.service_level else set())
    for level in plan.service_levels:
        if level.step not in promised:
            yield Problem(where, f"asks for a service level of {level.step!r}, which promises none")
    if plan.design.cases is None:
        yield from _check_columns(pilot, plan, where)


def _check_figures(pilot: Pilot[Any], plan: Plan, where: str) -> Iterator[Problem]:
    """A figure that is measured has to be one that the decision counts."""
    declared = {figure.name: figure.of for figure in declared_figures(pilot.decision)}
    for metric in plan.metrics:
        asked = figure_asked(metric.metric)
        if asked is None:
            continue
        if asked.name not in declared:
            counted = ", ".join(declared) or "nothing"
            yield Problem(where, f"measures {metric.metric}, but {pilot.decision.__name__} counts {counted}; mark it "
                                 "there as Counted()")  # fmt: skip
        elif asked.share and declared[asked.name] is None:
            yield Problem(where, f"measures {metric.metric}, but what {asked.name!r} is a part of is not declared; "
                                 "write Counted(of=...)")  # fmt: skip


def _check_columns(pilot: Pilot[Any], plan: Plan, where: str) -> Iterator[Problem]:
    """Facts by which the plan tells cases apart have to be recorded of each case."""
    design, people = plan.design, plan.population.filters
    named = (*design.strata, *design.covariates, *(s.column for s in plan.subgroups), *(f.column for f in people))
    for name in dict.fromkeys(column.removeprefix(ATTRIBUTE_PREFIX) for column in named):
        if name != "office" and name not in pilot.segments:
            yield Problem(
                where, f"tells cases apart by {name!r}, which is not recorded; add it to the pilot's segments"
            )


def _outcomes(pilot: Pilot[Any]) -> tuple[str, ...]:
    """The outcomes that a decision can have, where its model lists them."""
    field = pilot.decision.model_fields.get("outcome")
    listed = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    return tuple(map(str, listed))
