"""Cases as a series of weeks (or days) by the day on which they were opened, and the columns of its regression."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.facts import WEEK, Facts, Impact, ordinals, outside
from perintis.rules.designs.linear import independent_columns

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

YEAR = 365.25
WEEKS_FOR_HARMONICS = (52, 104)
WORKING_DAYS = 5


@dataclass(frozen=True, eq=False)
class Points:
    """A series of means. `time` counts periods from the start (negative before), shape (points,) as `n` and `mean`.

    `point` gives the place of each case in the series, -1 where it is in none; `length` the days of a period.
    """

    time: Whole
    n: Floats
    mean: Floats
    point: Whole
    start: int
    length: int

    @property
    def post(self) -> Flags:
        """True for points from the start on."""
        found: Flags = self.time >= 0
        return found

    @property
    def first_day(self) -> Whole:
        """The ordinal of the first day of each point."""
        return self.start + self.time * self.length

    def kept(self, chosen: Flags) -> Points:
        """Only some of the points."""
        place = np.append(np.where(chosen, np.cumsum(chosen) - 1, -1), -1)
        return Points(
            self.time[chosen], self.n[chosen], self.mean[chosen], place[self.point], self.start, self.length
        )  # fmt: skip


def points_of(values: CaseValues, facts: Facts, chosen: Flags, start: date) -> Points | None:
    """The series of the chosen cases around `start`, whole periods only, without wash-in and selection window.

    None where there is no case with a date.
    """
    day = ordinals(values.units)
    first = start.toordinal()
    chosen = chosen & (day > 0)
    if not chosen.any():
        return None
    length = 1 if facts.daily else WEEK
    low, high = int(day[chosen].min()), int(day[chosen].max())
    wash = (day >= first) & (day < first + facts.wash_in_days)
    chosen = chosen & ~wash & outside(facts.selection, day)
    time = (day - first) // length
    if length == WEEK:
        # A week that the data cover only in part has other cases than a whole one: a full week, or its working days.
        chosen = chosen & (first + time * WEEK >= low) & (first + time * WEEK + WORKING_DAYS - 1 <= high)
        # A week that begins within the wash-in is not whole either.
        chosen = chosen & ~((time >= 0) & (first + time * WEEK < first + facts.wash_in_days))
    if not chosen.any():
        return None
    origin = int(time[chosen].min())
    place = time[chosen] - origin
    n = np.bincount(place)
    sums = np.bincount(place, weights=values.y[chosen])
    here = np.flatnonzero(n)
    lookup = np.full(len(n), -1, dtype=np.int64)
    lookup[here] = np.arange(len(here))
    point = np.full(len(day), -1, dtype=np.int64)
    point[chosen] = lookup[place]
    return Points(here + origin, n[here].astype(np.float64), sums[here] / n[here], point, first, length)


@dataclass(frozen=True, eq=False)
class Columns:
    """The design matrix: `x` (points, columns), `names`, and how many columns after the first two carry the effect."""

    x: Floats
    names: tuple[str, ...]
    impact: int

    @property
    def effect(self) -> slice:
        """The places of the columns of the effect."""
        return slice(2, 2 + self.impact)

    def without_effect(self) -> Floats:
        """The same with the pilot never started."""
        found = self.x.copy()
        found[:, self.effect] = 0
        return found

    def mean_effect(self, weight: Floats) -> Floats:
        """The contrast that averages the effect over points, weighted."""
        contrast = np.zeros(self.x.shape[1])
        contrast[self.effect] = weight @ self.x[:, self.effect] / weight.sum()
        return contrast


def columns_of(points: Points, facts: Facts, impact: Impact | None = None, start: int = 0) -> Columns:
    """Constant, trend, effect from period `start` on, then season, holidays, weekday and arrivals where they vary."""
    since = np.maximum(points.time - start, 0) * points.length
    post = (points.time >= start).astype(np.float64)
    x = {"level": np.ones(len(post)), "trend": points.time * points.length / YEAR}
    kind = impact or facts.impact
    if kind is Impact.RAMP:
        x["effect, full"] = np.minimum((since + points.length) / facts.ramp_days, 1.0) * post
    else:
        x["effect, level"] = post
    if kind is Impact.STEP_AND_SLOPE:
        x["effect, slope"] = since / YEAR
    fixed = len(x)
    x.update(_calendar(points, facts))
    if facts.arrivals:
        x["log arrivals"] = np.log(points.n) - np.log(points.n).mean()
    whole = np.column_stack(list(x.values()))
    kept = sorted({*range(fixed), *independent_columns(whole)})
    names = tuple(x)
    return Columns(whole[:, kept], tuple(names[place] for place in kept), fixed - 2)


def _calendar(points: Points, facts: Facts) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    day = points.first_day
    weeks = (day[-1] - day[0]) / WEEK
    middle = (day + points.length / 2) * 2 * np.pi / YEAR
    for harmonic in range(1, 1 + sum(weeks >= limit for limit in WEEKS_FOR_HARMONICS)):
        found[f"year, sine {harmonic}"] = np.sin(harmonic * middle)
        found[f"year, cosine {harmonic}"] = np.cos(harmonic * middle)
    if points.length == 1:
        for weekday in range(1, WEEK):
            found[f"weekday {weekday}"] = ((day - 1) % WEEK == weekday).astype(np.float64)
    if facts.holidays:
        found["holidays"] = _days_within(day, points.length, {held.toordinal() for held in facts.holidays})
    for season in facts.seasons:
        days = {held for low, high in season.spans for held in range(low.toordinal(), high.toordinal() + 1)}
        found[season.name] = _days_within(day, points.length, days) / points.length
    return found


def _days_within(day: Whole, length: int, held: set[int]) -> Floats:
    return np.array([sum(int(first) + k in held for k in range(length)) for first in day], dtype=np.float64)
