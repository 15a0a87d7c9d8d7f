"""Dates of birth: written forms, impossible dates, and dates that keep both their readings."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.linkage.dates import AMBIGUOUS, DateOrder, is_swapped, order_shown, standard_date


@pytest.mark.parametrize(
    "written",
    [
        "1990-04-23",
        "1990/4/23",
        "19900423",
        "23/04/1990",
        "23-4-1990",
        "23.04.1990",
        "04/23/1990",
        "23041990",
        "23 April 1990",
        "23 Apr 1990",
        "April 23, 1990",
        "23-APR-1990",
        "1990-04-23 00:00:00",
        "1990-04-23T00:00:00Z",
    ],
)
def test_one_date_in_many_forms(written: str) -> None:
    """Every form that leaves no doubt gives the date."""
    assert standard_date(written).value == date(1990, 4, 23)


@pytest.mark.parametrize(
    ("written", "month"), [("1 Agustus 1970", 8), ("1 Mei 1970", 5), ("1 Pebruari 1970", 2), ("1 Nopember 1970", 11)]
)
def test_indonesian_months_in_both_spellings(written: str, month: int) -> None:
    """Pebruari and Nopember are still written."""
    assert standard_date(written).value == date(1970, month, 1)


def test_a_date_that_may_be_meant_both_ways_keeps_both_readings() -> None:
    """03/04/1990 is 3 April or 4 March; without an order there is no value."""
    reading = standard_date("03/04/1990")
    assert (reading.value, reading.reason) == (None, AMBIGUOUS)
    assert reading.readings == (date(1990, 4, 3), date(1990, 3, 4))


def test_an_order_decides_an_ambiguous_date() -> None:
    """The order comes from the settings or from the rest of the column."""
    assert standard_date("03/04/1990", DateOrder.DAY_FIRST).value == date(1990, 4, 3)
    assert standard_date("03/04/1990", DateOrder.MONTH_FIRST).value == date(1990, 3, 4)
    assert standard_date("04/04/1990").value == date(1990, 4, 4)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/1990", "23/04/1990"], DateOrder.DAY_FIRST),
        (["03/04/1990", "04/23/1990"], DateOrder.MONTH_FIRST),
        (["23/04/1990", "04/23/1990"], None),
        (["03/04/1990", None, ""], None),
        (["19400423", "19081940"], DateOrder.YEAR_FIRST),
    ],
)
def test_the_unambiguous_dates_of_a_column_show_its_order(texts: list[str | None], order: DateOrder | None) -> None:
    """A column with both orders shows none: its ambiguous dates stay ambiguous."""
    assert order_shown(texts) is order


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "is empty"),
        ("01/02/90", "has a year of two digits, so the century is not known"),
        ("32874", "is a serial number of a spreadsheet; format the column as a date, then export again"),
        ("1990-02-30", "has no such day (month 2, day 30)"),
        ("1990-23-04", "has month 23; day and month may be swapped"),
        ("3 Foo 1990", "names no month in Indonesian or English"),
        ("soon", "is not written as a date"),
    ],
)
def test_what_is_no_date_gives_none_and_a_reason(written: str, reason: str) -> None:
    """No century, day or month is guessed."""
    reading = standard_date(written)
    assert (reading.value, reading.reason) == (None, reason)


def test_an_impossible_date_still_has_a_text_to_compare() -> None:
    """Two records with the same mistyped month agree on something rare."""
    assert standard_date("1660-81-01").text == "16608101"


def test_eight_digits_in_a_column_of_year_first_dates_are_year_first() -> None:
    """19081940 beside 19400423 is a mistyped 1908, not the 19th of August 1940."""
    assert standard_date("19081940").value == date(1940, 8, 19)
    assert standard_date("19081940", DateOrder.YEAR_FIRST).value is None


def test_swapped_day_and_month_are_told() -> None:
    """Equal dates are not swapped ones."""
    assert is_swapped("19900403", "19900304")
    assert not is_swapped("19900404", "19900404")
    assert not is_swapped("19900403", "19910304")


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%Y/%m/%d"]))
def test_every_date_comes_back_from_the_forms_without_doubt(day: date, form: str) -> None:
    """What is written year first or with the month in words has one reading."""
    assert standard_date(day.strftime(form)).value == day


@given(st.text(max_size=20))
def test_every_text_is_read(text: str) -> None:
    """A date, or a reason."""
    reading = standard_date(text)
    assert (reading.value is None) == (reading.reason is not None)
