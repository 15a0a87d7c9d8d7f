"""What the plan says of a pilot beyond the values of its cases: dates, offices, covariates, the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Units, Whole

Span = tuple[date, date]
WEEK = 7


class Impact(StrEnum):
    """How the effect is expected to come in; registered before the first case."""

    STEP = "step"  # at once, to stay
    RAMP = "ramp"  # grows evenly over `ramp_days`, then stays
    STEP_AND_SLOPE = "step and slope"  # at once, and the trend changes as well


@dataclass(frozen=True, eq=False)
class Covariate:
    """One thing known of every case before its cohort was: a number, or the place in `categories`.

    `values` has one entry a case of the units. A category that is not known is NaN and becomes one of its own; a
    number that is not known takes the mean, with an indicator beside it.
    """

    name: str
    values: Floats
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Logged:
    """Something else that changed while the pilot ran, as noted in its log."""

    on: date
    what: str


@dataclass(frozen=True)
class Season:
    """A season that returns on other dates each year, such as Ramadan with Eid: first and last day of each."""

    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the designs need to know. Absent facts are None or empty; a design says which of them it lacks.

    `start` is the first day of the pilot, `office_starts` that of each office that gets it (an office that is not
    there never does). `strata` and `office_baseline` are by office: its stratum in the randomisation, its mean before
    the pilot. `expected_share` is the share of cases that the lot should give to the pilot, `crossed` marks cases
    treated otherwise than the lot said. `selection` is the window whose values decided which offices were picked.
    `arrivals` asks for an adjustment for the logarithm of arrivals. `pre_window` and `post_window` bound the days that
    are looked at.
    """

    start: date | None = None
    office_starts: Mapping[str, date] = field(default_factory=dict)
    wash_in_days: int = 0
    impact: Impact = Impact.STEP
    ramp_days: int = 84
    daily: bool = False
    counts: bool = False
    period_days: int = 28
    comparison_offices: frozenset[str] = frozenset()
    covariates: tuple[Covariate, ...] = ()
    strata: Mapping[str, str] = field(default_factory=dict)
    office_baseline: Mapping[str, float] = field(default_factory=dict)
    expected_share: float | None = None
    crossed: Flags | None = None
    order_randomised: bool = False
    never_treated_only: bool = False
    holidays: frozenset[date] = frozenset()
    seasons: tuple[Season, ...] = ()
    placebo_starts: tuple[date, ...] = ()
    logged: tuple[Logged, ...] | None = None
    selection: Span | None = None
    smallest_worthwhile: float | None = None
    negative_control: CaseValues | None = None
    arrivals: bool = False
    utilisation: tuple[float, float] | None = None
    cross_fit: int = 0
    seed: int = 20_250_101


def single_start(facts: Facts) -> date | NoEstimate:
    """The first day of the pilot where all offices share it."""
    starts = {facts.start} if facts.start else set(facts.office_starts.values())
    if not starts:
        return NoEstimate("The plan names no first day of the pilot.", "Give the start date in the plan.")
    if len(starts) > 1:
        return NoEstimate(
            f"The pilot's offices started on {len(starts)} different days.", "Use the design 'staggered' for them."
        )
    return next(iter(starts))


def ordinals(units: Units) -> Whole:
    """The day on which each case was opened as a proleptic ordinal, shape (cases,); 0 where it is not known."""
    by_place = np.array([date.fromisoformat(day).toordinal() for day in units.days] + [0], dtype=np.int64)
    found: Whole = by_place[units.day]  # place -1 is the last entry: 0
    return found


def outside(span: Span | None, day: Whole) -> Flags:
    """True for days outside the span; for all days where there is none."""
    if span is None:
        return np.ones(len(day), dtype=bool)
    found: Flags = (day < span[0].toordinal()) | (day > span[1].toordinal())
    return found


def some(number: int, one: str) -> str:
    """ "1 office", "2 offices"."""
    return f"{number:,} {one}" + ("" if number == 1 else "s")
