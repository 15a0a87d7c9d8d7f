"""What `check` finds: a pilot that holds together, changed in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel

from perintis import Agency, Pilot, Sla, human_step, step, working
from perintis.rules.agreement import Agreement, read_agreement
from perintis.rules.checking import check_pilot
from perintis.rules.plan import Plan, read_plan
from perintis.rules.problem import Problem, Severity
from perintis.words.counted import Counted
from perintis.words.identifiers import Nik, PassportNumber

LEAD, CLINIC, STRANGER = Agency("lead", "Lead"), Agency("clinic", "Clinic"), Agency("stranger", "Stranger")
SLA = Sla(working(days=1), "art. 9")


class Application(BaseModel):
    reference: str
    nik: Nik
    spouse_passport: PassportNumber | None = None
    name: str
    office: str

    @property
    def initials(self) -> str:
        return self.name[:1]


class Decision(BaseModel):
    outcome: Literal["granted", "refused"]


class Patient(BaseModel):
    name: str


class Finding(BaseModel):
    fit: bool
    simulated: bool = False


@human_step(CLINIC, within=SLA, keyed=("name", "fit"))
def screen(patient: Patient) -> Finding:
    """Screen."""


PILOT = Pilot("trial", "Trial", "1", LEAD, (LEAD, CLINIC), Application, Decision, service_level=SLA)
AGREEMENT = read_agreement("""
number: MoU-1
title: A trial
pilot: trial
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: stop
parties: [{code: lead, name: Lead}, {code: clinic, name: Clinic}]
terms:
  - {article: art. 1, discloses: lead, receives: clinic, fields: [name], purpose: p, legal_basis: l,
     from: 2026-01-01, until: 2026-12-31}
  - {article: art. 2, discloses: clinic, receives: lead, fields: [fit], purpose: p, legal_basis: l,
     from: 2026-01-01, until: 2026-12-31}
""")
PLAN = read_plan("""
pilot: trial
question: q
objectives: [o]
design: {kind: parallel_cohorts, why: w, baseline: b, start: 2026-01-05}
population: {who: w, entry: e, exit: x}
metrics:
  - {metric: service_level_met, role: primary, unit: share, worthwhile: 0.1, target: 0.2, why: w}
  - {metric: duplicate_entry, role: guardrail, unit: fields, margin: 1, why: w}
  - {metric: "outcome:refused", role: guardrail, direction: lower, unit: share, margin: 0.1, why: w}
minimums: {cases: 10}
looks: {planned_cases: 100}
service_levels: [{step: case, at_least: 0.9}, {step: clinic.screen, at_least: 0.9}]
missing_data: m
scalability: {representative_offices: {met: unknown}, marginal_cost: {met: unknown}, capacity: {met: unknown},
              legal_basis: {met: unknown}}
value_for_money: {exception: {reason: r, signed_by: s}}
calendar: c
analysis: a
rule: r
""")


def check(*steps: Any, pilot: Any = PILOT, agreement: Agreement | None = AGREEMENT, plan: Plan | None = PLAN,
          on: date | None = None) -> list[Problem]:  # fmt: skip
    named = {s.name: s for s in (screen, *steps)}
    return check_pilot(SimpleNamespace(pilot=pilot, steps=named), agreement, plan, on=on)


def test_a_pilot_that_holds_together_has_no_problems() -> None:
    """Nothing to say is said by saying nothing."""
    assert check() == []


class Everything(BaseModel):
    name: str
    nik: Nik


class Misspelt(BaseModel):
    naem: str


class Derived(BaseModel):
    initials: str
    fit: bool
    reason: str
    note: str = ""


@step(CLINIC)
def curious(request: Everything) -> Finding:
    """Ask for more than was agreed."""
    return Finding(fit=bool(request.name))


@human_step(LEAD)
def misspelt(request: Misspelt) -> Decision:
    """Take a field that nobody has."""


@human_step(LEAD)
def derived(request: Derived) -> Decision:
    """Take a property, another step's answer, what was said when work was sent back, and an optional field."""


@human_step(LEAD, within=working(days=1))
def unfounded(request: Patient) -> Decision:
    """Promise a time by no rule."""


@human_step(LEAD, keyed=("nmae",))
def typed(request: Patient) -> Decision:
    """Type a field that nobody has."""


@human_step(LEAD)
def own(request: Patient) -> Decision:
    """Need nobody else."""


@human_step(STRANGER)
def foreign(request: Patient) -> Finding:
    """Belong to an agency that does not take part."""


@pytest.mark.parametrize(
    ("added", "severity", "told"),
    [
        (curious, "error",
         ["step clinic.curious: lead may not disclose 'nik' to clinic: agreement MoU-1 art. 1 lists name"]),
        (misspelt, "warning", ["step lead.misspelt: takes 'naem', which neither the application"]),
        (derived, "error", []),
        (unfounded, "warning", ["step lead.unfounded: promises a time without saying which rule promises it"]),
        (typed, "error", ["step lead.typed: names 'nmae' as typed by hand, which is no field"]),
        (foreign, "error", ["step stranger.foreign: stranger does not take part in trial",
                            "step stranger.foreign: lead may not disclose 'name' to stranger: agreement MoU-1 has no",
                            "step stranger.foreign: stranger may not disclose 'fit' to lead: agreement MoU-1 has no"]),
    ],
    ids=lambda value: getattr(value, "name", None),
)  # fmt: skip
def test_every_step_is_held_against_what_was_promised(added: Any, severity: str, told: list[str]) -> None:
    """The sentence names the step and the field, and says what to look at."""
    problems = check(added)
    assert [problem.severity for problem in problems] == [severity] * len(told)
    for problem, begins in zip(problems, told, strict=True):
        assert str(problem).startswith(begins)


class Wordless(BaseModel):
    result: str


@pytest.mark.parametrize(
    ("pilot", "told"),
    [
        (replace(PILOT, decision=Wordless), "pilot trial: Wordless has no field 'outcome'"),
        (replace(PILOT, reference="nik"), "pilot trial: 'nik' is shown in lists, but it identifies a person"),
        (replace(PILOT, segments=("spouse_passport",)), "pilot trial: 'spouse_passport' is shown in lists"),
        (replace(PILOT, service_level=Sla(working(days=1))), "pilot trial: promises a time without saying which rule"),
        (replace(PILOT, service_level=None), "pilot trial: promises no time to the decision"),
        (replace(PILOT, name="other"), "agreement.yaml: is on pilot trial, not on other"),
        (replace(PILOT, agencies=(LEAD, CLINIC, STRANGER)), "agreement.yaml: stranger takes part in the pilot but is"),
    ],
)
def test_the_pilots_own_words_are_checked(pilot: Any, told: str) -> None:
    """What is shown in lists identifies nobody; a decision says how a case ended; a promise has a rule."""
    assert any(str(problem).startswith(told) for problem in check(pilot=pilot))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: replace(p, service_level=None), "measures service_level_met, but the pilot promises no time"),
        (lambda p: replace(p, service_level=None), "asks for a service level of 'case', which promises none"),
        (lambda p: replace(p, decision=Wordless), None),
    ],
)
def test_a_plan_measures_what_the_pilot_has(change: Callable[[Any], Any], told: str | None) -> None:
    """A metric without its data would be found missing only after months."""
    messages = [problem.message for problem in check(pilot=change(PILOT)) if problem.where == "plan.yaml"]
    assert (told in messages) if told else (messages == [])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("outcome:refused", "outcome:denied", "measures outcome 'denied', but a decision is one of granted, refused"),
        ("clinic.screen", "clinic.scan", "asks for a service level of 'clinic.scan', which promises none"),
        ('"pilot":"trial"', '"pilot":"x"', "is for pilot x, not for trial"),
        (
            '"strata":[]',
            '"strata":["office","case:age"]',
            "tells cases apart by 'age', which is not recorded; add it to the pilot's segments",
        ),
    ],
)
def test_a_plan_speaks_of_this_pilot(old: str, new: str, told: str) -> None:
    """Its outcomes, its steps, its name."""
    changed = Plan.model_validate_json(PLAN.model_dump_json().replace(old, new))
    assert [problem.message for problem in check(plan=changed)] == [told]


def test_what_is_typed_by_hand_must_be_said_if_it_is_measured() -> None:
    """Without `keyed` on any step duplicate entry would look like none."""
    silent = replace(screen, keyed=())
    problems = check_pilot(SimpleNamespace(pilot=PILOT, steps={"clinic.screen": silent}), AGREEMENT, PLAN)
    assert [p.message for p in problems] == [
        "measures duplicate_entry, but no step says what is typed by hand (keyed=...)"
    ]


def test_without_files_the_missing_ones_are_named() -> None:
    """An agreement is needed as soon as another agency takes part; a plan can still be written."""
    assert [(str(p), p.severity) for p in check(agreement=None, plan=None)] == [
        ("agreement.yaml: is missing, but clinic takes part; write what it may be shown", Severity.ERROR),
        ("plan.yaml: is missing; write what will be measured before the first case is opened", Severity.WARNING),
    ]


def test_a_pilot_of_one_agency_needs_no_agreement() -> None:
    """Nothing leaves the house."""
    alone = SimpleNamespace(pilot=replace(PILOT, agencies=(LEAD,), service_level=SLA), steps={"lead.own": own})
    assert [p.where for p in check_pilot(alone, None, None)] == ["plan.yaml"]


def test_a_term_wider_than_the_work_is_pointed_out() -> None:
    """What no step shows need not be allowed."""
    wide = Agreement.model_validate_json(AGREEMENT.model_dump_json(by_alias=True).replace('["name"]', '["name","nik"]'))
    [problem] = check(agreement=wide)
    assert problem == Problem(
        "agreement.yaml", "art. 1 lets lead disclose 'nik' to clinic, and no step does; take it out", Severity.WARNING
    )


def test_an_agreement_that_has_ended_stops_the_pilot() -> None:
    """On a day outside its terms nothing may be shown any more."""
    problems = check(on=date(2027, 1, 1))
    assert [p.severity for p in problems] == [Severity.ERROR] * 2
    assert problems[0].message.endswith("agreement MoU-1 allows it by art. 1 from 2026-01-01 until 2026-12-31 only")


class Counting(BaseModel):
    outcome: Literal["granted", "refused"]
    asked: int | None = None
    found: Annotated[int | None, Counted()] = None
    agreed: Annotated[int | None, Counted(of="asked")] = None


class Telling(BaseModel):
    outcome: Literal["granted", "refused"]
    found: Annotated[Nik, Counted()]
    note: Annotated[str, Counted()]


def test_a_figure_is_a_number_and_nobodys() -> None:
    """A figure is written in clear: text and personal fields are refused before a case is opened."""
    assert [p for p in check(pilot=replace(PILOT, decision=Counting)) if p.severity is Severity.ERROR] == []
    told = [str(p) for p in check(pilot=replace(PILOT, decision=Telling)) if p.severity is Severity.ERROR]
    assert [line.partition(";")[0] for line in told] == [
        "pilot trial: Telling counts 'found', which is personal",
        "pilot trial: Telling counts 'note', which is no number",
    ]


@pytest.mark.parametrize(
    ("metric", "unit", "told"),
    [
        ("figure:found", "per case", []),
        ("figure_share:agreed", "share", []),
        ("figure:lost", "per case", ["measures figure:lost, but Counting counts found, agreed"]),
        ("figure_share:found", "share", ["measures figure_share:found, but what 'found' is a part of is not declared"]),
    ],
)
def test_a_plan_measures_figures_that_the_decision_counts(metric: str, unit: str, told: list[str]) -> None:
    """And as a share only what is declared as a part of a whole."""
    added = {"metric": metric, "role": "secondary", "direction": "higher", "unit": unit, "why": "w"}
    plan = Plan.model_validate({**PLAN.model_dump(mode="json"), "metrics": [*PLAN.model_dump()["metrics"], added]})
    found = check(pilot=replace(PILOT, decision=Counting), plan=plan)
    assert [problem.message.partition(";")[0] for problem in found] == told


def test_a_plan_cannot_measure_figures_of_a_pilot_that_counts_nothing() -> None:
    """The sentence says how a figure is declared."""
    added = {"metric": "figure:found", "role": "secondary", "direction": "higher", "unit": "per case", "why": "w"}
    plan = Plan.model_validate({**PLAN.model_dump(mode="json"), "metrics": [*PLAN.model_dump()["metrics"], added]})
    assert [p.message for p in check(plan=plan)] == [
        "measures figure:found, but Decision counts nothing; mark it there as Counted()"
    ]
