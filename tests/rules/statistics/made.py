"""Small effects made by hand for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Effect, Units

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def values(y: ArrayLike, pilot: ArrayLike, office: ArrayLike | None = None, day: ArrayLike | None = None) -> CaseValues:
    """One value a case; offices and days are numbered from 0, -1 where nothing is known (all of them by default)."""
    ys, flags = np.asarray(y, dtype=np.float64), np.asarray(pilot, dtype=bool)
    nowhere = np.full(len(ys), -1)
    at, on = (np.asarray(nowhere if a is None else a, dtype=np.int64) for a in (office, day))
    names = tuple(f"office {k}" for k in range(int(at.max()) + 1))
    days = tuple(f"day {k}" for k in range(int(on.max()) + 1))
    units = Units(tuple(f"case {k}" for k in range(len(ys))), flags, at, on, names, days)
    return CaseValues("metric", "days", ys, ~np.isnan(ys), units)


def effect(y: ArrayLike, pilot: ArrayLike, office: ArrayLike | None = None, day: ArrayLike | None = None) -> Effect:
    """The plain difference of such values."""
    return values(y, pilot, office, day).difference()


def clustered(
    random: np.random.Generator, sizes: Sequence[int], correlation: float, *, shared: bool = False, gain: float = 0.0
) -> CaseValues:
    """Cases of offices of these sizes, the first half of them the baseline's, with that intra-office correlation.

    With `shared` the offices of both halves are the same ones, drawn apart.
    """
    half = len(sizes) // 2
    office = np.repeat(np.arange(len(sizes)), sizes)
    y = random.normal(0, np.sqrt(correlation), len(sizes))[office]
    y = y + random.normal(0, np.sqrt(1 - correlation), len(office)) + gain * (office >= half)
    return values(y, office >= half, office % half if shared else office)
