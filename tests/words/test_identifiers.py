"""Identifiers check themselves, stay text, and never tell their value in an error."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from perintis.words.identifiers import (
    Nik,
    PassportNumber,
    Reference,
    Sex,
    birth_date_in,
    compose_nik,
    looks_like_nik,
    sex_in,
)

NIK: TypeAdapter[str] = TypeAdapter(Nik)
PASSPORT: TypeAdapter[str] = TypeAdapter(PassportNumber)
REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)
TODAY = date(2026, 3, 2)


def refusal(adapter: TypeAdapter[str], value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    [error] = refused.value.errors(include_input=False)
    return error["msg"]


@pytest.mark.parametrize(
    ("nik", "born", "sex"),
    [
        ("3174010505900001", date(1990, 5, 5), Sex.MALE),
        ("3174014505900001", date(1990, 5, 5), Sex.FEMALE),
        ("3273127112850123", date(1985, 12, 31), Sex.FEMALE),
        ("1271012902000001", date(2000, 2, 29), Sex.MALE),  # 1900 was no leap year, so it can only be 2000
        ("9401010101240001", date(2024, 1, 1), Sex.MALE),
        ("9601010303260001", date(1926, 3, 3), Sex.MALE),  # 3 March 2026 has not come yet
    ],
)
def test_a_nik_tells_date_of_birth_and_sex(nik: str, born: date, sex: Sex) -> None:
    """Day, month, year in digits 7 to 12; 40 is added to a woman's day; the century is the latest that can be."""
    assert NIK.validate_python(nik) == nik
    assert birth_date_in(nik, not_after=TODAY) == born
    assert sex_in(nik) is sex


@pytest.mark.parametrize(
    ("nik", "fault"),
    [
        ("317401050590001", "it has 16 digits"),
        ("31740105059000011", "it has 16 digits"),
        ("3174O10505900001", "it has 16 digits"),
        ("٣١٧٤٠١٠٥٠٥٩٠٠٠٠١", "it has 16 digits"),
        ("2274010505900001", "no region"),
        ("3100010505900001", "no region"),
        ("3174000505900001", "no region"),
        ("3174013205900001", "no date of birth"),
        ("3174017205900001", "no date of birth"),  # a woman's day 32
        ("3174014005900001", "no date of birth"),  # a woman's day 0
        ("3174010513900001", "no date of birth"),
        ("3174012902990001", "no date of birth"),  # neither 1999 nor 2099 is a leap year
        ("3174010505900000", "serial number"),
        ("3.17401E+15", "rounded by a spreadsheet"),
        ("3,17401050590000E+15", "rounded by a spreadsheet"),
        (3174010505900001, "treat the column as text"),
        (3.17401050590000e15, "treat the column as text"),
        (True, "treat the column as text"),
    ],
)
def test_what_is_no_nik_is_refused_with_the_reason(nik: object, fault: str) -> None:
    """The message says which part is wrong and never repeats the number."""
    message = refusal(NIK, nik)
    assert fault in message
    assert str(nik) not in message
    assert not any(char.isdigit() for char in message.replace("16", "").replace("7 to 12", "").replace("40", "")
                   .replace("0001", ""))  # fmt: skip


@given(
    born=st.dates(date(1930, 1, 1), TODAY),
    sex=st.sampled_from((Sex.FEMALE, Sex.MALE)),
    serial=st.integers(1, 9999),
)
def test_a_composed_nik_is_valid_and_tells_the_same(born: date, sex: Sex, serial: int) -> None:
    """Composing and reading are inverse for everybody born in the last hundred years."""
    nik = compose_nik("317401", born, sex, serial)
    assert NIK.validate_python(nik) == nik
    assert (birth_date_in(nik, not_after=TODAY), sex_in(nik)) == (born, sex)


def test_a_birth_in_the_future_has_no_reading() -> None:
    """Both centuries lie after the day asked about."""
    with pytest.raises(ValueError, match="future"):
        birth_date_in("3174010505900001", not_after=date(1950, 1, 1))


@pytest.mark.parametrize(
    ("written", "kept"), [("nx1234ab5", "NX1234AB5"), (" E 1234567 ", "E1234567"), ("012345678", "012345678")]
)
def test_a_passport_number_is_kept_as_text_in_one_spelling(written: str, kept: str) -> None:
    """Capitals, no spaces; leading zeros stay."""
    assert PASSPORT.validate_python(written) == kept


@pytest.mark.parametrize(
    ("value", "fault"), [("A1", "5 to 15"), ("AB-12345", "5 to 15"), (12345678, "as text"), ("1.2E+8", "rounded")]
)
def test_what_is_no_passport_number_is_refused(value: object, fault: str) -> None:
    """A number has lost its leading zeros already."""
    assert fault in refusal(PASSPORT, value)


@pytest.mark.parametrize("reference", ["UJI-000001", "2026/0123", "a", "20260302-00000123", "IM.12_3"])
def test_a_registration_number_is_what_offices_write(reference: str) -> None:
    """Letters, digits and four signs; a date and a running number together have 16 digits but are no NIK."""
    assert REFERENCE.validate_python(reference) == reference


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("3174010505900001", "looks like an identity number"),
        ("IM-3174010505900001", "looks like an identity number"),
        ("3174.0105.0590.0001", "looks like an identity number"),
        ("317401-050590-0001", "looks like an identity number"),
        ("0000000000000000", "looks like an identity number"),
        ("Budi Uji", "no spaces"),
        ("../../etc", "is not a registration number"),
        ("=1+1", "is not a registration number"),
        ("x" * 41, "up to 40"),
        ("", "is not a registration number"),
        (123, "as text"),
    ],
)
def test_a_registration_number_shows_nothing_of_a_person(value: object, fault: str) -> None:
    """It is shown in lists and file names, so an identity number in it is refused."""
    assert fault in refusal(REFERENCE, value)


@pytest.mark.parametrize(
    ("text", "found"),
    [("Budi 3174010505900001", True), ("KTP 317401 050590 0001", True), ("Budi 0812 3456 7890", False)],
)
def test_identity_numbers_are_found_in_other_texts(text: str, found: bool) -> None:
    """Written together or apart."""
    assert looks_like_nik(text) is found


def test_json_numbers_are_refused_too() -> None:
    """A message from another system is held to the same rule as a file."""

    class Message(BaseModel):
        nik: Nik

    with pytest.raises(ValidationError, match="treat the column as text"):
        Message.model_validate_json('{"nik": 3174010505900001}')
