"""How far an effect may be off: its standard error when cases of one office, or of one day, resemble each other.

The variance is a sum over groups of the squared sums of influence values. Offices are the sample size: below four a
cohort nothing is said; from four to eleven the t test over office means and the permutation of office labels must both
agree; from twelve the bias-reduced error (CR2) with its own degrees of freedom serves alone (see `clusters`).

Sources: Liang and Zeger 1986; Cameron, Gelbach and Miller 2011 (two ways); Bell and McCaffrey 2002 (CR2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NOWHERE

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats, Units, Whole


class Clustering(StrEnum):
    """Which cases resemble each other."""

    NONE = "cases"
    OFFICE = "offices"
    DAY = "days"
    BOTH = "offices and days"


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums by group and cohort: `sums` and `sizes` have shape (groups, 2), baseline first.

    Only groups with a used case are there. Cases without a group are groups of their own.
    """

    sums: Floats
    sizes: Floats
    group: Whole

    @property
    def shared(self) -> int:
        """How many groups have cases in both cohorts."""
        return int((self.sizes > 0).all(axis=1).sum())

    @property
    def per_cohort(self) -> tuple[int, int]:
        """How many groups each cohort has, baseline first."""
        present = (self.sizes > 0).sum(axis=0)
        return int(present[0]), int(present[1])


def cells(effect: Effect, group: Whole) -> Cells:
    """The influence values of an effect summed by group and cohort."""
    used = effect.used
    places, pilot, psi = group, effect.units.pilot, effect.psi
    if not used.all():  # picking out all of them would take longer than the sums
        places, pilot, psi = places[used], pilot[used], psi[used]
    known = places != NOWHERE
    count = int(places[known].max()) + 1 if known.any() else 0
    if not known.all():
        places = places.copy()
        places[~known] = count + np.arange(int((~known).sum()))
        count += int((~known).sum())
    cell = places * 2 + pilot
    sizes = np.bincount(cell, minlength=count * 2).reshape(count, 2).astype(np.float64)
    sums = np.bincount(cell, weights=psi, minlength=count * 2).astype(np.float64).reshape(count, 2)
    there = np.flatnonzero(sizes.any(axis=1))
    return Cells(sums[there], sizes[there], there)


def groups(units: Units, by: Clustering) -> Whole:
    """The group of every case, -1 where it is not known."""
    if by is Clustering.OFFICE:
        return units.office
    if by is Clustering.DAY:
        return units.day
    if by is Clustering.NONE:
        return np.arange(len(units), dtype=np.int64)
    both = (units.office != NOWHERE) & (units.day != NOWHERE)
    return np.where(both, units.office * (len(units.days) or 1) + units.day, NOWHERE)


def variance(effect: Effect, by: Clustering = Clustering.OFFICE) -> float:
    """The variance of the estimate. For offices and days it is the largest of both ways, offices and days alone.

    With G groups a cohort the sum of squares is taken times G / (G - 1), in each cohort by itself unless groups have
    cases in both.
    """
    if by is not Clustering.BOTH:
        return _one_way(effect, groups(effect.units, by))
    office, day = variance(effect, Clustering.OFFICE), variance(effect, Clustering.DAY)
    return max(office + day - _one_way(effect, groups(effect.units, by)), office, day)


def standard_error(effect: Effect, by: Clustering = Clustering.OFFICE) -> float:
    """The square root of `variance`."""
    return sqrt(variance(effect, by))


def covariance(effects: Sequence[Effect], by: Clustering = Clustering.OFFICE) -> Floats:
    """The covariance matrix of effects over the same units, shape (effects, effects).

    Each variance is that of `variance`; the correlations are those of the sums by office (by day where only days are
    asked for), so that the matrix is never negative.
    """
    units = effects[0].units
    shared = groups(units, Clustering.OFFICE if by is Clustering.BOTH else by)
    table = np.array([_all_sums(effect, shared) for effect in effects])
    products = table @ table.T
    scale = np.sqrt(np.diag(products))
    errors = np.array([standard_error(effect, by) for effect in effects])
    ratio = np.divide(errors, scale, out=np.zeros_like(errors), where=scale > 0)
    found: Floats = products * np.outer(ratio, ratio)
    return found


def bias_reduced(table: Cells) -> tuple[float, float]:
    """CR2 variance and the degrees of freedom of Bell and McCaffrey, for unequal group sizes.

    Closed form for the difference of two means: the sum of a group with a share h of its cohort's cases is divided by
    sqrt(1 - h). Both are infinite or zero where one group is a whole cohort; ask for four groups first.
    """
    size = table.sizes.sum(axis=0)
    share = table.sizes / np.maximum(size, 1)
    blown = np.divide(1.0, np.sqrt(1 - share), out=np.full_like(share, np.inf), where=share < 1)
    squares = float((np.where(table.sizes > 0, table.sums * blown, 0.0).sum(axis=1) ** 2).sum())
    if np.isinf(blown).any():
        return float("inf"), 0.0
    own = blown**2 * share / size
    cross = blown * share / np.sqrt(size)
    total = float((1 / size).sum())
    product = own.T @ own - own.T @ cross**2 - (cross**2).T @ own + (cross.T @ cross) ** 2
    return squares, total**2 / float(product.sum())


def _one_way(effect: Effect, group: Whole) -> float:
    table = cells(effect, group)
    if table.shared:
        count = len(table.group)
        return float((table.sums.sum(axis=1) ** 2).sum()) * count / (count - 1) if count > 1 else float("inf")
    found = 0.0
    for column, count in zip(table.sums.T, table.per_cohort, strict=True):
        found += float((column**2).sum()) * count / (count - 1) if count > 1 else float("inf")
    return found


def _all_sums(effect: Effect, group: Whole) -> Floats:
    """Sums by group with a fixed place for each group; cases without one come behind, each by itself."""
    known = group != NOWHERE
    count = int(group[known].max()) + 1 if known.any() else 0
    sums: Floats = np.concatenate(
        [np.bincount(group[known], weights=effect.psi[known], minlength=count), effect.psi[~known]]
    )
    return sums
