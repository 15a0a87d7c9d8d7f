"""How a sentence names a column that nobody asked for: a header may hold a value of a person.

Where a file has no header its first row is a person's, and now and then somebody writes a name or a number above a
column. Such a text is told only where it is nearly one of the names that were expected.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

ALIKE = 0.75
_NUMBER = re.compile(r"\d{4}")


def named_or_placed(name: str, place: int, expected: Collection[str]) -> str:
    """A column by its name where that is nearly an expected one, else by its place in the file, from 1."""
    wanted = [other.casefold() for other in expected]
    if _NUMBER.search(name) is None and get_close_matches(name.casefold(), wanted, n=1, cutoff=ALIKE):
        return f"{name!r}"
    return f"number {place} ({_letters(place)} in a spreadsheet)"


def _letters(place: int) -> str:
    """The letters over a column of a spreadsheet."""
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
