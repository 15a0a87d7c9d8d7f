"""The cases that entered long enough ago, each looked at for equally long.

A case that entered at least tau before the reading is followed for tau and no longer, whether it closed by then or not:
what happened later is cut off. So old and young cases of both cohorts are seen for the same time, and no open case
under-counts.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from perintis.rules.calendar import timetable
from perintis.rules.metrics.view import View

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

HOURS_A_DAY = 24


class MaturedView(View):
    """Of a view, the cases that matured, cut to their horizons. `i` stays the number of the case in the whole view."""

    def __init__(self, whole: View, tau: float, *, working: bool = False) -> None:
        """`tau` in days from opening, or in working hours by the calendar of the case."""
        super().__init__(whole.data, whole.calendars, longest_session=whole.longest_session)
        self.whole, self.tau, self.working = whole, tau, working

    @cached_property
    def horizons(self) -> pl.DataFrame:
        """i and horizon of the cases whose horizon lies not after the reading."""
        import polars as pl

        known = self.whole.cases.select("i", "opened").drop_nulls()
        if self.working and self.calendars.case is not None and known.height:
            later = timetable(self.calendars.case).minutes_later(known["opened"], self.tau * 60)
        else:
            later = known["opened"] + timedelta(days=self.tau)
        return known.select("i", later.alias("horizon")).filter(pl.col("horizon") <= self.read)

    @cached_property
    def cases(self) -> pl.DataFrame:
        """As of the whole, with `until` at the horizon at most, and no closing or outcome behind it."""
        import polars as pl

        inside = pl.col("closed") <= pl.col("horizon")
        return self.whole.cases.join(self.horizons, on="i", maintain_order="left").with_columns(
            pl.when(inside).then("closed").alias("closed"),
            pl.when(inside).then("outcome").alias("outcome"),
            pl.min_horizontal("until", "horizon").alias("until"),
        )

    @cached_property
    def steps(self) -> pl.DataFrame:
        """What had begun or was ready by the horizon, as it then stood."""
        return self._cut(self.whole.steps)

    @property
    def row_of_steps(self) -> NDArray[np.uint32]:
        """Those of the whole."""
        return self.whole.row_of_steps

    def work_within(self, first: int, last: int) -> pl.DataFrame:
        """The rows of the whole's `steps` from `first` up to `last`, as they stood at the horizons."""
        return self._cut(self.whole.steps[first:last])

    def pieces_within(self, first: int, last: int) -> pl.DataFrame:
        """The `touches` of these rows of the whole's steps."""
        return self._cut_pieces(self.whole.pieces_within(first, last))

    def _cut(self, steps: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        done = pl.col("completed") <= pl.col("horizon")
        here = pl.col("horizon").is_not_null() & (
            (pl.min_horizontal("ready", "started", "completed") <= pl.col("horizon")).fill_null(True)
        )
        return (
            self._with_horizon(steps)
            .filter(here)
            .with_columns(
                pl.when(pl.col("started") <= pl.col("horizon")).then("started").alias("started"),
                pl.when(done).then("completed").alias("completed"),
                pl.when(done | pl.col("completed").is_null()).then("outcome").alias("outcome"),
            )
            .drop("horizon")
        )

    def _with_horizon(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the horizon of their case, null for cases that did not mature."""
        return rows.with_columns(self._horizon_of_case.gather(rows["i"]).alias("horizon"))

    @cached_property
    def _horizon_of_case(self) -> pl.Series:
        """The horizon of every case of the whole, null for one that did not mature."""
        table = self.whole.cases.select("i").join(self.horizons, on="i", how="left", maintain_order="left")
        return table["horizon"]

    @cached_property
    def touches(self) -> pl.DataFrame:
        """The pieces of the whole, cut at the horizons."""
        return self._cut_pieces(self.whole.touches)

    def _cut_pieces(self, pieces: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        return (
            self._with_horizon(pieces)
            .filter(pl.col("start") < pl.col("horizon"))
            .with_columns(pl.min_horizontal("end", "horizon").alias("end"))
            .drop("horizon")
        )

    @cached_property
    def touch_known(self) -> pl.DataFrame:
        """As of the whole: work without a start behind the horizon may have begun before it."""
        return self.whole.touch_known

    @property
    def costs(self) -> pl.DataFrame:
        """What arose by the horizons."""
        return self._by_then(self.whole.costs)

    @property
    def typed(self) -> pl.DataFrame:
        """What was typed by the horizons."""
        return self._by_then(self.whole.typed)

    @property
    def costs_noted(self) -> NDArray[np.bool_]:
        """As of the whole: a cost behind the horizon tells that costs were recorded."""
        return self.whole.costs_noted

    @property
    def typing_noted(self) -> NDArray[np.bool_]:
        """As of the whole."""
        return self.whole.typing_noted

    def _by_then(self, noted: pl.DataFrame) -> pl.DataFrame:
        """Without `when`."""
        horizon = self._horizon_of_case.gather(noted["i"])
        kept = horizon.is_not_null() & (noted["when"] <= horizon).fill_null(True)
        return noted.drop("when").filter(kept)


def matured(view: View, tau: float, *, working: bool = False) -> MaturedView:
    """The matured cases of a view; made once for each horizon."""
    key = (tau, working)
    if key not in view.matured_views:
        view.matured_views[key] = MaturedView(view, tau, working=working)
    found = view.matured_views[key]
    assert isinstance(found, MaturedView)
    return found
