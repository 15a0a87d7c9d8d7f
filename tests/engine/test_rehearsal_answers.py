"""What simulated agencies answer, and what is told when the assumptions do not fit the pilot."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from perintis import Case, human_step, step
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.engine.steps import Step
from perintis.rules.assumptions import Assumptions
from perintis.words.errors import BadInput
from perintis.words.pilot import Pilot
from perintis.words.recorded import CaseStatus, Process
from tests.engine.rehearsing import (
    COUNTER,
    PILOT,
    Application,
    Asked,
    Decision,
    assume,
    assumed,
    define,
    look_up,
    serve,
    serve_only,
    simulate,
)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Form(BaseModel):
    name: str
    certificate: str
    number: int
    issued: date
    remarks: list[str]
    seen_by: str | None
    colour: Colour = Colour.RED


class Judged(BaseModel):
    ok: bool
    ground: Literal["late", "wrong"] | None = None


class Facts(BaseModel):
    name: str
    complete: bool
    missing: tuple[str, ...] = ()


@human_step(COUNTER)
def fill_in(request: Asked) -> Form:
    """Fill in a form."""


@human_step(COUNTER)
def judge(request: Facts) -> Judged:
    """Judge by the facts."""


@human_step(COUNTER)
def agree(request: Asked) -> bool:
    """Say yes or no."""


@human_step(COUNTER)
def supply(request: Facts) -> Facts:
    """Bring what is missing."""


class Certificate(BaseModel):
    number: str = Field(pattern=r"^\d{4}$")


@human_step(COUNTER)
def certify(request: Asked) -> Certificate:
    """Write a certificate."""


@step(COUNTER)
def compute(request: Asked) -> int:
    """Count letters."""
    return len(request.name)


def answers(one: Step[Any], supposed: dict[str, Any], *, cases: int = 1, seed: int = 1, **inputs: Any) -> list[Any]:
    """What the agency answers to `one` in so many cases."""
    found: list[Any] = []

    async def process(case: Case[Application]) -> Decision:
        found.append(await one(case, **inputs))
        return Decision()

    definition = Definition(PILOT, {Process.TO_BE: process}, {one.name: one})
    minutes = {"service_minutes": assumed(1), **supposed}
    assumptions = assume(steps={one.name: minutes})
    only = assumptions.model_copy(update={"steps": {one.name: assumptions.steps[one.name]}})
    rehearsal = Rehearsal(definition, Process.TO_BE, only, seed=seed, cases=cases)
    problems = [case.standing.problem for case in rehearsal.cases() if case.standing.problem]
    assert problems == []
    return found


def test_fields_typed_again_come_from_the_application() -> None:
    """A result field that the application has is what was typed from it; others are made up by their type."""
    (form,) = answers(fill_in, {})
    assert form.name.startswith("applicant ")
    assert form.certificate == "counter.fill_in-certificate-1-1"
    assert (form.number, form.issued, form.remarks, form.seen_by, form.colour) == (
        1, date(2026, 3, 2), [], None, Colour.RED,
    )  # fmt: skip


def test_a_probability_is_kept_over_many_cases() -> None:
    """Of 2,000 answers with probability 0.8 about 1,600 say yes."""
    yes = sum(answers(agree, {"answers": {"result": assumed(0.8)}}, cases=2_000))
    assert 1_530 < yes < 1_670


def test_a_choice_is_kept_over_many_cases() -> None:
    """Each value of a choice comes up as often as it was assumed."""
    forms = answers(fill_in, {"answers": {"colour": assumed({"choice": {"red": 0.25, "green": 0.75}})}}, cases=2_000)
    assert 430 < sum(form.colour is Colour.RED for form in forms) < 570


def test_a_probability_may_change_by_visit() -> None:
    """The first file is incomplete and the second complete: `by_visit`, the last for all later ones."""
    seen: list[bool] = []

    async def process(case: Case[Application]) -> Decision:
        seen.extend([(await serve(case)).ok for _ in range(3)])
        return Decision()

    supposed = {"service_minutes": assumed(1), "answers": {"ok": assumed({"by_visit": [0.0, 1.0]})}}
    simulate(process, assume(steps={"counter.serve": supposed}), cases=1)
    assert seen == [False, True, True]


@pytest.mark.parametrize(("complete", "judged"), [(True, Judged(ok=True)), (False, Judged(ok=False, ground="late"))])
def test_findings_follow_from_the_request(complete: bool, judged: Judged) -> None:
    """The first finding whose `when` holds is given; only if none does, chance decides."""
    findings = assumed(
        [{"when": {"complete": False}, "gives": {"ok": False, "ground": "late"}}, {"share": 1.0, "gives": {"ok": True}}]
    )
    assert answers(judge, {"findings": findings}, complete=complete) == [judged]


def test_an_answer_may_repeat_what_was_asked() -> None:
    """`from_request` brings back a field of the request."""
    supposed = {"answers": {"complete": assumed(1.0), "missing": assumed({"from_request": "missing"})}}
    (facts,) = answers(supply, supposed, complete=False, missing=("photograph",))
    assert facts.missing == ("photograph",)


def test_an_automatic_step_may_compute_for_itself() -> None:
    """With `perform` the step's own function runs."""
    assert answers(compute, {"perform": assumed(True)})[0] in (len("applicant 1"), len("applicant 99"), 13)


def test_two_steps_may_share_their_luck() -> None:
    """With `draws` of another step the same cases come out the same, as it is the same person."""
    own = answers(agree, {"answers": {"result": assumed(0.5)}}, cases=100)
    other = answers(agree, {"draws": "another.step", "answers": {"result": assumed(0.5)}}, cases=100)
    again = answers(agree, {"draws": "counter.agree", "answers": {"result": assumed(0.5)}}, cases=100)
    assert own == again
    assert own != other


@pytest.mark.parametrize(
    ("one", "supposed", "told"),
    [
        (agree, {}, "steps/counter.agree/answers: say what `result` will be"),
        (agree, {"answers": {"yes": assumed(1.0)}}, "gives one value, so yes must be called `result`"),
        (judge, {}, "steps/counter.judge/answers: say what ok will be"),
        (judge, {"answers": {"good": assumed(1.0)}}, "the result has no field good; it has ok, ground"),
        (judge, {"answers": {"ok": assumed({"from_request": "age"})}}, "the request has no field age; it has name"),
        (judge, {"answers": {"ok": assumed(1.0)}, "send_back": assumed(0.1)}, "declared without may_send_back"),
        (judge, {"answers": {"ok": assumed(1.0)}, "perform": assumed(True)}, "is done by people; give answers instead"),
        (certify, {}, "a made-up value of number is not valid; say with `always` what it will be"),
    ],
)
def test_an_assumption_that_does_not_fit_is_told(one: Step[Any], supposed: dict[str, Any], told: str) -> None:
    """The error names the step, the field and what to write."""
    with pytest.raises(BadInput) as error:
        answers(one, supposed, complete=True) if one is judge else answers(one, supposed)
    assert told in str(error.value)


def without(assumptions: Assumptions, *steps: str) -> Assumptions:
    """The assumptions with some steps left out."""
    kept = {name: found for name, found in assumptions.steps.items() if name not in steps}
    return assumptions.model_copy(update={"steps": kept})


def test_steps_without_an_entry_are_listed_in_one_error() -> None:
    """Every step needs an entry; all that have none are told at once."""
    with pytest.raises(BadInput, match=r"no entry under steps for counter\.look_up, lab\.analyse; say how long"):
        simulate(serve_only, without(assume(), "lab.analyse", "counter.look_up"), cases=1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"steps": {"counter.sing": {"service_minutes": assumed(1)}}}, "has no step counter.sing"),
        ({"steps": {"counter.serve": {"answers": {"ok": assumed(1.0)}}}}, "needs service_minutes"),
        ({"officers": {"navy": 3}}, "has no agency navy"),
        ({"currency": "EUR"}, "currency is EUR, but small counts in IDR"),
    ],
)
def test_a_file_for_another_pilot_is_refused(changed: dict[str, Any], told: str) -> None:
    """Unknown steps and agencies are slips of the pen, and are told."""
    with pytest.raises(BadInput, match=told):
        simulate(serve_only, assume(**changed), cases=1)


def test_a_pilot_must_say_how_to_make_up_applications() -> None:
    """Without `made_up` there is nothing to rehearse with."""
    silent = Pilot(
        name="silent", title="Silent", version="1", lead=COUNTER, agencies=PILOT.agencies, application=Application,
        decision=Decision,
    )  # fmt: skip
    with pytest.raises(BadInput, match="has no `made_up`"):
        Rehearsal(define(serve_only, pilot=silent), Process.TO_BE, assume(), seed=1)


def test_answers_that_never_let_a_case_end_are_told() -> None:
    """A loop whose condition the assumptions never meet stops with the step's name, not never."""

    async def process(case: Case[Application]) -> Decision:
        while not (await look_up(case)).ok:
            pass
        return Decision()

    never = {"answers": {"ok": assumed(0.0)}}
    with pytest.raises(BadInput, match=r"counter\.look_up was asked 1000 times in one case"):
        simulate(process, assume(steps={"counter.look_up": never}), cases=1)


def test_process_code_that_stops_sets_only_its_case_aside() -> None:
    """One failing case is recorded as failed with the place in the code; the others go on."""

    async def process(case: Case[Application]) -> Decision:
        await serve(case)
        if case.office == "south":
            raise ZeroDivisionError(case.application.name)
        return Decision()

    cases = simulate(process, assume(), cases=20)
    for case in cases:
        assert (case.standing.status is CaseStatus.FAILED) == (case.office == "south")
        if case.standing.problem:
            assert "ZeroDivisionError in test_rehearsal_answers.py" in case.standing.problem
            assert "applicant" not in case.standing.problem
    assert {case.standing.status for case in cases} == {CaseStatus.CLOSED, CaseStatus.FAILED}
