"""Figures are numbers that a decision marks; nothing else may be one, and nothing personal is written in clear."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel

from perintis.rules.counted import Figure, FigureSums, declared_figures, figure_faults, figures_json
from perintis.words.counted import Counted
from perintis.words.errors import DefinitionError
from perintis.words.identifiers import Nik, Personal


class Decision(BaseModel):
    outcome: str = "published"
    records: int | None = None
    duplicates_found: Annotated[int | None, Counted()] = None
    linked: Annotated[int | None, Counted(of="records")] = None
    hours: Annotated[float, Counted()] = 0.5


def test_what_is_marked_is_a_figure() -> None:
    """The marked fields in their order, each with what it is a part of."""
    assert declared_figures(Decision) == (Figure("duplicates_found"), Figure("linked", "records"), Figure("hours"))
    assert list(figure_faults(Decision)) == []


@pytest.mark.parametrize(
    ("decision", "recorded"),
    [
        (Decision(duplicates_found=4, linked=60, records=70), '{"duplicates_found":4,"linked":[60,70],"hours":0.5}'),
        (Decision(duplicates_found=0), '{"duplicates_found":0,"hours":0.5}'),
        (Decision(linked=60), '{"hours":0.5}'),  # of how many is not known
        (Decision(records=70, hours=2), '{"hours":2.0}'),
    ],
)
def test_what_is_not_counted_is_left_out_and_zero_is_zero(decision: Decision, recorded: str) -> None:
    """A figure that is None is not in what is recorded; one that is 0 is."""
    assert figures_json(decision) == recorded


class Bare(BaseModel):
    outcome: str = "granted"


def test_a_decision_without_figures_records_none() -> None:
    """Nothing is written where nothing is declared."""
    assert figures_json(Bare()) is None


class OfText(BaseModel):
    count: Annotated[str, Counted()]


class OfTruth(BaseModel):
    count: Annotated[bool, Counted()]


class OfPerson(BaseModel):
    count: Annotated[int, Counted(), Personal()]


class OfNik(BaseModel):
    count: Annotated[Nik | None, Counted()] = None


class OfPersonalWhole(BaseModel):
    whole: Annotated[int, Personal()]
    count: Annotated[int, Counted(of="whole")]


class OfNothing(BaseModel):
    count: Annotated[int, Counted(of="whole")]


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (OfText, "counts 'count', which is no number"),
        (OfTruth, "counts 'count', which is no number"),
        (OfPerson, "counts 'count', which is personal"),
        (OfNik, "counts 'count', which is personal"),
        (OfPersonalWhole, "counts 'whole', which is personal"),
        (OfNothing, "counts 'count' as a part of 'whole', which it has not"),
    ],
)
def test_only_numbers_that_are_nobodys_are_figures(model: type[BaseModel], fault: str) -> None:
    """Text, yes or no, and personal fields are refused when the pilot is checked, and again when a case is closed."""
    assert [told for told in figure_faults(model) if told.startswith(fault)]
    with pytest.raises(DefinitionError, match=fault):
        figures_json(model.model_construct(count="3171234567890001", whole=3))


@pytest.mark.parametrize("hours", [float("nan"), float("inf"), True])
def test_a_figure_has_to_be_finite(hours: float) -> None:
    """What is no number is never recorded as one; the message does not repeat it."""
    with pytest.raises(DefinitionError, match="'hours' of the decision is no finite number"):
        figures_json(Decision.model_construct(duplicates_found=1, linked=None, hours=hours))


def test_figures_of_many_cases_add_up() -> None:
    """By figure the cases in which it was counted, the sum, and of a part the sum of the wholes."""
    sums = FigureSums()
    sums.add({"duplicates_found": 4, "linked": [60, 70]})  # type: ignore[dict-item]  # as JSON gives it back
    sums.add({"linked": (10, 30)})
    assert sums.to_json(declared_figures(Decision)) == {
        "duplicates_found": {"cases": 1, "sum": 4},
        "linked": {"cases": 2, "sum": 70, "of": 100},
    }
