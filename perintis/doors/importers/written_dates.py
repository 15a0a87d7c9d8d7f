"""How dates are written in a column: ISO 8601, or numbers whose order has to be known, which nobody may guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?P<offset>Z|[+-]\d\d:?\d\d)?)?")
NUMBERS = re.compile(
    r"(?P<a>\d{1,2})(?P<cut>[/.-])(?P<b>\d{1,2})(?P=cut)(?P<year>\d{4}|\d{2})"
    r"(?:(?P<gap> |, )\d{1,2}(?P<colon>[:.])\d\d(?P<seconds>(?P=colon)\d\d)?)?"
)
YEAR_FIRST = re.compile(r"\d{4}/\d\d?/\d\d?(?: \d{1,2}:\d\d(?P<seconds>:\d\d)?)?")
MONTH_NAMES = re.compile(r"\d{1,2}[ -][A-Za-z]{3,}[ -]\d{2,4}.*")
DAY_FIRST, MONTH_FIRST = "day", "month"
MOSTLY = 0.8
LOOKED_AT = 2000


@dataclass(frozen=True)
class WrittenDates:
    """How the dates of a column are written.

    `formats` gives the format (as of strptime, "" for ISO 8601) by the order of day and month: two entries where
    both orders fit every value, one where a value settles it or the order is plain ("" as key). `settled_by` is such
    a value, `example` any value; `others` counts values that are written in another way; `offset` tells that times
    carry their offset from UTC.
    """

    formats: dict[str, str]
    example: str
    settled_by: str | None
    others: int
    offset: bool

    @property
    def ambiguous(self) -> bool:
        """Whether the day and the month could be the other way round."""
        return len(self.formats) > 1


def written_dates(values: Iterable[str]) -> WrittenDates | None:
    """How the dates are written, or None where fewer than four values in five are dates."""
    texts = list(dict.fromkeys(values))[:LOOKED_AT]
    shapes: dict[tuple[str, ...], list[str]] = {}
    for text in texts:
        shape = _shape(text)
        if shape is not None:
            shapes.setdefault(shape, []).append(text)
    if not texts or sum(map(len, shapes.values())) < MOSTLY * len(texts):
        return None
    kind, found = max(shapes.items(), key=lambda item: len(item[1]))
    if kind[0] == "iso":
        found = [text for texts in shapes.values() for text in texts if ISO.fullmatch(text)]
        offset = all((match := ISO.fullmatch(text)) and match["offset"] for text in found)
        return WrittenDates({"": ""}, found[0], None, len(texts) - len(found), offset)
    formats = _formats(kind)
    fits = {order: [text for text in found if _fits(text, written)] for order, written in formats.items()}
    best = max(map(len, fits.values()))
    if best < MOSTLY * len(found):
        return None
    kept = {order: written for order, written in formats.items() if len(fits[order]) == best}
    lost = [text for order, texts in fits.items() if order not in kept for text in found if text not in set(texts)]
    return WrittenDates(kept, found[0], lost[0] if lost else None, len(texts) - best, offset=False)


def has_month_names(values: Iterable[str]) -> bool:
    """Whether the values look like dates with the month as a word, which cannot be read."""
    texts = list(values)[:LOOKED_AT]
    return bool(texts) and sum(bool(MONTH_NAMES.fullmatch(text)) for text in texts) >= MOSTLY * len(texts)


def _shape(text: str) -> tuple[str, ...] | None:
    if ISO.fullmatch(text):
        return ("iso",)
    if match := YEAR_FIRST.fullmatch(text):
        return ("year", "%H:%M" + (":%S" if match["seconds"] else "") if " " in text else "")
    if match := NUMBERS.fullmatch(text):
        colon = match["colon"] or ""
        time = f"{match['gap']}%H{colon}%M" + (f"{colon}%S" if match["seconds"] else "") if colon else ""
        return ("numbers", match["cut"], "%Y" if len(match["year"]) == 4 else "%y", time)
    return None


def _formats(shape: tuple[str, ...]) -> dict[str, str]:
    if shape[0] == "year":
        return {"": f"%Y/%m/%d {shape[1]}".rstrip()}
    _, cut, year, time = shape
    return {DAY_FIRST: f"%d{cut}%m{cut}{year}{time}", MONTH_FIRST: f"%m{cut}%d{cut}{year}{time}"}


def _fits(text: str, written: str) -> bool:
    try:
        datetime.strptime(text, written)  # noqa: DTZ007  # only whether it can be read
    except ValueError:
        return False
    return True
