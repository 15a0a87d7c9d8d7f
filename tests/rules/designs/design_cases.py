"""Made-up cases for the tests of designs."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from perintis.rules.designs.design import Diagnostic, Estimated
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import NoEstimate, Units

START = date(2024, 1, 1)  # a Monday


def case_values(y, pilot, office=None, day=None, first=START, used=None):
    """CaseValues from plain arrays; `office` by number, `day` counted from `first`."""
    y, pilot = np.asarray(y, dtype=float), np.asarray(pilot, dtype=bool)
    office = np.zeros(len(y), dtype=np.int64) if office is None else np.asarray(office, dtype=np.int64)
    day = np.zeros(len(y), dtype=np.int64) if day is None else np.asarray(day, dtype=np.int64)
    days = tuple((first + timedelta(days=k)).isoformat() for k in range(int(day.max(initial=0)) + 1))
    offices = tuple(name_of(k) for k in range(int(office.max(initial=0)) + 1))
    units = Units(tuple(f"c{k}" for k in range(len(y))), pilot, office, day, offices, days)
    return CaseValues("lead_time", "days", y, np.ones(len(y), dtype=bool) if used is None else used, units)


def name_of(office):
    """The name of an office by its number, in sorted order."""
    return f"office-{office:02d}"


def shuffled(values, seed=5):
    """The same cases in another order."""
    order = np.random.default_rng(seed).permutation(len(values.y))
    units = values.units
    moved = Units(
        tuple(units.case[k] for k in order), units.pilot[order], units.office[order], units.day[order], units.offices,
        units.days,
    )  # fmt: skip
    return CaseValues(values.metric, values.unit, values.y[order], values.used[order], moved), order


def swapped(values):
    """The same cases with pilot and baseline exchanged."""
    units = values.units
    other = Units(units.case, ~units.pilot, units.office, units.day, units.offices, units.days)
    return CaseValues(values.metric, values.unit, values.y, values.used, other)


def estimated(found) -> Estimated:
    """The estimate, or a failure that says why there is none."""
    assert isinstance(found, Estimated), found
    return found


def none(found) -> NoEstimate:
    """The reason why there is no estimate."""
    assert isinstance(found, NoEstimate), found
    return found


def check(found, code) -> Diagnostic:
    """One diagnostic by its code."""
    return next(one for one in found.diagnostics if one.code == code)


def ar1(random, size, rho, shape=()):
    """A stationary AR(1) series of unit innovations, shape (*shape, size)."""
    noise = random.normal(size=(*shape, size))
    noise[..., 0] /= np.sqrt(1 - rho**2)
    for t in range(1, size):
        noise[..., t] += rho * noise[..., t - 1]
    return noise
