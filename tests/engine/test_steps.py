"""Steps: the signature says everything, and an agency sees exactly the fields of the input model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from perintis import Agency, Case, Retry, Sla, exchange_step, human_step, step, working
from perintis.engine.steps import NEVER, Step
from perintis.words.errors import DefinitionError
from perintis.words.recorded import WorkKind
from tests.engine.replaying import START

OFFICE = Agency("office", "Office")


class Application(BaseModel):
    name: str
    nik: str
    age: int = 30


class Asked(BaseModel):
    name: str
    age: int = Field(ge=0)
    page: str | None = None


class Answer(BaseModel):
    text: str


def a_case() -> Case[Application]:
    application = Application(name="Siti", nik="3171")
    return Case(case_id=7, reference="r", office=None, opened=START, application=application)


# -- the four ways of writing an automatic step -----------------------------------------------------------------------


@step(OFFICE)
def batch(requests: Sequence[Asked]) -> list[Answer]:
    """One call for many."""
    return [Answer(text=r.name) for r in requests]


@step(OFFICE)
def batch_with_keys(requests: Sequence[Asked], keys: Sequence[str]) -> list[Answer]:
    """One call for many, with keys."""
    return [Answer(text=f"{r.name} {k}") for r, k in zip(requests, keys, strict=True)]


@step(OFFICE)
def single(request: Asked) -> Answer:
    """One call for each."""
    return Answer(text=request.name)


@step(OFFICE)
def single_with_key(request: Asked, key: str) -> Answer:
    """One call for each, with its key."""
    return Answer(text=f"{request.name} {key}")


@pytest.mark.parametrize(
    ("asked", "many", "expected"),
    [
        (batch, True, ["A", "B"]),
        (batch_with_keys, True, ["A k1", "B k2"]),
        (single, False, ["A", "B"]),
        (single_with_key, False, ["A k1", "B k2"]),
    ],
)
def test_four_ways_to_write_a_step_have_one_calling_convention(
    asked: Step[Answer], many: bool, expected: list[str]
) -> None:
    """Requests and keys in, as many results out, in that order."""
    assert asked.perform is not None
    results = asked.perform([Asked(name="A", age=1), Asked(name="B", age=2)], ["k1", "k2"])
    assert ([r.text for r in results], asked.batch) == (expected, many)


# -- what a signature may be ------------------------------------------------------------------------------------------


def no_request() -> Answer: ...


def untyped(request) -> Answer: ...  # type: ignore[no-untyped-def]


def no_result(request: Asked): ...  # type: ignore[no-untyped-def]


def not_a_model(request: str) -> Answer: ...


def batch_of_text(requests: Sequence[str]) -> list[Answer]: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_request, "no_request: a step takes one typed request and has a return type"),
        (untyped, "untyped: a step takes one typed request"),
        (no_result, "no_result: a step takes one typed request"),
        (not_a_model, "not_a_model: its request must be a Pydantic model, for the model is the disclosure"),
        (batch_of_text, "batch_of_text: its request must be a Pydantic model"),
    ],
)
def test_a_function_that_cannot_be_a_step_is_refused(function: Callable[..., Any], message: str) -> None:
    """The message names the function and says what a step is."""
    with pytest.raises(DefinitionError, match=message):
        step(OFFICE)(function)


def test_a_step_is_named_after_agency_and_function() -> None:
    """Name, kind, title and promise come from the declaration."""

    @human_step(OFFICE, within=working(days=2), may_send_back=True, keyed=("name",), cost=3)
    def check_it(request: Asked) -> Answer:
        """Check it.

        More text.
        """

    @exchange_step(OFFICE, within=Sla(timedelta(days=1), reference="art. 6"))
    def pay_it(request: Asked) -> Answer: ...

    assert (check_it.name, check_it.kind, check_it.title) == ("office.check_it", WorkKind.HUMAN, "Check it")
    assert (check_it.service_level, check_it.may_send_back) == (Sla(working(days=2)), True)
    assert (check_it.fields, check_it.keyed, check_it.cost) == (("name", "age", "page"), ("name",), 3)
    assert (pay_it.kind, pay_it.title, pay_it.service_level) == (
        WorkKind.EXCHANGE, "pay_it", Sla(timedelta(days=1), "art. 6"),
    )  # fmt: skip
    assert repr(pay_it) == "<exchange step office.pay_it>"


# -- the disclosure ---------------------------------------------------------------------------------------------------


def disclosed(**inputs: object) -> dict[str, Any]:
    case = a_case()
    request = single(case, **inputs)
    return request.step.build_input(case.application, request.inputs).model_dump()


def test_the_agency_sees_exactly_the_input_model() -> None:
    """Fields come from the application by name; the identity number is not among them, so it does not leave."""
    assert disclosed() == {"name": "Siti", "age": 30, "page": None}


def test_keyword_arguments_fill_and_override() -> None:
    """What the application does not have, or what is other than there."""
    assert disclosed(page="2", age=31) == {"name": "Siti", "age": 31, "page": "2"}


def test_a_field_that_the_input_does_not_have_is_refused() -> None:
    """Nothing can be slipped to an agency beside its model."""
    with pytest.raises(DefinitionError, match=r"office\.single has no input field 'nik'"):
        single(a_case(), nik="3171")


def test_an_input_that_cannot_be_built_names_the_field_and_no_value() -> None:
    """Messages go into the store and onto pages."""
    with pytest.raises(DefinitionError, match=r"office\.single cannot be asked: age is missing or not valid") as caught:
        disclosed(age=-41)
    assert "41" not in str(caught.value)


# -- retries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        (NEVER, [None]),
        (Retry(times=1, first=timedelta(seconds=5)), [5, None]),
        (
            Retry(times=4, first=timedelta(seconds=30), factor=2, longest=timedelta(seconds=100)),
            [30, 60, 100, 100, None],
        ),
    ],
)
def test_waits_between_attempts(retry: Retry, waits: list[int | None]) -> None:
    """The first wait, then by the factor, up to the longest; None: tried often enough."""
    found = [retry.delay(attempt) for attempt in range(1, len(waits) + 1)]
    assert found == [None if w is None else timedelta(seconds=w) for w in waits]


def test_a_wait_stays_the_longest_however_often_it_was_tried() -> None:
    """Requests to an agency's system are tried for months; the factor to that power has no float."""
    assert Retry(times=10**6).delay(9_999) == timedelta(hours=1)
