"""How much of the level each formal look may spend, and the bound that spends it.

The looks need not come when planned: a bound follows from the information there is at that look, and the last look
spends what is left, whether there is less or more information than planned. All levels are two-sided.
Source: Lan and DeMets 1983; Jennison and Turnbull 2000, chapters 2 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

from scipy.special import ndtr, ndtri

from perintis.rules.sequential.crossing import LEAST_GAIN, bound_for, exits, run_on
from perintis.words.errors import BadInput

LEVEL = 0.05


class Spending(StrEnum):
    """Which part of the level may be spent by a given share of the information."""

    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"


def spent(fraction: float, alpha: float = LEVEL, spending: Spending = Spending.OBRIEN_FLEMING) -> float:
    """The two-sided level that may be spent by this fraction of the planned information; all of it from 1 on."""
    if not fraction > 0:
        raise BadInput(f"a look needs some information: its fraction is {fraction:g}; give one above 0")
    if fraction >= 1:
        return alpha
    if spending is Spending.POCOCK:
        return alpha * math.log(1 + (math.e - 1) * fraction)
    return 4 * float(ndtr(ndtri(alpha / 4) / math.sqrt(fraction)))


def bounds(
    fractions: Sequence[float],
    alpha: float = LEVEL,
    spending: Spending = Spending.OBRIEN_FLEMING,
    final: bool = False,
) -> tuple[float, ...]:
    """The bounds on |Z| at these fractions of the information; with `final` the last look spends what is left."""
    found: list[float] = []
    for k, now in enumerate(fractions):
        last = final and k == len(fractions) - 1
        found.append(look_bound(fractions[:k], now, final=last, alpha=alpha, spending=spending, earlier=found))
    return tuple(found)


def look_bound(
    previous: Sequence[float],
    now: float,
    *,
    final: bool,
    alpha: float = LEVEL,
    spending: Spending = Spending.OBRIEN_FLEMING,
    earlier: Sequence[float] | None = None,
) -> float:
    """The bound on |Z| at a look with fraction `now`, after looks at the fractions `previous`.

    `earlier` are the bounds those looks had; without them they are computed. Raises BadInput where fractions do not
    grow or nothing is left to spend.
    """
    _growing([*previous, now])
    before = spent(previous[-1], alpha, spending) if previous else 0.0
    left = (alpha if final else spent(now, alpha, spending)) - before
    if left <= 0:
        raise BadInput(
            f"nothing of the level is left for a look at {now:g} of the information: "
            f"the look at {previous[-1]:g} was the last"
        )
    inside = bounds(previous, alpha, spending) if earlier is None else tuple(earlier)
    return bound_for(run_on(previous, inside), now, left)


def equal_fractions(looks: int) -> tuple[float, ...]:
    """Equally spaced looks: 1/K, 2/K, ..., 1."""
    return tuple((k + 1) / looks for k in range(looks))


def pocock_constant(looks: int, alpha: float = LEVEL) -> float:
    """The one bound that `looks` equally spaced looks share (Pocock 1977)."""
    return _constant(looks, alpha, lambda c: [c] * looks)


def obrien_fleming_constant(looks: int, alpha: float = LEVEL) -> float:
    """The last of the bounds c * sqrt(K / k) of O'Brien and Fleming (1979)."""
    return _constant(looks, alpha, lambda c: [c * math.sqrt(looks / (k + 1)) for k in range(looks)])


def type_one_error(looks: int, bound: float = 1.959963984540054) -> float:
    """How often one of so many equally spaced looks crosses `bound` although there is no effect."""
    return _crossed(looks, [bound] * looks)


def _constant(looks: int, alpha: float, shape: Callable[[float], list[float]]) -> float:
    low, high = 1.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _crossed(looks, shape(middle)) > alpha else (low, middle)
    return (low + high) / 2


def _crossed(looks: int, shape: Sequence[float]) -> float:
    return sum(up + down for up, down in exits(equal_fractions(looks), shape))


def _growing(fractions: Sequence[float]) -> None:
    for before, after in pairwise(fractions):
        if after < before + LEAST_GAIN:
            raise BadInput(
                f"looks must gain information: {after:g} comes after {before:g}; "
                "wait for more cases or leave this look out"
            )
