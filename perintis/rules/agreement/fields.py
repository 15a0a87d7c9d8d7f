"""The names of everything that a model would show: what a request discloses to an agency, and an answer to the lead."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

WHOLE_ANSWER = "answer"
"""Stands for an answer that is no model, so that a term has to allow it like any other field."""

ANYTHING = "any other field"
"""Stands for what a model with `extra="allow"` may carry beyond its fields; no sensible term lists it."""


def shown_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a request, those that the model computes included."""
    return (*model.model_fields, *model.model_computed_fields)


def answered_fields(answer: Any) -> tuple[str, ...]:
    """The fields of an answer by its type; of alternatives, the fields of all."""
    return tuple(dict.fromkeys(_fields(answer)))


def _fields(answer: Any) -> tuple[str, ...]:
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        more = (ANYTHING,) if answer.model_config.get("extra") == "allow" else ()
        return (*shown_fields(answer), *more)
    if get_origin(answer) is Annotated:
        return _fields(get_args(answer)[0])
    if get_origin(answer) in (Union, UnionType):
        return tuple(field for part in get_args(answer) for field in _fields(part))
    return () if answer in (None, NoneType) else (WHOLE_ANSWER,)
