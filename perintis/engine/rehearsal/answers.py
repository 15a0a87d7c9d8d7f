"""What simulated agencies answer: fields by the assumptions, by the application, or made up by their type."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import accumulate
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from perintis.engine.rehearsal.draws import Draw
from perintis.engine.steps import Step
from perintis.rules.assumptions import Answer, Finding, StepAssumptions
from perintis.words.errors import BadInput


class Asked(NamedTuple):
    """What an answer may depend on: what was passed to the step, application, number of the case, visit and time."""

    inputs: Mapping[str, object]
    application: BaseModel
    case: int
    visit: int
    at: datetime


Value = Callable[[Asked], Any]
"""Makes the value of one field."""

MakeAnswer = Callable[[Asked], Any]
"""Makes a whole result, of the step's result type."""

WHOLE = "result"
"""The name in `answers` of a result that is not a model of several fields."""


def answer_maker(step: Step[Any], application: type[BaseModel], supposed: StepAssumptions, draw: Draw) -> MakeAnswer:
    """How results of `step` are made.

    Raises BadInput, naming them, where fields need an assumption (yes or no, one of several) and where the file names
    fields that result or request do not have.
    """
    output, stream = step.output_type, supposed.draws or step.name
    place = f"rehearsal.yaml: steps/{step.name}/answers"
    _check_request_fields(step, supposed)
    given = {name: _by_assumption(step, stream, name, a.value, draw) for name, a in supposed.answers.items()}
    if not (isinstance(output, type) and issubclass(output, BaseModel)):
        return _whole(step, given, place)
    findings = supposed.findings.value if supposed.findings is not None else []
    found = set().union(*(f.gives for f in findings))
    if unknown := sorted((given.keys() | found) - output.model_fields.keys()):
        has = ", ".join(output.model_fields)
        raise BadInput(f"{place}: the result has no field {', '.join(unknown)}; it has {has}")
    values, missing = dict(given), []
    for name, field in output.model_fields.items():
        if name in given or name in found:
            continue
        value = _without_assumption(step.name, name, field, application)
        if value is not None:
            values[name] = value
        elif field.is_required():
            missing.append(name)
    if missing:
        raise BadInput(f"{place}: say what {', '.join(missing)} will be (a probability, a choice, or always)")
    return _assembled(step, values, _find(step, findings, stream, draw) if findings else None, place)


def _check_request_fields(step: Step[Any], supposed: StepAssumptions) -> None:
    named = {a.value.from_request for a in supposed.answers.values() if a.value.from_request is not None}
    if supposed.findings is not None:
        named = named.union(*(f.when or () for f in supposed.findings.value))
    if unknown := sorted(named - set(step.fields)):
        has = ", ".join(step.fields)
        raise BadInput(
            f"rehearsal.yaml: steps/{step.name}: the request has no field {', '.join(unknown)}; it has {has}"
        )


def _assembled(
    step: Step[Any], values: dict[str, Value], find: Callable[[Asked], dict[str, Any]] | None, place: str
) -> MakeAnswer:
    parts = list(values.items())
    validate = step.output.validator.validate_python

    def make(asked: Asked) -> Any:
        try:
            made = {name: value(asked) for name, value in parts}
            return validate(made if find is None else {**made, **find(asked)})
        except ValueError as error:
            raise _not_valid(place, error) from None

    return make


def _whole(step: Step[Any], given: dict[str, Value], place: str) -> MakeAnswer:
    if unknown := sorted(given.keys() - {WHOLE}):
        raise BadInput(f"{place}: {step.name} gives one value, so {', '.join(unknown)} must be called `{WHOLE}`")
    value = given.get(WHOLE) or _by_type(step.name, WHOLE, step.output_type)
    if value is None:
        raise BadInput(f"{place}: say what `{WHOLE}` will be (a probability, a choice, or always)")
    validate = step.output.validate_python

    def make(asked: Asked) -> Any:
        try:
            return validate(value(asked))
        except ValueError as error:
            raise _not_valid(place, error) from None

    return make


def _not_valid(place: str, error: ValueError) -> BadInput:
    details = error.errors(include_input=False) if isinstance(error, ValidationError) else []
    names = sorted({".".join(map(str, d["loc"])) or WHOLE for d in details}) or [WHOLE]
    return BadInput(f"{place}: a made-up value of {', '.join(names)} is not valid; say with `always` what it will be")


def _find(step: Step[Any], findings: list[Finding], stream: str, draw: Draw) -> Callable[[Asked], dict[str, Any]]:
    certain = [
        ([(_of_request(step, k), v) for k, v in f.when.items()], f.gives) for f in findings if f.when is not None
    ]
    by_chance = [f for f in findings if f.share is not None]
    ends = list(accumulate(f.share or 0.0 for f in by_chance))

    def find(asked: Asked) -> dict[str, Any]:
        for when, gives in certain:
            if all(read(asked) == value for read, value in when):
                return gives
        return by_chance[_place(ends, draw(asked.case, stream, asked.visit, "finding"))].gives

    return find


def _place(ends: list[float], u: float) -> int:
    return min(bisect_right(ends, u), len(ends) - 1)


def _by_assumption(step: Step[Any], stream: str, field: str, answer: Answer, draw: Draw) -> Value:
    if answer.always is not None:
        fixed = answer.always
        return lambda _: fixed
    if answer.from_request is not None:
        return _of_request(step, answer.from_request)
    if answer.choice is not None:
        names, ends = list(answer.choice), list(accumulate(answer.choice.values()))
        return lambda asked: names[_place(ends, draw(asked.case, stream, asked.visit, field))]
    by_visit = answer.by_visit or [answer.probability or 0.0]
    last = len(by_visit) - 1
    return lambda asked: draw(asked.case, stream, asked.visit, field) < by_visit[min(asked.visit - 1, last)]


def _of_request(step: Step[Any], name: str) -> Value:
    """A field of the request: passed to the step, else from the application, else by default, as `build_input` does."""
    default = step.input_model.model_fields[name].get_default(call_default_factory=True, validated_data={})
    return lambda asked: asked.inputs[name] if name in asked.inputs else getattr(asked.application, name, default)


def _without_assumption(step: str, name: str, field: FieldInfo, application: type[BaseModel]) -> Value | None:
    """From the application where it has a field of this name (that is what typing again means), else by type."""
    if name in application.model_fields:
        return lambda asked: getattr(asked.application, name)
    return _by_type(step, name, field.annotation) if field.is_required() else None


def _by_type(step: str, name: str, kind: Any) -> Value | None:
    """A made-up value where any value will do; None for yes-or-no and choices, which decide what happens next."""
    if kind is None or kind is NoneType or (get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind)):
        return lambda _: None
    if get_origin(kind) in (list, tuple, set, frozenset, dict):
        empty = get_origin(kind)
        return lambda _: empty()
    if get_origin(kind) is Literal or not isinstance(kind, type) or issubclass(kind, (bool, Enum, BaseModel)):
        return None
    if issubclass(kind, str):
        return lambda asked: f"{step}-{name}-{asked.case}-{asked.visit}"
    return _PLAIN.get(kind)


_PLAIN: dict[type, Value] = {
    int: lambda _: 1,
    float: lambda _: 1.0,
    Decimal: lambda _: Decimal(1),
    date: lambda asked: asked.at.date(),
    datetime: lambda asked: asked.at,
    timedelta: lambda _: timedelta(0),
    list: lambda _: [],
    dict: lambda _: {},
}
