"""From simulated cases to the product's own effect and interval."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.effect import Effect, NoEstimate, Units
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from simulations.check import Flags, Floats, Whole


@lru_cache(maxsize=64)
def units_of(offices: tuple[int, ...], pilot_offices: int) -> Units:
    """Cases by office: `offices[g]` cases in office g; the first `pilot_offices` offices are the pilot's."""
    office = np.repeat(np.arange(len(offices)), offices)
    names = tuple(map(str, range(len(office))))
    return Units(names, office < pilot_offices, office, np.full(len(office), -1), names[: len(offices)])


def one_office_a_case(pilot: int, baseline: int) -> Units:
    """Cases that were drawn by themselves, the pilot's first."""
    return units_of((1,) * (pilot + baseline), pilot)


def mean_effect(value: Floats, units: Units) -> Effect:
    """The difference of plain means."""
    pilot, psi, means = units.pilot, np.zeros(len(units)), []
    for side, sign in ((pilot, 1.0), (~pilot, -1.0)):
        means.append(float(value[side].mean()))
        psi[side] = sign * (value[side] - means[-1]) / side.sum()
    return _effect(means, psi, units)


def rmst_effect(seen: Floats, ended: Flags, units: Units, tau: float) -> Effect:
    """The difference of restricted means by Kaplan-Meier; all cohorts must be followed up to tau."""
    pilot, psi, means = units.pilot, np.zeros(len(units)), []
    for side, sign in ((pilot, 1.0), (~pilot, -1.0)):
        found = rmst(seen[side], ended[side], tau)
        means.append(found.value)
        psi[side] = sign * found.influence
    return _effect(means, psi, units)


def rmst(seen: Floats, ended: Flags, tau: float) -> FromCurve:
    """The product's restricted mean of one cohort."""
    found = restricted_mean(follow(seen, ended), tau)
    if isinstance(found, NoEstimate):
        raise AssertionError(found.reason)  # noqa: TRY004 - a value, not a type, is wrong
    return found


def judged(effect: Effect, by: Clustering = Clustering.OFFICE, strata: Whole | None = None) -> Interval:
    """The product's interval; a simulation always has enough offices for one."""
    found = interval(effect, by, strata=strata)
    if isinstance(found, NoEstimate):
        raise AssertionError(found.reason)  # noqa: TRY004 - a value, not a type, is wrong
    return found


def _effect(means: list[float], psi: Floats, units: Units) -> Effect:
    used = np.ones(len(units), dtype=bool)
    return Effect("lead_time", means[0] - means[1], psi, used, units, means[0], means[1], "days")
