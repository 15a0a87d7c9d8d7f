"""Working time: how long an agency's office was open between two instants, and when a span of it is over.

For an agency's calendar let F(t) be the office time that has passed until the instant t. It grows while the office is
open and stands still while it is closed, so

* the working time from `a` to `b` is F(b) - F(a), whatever lies between;
* a due date is the *earliest* instant at which F has grown by the span that was promised.

Two consequences are worth saying in words. Work handed in while the office is closed counts from the next opening. A
span that is used up exactly at closing time is due at that closing, not at the next opening: one working day from
Monday 08:00 (office hours 08:00 to 16:00) is Monday 16:00.

A *working day* is one full day of that agency's office hours, whatever its length: from half-way through Thursday, one
working day leads half-way through Friday even where Fridays are short. Days are added before hours.

Opening and closing times are turned into UTC one by one, so a day on which clocks change has its true length. Days off
come from the `holidays` library, with national holidays and collective leave (in Indonesia cuti bersama) as the
calendar says; a year whose decree is not yet in the library has no collective leave.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from perintis.rules.officedays import (
    EPOCH,
    FIRST_YEAR,
    HOUR,
    LAST_YEAR,
    MINUTE,
    OfficeDays,
    micros,
    year_start,
    zone_of,
)
from perintis.words.agency import Calendar
from perintis.words.durations import Span, WorkingTime
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

PIECE = 1 << 17  # rows at a time: what fits into a processor's cache
REMEMBERED = 256


class Timetable:
    """A calendar compiled for arithmetic; get it from `timetable`. Instants are aware, results are in UTC.

    Years are compiled as they are asked for. Instants outside 1900 to 2199 are refused with `BadInput` (and are null
    in `minutes_between`): they are slips of the pen, not dates of a case.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = zone_of(calendar)
        self._days: OfficeDays | None = None

    def working_minutes(self, start: datetime, end: datetime) -> float:
        """Office minutes from `start` to `end`; negative if `end` comes first."""
        a, b = micros(start), micros(end)
        days = self._covering(min(a, b), max(a, b))
        return (days.worked_until(b) - days.worked_until(a)) / MINUTE

    def working_days(self, start: datetime, end: datetime) -> float:
        """Working days from `start` to `end`, each counted as one whatever its length."""
        a, b = micros(start), micros(end)
        days = self._covering(min(a, b), max(a, b))
        return days.days_until(b) - days.days_until(a)

    def add(self, instant: datetime, span: Span) -> datetime:
        """The instant at which `span` is over when it begins at `instant`; `timedelta` is plain calendar time."""
        if isinstance(span, timedelta):
            return (instant + span).astimezone(UTC)
        if span.days < 0 or span.hours < 0:
            raise BadInput(f"a due date needs a span of zero or more, not {span}")
        start = micros(instant)
        if not (span.days or span.hours):
            return EPOCH + timedelta(microseconds=start)
        days = self._covering(start, start)
        while (end := days.after(start, span.days, round(span.hours * HOUR))) is None:
            days = self._extended(days, instant, span)
        return EPOCH + timedelta(microseconds=end)

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens at all on this local date."""
        start = micros(year_start(self.zone, day.year))
        return self._covering(start, start).is_working_day(day)

    def next_working_instant(self, instant: datetime) -> datetime:
        """`instant` itself while the office is open, otherwise its next opening."""
        at = micros(instant)
        days = self._covering(at, at)
        while (opening := days.open_from(at)) is None:
            days = self._extended(days, instant, WorkingTime(hours=0))
        return EPOCH + timedelta(microseconds=opening)

    def minutes_between(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Office minutes from `start` to `end`, row by row.

        Both are series of aware instants; the result is Float64, null where either is null or out of range.
        """
        import polars as pl

        low = micros(year_start(self.zone, FIRST_YEAR))
        high = micros(year_start(self.zone, LAST_YEAR + 1)) - 1
        within = pl.all().is_between(low, high)
        both = pl.DataFrame({"start": instants(start), "end": instants(end)}).with_columns(
            pl.when(pl.all_horizontal(within)).then(pl.all()).name.keep()
        )
        known = both["start"].is_not_null()
        if not known.any():
            return pl.Series(start.name, [None] * len(start), dtype=pl.Float64)
        first, last = cast("int", both.min_horizontal().min()), cast("int", both.max_horizontal().max())
        filled = both.fill_null(first)
        minutes = self._minutes(filled["start"].to_numpy(), filled["end"].to_numpy(), first, last)
        return pl.select(pl.when(known).then(pl.Series(start.name, minutes)).alias(start.name)).to_series()

    def minutes_later(self, start: pl.Series, minutes: float) -> pl.Series:
        """The instants at which so many office minutes (more than zero) have passed since each start, none null."""
        import numpy as np
        import polars as pl

        begun = instants(start).to_numpy()
        span = round(minutes * MINUTE)
        first, last = int(begun.min()), int(begun.max())
        end = self.add(EPOCH + timedelta(microseconds=last), WorkingTime(hours=minutes / 60))
        table = self._covering(first, micros(end) + 1).lookup()
        later = table.reached(table.worked_until(begun.astype(np.int64)) + span)
        return pl.Series(start.name, later).cast(pl.Datetime("us", "UTC"))

    def _minutes(self, start: NDArray[np.int64], end: NDArray[np.int64], first: int, last: int) -> NDArray[np.float64]:
        """F(end) - F(start) in minutes."""
        import numpy as np

        table = self._covering(first, last).lookup()
        result = np.empty(len(start), dtype=np.float64)
        for at in range(0, len(start), PIECE):
            rows = slice(at, at + PIECE)
            result[rows] = table.worked_until(end[rows]) - table.worked_until(start[rows])
        result /= MINUTE
        return result

    def _covering(self, first: int, last: int) -> OfficeDays:
        """The compiled days, extended so that they hold both instants (microseconds since 1970)."""
        days = self._days
        if days is None or first < days.begins or last >= days.ends:
            years = (self._year(first), self._year(last))
            if days is not None:
                years = (min(years[0], days.first_year), max(years[1], days.last_year))
            days = self._days = OfficeDays.compile(self.calendar, *years)
        return days

    def _year(self, at: int) -> int:
        """The local year of an instant, refused where it cannot be meant."""
        try:
            year = (EPOCH + timedelta(microseconds=at)).astimezone(self.zone).year
        except OverflowError:
            year = 0
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise BadInput(f"working time is counted from {FIRST_YEAR} to {LAST_YEAR}; the year {year} is outside")
        return year

    def _extended(self, days: OfficeDays, instant: datetime, span: WorkingTime) -> OfficeDays:
        """One more year of compiled days, twice as many when there are many already."""
        if days.last_year >= LAST_YEAR:
            raise BadInput(f"{span} after {instant:%Y-%m-%d} lies beyond the year {LAST_YEAR}")
        further = days.last_year + 1 + (days.last_year - days.first_year) // 2
        days = self._days = OfficeDays.compile(self.calendar, days.first_year, min(further, LAST_YEAR))
        return days


_compiled: dict[int, Timetable] = {}


def timetable(calendar: Calendar) -> Timetable:
    """The compiled form of `calendar`, made once. A timetable keeps its calendar, so identities stay unique."""
    found = _compiled.get(id(calendar))
    if found is None:
        if len(_compiled) >= REMEMBERED:
            _compiled.clear()
        found = _compiled[id(calendar)] = Timetable(calendar)
    return found


def add(calendar: Calendar, instant: datetime, span: Span) -> datetime:
    """When `span` is over in the office hours of `calendar`; see `Timetable.add`."""
    return timetable(calendar).add(instant, span)


def instants(series: pl.Series) -> pl.Series:
    """A series of aware instants as whole microseconds since 1970 (Int64)."""
    import polars as pl

    if not isinstance(series.dtype, pl.Datetime) or series.dtype.time_zone is None:
        raise BadInput(f"column '{series.name}' holds {series.dtype}, not instants with a time zone")
    return series.dt.cast_time_unit("us").cast(pl.Int64)
