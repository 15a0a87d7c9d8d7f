"""Numbers and codes in their standard form; a number that a spreadsheet rounded is told apart from a wrong one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.linkage.codes import code_table, postcode_area, standard_address, standard_postcode
from perintis.rules.linkage.numbers import (
    ROUNDED,
    standard_email,
    standard_nik,
    standard_number,
    standard_passport,
    standard_phone,
    standard_sex,
)
from perintis.words.identifiers import Sex, compose_nik

NIK = compose_nik("317401", date(1990, 4, 23), Sex.FEMALE, 7)


@pytest.mark.parametrize("written", [NIK, f" {NIK} ", f"'{NIK}", ".".join((NIK[:6], NIK[6:12], NIK[12:]))])
def test_a_nik_is_read_with_or_without_separators(written: str) -> None:
    """The apostrophe is how spreadsheets keep text."""
    assert standard_nik(written).value == NIK


@pytest.mark.parametrize("written", ["3.17401E+15", "3,17401E+15", "3.174016304900007E+15", "3174016304000000"])
def test_a_nik_in_scientific_notation_is_explained(written: str) -> None:
    """Its last digits are lost, so there is nothing to repair."""
    assert standard_nik(written).reason == ROUNDED


@pytest.mark.parametrize("written", ["1234", "9974016304900007", f"{NIK[:6]}993199{NIK[12:]}", "ABC"])
def test_a_wrong_nik_is_no_nik_and_the_reason_does_not_repeat_it(written: str) -> None:
    """Length, region and date of birth are checked."""
    reading = standard_nik(written)
    assert reading.value is None
    assert reading.reason is not None
    assert written not in reading.reason


def test_other_numbers() -> None:
    """Separators go, letters are capitals, an Indonesian phone number gets its country."""
    assert standard_passport("a 123-4567").value == "A1234567"
    assert standard_passport("A1").value is None
    assert standard_number("12-34 ab").value == "1234AB"
    assert standard_number("abc").reason == "has no digits"
    assert standard_phone("0812-3456-789").value == standard_phone("+62 812 3456 789").value == "628123456789"
    assert standard_phone("12").reason == "has 2 digits; a phone number has 7 to 15"
    assert standard_email(" Siti@Example.ID ").value == "siti@example.id"
    assert standard_email("siti").value is None


@pytest.mark.parametrize(
    ("written", "sex"), [("P", "F"), ("Perempuan", "F"), ("L", "M"), ("laki-laki", "M"), ("m", "M")]
)
def test_sexes_in_indonesian_and_english(written: str, sex: str) -> None:
    """P is perempuan, L is laki-laki."""
    assert standard_sex(written).value == sex


def test_a_code_comes_from_the_table_or_not_at_all() -> None:
    """A province that is not in the list is not matched to the nearest one."""
    provinces = code_table("provinces", {"31": ("DKI Jakarta", "Jakarta"), "34": ("DI Yogyakarta", "Prov. D.I.Y.")})
    assert provinces.look_up("JAKARTA").value == "31"
    assert provinces.look_up("34").value == "34"
    assert provinces.look_up("Jogjakarta").reason == "is not in the table of provinces"


def test_a_table_in_which_a_word_stands_for_two_codes_is_refused() -> None:
    """Otherwise the look-up would be a choice."""
    with pytest.raises(ValueError, match="stands for"):
        code_table("offices", {"1": ("Bandung",), "2": ("bandung",)})


def test_addresses_and_postcodes() -> None:
    """Usual abbreviations are written out; a postcode has an area."""
    assert standard_address("Jl. Merdeka No. 5, Kec. Coblong").value == "jalan merdeka nomor 5 kecamatan coblong"
    assert standard_postcode(" TQ13 8DF ").value == "tq13 8df"
    assert postcode_area("tq13 8df") == "tq13"
    assert postcode_area("40132") == "401"


@given(st.text(max_size=25))
def test_every_text_is_read_by_every_reader(text: str) -> None:
    """A value, or a reason."""
    for read in (standard_nik, standard_passport, standard_number, standard_phone, standard_email, standard_sex):
        reading = read(text)
        assert (reading.value is None) == (reading.reason is not None)
