"""A column nobody asked for is told by name only where the name is nearly an expected one: it may be a person's."""

from __future__ import annotations

import pytest

from perintis.rules.headers import named_or_placed

FIELDS = ("full_name", "nik", "date_of_birth")


@pytest.mark.parametrize(
    ("name", "place", "told"),
    [
        ("ful_name", 1, "'ful_name'"),
        ("Date_of_Birth", 3, "'Date_of_Birth'"),
        ("Siti Aminah", 2, "number 2 (B in a spreadsheet)"),
        ("nik 3171014508900001", 27, "number 27 (AA in a spreadsheet)"),
        ("", 4, "number 4 (D in a spreadsheet)"),
    ],
)
def test_by_name_or_by_place(name: str, place: int, told: str) -> None:
    """By place where it is like no expected name, or has a number in it."""
    assert named_or_placed(name, place, FIELDS) == told
