"""Numbers for people: as many digits as are of use, shares in per cent, units where they do not stand beside."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perintis.rules.evaluation.parts import Between

SHARE = "share"
DIGITS = 3


def decimals(value: float, digits: int = DIGITS) -> int:
    """How many decimals show so many significant digits: 0 for 123, 1 for 12.3, 2 for 1.23, never more than 4."""
    if value == 0:
        return 1
    return min(max(digits - 1 - floor(log10(abs(value))), 0), 4)


def number(value: float, unit: str = "", *, signed: bool = False) -> str:
    """One number: `12.3`, `+0.41`, `74 %` for a share, `+5.1 pp` for a difference of shares."""
    if unit == SHARE:
        return f"{100 * value:+.1f} pp" if signed else f"{100 * value:.1f} %"
    places = decimals(value)
    return f"{value:{'+' if signed else ''},.{places}f}"


def span(between: Between, unit: str = "") -> str:
    """An interval of a difference: `-6.1 to -1.9`; an open end is told in words."""
    low = "no limit" if between.low is None else number(between.low, unit, signed=True)
    high = "no limit" if between.high is None else number(between.high, unit, signed=True)
    return f"{low.removesuffix(' pp')} to {high}"
