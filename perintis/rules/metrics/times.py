"""Lead, waiting and touch time of each case, in calendar time (days) and in working time (hours).

lead time = waiting time + touch time, in either kind of time. Touch time is the *union* of the intervals in which
anybody worked on the case, never their sum: two agencies side by side do not make a case be worked on twice.

In working time, lead and waiting are counted by the calendar of the case, touch by that of the agency at work; where
those differ the two parts need not add up to the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.metrics.metric import Basis, Kind, Metric, Need

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.metrics.view import View

DAYS, WORKING_HOURS = "days", "working hours"
MICROSECONDS_A_DAY = 86_400_000_000
TOUCH_NEEDS = (Need.STEPS, Need.START_TIMES)


def lead_time(view: View) -> pl.DataFrame:
    """Days from opening to closing, or so far; null where the case closes before it opens."""
    import polars as pl

    days = _days(pl.col("until") - pl.col("opened"))
    return view.cases.select("case", _not_negative(days), "ended")


def lead_time_working(view: View) -> pl.DataFrame:
    """Working hours from opening to closing by the calendar of the case."""
    import polars as pl

    hours = view.minutes(view.cases["opened"], view.cases["until"]) / 60
    return view.cases.select("case", _not_negative(pl.lit(hours)), "ended")


def touch_time(view: View) -> pl.DataFrame:
    """Days in which somebody was working on the case."""
    return _over_cases(view, view.tally.touched)


def touch_time_working(view: View) -> pl.DataFrame:
    """Office hours in which somebody was working on the case, each piece by the calendar of its agency."""
    parts = view.touches.partition_by("agency")
    minutes = [_minutes(view, part, part["agency"][0]) for part in parts]
    return _over_cases(view, sum(minutes, _minutes(view, view.touches.clear())) / 60)


def waiting_time(view: View) -> pl.DataFrame:
    """Days in which nobody was working on the case."""
    return _rest(lead_time(view), touch_time(view))


def waiting_time_working(view: View) -> pl.DataFrame:
    """Working hours of the case's calendar in which nobody was working on it."""
    return _rest(lead_time_working(view), _over_cases(view, _minutes(view, view.touches) / 60))


def _minutes(view: View, pieces: pl.DataFrame, agency: str | None = None) -> NDArray[np.float64]:
    """The office minutes of pieces of work, summed by case, by the calendar of an agency or of the case."""
    import numpy as np

    minutes = view.minutes(pieces["start"], pieces["end"], agency).to_numpy()
    return np.bincount(pieces["i"].to_numpy(), weights=minutes, minlength=view.size).astype(np.float64)


def _over_cases(view: View, touched: NDArray[np.float64]) -> pl.DataFrame:
    """One row for each case of the view, from a sum for each of the data set.

    Nothing touched yet is zero while open, and unknown once closed.
    """
    import polars as pl

    known = pl.col("known").fill_null(~pl.col("ended"))
    cases = view.cases.select("i", "case", "ended")
    return (
        cases.with_columns(value=pl.Series(touched).gather(cases["i"]))
        .join(view.touch_known, on="i", how="left", maintain_order="left")
        .select("case", pl.when(known).then("value").alias("value"), "ended")
    )


def _rest(lead: pl.DataFrame, touch: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return lead.with_columns((pl.col("value") - touch["value"]).clip(0).alias("value"))


def _days(duration: pl.Expr) -> pl.Expr:
    return (duration.dt.total_microseconds() / MICROSECONDS_A_DAY).alias("value")


def _not_negative(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(value >= 0).then(value).alias("value")


LEAD_TIME = Metric("lead_time", "Lead time", DAYS, Kind.DURATION, lead_time, basis=Basis.ALL)
LEAD_TIME_WORKING = Metric(
    "lead_time_working",
    "Lead time in working time",
    WORKING_HOURS,
    Kind.DURATION,
    lead_time_working,
    requires=(Need.CALENDAR,),
    basis=Basis.ALL,
)
WAITING_TIME = Metric(
    "waiting_time", "Waiting time", DAYS, Kind.DURATION, waiting_time, requires=TOUCH_NEEDS, basis=Basis.ALL
)
WAITING_TIME_WORKING = Metric(
    "waiting_time_working",
    "Waiting time in working time",
    WORKING_HOURS,
    Kind.DURATION,
    waiting_time_working,
    requires=(*TOUCH_NEEDS, Need.CALENDAR),
    basis=Basis.ALL,
)
TOUCH_TIME = Metric(
    "touch_time", "Time worked on", DAYS, Kind.DURATION, touch_time, requires=TOUCH_NEEDS, basis=Basis.ALL
)
TOUCH_TIME_WORKING = Metric(
    "touch_time_working",
    "Time worked on in working time",
    WORKING_HOURS,
    Kind.DURATION,
    touch_time_working,
    requires=(*TOUCH_NEEDS, Need.CALENDAR),
    basis=Basis.ALL,
)
