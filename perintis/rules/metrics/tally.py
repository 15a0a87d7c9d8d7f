"""What is counted up from the work on each case: hand-overs, rework and time worked on, in one pass over the steps.

Steps come by case (see `View.steps`). They are read in parts of whole cases, so that what is needed on the way stays
small beside the tables themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics.view import begun_of, running_max
from perintis.words.recorded import WorkStatus

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.metrics.view import View

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

MICROSECONDS_A_DAY = 86_400_000_000
PART = 500_000
"""About so many step visits are looked at together."""

MOST_CELLS = 40_000_000
LATEST = np.iinfo(np.int64).max
NEVER = 1 << 58  # later than any instant in microseconds since 1970


@dataclass(frozen=True, eq=False)
class Tally:
    """One entry for each case of the data set, NaN where nothing can be said.

    `agencies` and `officers` count hand-overs, NaN where who did a piece of work is unknown; `rework` counts repeated
    steps; `begun` pieces of work; `touched` is the time in days in which anybody worked on the case.
    """

    begun: Whole
    agencies: Floats
    officers: Floats
    rework: Floats
    touched: Floats


def tally(view: View) -> Tally:
    """Count up the work of a view."""
    unknown = np.full(view.size, np.nan)
    found = Tally(
        np.zeros(view.size, dtype=np.int64), unknown, unknown.copy(), unknown.copy(), np.zeros(view.size)
    )  # fmt: skip
    for first, last, cases in _parts(view.row_of_steps):
        work = view.work_within(first, last)
        i = _within(work, cases)
        found.rework[cases] = _rework(work, i, cases)
        begun = begun_of(work)
        in_turn = _in_turn(begun)
        i = _within(in_turn, cases)
        found.begun[cases] = np.bincount(i, minlength=_length(cases))
        found.agencies[cases] = _passed_on(i, in_turn["agency"], _length(cases))
        found.officers[cases] = _passed_on(i, in_turn["officer"], _length(cases))
        pieces = view.pieces_within(first, last)
        micros = (pieces["end"] - pieces["start"]).dt.total_microseconds().to_numpy()
        spent = np.bincount(_within(pieces, cases), weights=micros, minlength=_length(cases))
        found.touched[cases] = spent / MICROSECONDS_A_DAY
    return found


def _parts(i: NDArray[np.uint32]) -> Iterator[tuple[int, int, slice]]:
    """First row, last row and cases of parts of about equal length; no case is in two of them."""
    first = 0
    while first < len(i):
        last = int(np.searchsorted(i, i[min(first + PART, len(i)) - 1], side="right"))
        yield first, last, slice(int(i[first]), int(i[last - 1]) + 1)
        first = last


def _within(rows: pl.DataFrame, cases: slice) -> Whole:
    """The number of each row's case, counted from the first of the part."""
    return rows["i"].to_numpy().astype(np.int64) - int(cases.start)


def _length(cases: slice) -> int:
    return int(cases.stop - cases.start)


def _in_turn(begun: pl.DataFrame) -> pl.DataFrame:
    """Work in the order in which it began, then ended, then was recorded."""
    import polars as pl

    order = order_of_work(begun)
    table = begun.select("i", "agency", "officer")
    return table if order is None else table.select(pl.all().gather(pl.Series(order)))


def order_of_work(begun: pl.DataFrame) -> Whole | None:
    """The places of the rows sorted within their case by begin, end and as recorded; None where they stand so.

    Unknown times come last. Only cases whose rows do not stand so are sorted.
    """
    import polars as pl

    begin = pl.coalesce("started", "completed").cast(pl.Int64).fill_null(LATEST).alias("begin")
    times = begun.select("i", begin, pl.col("completed").cast(pl.Int64).fill_null(LATEST).alias("end"))
    i, start, end = (times[name].to_numpy() for name in ("i", "begin", "end"))
    same_case, equal = i[1:] == i[:-1], start[1:] == start[:-1]
    wrong = same_case & ((start[1:] < start[:-1]) | (equal & (end[1:] < end[:-1])))
    if not wrong.any():
        return None
    among = np.zeros(int(i[-1]) + 1, dtype=bool)
    among[i[1:][wrong]] = True
    rows = np.flatnonzero(among[i])
    order = np.arange(len(i))
    chosen = times.select(pl.all().gather(pl.Series(rows))).with_columns(row=pl.Series(rows))
    order[rows] = chosen.sort("i", "begin", "end", "row")["row"].to_numpy()
    return order


def _passed_on(i: Whole, who: pl.Series, cases: int) -> Floats:
    """How often two pieces of work after another are of different people; NaN where one is unknown or there is none."""
    count = np.full(cases, np.nan)
    count[i] = 0.0
    code = who.to_physical().fill_null(0).to_numpy()
    passed = (i[1:] == i[:-1]) & (code[1:] != code[:-1])
    count += np.bincount(i[1:][passed], minlength=cases)
    if who.null_count():
        count[i[who.is_null().to_numpy()]] = np.nan
    return count


def _rework(work: pl.DataFrame, i: Whole, cases: slice) -> Floats:
    """Repeated steps of each case; NaN where it has no step. Only steps that a case has twice are looked at closely."""
    import polars as pl

    count = np.full(_length(cases), np.nan)
    count[i] = 0.0
    returned = (work["outcome"] == WorkStatus.SENT_BACK.value).fill_null(False).to_numpy()
    twice = _twice(i, work["step"], _length(cases))
    alone = returned & ~twice
    if alone.any():
        count += np.bincount(i[alone], minlength=_length(cases))
    if twice.any():
        visits = work.filter(pl.Series(twice))
        again = _again(visits).to_numpy()
        count += np.bincount(_within(visits, cases), weights=again, minlength=_length(cases))
    return count


def _twice(i: Whole, step: pl.Series, cases: int) -> NDArray[np.bool_]:
    """Whether the case of a row has its step in another row as well."""
    code = step.to_physical().cast(int).fill_null(0).to_numpy()
    width = int(code.max(initial=0)) + 1
    cell = np.where(step.is_not_null().to_numpy(), i * width + code, cases * width)
    if cases * width <= MOST_CELLS:
        twice = np.bincount(cell)[cell] > 1
    else:
        _, place, count = np.unique(cell, return_inverse=True, return_counts=True)
        twice = count[place] > 1
    found: NDArray[np.bool_] = twice & step.is_not_null().to_numpy()
    return found


def _again(visits: pl.DataFrame) -> pl.Series:
    """For each visit, in the order given, 1 if it repeats the step and 1 if the step was returned and not repeated."""
    import polars as pl

    failed = pl.col("outcome").ne_missing(pl.lit(WorkStatus.FAILED.value))
    table = (
        visits.select(
            "i", pl.col("step").to_physical(), "visit", "outcome",
            pl.when(failed).then(pl.col("completed").cast(pl.Int64)).fill_null(NEVER).alias("done"),
            pl.coalesce("ready", "started", "completed").alias("begin"),
        )
        .with_row_index("row")
        .sort("i", "step", "visit", maintain_order=True)
    )  # fmt: skip
    same = (pl.col("i") == pl.col("i").shift(1)) & (pl.col("step") == pl.col("step").shift(1))
    table = table.with_columns((~same).fill_null(True).cum_sum().alias("group"))
    earlier = pl.when(same).then(-running_max(-pl.col("done"), "group").shift(1))
    again = (earlier <= pl.col("begin").cast(pl.Int64)).fill_null(False)
    last = ~same.shift(-1).fill_null(False)
    returned = (pl.col("outcome") == WorkStatus.SENT_BACK.value).fill_null(False) & last
    return table.select("row", again.cast(pl.Int64) + returned.cast(pl.Int64)).sort("row").to_series(1)
