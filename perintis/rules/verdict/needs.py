"""How much more would be needed: cases at the same offices, or offices of the same size."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """What a metric's error rests on: cases and offices of both cohorts together, and how alike cases of one office
    are (intra-office correlation, None where it is not known)."""

    cases: int
    offices: int
    icc: float | None = None


@dataclass(frozen=True)
class More:
    """Either would do; None where that way alone cannot."""

    cases: int | None
    offices: int | None

    def __str__(self) -> str:
        ways = []
        if self.cases is not None:
            ways.append(f"about {self.cases:,} more case{'' if self.cases == 1 else 's'}")
        if self.offices is not None:
            ways.append(f"{self.offices:,} more office{'' if self.offices == 1 else 's'}")
        return " or ".join(ways) or "more than can be had at these offices"


def more_needed(ratio: float, size: Size) -> More:
    """What brings the variance down to `ratio` of what it is (below 1).

    With m cases an office and intra-office correlation r, the variance goes as (1 + (m - 1) r) / (m G): more offices
    lower it in proportion, more cases only down to r / G. Source: Donner and Klar 2000, chapter 5.
    """
    if size.cases < 1 or not 0 < ratio < math.inf:
        return More(None, None)
    if ratio >= 1:
        return More(0, 0)
    icc = min(max(size.icc or 0.0, 0.0), 1.0)
    offices = max(size.offices, 1)
    each = size.cases / offices
    left = ratio * (1 + (each - 1) * icc) / each - icc
    cases = None if left <= 0 else (1 - icc) / left * offices - size.cases
    return More(
        None if cases is None or cases > 100 * size.cases else _round_up(cases),
        math.ceil(size.offices / ratio - size.offices - 1e-9) if size.offices else None,
    )


def _round_up(number: float) -> int:
    """Two significant digits, upwards: nobody should read more into it."""
    if number <= 10:
        return max(1, math.ceil(number - 1e-9))
    unit = 10 ** (math.floor(math.log10(number)) - 1)
    return int(math.ceil(number / unit - 1e-9) * unit)
