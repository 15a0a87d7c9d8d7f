"""Conflicts that no rule decides: how officers answer a batch of them, and which answers are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.registry_conflicts import Batch, Conflict, Settled, decided

NAME = Conflict(field="full_name", kind="name", records=("imigrasi I1", "imigrasi I2"))
BORN = Conflict(field="date_of_birth", kind="date", records=("kemenkes K1", "kemnaker N1", "kemnaker N2"))
STATE = Conflict(field="citizenship", kind="code", codes=("IDN", "NLD"), records=("imigrasi I1", "kemnaker N1"))
BATCH = Batch(side_by_side=(), conflicts=(NAME, BORN, STATE))


def settled(*choices: str) -> Settled:
    return Settled(choices=choices, reason="as in the passport", settled_by="Budi")


def test_a_record_a_keyed_value_or_nothing() -> None:
    """Each conflict is settled by a record's value or a keyed one; what is left open is not decided."""
    found = decided(BATCH, settled("1=2", "2=key 1990-05-31", "3=open"))
    assert [(d.field, d.record, d.keyed, d.settled_by) for d in found] == [
        ("full_name", "imigrasi I2", None, "Budi"),
        ("date_of_birth", None, "1990-05-31", "Budi"),
    ]


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        (("1=1", "2=1", "3=key NLD"), None),
        (("1=1", "2=1"), "nothing is said of conflict 3; 3=open leaves it open"),
        (("1=1", "1=2", "2=1", "3=1"), "conflict 1 is settled twice; settle it once"),
        (("1=3", "2=1", "3=1"), "conflict 1 has records 1 to 2, and no 3"),
        (("4=1",), "there is no conflict 4; there are 1 to 3"),
        (("1=1", "2=1", "3=key XXX"), "what was keyed for conflict 3 is none of the codes IDN, NLD"),
    ],
)
def test_an_answer_fits_its_batch(choices: tuple[str, ...], told: str | None) -> None:
    """One sentence says what does not fit."""
    assert settled(*choices).misfit(BATCH) == told


def test_a_keyed_date_is_a_date() -> None:
    """What has no standard form is refused, and no message repeats it."""
    told = settled("1=1", "2=key 31 of May", "3=1").misfit(BATCH)
    assert str(told).startswith("what was keyed for conflict 2 ")
    assert "May" not in str(told)


@pytest.mark.parametrize(
    "given", [{"choices": ["1:2"]}, {"reason": "x"}, {"reason": "NIK 3174012304909001 is right"}], ids=str
)
def test_what_cannot_be_a_choice_or_a_reason_is_refused(given: dict[str, object]) -> None:
    """A reason is there and has no identity number in it."""
    with pytest.raises(ValidationError):
        Settled.model_validate({"choices": ["1=1"], "reason": "as in the file", **given})
