"""What is typed into a form becomes a value of the step's result type, whatever that type is."""

from __future__ import annotations

from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from perintis import human_step
from perintis.doors.pilot_folder import load_definition
from perintis.engine.steps import Step
from perintis.faces.forms import check_one, check_values, form_of, read_values
from perintis.words.errors import BadInput
from tests.small_pilot import OFFICE, Asked


class Colour(Enum):
    """An enumeration of texts."""

    RED = "red"
    BLUE = "blue"


class Score(IntEnum):
    """An enumeration of numbers."""

    BAD = 1
    GOOD = 4


class Result(BaseModel):
    """One field of each kind that has choices."""

    sure: bool | None = None
    done: Literal[True] = True
    mark: Literal[0, 1, 2] | None = None
    kind: Literal["a", "b"] | None = None
    colour: Colour | None = None
    score: Score | None = None
    documents: tuple[str, ...] = ()


@human_step(OFFICE)
def judge(request: Asked) -> Result:
    """Judge."""


TYPED = [
    ("sure", "tidak", '"sure":false'),
    ("done", "yes", '"done":true'),
    ("done", "ya", '"done":true'),
    ("mark", "0", '"mark":0'),
    ("mark", "2", '"mark":2'),
    ("kind", "b", '"kind":"b"'),
    ("colour", "blue", '"colour":"blue"'),
    ("score", "4", '"score":4'),
    ("documents", "passport; photograph", '"documents":["passport","photograph"]'),
]


@pytest.mark.parametrize(("name", "text", "recorded"), TYPED)
def test_what_is_typed_is_read_as_its_type(name: str, text: str, recorded: str) -> None:
    """Yes and no in both languages, numbers among the choices, lists."""
    step: Step[Any] = judge
    field = next(field for field in form_of(step) if field.name == name)
    check_one(step, field, text)
    assert recorded in check_values(step, read_values(step, {name: text}))


@pytest.mark.parametrize("name", [field.name for field in form_of(judge) if field.choices])
def test_every_choice_that_is_offered_is_accepted(name: str) -> None:
    """And so is what stands as the default."""
    field = next(field for field in form_of(judge) if field.name == name)
    for text in (*field.choices, *([field.default] if field.default else [])):
        check_one(judge, field, text)


def test_the_forms_of_fast_track_accept_what_they_offer(repository: Path) -> None:
    """Whatever an officer is offered at a prompt can be recorded."""
    for step in load_definition(repository, "fast-track").steps.values():
        for field in form_of(step):
            for text in (*field.choices, *([field.default] if field.default else [])):
                check_one(step, field, text)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("done", "no", "done has to be yes"),
        ("sure", "perhaps", "sure is not yes or no"),
        ("mark", "3", "mark is none of 0, 1 or 2"),
        ("documents", "[passport", "documents begins like JSON"),
    ],
)
def test_a_wrong_value_is_told_with_the_field(name: str, text: str, reason: str) -> None:
    """One sentence, without the value."""
    field = next(field for field in form_of(judge) if field.name == name)
    with pytest.raises(BadInput, match=reason):
        check_one(judge, field, text)
