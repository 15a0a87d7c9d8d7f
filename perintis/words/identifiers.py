"""Identifiers are text: identity numbers, passport numbers and registration numbers as types that check themselves.

A number in a file or a message is refused, never turned into text: a spreadsheet has by then already dropped leading
zeros or the last digits of it. No message repeats the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

AS_TEXT = "treat the column as text (in a spreadsheet: format the column as Text, then enter the numbers again)"
WOMEN_DAY_OFFSET = 40
PROVINCES = frozenset(
    map(
        str,
        (*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82, *range(91, 97)),
    )
)
"""The first two digits of a region code (Ministry of Home Affairs; 93 to 96 since 2022)."""


class Sex(StrEnum):
    """As printed in a passport (ICAO Doc 9303, where X is written `<`)."""

    FEMALE = "F"
    MALE = "M"
    UNSPECIFIED = "X"


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a type whose values identify a person: they may not be shown in lists, file names or logs."""


def _text_only(what: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, int | float):
            raise PydanticCustomError("number", "is a number, but a {what} is text: " + AS_TEXT, {"what": what})
        if isinstance(value, str):
            value = value.strip()
            if re.fullmatch(r"[\d.,]+[eE]\+?\d+", value):
                raise PydanticCustomError("number", "was rounded by a spreadsheet; a {what} is text: " + AS_TEXT,
                                          {"what": what})  # fmt: skip
        return value

    return check


def _nik(value: str) -> str:
    if fault := _nik_fault(value):
        raise PydanticCustomError("nik", "is not an identity number (NIK): {fault}", {"fault": fault})
    return value


def _nik_fault(value: str) -> str | None:
    """What is wrong with a NIK, or None."""
    if len(value) != 16 or not (value.isascii() and value.isdigit()):
        return "it has 16 digits and nothing else"
    if value[:2] not in PROVINCES or "00" in (value[2:4], value[4:6]):
        return "its first six digits are no region"
    if not _birth_dates(value):
        return "digits 7 to 12 are no date of birth (day, month, year; for women the day is 40 higher)"
    if value[12:] == "0000":
        return "its last four digits are a serial number from 0001"
    return None


def _birth_dates(nik: str) -> list[date]:
    """The dates that the two-digit year may mean, the later first."""
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    found = []
    for century in (2000, 1900):
        try:
            found.append(date(century + year, month, day - WOMEN_DAY_OFFSET * (day > WOMEN_DAY_OFFSET)))
        except ValueError:
            continue
    return found


def birth_date_in(nik: str, *, not_after: date) -> date:
    """The date of birth in a valid NIK: of the two centuries it may mean, the latest that is not after `not_after`.

    Raises ValueError where both lie later.
    """
    for born in _birth_dates(nik):
        if born <= not_after:
            return born
    raise ValueError("the date of birth in this NIK lies in the future")


def sex_in(nik: str) -> Sex:
    """The sex in a valid NIK: women have 40 added to the day of birth."""
    return Sex.FEMALE if int(nik[6:8]) > WOMEN_DAY_OFFSET else Sex.MALE


def compose_nik(region: str, born: date, sex: Sex, serial: int) -> str:
    """The NIK of a person: region (6 digits), date of birth, sex (F or M) and serial number (1 to 9999)."""
    day = born.day + (WOMEN_DAY_OFFSET if sex is Sex.FEMALE else 0)
    return f"{region}{day:02}{born.month:02}{born.year % 100:02}{serial:04}"


def _passport(value: str) -> str:
    value = value.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z0-9]{5,15}", value):
        raise PydanticCustomError("passport", "is not a passport number: it has 5 to 15 letters and digits")
    return value


def looks_like_nik(text: str) -> bool:
    """Whether an identity number can be read in a text, written together or with separators."""
    if re.search(r"\d{16}", text):
        return True
    joined = re.sub(r"(?<=\d)[ ./_-](?=\d)", "", text)
    return any(
        _nik_fault(run[i : i + 16]) is None for run in re.findall(r"\d{16,}", joined) for i in range(len(run) - 15)
    )


def _reference(value: str) -> str:
    if looks_like_nik(value):
        raise PydanticCustomError(
            "reference",
            "looks like an identity number; a registration number is shown in lists, so give the file one of its own",
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,39}", value):
        raise PydanticCustomError(
            "reference", "is not a registration number: it has up to 40 letters, digits and . / _ -, and no spaces"
        )
    return value


Nik = Annotated[str, BeforeValidator(_text_only("NIK")), AfterValidator(_nik), Personal()]
"""An Indonesian identity number: 16 digits, of which region (6), date of birth (6, +40 for women), serial (4)."""

PassportNumber = Annotated[str, BeforeValidator(_text_only("passport number")), AfterValidator(_passport), Personal()]
"""A passport number: letters and digits, kept as text in capitals and without spaces."""

Reference = Annotated[str, BeforeValidator(_text_only("registration number")), AfterValidator(_reference)]
"""A registration number by which people find a case; never an identity number."""
