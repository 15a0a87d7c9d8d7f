"""Field types that applications share: names, dates, countries, lists in one cell. No message repeats a value."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from perintis.words.countries import NATIONALITIES
from perintis.words.identifiers import Personal, looks_like_nik

LONGEST_NAME = 200


def _iso_date(value: object) -> object:
    """Only a date or text like 1990-05-31: 05/04/1990 means two days, and a bare number is none."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "is not a date: write year-month-day, for instance 1990-05-31")


def _name(value: str) -> str:
    value = " ".join(value.split())
    if not value or len(value) > LONGEST_NAME:
        raise PydanticCustomError("name", "is not a name: it is empty or longer than 200 characters")
    if looks_like_nik(value):
        raise PydanticCustomError("name", "has an identity number in it: put only the name here")
    if not value.isprintable():
        raise PydanticCustomError("name", "has characters in it that cannot be printed: type it again")
    return value


def _country(value: str) -> str:
    value = value.strip().upper()
    if value not in NATIONALITIES:
        raise PydanticCustomError(
            "country", "is not a country: write the three letters of the passport (ISO 3166-1), for instance NLD"
        )
    return value


def split_list(value: object) -> object:
    """A cell like `passport; photograph` as its parts; anything else as it is."""
    return [part.strip() for part in value.split(";") if part.strip()] if isinstance(value, str) else value


def blank_is_none(value: object) -> object:
    """An empty cell as "not given"."""
    return None if isinstance(value, str) and not value.strip() else value


IsoDate = Annotated[date, BeforeValidator(_iso_date)]
"""A day, written year-month-day."""

PersonName = Annotated[str, AfterValidator(_name), Personal()]
"""A name as written; a single word is a name, and no order of its parts is assumed."""

CountryCode = Annotated[str, AfterValidator(_country)]
"""A country as three letters (ISO 3166-1 alpha-3, and the additions of ICAO Doc 9303)."""
