"""The figures of a case: the numbers that a process counts and its decision marks as `Counted`.

They are recorded in clear in the event that closes the case, as `{"duplicates_found": 4, "linked": [60, 70]}`: a
number, or the number of a part and of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from perintis.words.counted import Counted
from perintis.words.errors import DefinitionError
from perintis.words.identifiers import Personal

Number = int | float
Figures = Mapping[str, Number | tuple[Number, Number]]
"""By name: a number, or the number of a part and of the whole."""


class Figure(NamedTuple):
    """A figure as declared: the field of the decision, and the field that holds the whole where it is a part."""

    name: str
    of: str | None = None


@lru_cache(maxsize=256)
def declared_figures(decision: type[BaseModel]) -> tuple[Figure, ...]:
    """The figures of a decision in the order of its fields."""
    marked = ((name, _mark(field)) for name, field in decision.model_fields.items())
    return tuple(Figure(name, mark.of) for name, mark in marked if mark is not None)


def _mark(field: FieldInfo) -> Counted | None:
    return next((mark for mark in (*field.metadata, *_marks(field.annotation)) if isinstance(mark, Counted)), None)


def _marks(annotation: Any) -> Iterator[object]:
    """Everything that is written beside a type anywhere in an annotation, as in `Nik | None`."""
    for part in get_args(annotation):
        yield part
        yield from _marks(part)


def figures_json(decision: BaseModel) -> str | None:
    """The figures of a decision as they are recorded, None where it has none.

    What is None is left out: it was not counted. Raises DefinitionError where a figure is no finite number, or is
    declared in a way that `figure_faults` names.
    """
    declared = _to_record(type(decision))
    if not declared:
        return None
    found: dict[str, Number | tuple[Number, Number]] = {}
    for name, of in declared:
        part, whole = _number(decision, name), None if of is None else _number(decision, of)
        if part is not None and of is None:
            found[name] = part
        elif part is not None and whole is not None:
            found[name] = (part, whole)
    return to_json(found).decode() if found else None


@lru_cache(maxsize=256)
def _to_record(decision: type[BaseModel]) -> tuple[Figure, ...]:
    for fault in figure_faults(decision):
        raise DefinitionError(f"{decision.__name__} {fault}")
    return declared_figures(decision)


def _number(decision: BaseModel, name: str) -> Number | None:
    value = getattr(decision, name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value)):
        raise DefinitionError(
            f"the figure {name!r} of the decision is no finite number; None says that it is not known"
        )
    return value


@dataclass(slots=True)
class FigureSums:
    """The figures of many cases: by name in how many cases it was counted, the sum, and the sum of the wholes."""

    sums: dict[str, tuple[int, Number, Number]] = field(default_factory=dict)

    def add(self, figures: Figures) -> None:
        """Count the figures of one more case."""
        for name, value in figures.items():
            part, whole = (value, 0) if isinstance(value, int | float) else value
            cases, parts, wholes = self.sums.get(name, (0, 0, 0))
            self.sums[name] = (cases + 1, parts + part, wholes + whole)

    def to_json(self, declared: Sequence[Figure]) -> dict[str, dict[str, Number]]:
        """By figure `cases`, `sum` and, where it is a part, `of`; without those that no case has."""
        found = {}
        for name, of in declared:
            if name in self.sums:
                cases, parts, wholes = self.sums[name]
                found[name] = {"cases": cases, "sum": parts} | ({} if of is None else {"of": wholes})
        return found


def figure_faults(decision: type[BaseModel]) -> Iterator[str]:
    """What is wrong with the figures that a decision declares: each has to be a number, and personal in nothing."""
    fields = decision.model_fields
    for name, of in declared_figures(decision):
        if of is not None and of not in fields:
            yield f"counts {name!r} as a part of {of!r}, which it has not; name one of its numbers"
            continue
        for each in (name, *(() if of is None else (of,))):
            if is_personal(fields[each]):
                yield f"counts {each!r}, which is personal; a figure is recorded in clear, so count something else"
            elif not _is_number(fields[each].annotation):
                yield f"counts {each!r}, which is no number; a figure is an int or a float, or None where not known"


def _is_number(annotation: Any) -> bool:
    """Whether an annotation is int or float, perhaps with None beside it."""
    if get_origin(annotation) is Annotated:
        return _is_number(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        return bool(parts) and all(map(_is_number, parts))
    return annotation in (int, float)


def is_personal(field: FieldInfo) -> bool:
    """Whether the values of a field identify a person: so marked itself, or a type in it, as in `Nik | None`."""
    return any(isinstance(mark, Personal) for mark in (*field.metadata, *_marks(field.annotation)))
