"""Dates, names, countries and lists in one cell, as people write them in files."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from perintis.words.countries import ISO_3166_ALPHA_3
from perintis.words.fields import CountryCode, IsoDate, PersonName, blank_is_none, split_list

DAY: TypeAdapter[date] = TypeAdapter(IsoDate)
NAME: TypeAdapter[str] = TypeAdapter(PersonName)
COUNTRY: TypeAdapter[str] = TypeAdapter(CountryCode)


@pytest.mark.parametrize("written", ["1990-05-31", " 1990-05-31 ", date(1990, 5, 31)])
def test_a_day_is_written_year_month_day(written: object) -> None:
    """The one order that means the same everywhere."""
    assert DAY.validate_python(written) == date(1990, 5, 31)


@pytest.mark.parametrize(
    "written",
    ["31/05/1990", "05-04-1990", "1990-02-30", "1990-5-1", "33024", 33024, "", None, datetime(1990, 5, 31)],  # noqa: DTZ001
)
def test_other_ways_to_write_a_day_are_refused(written: object) -> None:
    """05/04 means two days, and a bare number is a spreadsheet's."""
    with pytest.raises(ValidationError, match="write year-month-day, for instance 1990-05-31"):
        DAY.validate_python(written)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Sukarno", "Sukarno"), ("  Anna   Mária ", "Anna Mária"), ("'s Gravensande", "'s Gravensande")],
)
def test_a_name_is_kept_as_it_is_written(written: str, kept: str) -> None:
    """One word is a name; only spaces are tidied."""
    assert NAME.validate_python(written) == kept


@pytest.mark.parametrize("written", ["", " ", "x" * 201, "Budi 3174010505900001", "a\x00b", "a\u202eb"])
def test_what_is_no_name_is_refused(written: str) -> None:
    """Nothing, too much, an identity number, signs that do not print."""
    with pytest.raises(ValidationError) as refused:
        NAME.validate_python(written)
    assert "3174010505900001" not in refused.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize(("written", "kept"), [("nld", "NLD"), (" IDN", "IDN"), ("XXA", "XXA")])
def test_a_country_has_the_three_letters_of_the_passport(written: str, kept: str) -> None:
    """ISO 3166-1, and what ICAO adds for stateless persons and refugees."""
    assert COUNTRY.validate_python(written) == kept


@pytest.mark.parametrize("written", ["NL", "Netherlands", "ZZZ", ""])
def test_other_names_of_countries_are_refused(written: str) -> None:
    """With an example of how to write it."""
    with pytest.raises(ValidationError, match="for instance NLD"):
        COUNTRY.validate_python(written)


def test_iso_3166_has_249_countries() -> None:
    """As of 2024 (the count that the ISO publishes)."""
    assert len(ISO_3166_ALPHA_3) == 249


def test_cells_with_lists_and_empty_cells() -> None:
    """`a; b` is a list of two, an empty cell is "not given"; what is no text is left as it is."""
    assert split_list("passport; photograph;") == ["passport", "photograph"]
    assert split_list("") == []
    assert split_list(["passport"]) == ["passport"]
    assert blank_is_none("  ") is None
    assert blank_is_none("x") == "x"
