"""Numbers of the report: two significant digits that still tell the ends of an interval apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from perintis.faces.report.figures import Numbers, digits_at, number, places_for
from perintis.faces.report.languages.language import language
from perintis.faces.report.panels.amounts import Amounts, amounts, of_figures
from perintis.rules.evaluation.parts import Between, Figure

ENGLISH, INDONESIAN = Numbers("en"), Numbers("id")


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ((-4.0, -6.1, -1.9), 1),
        ((-10.81, -11.08, -10.54), 1),  # two digits would read 11, 11, 11
        ((-20.733, -20.873, -20.592), 1),
        ((0.002, -0.006, 0.0102), 3),
        ((47e6, 26e6, 68e6), -6),
        ((-114_319.0, -116_946.0, -111_692.0), -3),  # -110,000 twice would not tell the ends apart
        ((0.0, 0.0, -0.0), 0),
        ((1e-7, 2e-7), 8),
    ],
)
def test_the_decimals_of_an_interval(values: tuple[float, ...], places: int) -> None:
    """Two digits of the largest; more where two different ends would read the same."""
    assert places_for(values) == places


def test_equal_ends_need_no_more_digits() -> None:
    """An interval without width is no reason for decimals."""
    assert places_for((1.0, 1.0, 1.0)) == 1


@pytest.mark.parametrize(
    ("value", "digits", "places"), [(123.0, 2, -1), (12.3, 2, 0), (1.23, 2, 1), (0.0123, 3, 4), (1e-12, 2, 9)]
)
def test_significant_digits(value: float, digits: int, places: int) -> None:
    """Counted from the first digit that is not zero; never more than nine decimals."""
    assert digits_at(value, digits) == places


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """Decimal comma, grouping by points, Rp, Indonesian months; a minus, never a hyphen."""
    assert ENGLISH.plain(-1234.56, 1) == "\u22121,234.6"
    assert INDONESIAN.plain(-1234.56, 1) == "\u22121.234,6"
    assert INDONESIAN.plain(4.0, 1, signed=True) == "+4,0"
    assert ENGLISH.plain(-0.0001, 1, signed=True) == "0.0"
    assert INDONESIAN.money(-47_000, "IDR") == "\u2212Rp\u00a047.000"
    assert ENGLISH.money(47_000, "IDR") == "IDR\u00a047,000"
    assert INDONESIAN.moment(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) == "2 Maret 2026, 09:30 UTC"


@pytest.mark.parametrize(
    ("share", "english", "indonesian"),
    [(0.74, "74%", "74%"), (0.021, "2.1%", "2,1%"), (0.0, "0%", "0%"), (1.0, "100%", "100%")],
)
def test_shares_are_per_cent(share: float, english: str, indonesian: str) -> None:
    """Small ones with a decimal."""
    assert (ENGLISH.percent(share), INDONESIAN.percent(share)) == (english, indonesian)


def test_a_tiny_chance_is_not_spelled_out() -> None:
    """Below a thousandth."""
    assert INDONESIAN.chance(0.0004) == "<0,1%"
    assert ENGLISH.chance(0.012) == "1.2%"


def test_amounts_carry_their_unit() -> None:
    """Shares are per cent as levels and percentage points as changes; one is not plural."""
    share = amounts((0.19, 0.14, 0.24), "share", language("en"))
    assert (share.level(0.62), share.size(-0.19), share.change(0.19)) == ("62%", "19 percentage points", "+19")
    days = Amounts(language("en"), "days", 0)
    assert (days.level(1.0), days.level(2.0)) == ("1 day", "2 days")
    assert Amounts(language("id"), "days", 1).level(25.1) == "25,1 hari"
    assert Amounts(language("id"), "currency of the pilot", -3, "IDR").level(369_165.0) == "Rp\u00a0369.000"


def test_an_open_end_is_told_in_words() -> None:
    """Never as a number."""
    say = Amounts(language("id"), "days", 1)
    assert say.between(Between(low=None, high=-1.0)) == "tanpa batas sampai \u22121,0"
    assert say.between(None) == "tanpa rentang"


def test_figures_under_one_another_share_their_decimals() -> None:
    """Two digits of the widest half-width, at most three of the largest value."""
    wide = [Figure(value=11.06, interval=Between(low=9.57, high=12.54)), Figure(value=10.4, interval=None)]
    assert of_figures(wide, "days", language("en")).places == 1
    narrow = [Figure(value=0.001, interval=Between(low=0.0005, high=0.0015)),
              Figure(value=-0.35, interval=Between(low=-0.507, high=-0.193))]  # fmt: skip
    assert of_figures(narrow, "days", language("en")).places == 2


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (-0.0, "", "0.0"), (-0.0, "share", "0.0 pp"), (-1e-7, "days", "0.0000"), (1e-7, "share", "0.0000 pp"),
        (-0.00012, "share", "-0.012 pp"), (0.0512, "share", "+5.1 pp"), (-0.04, "days", "-0.0400"),
        (12_345.0, "", "+12,345"),
    ],
)  # fmt: skip
def test_zero_has_no_sign_on_the_terminal(value: float, unit: str, said: str) -> None:
    """What is too small to be shown is not less than nothing; a small share gets the digits it needs."""
    assert number(value, unit, signed=True) == said
