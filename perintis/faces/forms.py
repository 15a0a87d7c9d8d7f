"""The form of a step: its result type as fields that a person can fill in, with the reasons why a value is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from perintis.engine.signing import signed_fields
from perintis.engine.steps import Step
from perintis.words.errors import BadInput
from perintis.words.reasons import said

YES, NO = ("yes", "y", "ya", "true", "1"), ("no", "n", "tidak", "false", "0")
WHOLE = "answer"
"""The name of the one field of a result that is no model, such as a plain yes or no."""


@dataclass(frozen=True)
class Field:
    """One field of a form. `choices` are what is offered, with the values they stand for; `default` is what an empty
    answer means, as text."""

    name: str
    required: bool
    default: str | None
    choices: Mapping[str, object]
    is_list: bool
    is_yes_no: bool
    help: str

    def read(self, text: str) -> object:
        """What was typed, as a value for the model to check: lists are parted by `;`, yes and no are yes and no."""
        text = text.strip()
        if self.is_yes_no and text.lower() in YES + NO:
            return text.lower() in YES
        if text in self.choices:
            return self.choices[text]
        if text[:1] in ("[", "{"):
            try:
                return json.loads(text)
            except ValueError:
                raise BadInput(f"{self.name} begins like JSON and is not: look at its brackets and quotes") from None
        return [part.strip() for part in text.split(";") if part.strip()] if self.is_list else text


def form_of(step: Step[Any]) -> tuple[Field, ...]:
    """The fields of a step's result, in the order of the model, without those that hold the recorded officer."""
    kind = step.output_type
    by_officer = signed_fields(step)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(_field(name, info) for name, info in kind.model_fields.items() if name not in by_officer)
    return (_field(WHOLE, FieldInfo.from_annotation(kind)),)


def read_values(step: Step[Any], given: Mapping[str, str]) -> dict[str, object]:
    """Values typed as text, by field; BadInput where there is no such field. Empty text is "not given"."""
    fields = {field.name: field for field in form_of(step)}
    for name in given:
        if name not in fields:
            raise BadInput(f"{step.name} has no field {name!r}; it has {', '.join(fields)}")
    return {name: fields[name].read(text) for name, text in given.items() if text.strip()}


def check_values(step: Step[Any], values: Mapping[str, object]) -> str:
    """The answer as JSON, valid by the step's result type; BadInput names each wrong field with the reason."""
    names = [field.name for field in form_of(step)]
    unknown = [name for name in values if name not in names]
    if unknown:
        raise BadInput(f"{step.name} has no field {unknown[0]!r}; it has {', '.join(names)}")
    document: object = values.get(WHOLE) if names == [WHOLE] else dict(values)
    try:
        return step.output.dump_json(step.output.validate_json(json.dumps(document))).decode()
    except ValidationError as error:
        raise BadInput("; ".join(reasons(error))) from None


def reasons(error: ValidationError) -> list[str]:
    """Each fault as "field reason", without a value."""
    found = error.errors(include_input=False, include_url=False)
    return [" ".join(filter(None, (".".join(str(p) for p in f["loc"]), said(f)))) for f in found]


def check_one(step: Step[Any], field: Field, text: str) -> object:
    """What was typed for one field, checked by itself; BadInput with the reason."""
    value = field.read(text)
    kind = step.output_type
    info = kind.model_fields[field.name] if field.name != WHOLE else FieldInfo.from_annotation(kind)
    adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, Annotated[info.annotation, info]))
    try:
        adapter.validate_json(json.dumps(value))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise BadInput(f"{field.name} {said(faults[0])}") from None
    return value


def _field(name: str, info: FieldInfo) -> Field:
    kind = _without_none(info.annotation)
    return Field(
        name=name,
        required=info.is_required(),
        default=_default(info),
        choices=_choices(kind),
        is_list=get_origin(kind) in (list, tuple, set, frozenset, Sequence),
        is_yes_no=kind is bool or set(map(type, _literals(kind))) == {bool},
        help=info.description or "",
    )


def _default(info: FieldInfo) -> str | None:
    if info.is_required() or info.default_factory is not None or info.default is None:
        return None
    value = info.default.value if isinstance(info.default, Enum) else info.default
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _without_none(kind: Any) -> Any:
    """`X | None` as X, an annotated type as the type."""
    if get_origin(kind) is Annotated:
        return _without_none(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        rest = [k for k in get_args(kind) if k is not NoneType]
        return _without_none(rest[0]) if len(rest) == 1 else kind
    return kind


def _choices(kind: Any) -> dict[str, object]:
    if kind is bool:
        return {"yes": True, "no": False}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {str(member.value): member.value for member in kind}
    return {("yes" if v else "no") if isinstance(v, bool) else str(v): v for v in _literals(kind)}


def _literals(kind: Any) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()
