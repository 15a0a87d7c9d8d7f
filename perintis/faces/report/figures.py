"""Numbers for people: as many digits as are of use, shares in per cent, units where they do not stand beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from perintis.rules.evaluation.parts import Between

SHARE = "share"
DIGITS = 3
SIGNIFICANT = 2
MOST_PLACES = 9
NOTHING = 1e-9
"""What is smaller is a rounding error, and reads as zero."""
LEAST_TENTH = 0.05
"""From so many per cent on, one decimal is enough; below it would say nothing."""
MINUS = "\u2212"


def decimals(value: float, digits: int = DIGITS) -> int:
    """How many decimals show so many significant digits: 0 for 123, 1 for 12.3, 2 for 1.23, never more than 4."""
    if value == 0:
        return 1
    return min(max(digits - 1 - floor(log10(abs(value))), 0), 4)


def number(value: float, unit: str = "", *, signed: bool = False) -> str:
    """One number: `12.3`, `+0.41`, `74 %` for a share, `+5.1 pp` for a difference of shares. Zero has no sign."""
    share = unit == SHARE
    size = 100 * value if share else value
    places = (
        1 if share and (abs(size) >= LEAST_TENTH or size == 0) else decimals(size, SIGNIFICANT if share else DIGITS)
    )
    text = f"{size:z,.{places}f}"
    if signed and size > 0 and text.strip("0.,"):
        text = f"+{text}"
    return text + ((" pp" if signed else " %") if share else "")


def span(between: Between, unit: str = "") -> str:
    """An interval of a difference: `-6.1 to -1.9`; an open end is told in words."""
    low = "no limit" if between.low is None else number(between.low, unit, signed=True)
    high = "no limit" if between.high is None else number(between.high, unit, signed=True)
    return f"{low.removesuffix(' pp')} to {high}"


def places_for(values: Iterable[float]) -> int:
    """Decimals (negative: rounded before the point) with which the largest value has two significant digits.

    Where two of the values would then read the same although they differ, there is a digit more, up to three more.
    """
    given = [float(v) if abs(v) >= NOTHING else 0.0 for v in values]
    largest = max((abs(v) for v in given), default=0.0)
    if largest == 0:
        return 0
    places = digits_at(largest, SIGNIFICANT)
    for more in range(3):
        if _told_apart(given, places + more):
            return min(places + more, MOST_PLACES)
    return min(places + 3, MOST_PLACES)


def digits_at(value: float, digits: int) -> int:
    """Decimals (negative: before the point) that show so many significant digits of a value that is not zero."""
    return min(digits - 1 - floor(log10(abs(value))), MOST_PLACES)


def _told_apart(values: list[float], places: int) -> bool:
    different = {float(f"{v:.9g}") + 0.0 for v in values}
    return len({round(v, places) + 0.0 for v in different}) == len(different)


@dataclass(frozen=True)
class Numbers:
    """Numbers, money and days as a language writes them; `locale` is Babel's name of it."""

    locale: str

    def plain(self, value: float, places: int = 0, *, signed: bool = False) -> str:
        """A number with grouping and a proper minus; negative places round before the decimal point."""
        from babel.numbers import format_decimal

        rounded = round(value, places) + 0.0
        pattern = "#,##0" + ("." + "0" * places if places > 0 else "")
        text = format_decimal(abs(rounded), format=pattern, locale=self.locale)
        sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
        return sign + text

    def count(self, value: float) -> str:
        """A whole number."""
        return self.plain(value)

    def percent(self, share: float, places: int | None = None) -> str:
        """A share of one in per cent, with so many decimals; else as many as two significant digits need, up to 1."""
        chosen = (0 if round(abs(share), 3) >= 0.1 or share == 0 else 1) if places is None else places
        return f"{self.plain(100 * share, chosen)}%"

    def chance(self, p: float) -> str:
        """A probability in per cent; tiny ones are not spelled out."""
        return f"<{self.plain(0.1, 1)}%" if p < 0.001 else self.percent(p)

    def money(self, value: float, currency: str, places: int = 0, *, signed: bool = False) -> str:
        """An amount of money with its currency: `Rp 47.000`, `IDR 47,000`."""
        from babel.numbers import get_currency_symbol

        text = self.plain(value, places, signed=signed)
        sign, digits = (text[0], text[1:]) if text[:1] in (MINUS, "+") else ("", text)
        return f"{sign}{get_currency_symbol(currency, locale=self.locale)}\u00a0{digits}"

    def day(self, day: date | datetime) -> str:
        """`2 March 2026`, `2 Maret 2026`."""
        from babel.dates import format_date

        return str(format_date(day, format="d MMMM y", locale=self.locale))

    def moment(self, at: datetime) -> str:
        """A day with its time and zone as the document has it: `30 September 2026, 16:00 UTC`."""
        zone = at.strftime("%Z") or "UTC"
        return f"{self.day(at)}, {at:%H:%M} {zone}"
