"""The interval of an effect by the rules for offices, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.grouped import (
    Cells,
    Clustering,
    bias_reduced,
    cells,
    covariance,
    groups,
    standard_error,
    variance,
)
from perintis.rules.statistics.office_tests import OfficeT, Permuted, office_means, office_t, permutation

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Whole

FEWEST_OFFICES = 4
ENOUGH_OFFICES = 12
"""From so many offices a cohort on, a t test by offices stands without their exchange to bear it out."""

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """What is known of an effect: limits, standard error, degrees of freedom of its t, and two-sided p against zero.

    `method` and `rests_on` say in words how and from what. `agreed` is false where the t test over office means and the
    permutation of labels (or the CR2 interval) contradict each other about zero: the interval then reaches to zero.
    `caution` says what a reader must know beside it.
    """

    low: float
    high: float
    error: float
    df: float
    method: str
    rests_on: str
    p: float
    agreed: bool = True
    caution: str | None = None


def degrees_of_freedom(baseline: int, pilot: int, shared: bool) -> float:
    """G0 + G1 - 2 for offices of their own in each cohort, G - 1 where the same offices are in both."""
    return float(max(baseline, pilot) - 1 if shared else baseline + pilot - 2)


def interval(
    effect: Effect,
    by: Clustering = Clustering.OFFICE,
    *,
    level: float = LEVEL,
    strata: Whole | None = None,
) -> Interval | NoEstimate:
    """The interval of an effect. `strata` numbers the stratum of each of `units.offices`, for the permutation.

    By cases: for cases that were drawn by themselves. By offices: none below 4 offices a cohort; from 4 to 11 the wider
    of office-mean t and CR2, pulled to zero unless the permutation agrees; from 12 CR2. By days or both ways: the
    largest of these and of the two-way error.
    """
    for pilot, name in ((False, "baseline"), (True, "pilot")):
        if effect.cases(pilot) < 2:
            return NoEstimate(f"2 cases in the {name} needed, {effect.cases(pilot)} present", "wait for more cases")
    if by is Clustering.NONE:
        return _plain(effect, level)
    group = effect.units.day if by is Clustering.DAY else effect.units.office
    table = cells(effect, group)
    named = _named_groups(effect, table, by)
    if isinstance(named, NoEstimate):
        return named
    reduced, df = bias_reduced(table)
    df = max(1.0, min(df, degrees_of_freedom(*table.per_cohort, shared=table.shared > 0)))
    if by is not Clustering.OFFICE:
        reduced = max(reduced, variance(effect, by))
    rests_on = _resting(effect, named, by, shared=table.shared == len(table.group))
    if by is Clustering.DAY or min(named) >= ENOUGH_OFFICES:
        return _limits(effect, sqrt(reduced), df, "cluster-robust error (CR2) with t", rests_on, level)
    return _few_offices(effect, table, reduced, df, rests_on, level, strata)


def _named_groups(effect: Effect, table: Cells, by: Clustering) -> tuple[int, int] | NoEstimate:
    """How many offices (or days) each cohort has, or that they are too few. Cases without one do not count as one."""
    known = table.sizes[table.group < (len(effect.units.days) if by is Clustering.DAY else len(effect.units.offices))]
    baseline, pilot = (int(n) for n in (known > 0).sum(axis=0))
    what = "days" if by is Clustering.DAY else "offices"
    if not baseline and not pilot:
        return NoEstimate(f"no {what} were recorded", f"record the {what[:-1]} of every case")
    if min(baseline, pilot) < FEWEST_OFFICES:
        return NoEstimate(
            f"{FEWEST_OFFICES} {what} a cohort needed, {min(baseline, pilot)} present in the"
            f" {'baseline' if baseline <= pilot else 'pilot'}",
            f"let at least {FEWEST_OFFICES} {what} take part in each cohort",
        )
    return baseline, pilot


def _resting(effect: Effect, named: tuple[int, int], by: Clustering, *, shared: bool) -> str:
    """For instance "12 + 12 offices", "8 offices" where the same are in both cohorts, "12 + 12 offices, 60 days"."""
    what = "days" if by is Clustering.DAY else "offices"
    found = f"{named[0]} {what}" if shared else f"{named[0]} + {named[1]} {what}"
    if by is not Clustering.BOTH:
        return found
    days = np.unique(effect.units.day[effect.used])
    return f"{found}, {int((days != NOWHERE).sum())} days"


def _plain(effect: Effect, level: float) -> Interval:
    sizes = effect.cases(False), effect.cases(True)
    df = float(sum(sizes) - 2)
    error = standard_error(effect, Clustering.NONE)
    return _limits(effect, error, df, "independent cases", f"{sizes[0]} + {sizes[1]} cases", level)


def _few_offices(
    effect: Effect, table: Cells, reduced: float, df: float, rests_on: str, level: float, strata: Whole | None
) -> Interval | NoEstimate:
    """Four to eleven offices a cohort: office-mean t and permutation must both agree."""
    means = office_means(effect, table)
    tested = office_t(means)
    if isinstance(tested, NoEstimate):
        return tested
    shuffled = permutation(means, None if strata is None else strata[means.office])
    half = max(tested.half_width(level), sqrt(reduced) * float(stdtrit(df, 0.5 + level / 2)))
    error = half / float(stdtrit(tested.df, 0.5 + level / 2))
    found = _limits(effect, error, tested.df, "office-mean t and permutation of offices", rests_on, level)
    return _settled(found, tested, shuffled, 1 - level)


def _settled(found: Interval, tested: OfficeT, shuffled: Permuted | NoEstimate, alpha: float) -> Interval:
    """Pull the interval to zero where not all tests that exclude zero agree."""
    ps = [found.p, tested.p]
    caution = shuffled.reason if isinstance(shuffled, NoEstimate) else None
    if isinstance(shuffled, Permuted):
        ps.append(shuffled.p)
        caution = shuffled.text if shuffled.smallest > alpha else None
    agreed = max(ps) <= alpha or min(ps) > alpha
    if not agreed:
        caution = caution or "the t test over office means and the permutation of offices do not agree"
    low, high = (min(found.low, 0.0), max(found.high, 0.0)) if max(ps) > alpha else (found.low, found.high)
    return Interval(
        low, high, found.error, found.df, found.method, found.rests_on, max(ps), agreed, caution
    )  # fmt: skip


def _limits(effect: Effect, error: float, df: float, method: str, rests_on: str, level: float) -> Interval:
    half = error * float(stdtrit(df, 0.5 + level / 2))
    p = float(2 * stdtr(df, -abs(effect.estimate) / error)) if error > 0 else float(effect.estimate == 0)
    return Interval(effect.estimate - half, effect.estimate + half, error, df, method, rests_on, p)


__all__ = [
    "Clustering",
    "Interval",
    "covariance",
    "degrees_of_freedom",
    "groups",
    "interval",
    "standard_error",
    "variance",
]
