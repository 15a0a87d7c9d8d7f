"""What a simulation check consists of, and when one of its figures is as it should be.

Every figure has a range that it must lie in. A *negative control* is a wrong way of doing the same thing (the wrong
standard error, the mean of closed cases): it must lie OUTSIDE that range, which shows that the check can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

FULL = 2000
"""Repetitions for which the ranges are stated; with fewer they widen by what chance adds."""

TYPE_ONE, OVER_ALL_LOOKS, COVERAGE = (0.0, 0.060), (0.0, 0.055), (0.935, 0.965)
"""Accepted: false positives of one test, of a whole sequence of looks, and coverage of a 95 % interval."""


@dataclass(frozen=True)
class Figure:
    """One figure of a check: its value, Monte-Carlo error, accepted range and the reference it was planned against."""

    name: str
    value: float
    error: float
    low: float
    high: float
    reference: float | None = None
    control: bool = False

    @property
    def inside(self) -> bool:
        """Whether the value lies in the accepted range."""
        return self.low <= self.value <= self.high

    @property
    def holds(self) -> bool:
        """Inside for a figure of ours, outside for a negative control."""
        return self.inside != self.control


@dataclass(frozen=True)
class Check:
    """One check: `run(repetitions, rng)` gives its figures. `short` repetitions are enough for the tests."""

    name: str
    shows: str
    run: Callable[[int, np.random.Generator], tuple[Figure, ...]]
    repetitions: int = FULL
    short: int = 200


def rate(
    name: str,
    hits: Any,
    accepted: tuple[float, float],
    reference: float | None = None,
    *,
    control: bool = False,
    weak: bool = False,
    stated_for: int = FULL,
) -> Figure:
    """A share of repetitions. The range widens by three times what fewer than `stated_for` of them add to the error.

    A `weak` control is only a little wrong: fewer than `FULL` repetitions cannot tell and merely show it.
    """
    n, share = len(hits), float(flags(hits).mean())
    if weak and n < FULL:
        return Figure(name, share, sqrt(share * (1 - share) / n), 0.0, 1.0, reference)
    low, high = accepted
    slack = 3 * max(0.0, _at(low, high, n) - _at(low, high, stated_for))
    return Figure(name, share, sqrt(share * (1 - share) / n), max(0.0, low - slack), high + slack, reference, control)


def mean(
    name: str,
    values: Floats,
    accepted: tuple[float, float],
    reference: float | None = None,
    *,
    control: bool = False,
) -> Figure:
    """A mean over repetitions; the range widens as that of `rate` does."""
    n = len(values)
    spread = float(values.std(ddof=1))
    slack = 3 * spread * max(0.0, 1 / sqrt(n) - 1 / sqrt(FULL))
    low, high = accepted
    return Figure(name, float(values.mean()), spread / sqrt(n), low - slack, high + slack, reference, control)


def exact(
    name: str, value: float, accepted: tuple[float, float], reference: float | None = None, *, control: bool = False
) -> Figure:
    """A figure without Monte-Carlo error."""
    return Figure(name, value, 0.0, *accepted, reference, control)


def near(target: float, within: float) -> tuple[float, float]:
    """The range within so much of a target."""
    return target - within, target + within


def at_least(low: float) -> tuple[float, float]:
    """The range from `low` up."""
    return low, inf


def first_true(crossed: Flags) -> Whole:
    """For each row the place of the first true, or the number of columns where there is none."""
    found: Whole = np.where(crossed.any(axis=1), crossed.argmax(axis=1), crossed.shape[1])
    return found


def flags(values: Any) -> Flags:
    """True or false for each repetition, as an array."""
    return np.asarray(values, dtype=bool)


def in_parts(repetitions: int, size: int) -> Sequence[int]:
    """The repetitions in parts of at most `size`, so that memory stays small."""
    whole, rest = divmod(repetitions, size)
    return [size] * whole + ([rest] if rest else [])


def _at(low: float, high: float, n: int) -> float:
    """The error of a share at the end of the range that is nearer to one half."""
    ends = [share for share in (low, high) if 0 < share < 1]
    share = min(ends, key=lambda end: abs(end - 0.5), default=0.5)
    return sqrt(share * (1 - share) / n)
