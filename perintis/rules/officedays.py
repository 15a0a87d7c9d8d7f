"""The office hours of an agency, year by year, laid out on the line of time in UTC.

Every opening becomes one interval in microseconds since 1970; beside it stands the office time worked before it. That
turns both questions of working time ("how much until t?", "when is so much reached?") into one search in a sorted list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from perintis.words.agency import Calendar, Hours
from perintis.words.errors import BadInput, DefinitionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIRST_YEAR, LAST_YEAR = 1900, 2199
END_OF_DAY = (time.max, time(0))  # a closing time of 00:00 means midnight at the end of the day


@dataclass(frozen=True, slots=True)
class OfficeDays:
    """Office hours from the first day of `first_year` to the last day of `last_year`.

    All numbers are microseconds: `opens` and `closes` since 1970, `worked` office time before each opening, and
    `day_worked` office time before each working day, with the total at its end.
    """

    first_year: int
    last_year: int
    begins: int
    ends: int
    opens: list[int]
    closes: list[int]
    worked: list[int]
    day_worked: list[int]
    working_days: frozenset[int]

    @classmethod
    def compile(cls, calendar: Calendar, first_year: int, last_year: int) -> OfficeDays:
        """Lay out these years; `DefinitionError` if the hours make no sense."""
        check(calendar)
        zone = zone_of(calendar)
        opens, closes, worked, day_worked, days = [], [], [], [0], []
        total, latest = 0, micros(year_start(zone, first_year))
        begins = latest
        for day, hours in office_days(calendar, first_year, last_year):
            before = total
            for opening, closing in stretches(day, hours, zone):
                opening = max(opening, latest)  # an hour that the change of clocks has skipped
                if closing > opening:
                    opens.append(opening)
                    closes.append(closing)
                    worked.append(total)
                    total += closing - opening
                    latest = closing
            if total > before:
                day_worked.append(total)
                days.append(day.toordinal())
        ends = micros(year_start(zone, last_year + 1))
        return cls(first_year, last_year, begins, ends, opens, closes, worked, day_worked, frozenset(days))

    def worked_until(self, at: int) -> int:
        """Office time from the first day until `at`."""
        k = bisect_right(self.opens, at) - 1
        if k < 0:
            return 0
        closed = self.closes[k]
        return self.worked[k] + (at if at < closed else closed) - self.opens[k]

    def days_until(self, at: int) -> float:
        """Working days from the first day until `at`, the current one by the part of it that has passed."""
        return self._as_days(self.worked_until(at))

    def after(self, at: int, days: float, micros: int) -> int | None:
        """The earliest instant by which so many days and then so much office time have passed; None: not here."""
        target = self.worked_until(at)
        if days:
            through = self._as_days(target) + days
            if through > len(self.day_worked) - 1:
                return None
            target = self._as_worked(target, days)
        target += micros
        if target > self.day_worked[-1]:
            return None
        k = max(bisect_left(self.worked, target) - 1, 0)
        return self.opens[k] + target - self.worked[k]

    def open_from(self, at: int) -> int | None:
        """`at` while open, otherwise the next opening; None: not in these years."""
        k = bisect_right(self.opens, at) - 1
        if k >= 0 and at < self.closes[k]:
            return at
        return self.opens[k + 1] if k + 1 < len(self.opens) else None

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens on this date."""
        return day.toordinal() in self.working_days

    def lookup(self) -> Lookup:
        """The same table as NumPy arrays."""
        return Lookup.of(self)

    def _as_days(self, worked: int) -> float:
        day = bisect_right(self.day_worked, worked) - 1
        if day == len(self.day_worked) - 1:
            return float(day)
        begun = self.day_worked[day]
        return day + (worked - begun) / (self.day_worked[day + 1] - begun)

    def _as_worked(self, worked: int, days: float) -> int:
        """Office time at the same part of the day, `days` working days later."""
        starts = self.day_worked
        day = bisect_right(starts, worked) - 1
        whole = int(days)
        part = days - whole
        if worked > starts[day]:
            part += (worked - starts[day]) / (starts[day + 1] - starts[day])
        if part >= 1:
            whole, part = whole + 1, part - 1
        day += whole
        if not part:
            return starts[day]
        return starts[day] + round(part * (starts[day + 1] - starts[day]))


@dataclass(frozen=True, slots=True)
class Lookup:
    """Office time for arrays of instants: the UTC day finds the stretch, a step or two within the day settles it."""

    first_day: int
    openings_before: NDArray[np.int32]
    most_a_day: int
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    worked: NDArray[np.int64]

    @classmethod
    def of(cls, days: OfficeDays) -> Lookup:
        """Arrays with a closed stretch before the first opening and a wall behind the last."""
        import numpy as np

        first_day, last_day = days.begins // DAY, days.ends // DAY + 1
        edges = np.arange(first_day, last_day + 1, dtype=np.int64) * DAY
        opens = np.array([days.begins - DAY, *days.opens, np.iinfo(np.int64).max], dtype=np.int64)
        openings_before = np.searchsorted(opens[:-1], edges, side="right").astype(np.int32) - 1
        openings_before = np.maximum(openings_before, 0)
        return cls(
            first_day=first_day,
            openings_before=openings_before,
            most_a_day=int(np.diff(openings_before).max()),
            opens=opens,
            closes=np.array([days.begins - DAY, *days.closes, 0], dtype=np.int64),
            worked=np.array([0, *days.worked, 0], dtype=np.int64),
        )

    def worked_until(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Office time until each instant; all must lie within the compiled years."""
        import numpy as np

        k = self.openings_before[at // DAY - self.first_day]
        for _ in range(self.most_a_day):
            k += self.opens[k + 1] <= at
        return self.worked[k] + np.minimum(at, self.closes[k]) - self.opens[k]

    def reached(self, worked: NDArray[np.int64]) -> NDArray[np.int64]:
        """The earliest instant at which so much office time has passed; all must be reached within the compiled years.

        The inverse of `worked_until` for amounts above zero.
        """
        import numpy as np

        k = np.searchsorted(self.worked[:-1], worked, side="left") - 1
        return self.opens[k] + (worked - self.worked[k])


def office_days(calendar: Calendar, first_year: int, last_year: int) -> Iterator[tuple[date, Hours]]:
    """Every day on which the office opens, with its hours, in order.

    A day that a decree makes a working day although its weekday has no hours has those of the week's first day.
    """
    usual = calendar.hours[min(calendar.hours)]
    for year in range(first_year, last_year + 1):
        off = days_off(calendar, year)
        day = date(year, 1, 1)
        while day.year == year:
            hours = calendar.hours.get(day.weekday())
            if day in calendar.extra_days_on:
                yield day, hours or usual
            elif hours is not None and day not in off and day not in calendar.extra_days_off:
                yield day, hours
            day += timedelta(days=1)


def days_off(calendar: Calendar, year: int) -> frozenset[date]:
    """Holidays of the calendar's country in that year, of those kinds which the country knows at all."""
    if calendar.country is None or not calendar.holidays:
        return frozenset()
    import holidays

    try:
        known = holidays.country_holidays(calendar.country, years=()).supported_categories
        kinds = tuple(rule.value for rule in calendar.holidays if rule.value in known)
        if not kinds:
            return frozenset()
        found = holidays.country_holidays(
            calendar.country, subdiv=calendar.subdivision, years=year, expand=False, categories=kinds
        )
    except NotImplementedError:
        raise DefinitionError(
            f"the holidays library knows no country {calendar.country!r} with subdivision"
            f" {calendar.subdivision!r}; use a code such as 'ID', or list extra_days_off"
        ) from None
    return frozenset(found)


def stretches(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """When the office opens and closes on that day, in microseconds since 1970."""
    closing = _at(day + timedelta(days=1), time(0), zone) if hours.closes in END_OF_DAY else None
    end = closing if closing is not None else _at(day, hours.closes, zone)
    if hours.break_from is None or hours.break_to is None:
        yield _at(day, hours.opens, zone), end
    else:
        yield _at(day, hours.opens, zone), _at(day, hours.break_from, zone)
        yield _at(day, hours.break_to, zone), end


def _at(day: date, clock: time, zone: ZoneInfo) -> int:
    return micros(datetime.combine(day, clock, tzinfo=zone))


def micros(instant: datetime) -> int:
    """Microseconds since 1970; `BadInput` where the instant says no time zone."""
    try:
        return (instant - EPOCH) // MICROSECOND
    except TypeError:
        raise BadInput(f"{instant} has no time zone; write its offset, for instance +07:00") from None


def year_start(zone: ZoneInfo, year: int) -> datetime:
    """Midnight at which a local year begins."""
    return datetime(year, 1, 1, tzinfo=zone)


def zone_of(calendar: Calendar) -> ZoneInfo:
    """The calendar's time zone."""
    try:
        return ZoneInfo(calendar.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DefinitionError(
            f"no time zone {calendar.timezone!r}; use a name such as 'Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura'"
        ) from None


def check(calendar: Calendar) -> None:
    """Refuse a calendar that never opens, or whose times of day are out of order."""
    if not calendar.hours:
        raise DefinitionError("a calendar needs office hours on at least one weekday")
    for weekday, hours in calendar.hours.items():
        times = [t for t in (hours.opens, hours.break_from, hours.break_to) if t is not None]
        if hours.closes not in END_OF_DAY:
            times.append(hours.closes)
        half_a_break = (hours.break_from is None) != (hours.break_to is None)
        ordered = all(a < b for a, b in pairwise(times))
        if weekday not in range(7) or half_a_break or not ordered:
            raise DefinitionError(
                f"office hours of weekday {weekday} (Monday is 0): opening, break and closing must follow each other"
            )
