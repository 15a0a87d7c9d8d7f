"""How dates are written in a column: the order of day and month is known from a value, or not at all."""

from __future__ import annotations

import pytest

from perintis.doors.importers.written_dates import has_month_names, written_dates


@pytest.mark.parametrize(
    ("values", "formats", "settled_by"),
    [
        (["2024-01-05", "2024-02-06"], {"": ""}, None),
        (["2024-01-05 08:00", "2024-02-06T09:00+07:00"], {"": ""}, None),
        (["05/01/2024", "25/01/2024"], {"day": "%d/%m/%Y"}, "25/01/2024"),
        (["01/05/2024", "01/25/2024"], {"month": "%m/%d/%Y"}, "01/25/2024"),
        (["05/01/2024", "06/01/2024"], {"day": "%d/%m/%Y", "month": "%m/%d/%Y"}, None),
        (["5-1-24 08.30", "25-1-24 09.00"], {"day": "%d-%m-%y %H.%M"}, "25-1-24 09.00"),
        (["2024/01/05 08:00:00"], {"": "%Y/%m/%d %H:%M:%S"}, None),
    ],
)
def test_the_order_is_settled_by_a_value_or_left_open(
    values: list[str], formats: dict[str, str], settled_by: str | None
) -> None:
    """A thirteenth can only be a day; where none is there, both orders stay."""
    found = written_dates(values)
    assert found is not None
    assert (found.formats, found.settled_by, found.ambiguous) == (formats, settled_by, len(formats) > 1)


@pytest.mark.parametrize("values", [[], ["20240105", "20240106"], ["A-1", "B-2"], ["31740910", "1.5"], ["99/99/2024"]])
def test_numbers_and_codes_are_no_dates(values: list[str]) -> None:
    """A case number of eight digits is not a day."""
    assert written_dates(values) is None


def test_a_few_other_values_are_counted_and_not_taken_for_dates() -> None:
    """Four in five have to be dates; the others are told."""
    found = written_dates(["05/01/2024", "25/01/2024", "26/01/2024", "27/01/2024", "soon"])
    assert found is not None
    assert (found.formats, found.others) == ({"day": "%d/%m/%Y"}, 1)


def test_months_as_words_are_recognised_as_unreadable() -> None:
    """They are told to the person, not guessed."""
    assert has_month_names(["3 Januari 2024", "12 Maret 2024"])
    assert not has_month_names(["2024-01-03"])
