"""Dates of birth in their standard form, with both readings where day and month cannot be told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from perintis.rules.linkage.names import plain
from perintis.rules.linkage.reading import EMPTY, given

YEARS = range(1800, 2200)
"""Years in which eight digits written together may begin or end."""


class DateOrder(StrEnum):
    """How the numbers of a date follow each other where the form alone does not tell."""

    YEAR_FIRST = "year first"
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@dataclass(frozen=True, slots=True)
class DateReading:
    """The date, or None with the reason; an ambiguous date has no value and two readings, day first and month first.

    `text` is the date as eight digits, year first, as far as the form could be seen: of an impossible date (month 81)
    it still tells one person from another, and it is compared where there is no date.
    """

    value: date | None
    reason: str | None = None
    readings: tuple[date, ...] = ()
    text: str | None = None


NO_DATE = "is not written as a date"
AMBIGUOUS = "may be meant day first or month first"
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january",
            "feb februari february pebruari peb",
            "mar maret march mrt",
            "apr april",
            "mei may",
            "jun juni june",
            "jul juli july",
            "agu agustus august aug ags agt",
            "sep september sept",
            "okt oktober october oct",
            "nov november nopember nop",
            "des desember december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?:[t ]00:00(?::00(?:\.0+)?)?z?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})")
_WORDS = re.compile(r"(?:(\d{1,2})[-/. ]*([a-z]+)|([a-z]+)[-/. ]+(\d{1,2}))[-/., ]+(\d{4})")


def standard_date(text: str | None, order: DateOrder | None = None) -> DateReading:
    """Reads 1990-04-03, 19900403, 03/04/1990, 3.4.1990, 03041990, 3 April 1990, April 3, 1990 (Indonesian or English).

    `order` says how numbers before the year are meant; without it a date that allows both stays ambiguous.
    Two-digit years are refused: the century would be a guess.
    """
    if (written := given(text)) is None:
        return DateReading(None, EMPTY)
    lower = re.sub(r"\s+", " ", plain(written))
    if re.fullmatch(r"\d{8}", lower):
        return _eight_digits(lower, order)
    if match := _YEAR_FIRST.fullmatch(lower):
        return _one(*match.groups())
    if match := _WORDS.fullmatch(lower):
        day, name, name_first, day_last, year = match.groups()
        if number := _MONTHS.get(name or name_first):
            return _one(year, str(number), day or day_last)
        return DateReading(None, "names no month in Indonesian or English")
    if match := _YEAR_LAST.fullmatch(lower):
        first, _, second, year = match.groups()
        return _either(year, first, second, order)
    if re.fullmatch(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}", lower):
        return DateReading(None, "has a year of two digits, so the century is not known")
    if re.fullmatch(r"\d{5}(\.0)?", lower):
        return DateReading(None, "is a serial number of a spreadsheet; format the column as a date, then export again")
    return DateReading(None, NO_DATE)


def _eight_digits(text: str, order: DateOrder | None) -> DateReading:
    """19900403 or 03041990; where both a first and a last year are possible, both readings."""
    begins, ends = int(text[:4]) in YEARS, int(text[4:]) in YEARS
    year_first = _one(text[:4], text[4:6], text[6:])
    if order is DateOrder.YEAR_FIRST or (begins and not ends):
        return year_first if begins else DateReading(None, NO_DATE, text=text)
    if not ends:
        return DateReading(None, NO_DATE)
    year_last = _either(text[4:], text[:2], text[2:4], order)
    if begins and order is None and year_first.value and year_last.readings:
        both = tuple(dict.fromkeys((*year_first.readings, *year_last.readings)))
        return DateReading(None, "may begin or end with the year", both, text)
    return year_first if begins and year_first.value and order is None else year_last


def _possible(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _text(year: str, month: str, day: str) -> str:
    return f"{year}{int(month):02}{int(day):02}"


def _one(year: str, month: str, day: str) -> DateReading:
    text = _text(year, month, day)
    if found := _possible(year, month, day):
        return DateReading(found, readings=(found,), text=text)
    if swapped := _possible(year, day, month):
        return DateReading(None, f"has month {int(month)}; day and month may be swapped", (swapped,), text)
    return DateReading(None, f"has no such day (month {int(month)}, day {int(day)})", text=text)


def _either(year: str, first: str, second: str, order: DateOrder | None) -> DateReading:
    """Reads two numbers before a year: by the order where it is known, else by what is possible."""
    by_day, by_month = _possible(year, second, first), _possible(year, first, second)
    if order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST):
        return _one(year, *((second, first) if order is DateOrder.DAY_FIRST else (first, second)))
    if by_day and by_month and by_day != by_month:
        return DateReading(None, AMBIGUOUS, (by_day, by_month), _text(year, second, first))
    if found := by_day or by_month:
        return DateReading(found, readings=(found,), text=_text(year, f"{found.month}", f"{found.day}"))
    return _one(year, second, first)


def order_shown(texts: Iterable[str | None]) -> DateOrder | None:
    """The one order that the unambiguous dates of a column show; None where they show none, or several."""
    shown = {order for text in texts if (order := _order_of((text or "").strip())) is not None}
    return shown.pop() if len(shown) == 1 else None


def _order_of(text: str) -> DateOrder | None:
    if re.fullmatch(r"\d{8}", text):
        if int(text[:4]) in YEARS and int(text[4:]) not in YEARS:
            return DateOrder.YEAR_FIRST
        text = f"{text[:2]}-{text[2:4]}-{text[4:]}" if int(text[:4]) not in YEARS else ""
    if not (match := _YEAR_LAST.fullmatch(text)):
        return None
    first, second = int(match[1]), int(match[3])
    if 12 < first <= 31 and second <= 12:
        return DateOrder.DAY_FIRST
    return DateOrder.MONTH_FIRST if 12 < second <= 31 and first <= 12 else None


def is_swapped(left: str, right: str) -> bool:
    """Whether two dates (eight digits, year first) differ by an exchange of day and month."""
    return left != right and left[:4] == right[:4] and left[4:6] == right[6:8] and left[6:8] == right[4:6]
