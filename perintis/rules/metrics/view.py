"""A data set prepared for measuring: what several metrics share is worked out once."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from perintis.rules.calendar import timetable
from perintis.rules.metrics.metric import Calendars, Need
from perintis.words.recorded import TIMER_STEP, WorkStatus
from perintis.words.tables import ATTRIBUTE_PREFIX, DataSet

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.metrics.tally import Tally
    from perintis.words.agency import Calendar

T = TypeVar("T")
TEXTS = ("step", "agency", "officer", "outcome")
TIMES = ("ready", "started", "completed")

REAUDIT = f"{ATTRIBUTE_PREFIX}reaudit_error"
ERROR = f"{ATTRIBUTE_PREFIX}error"
"""Attributes of a case that say whether its decision was wrong: true or false, or the date on which it was found."""


class View:
    """The two tables of a data set, with cases numbered by `i` so that joins and groups are cheap.

    Rows of steps come by case, so that what is asked of each case is a sum over neighbours and not a search.
    """

    def __init__(self, data: DataSet, calendars: Calendars, *, longest_session: timedelta | None = None) -> None:
        """`longest_session` cuts every piece of work to so much, for records that were opened and not closed."""
        self.data = data
        self.calendars = calendars
        self.longest_session = longest_session
        self.matured_views: dict[tuple[float, bool], View] = {}
        self.read = data.observed_until.astimezone(UTC)
        self._kept: dict[tuple[object, ...], object] = {}

    def once(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        """What `work` gives, worked out the first time it is asked for under this key."""
        if key not in self._kept:
            self._kept[key] = work()
        return cast("T", self._kept[key])

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
        """Step visits that are somebody's work: waits for a date and withdrawn visits are not.

        `i`, step, visit, agency, officer, ready, started, completed and outcome, by case and then as recorded; texts
        are enumerations, a byte or two a row.
        """
        import polars as pl

        rows, i = self._placed
        given = self.data.steps.select("visit", *TIMES, *(enumerated(self.data.steps[name]) for name in TEXTS))
        table = (given if rows is None else given.select(pl.all().gather(rows))).insert_column(0, i)
        work = (pl.col("step") != TIMER_STEP).fill_null(False) & pl.col("outcome").ne_missing(
            pl.lit(WorkStatus.WITHDRAWN.value)
        )
        kept = table.select(work).to_series()
        return table if kept.all() else table.filter(kept)

    @cached_property
    def _placed(self) -> tuple[pl.Series | None, pl.Series]:
        """The rows of the step table that belong to a case, by case and then as recorded, and the case of each.

        None for the rows where these are all of them as they stand. The rows of a case mostly come together: such runs
        are put in order as a whole.
        """
        import numpy as np
        import polars as pl

        starts, case = self._runs
        lengths = np.diff(np.append(starts, self.data.steps.height))
        if case.null_count() == 0 and case.is_sorted():
            return None, self._case_of_row
        known = np.flatnonzero(case.is_not_null().to_numpy())
        of_run = case.drop_nulls().to_numpy()
        order = np.argsort(of_run, kind="stable")
        starts, lengths = starts[known][order], lengths[known][order]
        within = np.arange(int(lengths.sum()))
        rows = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + within
        return pl.Series(rows.astype(np.uint32)), pl.Series("i", np.repeat(of_run[order], lengths))

    @cached_property
    def _runs(self) -> tuple[NDArray[np.int64], pl.Series]:
        """The first rows of runs of the same case in the step table, and the case (null where it is of none)."""
        import numpy as np
        import polars as pl

        names = self.data.steps["case"]
        fresh = names.ne_missing(names.shift(1)).fill_null(True) if len(names) else pl.Series([], dtype=pl.Boolean)
        starts = fresh.arg_true().to_numpy().astype(np.int64)
        case = names.gather(starts).to_frame().join(
            self.cases.select("case", "i"), on="case", how="left", maintain_order="left"
        )  # fmt: skip
        return starts, case["i"].cast(pl.UInt32)

    @cached_property
    def _case_of_row(self) -> pl.Series:
        """The case of every row of the step table as it stands, null where it is of none."""
        import numpy as np
        import polars as pl

        starts, case = self._runs
        lengths = np.diff(np.append(starts, self.data.steps.height))
        return case.gather(pl.Series(np.repeat(np.arange(len(starts), dtype=np.uint32), lengths))).rename("i")

    @property
    def costs(self) -> pl.DataFrame:
        """i, cost and when it arose, for every step visit with a cost."""
        return self._noted("cost", self.data.steps["cost"].is_not_null())

    @property
    def typed(self) -> pl.DataFrame:
        """i, keyed and when, for every step visit at which fields were typed by hand."""
        return self._noted("keyed", (self.data.steps["keyed"].list.len() > 0).fill_null(False))

    @cached_property
    def typing_noted(self) -> NDArray[np.bool_]:
        """Whether it was recorded of each case what was typed by hand, be it nothing."""
        return self.occurring(self._case_of_row.filter(self.data.steps["keyed"].is_not_null()).drop_nulls())

    @cached_property
    def costs_noted(self) -> NDArray[np.bool_]:
        """Whether any cost of each case was recorded."""
        return self.occurring(self._case_of_row.filter(self.data.steps["cost"].is_not_null()).drop_nulls())

    def occurring(self, i: pl.Series) -> NDArray[np.bool_]:
        """Which cases are among those numbers."""
        import numpy as np

        found = np.zeros(self.size, dtype=bool)
        found[i.to_numpy()] = True
        return found

    def _noted(self, column: str, noted: pl.Series) -> pl.DataFrame:
        """i, a column and when it was noted, in the chosen rows of the step table, in any order of cases."""
        import polars as pl

        when = pl.coalesce("completed", "started", "ready").alias("when")
        i = self._case_of_row
        kept = noted if i.null_count() == 0 else noted & i.is_not_null()
        steps = self.data.steps.select(i, column, "completed", "started", "ready")
        return (steps if kept.all() else steps.filter(kept)).select("i", column, when)

    @cached_property
    def begun(self) -> pl.DataFrame:
        """Work that has begun or is done; what still lies in an inbox is not there yet."""
        return begun_of(self.steps)

    @cached_property
    def begun_count(self) -> NDArray[np.int64]:
        """How many pieces of work have begun in each case."""
        import numpy as np

        return np.bincount(self.steps["i"].filter(_has_begun(self.steps)).to_numpy(), minlength=self.size)

    @cached_property
    def tally(self) -> Tally:
        """What is counted up from the work on each case, in one pass."""
        from perintis.rules.metrics.tally import tally

        return tally(self)

    @property
    def size(self) -> int:
        """How many cases the data set has."""
        return self.data.cases.height

    @property
    def row_of_steps(self) -> NDArray[np.uint32]:
        """The number `i` of every row that `work_within` reads from."""
        found: NDArray[np.uint32] = self.steps["i"].to_numpy()
        return found

    def work_within(self, first: int, last: int) -> pl.DataFrame:
        """The rows of `steps` from `first` up to `last`, as they count here."""
        return self.steps[first:last]

    def pieces_within(self, first: int, last: int) -> pl.DataFrame:
        """The `touches` of these rows of `steps`."""
        return self._pieces(begun_of(self.steps[first:last]))

    @cached_property
    def touches(self) -> pl.DataFrame:
        """When a case was being worked on: pieces (i, agency, start, end) that do not overlap.

        Work by two agencies at the same time is one piece of it, given to the one that began first. Work in hand in
        an open case lasts until the reading. What lies outside the case (before opening, after closing) is cut off.
        """
        return self._pieces(self.begun)

    def _pieces(self, begun: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        rows = begun.select("i", "agency", "started", "completed")
        opened, until = (self.cases[name].gather(rows["i"]) for name in ("opened", "until"))
        whole = rows.with_columns(opened=opened, until=until).select(
            "i",
            "agency",
            start=pl.max_horizontal("started", "opened"),
            end=pl.min_horizontal(pl.coalesce("completed", "until"), "until"),
        )
        if self.longest_session is not None:
            whole = whole.with_columns(end=pl.min_horizontal("end", pl.col("start") + self.longest_session))
        return without_overlaps(whole.filter(pl.col("start") < pl.col("end")))

    @cached_property
    def touch_known(self) -> pl.DataFrame:
        """i and whether all work on the case has a start, and an end unless the case is open."""
        import numpy as np
        import polars as pl

        started, completed = self.steps["started"].is_not_null(), self.steps["completed"].is_not_null()
        ended = self.cases["ended"].gather(self.steps["i"])
        lacking = (started & ~completed & ended) | (completed & ~started)
        unknown = np.bincount(self.steps["i"].filter(lacking).to_numpy(), minlength=self.size)
        touched = np.flatnonzero(self.begun_count)
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


def enumerated(column: pl.Series) -> pl.Series:
    """A column of texts as an enumeration of those that occur, in alphabetical order."""
    import polars as pl

    texts = column.cast(pl.String)
    return texts.cast(pl.Enum(texts.drop_nulls().unique().sort()))


def begun_of(steps: pl.DataFrame) -> pl.DataFrame:
    """Those visits whose start or end was recorded; the table itself, not a copy, where that holds for all."""
    kept = _has_begun(steps)
    return steps if kept.all() else steps.filter(kept)


def _has_begun(steps: pl.DataFrame) -> pl.Series:
    return steps["started"].is_not_null() | steps["completed"].is_not_null()


def without_overlaps(pieces: pl.DataFrame) -> pl.DataFrame:
    """Pieces (i, start, end, and more) in order, each cut to what no earlier one of its case covers."""
    import polars as pl

    pieces = _sorted(pieces)
    same = pl.col("i") == pl.col("i").shift(1)
    if not pieces.select((same & (pl.col("start") < pl.col("end").shift(1))).any()).item():
        return pieces
    covered = running_max(pl.col("end").cast(pl.Int64), "i").cast(pl.Datetime("us", "UTC"))
    before = pl.when(same).then(covered.shift(1))
    return pieces.with_columns(start=pl.max_horizontal("start", before)).filter(pl.col("start") < pl.col("end"))


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
