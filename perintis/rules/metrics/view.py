"""A data set prepared for measuring: what several metrics share is worked out once."""

from __future__ import annotations

from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING

from perintis.rules.calendar import timetable
from perintis.rules.metrics.metric import Calendars, Need
from perintis.words.recorded import TIMER_STEP, WorkStatus
from perintis.words.tables import DataSet

if TYPE_CHECKING:
    import polars as pl

    from perintis.words.agency import Calendar


class View:
    """The two tables of a data set, with cases numbered by `i` so that joins and groups are cheap."""

    def __init__(self, data: DataSet, calendars: Calendars) -> None:
        self.data = data
        self.calendars = calendars
        self.read = data.observed_until.astimezone(UTC)

    @cached_property
    def cases(self) -> pl.DataFrame:
        """i, case, opened, closed, due, outcome, `until` (closed, or the reading while open) and `ended`."""
        import polars as pl

        read = pl.lit(self.read, dtype=pl.Datetime("us", "UTC"))
        return (
            self.data.cases.select("case", "opened", "closed", "due", "outcome")
            .with_columns(pl.coalesce("closed", read).alias("until"), pl.col("closed").is_not_null().alias("ended"))
            .with_row_index("i")
        )

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Step visits that are somebody's work: waits for a date and withdrawn visits are not. In recorded order."""
        import polars as pl

        work = self.data.steps.filter(
            (pl.col("step") != TIMER_STEP) & pl.col("outcome").ne_missing(pl.lit(WorkStatus.WITHDRAWN.value))
        )
        return work.join(self.cases.select("case", "i"), on="case", maintain_order="left")

    @cached_property
    def begun(self) -> pl.DataFrame:
        """Work that has begun or is done; what still lies in an inbox is not there yet."""
        import polars as pl

        return self.steps.filter(pl.col("started").is_not_null() | pl.col("completed").is_not_null())

    @cached_property
    def touches(self) -> pl.DataFrame:
        """When a case was being worked on: pieces (i, agency, start, end) that do not overlap.

        Work by two agencies at the same time is one piece of it, given to the one that began first. Work in hand in
        an open case lasts until the reading. What lies outside the case (before opening, after closing) is cut off.
        """
        import polars as pl

        whole = (
            self.begun.select("i", "agency", "started", "completed")
            .join(self.cases.select("i", "opened", "until"), on="i")
            .select(
                "i",
                "agency",
                start=pl.max_horizontal("started", "opened"),
                end=pl.min_horizontal(pl.coalesce("completed", "until"), "until"),
            )
            .sort("i", "start", "end")
        )
        covered = running_max(pl.col("end").cast(pl.Int64), "i").cast(pl.Datetime("us", "UTC"))
        before = pl.when(pl.col("i") == pl.col("i").shift(1)).then(covered.shift(1))
        return whole.with_columns(start=pl.max_horizontal("start", before)).filter(pl.col("start") < pl.col("end"))

    @cached_property
    def touch_known(self) -> pl.DataFrame:
        """i and whether all work on the case has a start, and an end unless the case is open."""
        import polars as pl

        lacking = pl.col("started").is_null() | (pl.col("completed").is_null() & pl.col("ended"))
        return (
            self.begun.join(self.cases.select("i", "ended"), on="i").group_by("i").agg((~lacking).all().alias("known"))
        )

    def minutes(self, start: pl.Series, end: pl.Series, agency: str | None = None) -> pl.Series:
        """Office minutes by the calendar of that agency, or of the case."""
        calendar = self.calendars.agencies.get(agency or "", self.calendars.case)
        return _minutes(calendar, start, end)

    def lacks(self, need: Need) -> bool:
        """Whether something was never recorded in this data set (or never given)."""
        steps, cases = self.data.steps, self.data.cases
        match need:
            case Need.STEPS:
                return not self.data.has_steps
            case Need.START_TIMES:
                return _empty(steps, "started")
            case Need.AGENCIES:
                return _empty(steps, "agency")
            case Need.KEYED:
                return _empty(steps, "keyed")
            case Need.COSTS:
                return _empty(steps, "cost")
            case Need.DEADLINES:
                return _empty(cases, "due")
            case Need.CALENDAR:
                return self.calendars.case is None


def running_max(value: pl.Expr, group: str) -> pl.Expr:
    """The largest value so far within each group, for rows sorted by an ascending group number.

    `value` is Int64 below 2**59 in size and not null. A group is lifted above all earlier ones, so that one running
    maximum over the whole column serves; several times faster than a window over millions of small groups.
    """
    import polars as pl

    lifted = pl.col(group).cast(pl.Int128) * pl.lit(1 << 60, dtype=pl.Int128)
    return ((lifted + value).cum_max() - lifted).cast(pl.Int64)


def _empty(table: pl.DataFrame, column: str) -> bool:
    return table[column].null_count() == table.height


def _minutes(calendar: Calendar | None, start: pl.Series, end: pl.Series) -> pl.Series:
    if calendar is None:
        raise ValueError("working time needs a calendar; check Need.CALENDAR first")
    return timetable(calendar).minutes_between(start, end)
