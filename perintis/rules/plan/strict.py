"""What the parts of a plan have in common: nothing unknown, nothing empty, nothing that changes once read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from perintis.words.tables import ATTRIBUTE_PREFIX

OFFICE = "office"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _case_column(name: str) -> str:
    if name != OFFICE and not (name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX)):
        raise ValueError(f"{name!r} is no fact of a case; write {OFFICE}, or an attribute as {ATTRIBUTE_PREFIX}NAME")
    return name


CaseColumn = Annotated[str, AfterValidator(_case_column)]
"""A fact of a case by which cases are told apart: `office`, or an attribute as `case:NAME`."""


class Strict(BaseModel):
    """A part of the plan: a key too many is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def repeated(names: list[str]) -> str | None:
    """The first name that occurs more than once, or None."""
    return next((name for name in names if names.count(name) > 1), None)
