"""A data set prepared for measuring: what several metrics share is worked out once."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from perintis.rules.calendar import timetable
from perintis.rules.metrics.metric import Calendars, Need
from perintis.words.recorded import TIMER_STEP, WorkStatus
from perintis.words.tables import ATTRIBUTE_PREFIX, DataSet

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.words.agency import Calendar

WORK_COLUMNS = (
    "case", "step", "visit", "agency", "office", "officer", "ready", "started", "completed", "outcome", "due"
)  # fmt: skip
"""What `View.steps` has of the step table, beside the number of the case."""

REAUDIT = f"{ATTRIBUTE_PREFIX}reaudit_error"
ERROR = f"{ATTRIBUTE_PREFIX}error"
"""Attributes of a case that say whether its decision was wrong: true or false, or the date on which it was found."""


class View:
    """The two tables of a data set, with cases numbered by `i` so that joins and groups are cheap."""

    def __init__(self, data: DataSet, calendars: Calendars, *, longest_session: timedelta | None = None) -> None:
        """`longest_session` cuts every piece of work to so much, for records that were opened and not closed."""
        self.data = data
        self.calendars = calendars
        self.longest_session = longest_session
        self.matured_views: dict[tuple[float, bool], View] = {}
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
    def rank(self) -> NDArray[np.int64]:
        """The place of each case, in the order of its rows, when they are sorted by identifier."""
        import numpy as np

        names = self.data.cases["case"]
        if names.is_sorted():
            return np.arange(len(names), dtype=np.int64)
        rank = np.empty(len(names), dtype=np.int64)
        rank[names.arg_sort().to_numpy()] = np.arange(len(names))
        return rank

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Step visits that are somebody's work: waits for a date and withdrawn visits are not. In recorded order."""
        import polars as pl

        return self._numbered(
            self.data.steps.select(*WORK_COLUMNS).filter(
                (pl.col("step") != TIMER_STEP) & pl.col("outcome").ne_missing(pl.lit(WorkStatus.WITHDRAWN.value))
            )
        )

    def _numbered(self, steps: pl.DataFrame) -> pl.DataFrame:
        """Rows with the number `i` of their case, without those of no case. The rows of a case mostly come together."""
        import polars as pl

        names = steps["case"]
        fresh = names.ne_missing(names.shift(1)) if len(names) else pl.Series([], dtype=pl.Boolean)
        runs = names.filter(fresh).to_frame().join(
            self.cases.select("case", "i"), on="case", how="left", maintain_order="left"
        )  # fmt: skip
        found = steps.with_columns(runs["i"].gather(fresh.cum_sum() - 1).alias("i"))
        return found if runs["i"].null_count() == 0 else found.filter(pl.col("i").is_not_null())

    @cached_property
    def costs(self) -> pl.DataFrame:
        """i, cost and when it arose, for every step visit with a cost."""
        return self._noted("cost")

    @cached_property
    def typed(self) -> pl.DataFrame:
        """i, keyed and when, for every step visit at which the fields typed by hand were recorded."""
        return self._noted("keyed")

    def _noted(self, column: str) -> pl.DataFrame:
        import polars as pl

        when = pl.coalesce("completed", "started", "ready").alias("when")
        noted = self.data.steps.select("case", column, when).filter(pl.col(column).is_not_null())
        return self._numbered(noted)

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

        rows = self.begun.select("i", "agency", "started", "completed")
        opened, until = (self.cases[name].gather(rows["i"]) for name in ("opened", "until"))
        whole = rows.with_columns(opened=opened, until=until).select(
            "i",
            "agency",
            start=pl.max_horizontal("started", "opened"),
            end=pl.min_horizontal(pl.coalesce("completed", "until"), "until"),
        )
        if self.longest_session is not None:
            whole = whole.with_columns(end=pl.min_horizontal("end", pl.col("start") + self.longest_session))
        whole = _sorted(whole)
        covered = running_max(pl.col("end").cast(pl.Int64), "i").cast(pl.Datetime("us", "UTC"))
        before = pl.when(pl.col("i") == pl.col("i").shift(1)).then(covered.shift(1))
        return whole.with_columns(start=pl.max_horizontal("start", before)).filter(pl.col("start") < pl.col("end"))

    @cached_property
    def touch_known(self) -> pl.DataFrame:
        """i and whether all work on the case has a start, and an end unless the case is open."""
        import numpy as np
        import polars as pl

        ended = self.cases["ended"].gather(self.begun["i"])
        lacking = self.begun["started"].is_null() | (self.begun["completed"].is_null() & ended)
        i = self.begun["i"].to_numpy()
        count, unknown = (np.bincount(rows, minlength=self.cases.height) for rows in (i, i[lacking.to_numpy()]))
        touched = np.flatnonzero(count)
        return pl.DataFrame({"i": touched.astype(np.uint32), "known": unknown[touched] == 0})

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
            case Need.OFFICERS:
                return _empty(steps, "officer")
            case Need.KEYED:
                return _empty(steps, "keyed")
            case Need.COSTS:
                return _empty(steps, "cost")
            case Need.DEADLINES:
                return _empty(cases, "due")
            case Need.ERRORS:
                return error_column(cases) is None
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


def _sorted(pieces: pl.DataFrame) -> pl.DataFrame:
    """By case, start and end; most tables come so, and to see that is quicker than to sort."""
    import polars as pl

    i, start, end = (pl.col(name) for name in ("i", "start", "end"))
    end_later = (start == start.shift(1)) & (end >= end.shift(1))
    later = (i > i.shift(1)) | ((i == i.shift(1)) & ((start > start.shift(1)) | end_later))
    ordered = pieces.select(later.fill_null(True).all()).item()
    return pieces if ordered and not pieces["start"].has_nulls() else pieces.sort("i", "start", "end")


def error_column(cases: pl.DataFrame) -> str | None:
    """The attribute that says whether a decision was wrong: that of the re-audited sample first, else of all cases."""
    for name in (REAUDIT, ERROR):
        if name in cases.columns and not _empty(cases, name):
            return name
    return None


def _empty(table: pl.DataFrame, column: str) -> bool:
    return table[column].null_count() == table.height


def _minutes(calendar: Calendar | None, start: pl.Series, end: pl.Series) -> pl.Series:
    if calendar is None:
        raise ValueError("working time needs a calendar; check Need.CALENDAR first")
    return timetable(calendar).minutes_between(start, end)
