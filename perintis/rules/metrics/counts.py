"""Hand-overs, rework, fields typed again, deadlines met, cost and outcomes of each case."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from perintis.rules.metrics.metric import Basis, Better, Kind, Metric, Need

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.metrics.view import View
    from perintis.words.tables import DataSet

MOST_OUTCOMES = 20


def handovers(view: View) -> pl.DataFrame:
    """How often two consecutive pieces of work, in order of start then end, belong to different agencies.

    Null where the agency of any of them is unknown.
    """
    return _of_each(view, view.tally.agencies)


def officer_handovers(view: View) -> pl.DataFrame:
    """The same between officers, within or across agencies; null where the officer of any piece is unknown."""
    return _of_each(view, view.tally.officers)


def rework(view: View) -> pl.DataFrame:
    """How often a step was visited again after an earlier visit of it had been done or sent back.

    A step that was sent back and not visited again counts once as well: it was returned, whoever mends it. Two visits
    side by side are no rework, and neither is a retry.
    """
    return _of_each(view, view.tally.rework)


def any_rework(view: View) -> pl.DataFrame:
    """Whether a case had any rework: 0 or 1."""
    import polars as pl

    return rework(view).with_columns((pl.col("value") > 0).cast(pl.Float64).alias("value"))


def duplicate_entry(view: View) -> pl.DataFrame:
    """How many fields were typed by hand although they had been typed before: sum of max(0, times - 1)."""
    import numpy as np
    import polars as pl

    fields = view.typed.select("i", "keyed").explode("keyed").drop_nulls()
    again = fields.group_by("i", "keyed").len("times").filter(pl.col("times") > 1)
    times = np.bincount(again["i"].to_numpy(), weights=again["times"].to_numpy() - 1.0, minlength=view.size)
    return _of_each(view, np.where(view.typing_noted, times, np.nan))


def cost(view: View) -> pl.DataFrame:
    """The sum of the costs that were recorded for the steps of a case; null where none was."""
    import numpy as np

    costs = view.costs
    sums = np.bincount(costs["i"].to_numpy(), weights=costs["cost"].to_numpy(), minlength=view.size)
    return _of_each(view, np.where(view.costs_noted, sums, np.nan))


def service_level_met(view: View) -> pl.DataFrame:
    """Whether a case was closed by its deadline: 0 or 1.

    Final once the deadline has passed: an open case is late from that moment on. A case whose deadline lies ahead is
    left out even if it is closed, because its slow companions are not yet known.
    """
    import polars as pl

    past = pl.col("due") < view.read
    met = (pl.col("closed") <= pl.col("due")).fill_null(False)
    known = pl.col("due").is_not_null() & (past | pl.col("ended"))
    return view.cases.select(
        "case", pl.when(known).then(met.cast(pl.Float64)).alias("value"), past.fill_null(False).alias("ended")
    )


def outcome_is(outcome: str, view: View) -> pl.DataFrame:
    """Whether a closed case ended with this outcome: 0 or 1."""
    import polars as pl

    return view.cases.select("case", (pl.col("outcome") == outcome).cast(pl.Float64).alias("value"), "ended")


def outcome_metrics(*data: DataSet) -> tuple[Metric, ...]:
    """One share for each outcome that occurs among the closed cases, the most frequent first."""
    import polars as pl

    seen = pl.concat([d.cases.filter(pl.col("closed").is_not_null()).select("outcome") for d in data])
    counts = seen.drop_nulls().group_by("outcome").len().sort(["len", "outcome"], descending=[True, False])
    return tuple(
        Metric(f"outcome:{name}", f"Outcome: {name}", "share", Kind.SHARE, partial(outcome_is, name), better=None)
        for name in counts["outcome"].head(MOST_OUTCOMES)
    )


def _of_each(view: View, found: NDArray[np.float64]) -> pl.DataFrame:
    """One row for each case of the view, from a number for each case of the data set; null where that is NaN."""
    import polars as pl

    cases = view.cases.select("i", "case", "ended")
    value = pl.Series("value", found).gather(cases["i"]).fill_nan(None)
    return cases.select("case", value, "ended")


HANDOVERS = Metric(
    "handovers",
    "Hand-overs between agencies",
    "hand-overs",
    Kind.COUNT,
    handovers,
    requires=(Need.STEPS, Need.AGENCIES),
)
OFFICER_HANDOVERS = Metric(
    "officer_handovers",
    "Hand-overs between officers",
    "hand-overs",
    Kind.COUNT,
    officer_handovers,
    requires=(Need.STEPS, Need.OFFICERS),
)
REWORK = Metric("rework", "Rework", "repeated steps", Kind.COUNT, rework, requires=(Need.STEPS,))
ANY_REWORK = Metric("any_rework", "Cases with rework", "share", Kind.SHARE, any_rework, requires=(Need.STEPS,))
DUPLICATE_ENTRY = Metric(
    "duplicate_entry",
    "Fields typed again",
    "fields",
    Kind.COUNT,
    duplicate_entry,
    requires=(Need.STEPS, Need.KEYED),
)
COST = Metric("cost", "Cost", "currency of the pilot", Kind.MONEY, cost, requires=(Need.STEPS, Need.COSTS))
SERVICE_LEVEL_MET = Metric(
    "service_level_met",
    "Closed by the deadline",
    "share",
    Kind.SHARE,
    service_level_met,
    better=Better.HIGHER,
    requires=(Need.DEADLINES,),
    basis=Basis.PAST_DUE_DATE,
)
