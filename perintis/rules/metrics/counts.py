"""Hand-overs, rework, fields typed again, deadlines met, cost and outcomes of each case."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from perintis.rules.metrics.metric import Basis, Better, Kind, Metric, Need
from perintis.rules.metrics.view import running_max
from perintis.words.recorded import WorkStatus

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View
    from perintis.words.tables import DataSet

MOST_OUTCOMES = 20
NEVER = 1 << 58  # later than any instant in microseconds since 1970


def handovers(view: View) -> pl.DataFrame:
    """How often two consecutive pieces of work, in order of start then end, belong to different agencies.

    Null where the agency of any of them is unknown.
    """
    return _passed_on(view, "agency")


def officer_handovers(view: View) -> pl.DataFrame:
    """The same between officers, within or across agencies; null where the officer of any piece is unknown."""
    return _passed_on(view, "officer")


def _passed_on(view: View, who: str) -> pl.DataFrame:
    import polars as pl

    ordered = (
        view.begun.select("i", who, "completed", begin=pl.coalesce("started", "completed"))
        .with_row_index("row")  # the recorded order settles equal times
        .sort("i", "begin", "completed", "row", nulls_last=True)
    )
    same_case = pl.col("i") == pl.col("i").shift(1)
    passed_on = ordered.with_columns((same_case & (pl.col(who) != pl.col(who).shift(1))).alias("passed"))
    counted = pl.when(pl.col(who).is_not_null().all()).then(pl.col("passed").sum())
    return _over_cases(view, passed_on.group_by("i").agg(counted.alias("value")))


def rework(view: View) -> pl.DataFrame:
    """How often a step was visited again after an earlier visit of it had been done or sent back.

    A step that was sent back and not visited again counts once as well: it was returned, whoever mends it. Two visits
    side by side are no rework, and neither is a retry.
    """
    import polars as pl

    done = pl.when(pl.col("outcome").ne_missing(pl.lit(WorkStatus.FAILED.value))).then(
        pl.col("completed").cast(pl.Int64)
    )
    visits = view.steps.select(
        "i",
        "step",
        "visit",
        "outcome",
        done.fill_null(NEVER).alias("done"),
        pl.coalesce("ready", "started", "completed").alias("begin"),
    ).sort("i", "step", "visit")
    same = (pl.col("i") == pl.col("i").shift(1)) & (pl.col("step") == pl.col("step").shift(1))
    visits = visits.with_columns((~same).fill_null(True).cum_sum().alias("group"))
    earlier = pl.when(same).then(-running_max(-pl.col("done"), "group").shift(1))
    again = (earlier <= pl.col("begin").cast(pl.Int64)).fill_null(False)
    last = ~same.shift(-1).fill_null(False)
    returned = (pl.col("outcome") == WorkStatus.SENT_BACK.value).fill_null(False) & last
    counts = visits.with_columns(again.alias("again"), returned.alias("returned"))
    return _over_cases(
        view, counts.group_by("i").agg((pl.col("again").sum() + pl.col("returned").sum()).alias("value"))
    )


def any_rework(view: View) -> pl.DataFrame:
    """Whether a case had any rework: 0 or 1."""
    import polars as pl

    return rework(view).with_columns((pl.col("value") > 0).cast(pl.Float64).alias("value"))


def duplicate_entry(view: View) -> pl.DataFrame:
    """How many fields were typed by hand although they had been typed before: sum of max(0, times - 1)."""
    import polars as pl

    typed = view.typed
    fields = typed.select("i", "keyed").explode("keyed").drop_nulls().group_by("i", "keyed").len("times")
    again = fields.group_by("i").agg((pl.col("times") - 1).sum().alias("value"))
    nothing_typed = typed.select(pl.col("i").unique(), value=pl.lit(0, dtype=again["value"].dtype))
    return _over_cases(view, pl.concat([again, nothing_typed]).group_by("i").agg(pl.col("value").max()))


def cost(view: View) -> pl.DataFrame:
    """The sum of the costs that were recorded for the steps of a case; null where none was."""
    import polars as pl

    return _over_cases(view, view.costs.group_by("i").agg(pl.col("cost").sum().alias("value")))


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


def _over_cases(view: View, found: pl.DataFrame) -> pl.DataFrame:
    """One row for each case, null where nothing was found."""
    import polars as pl

    return (
        view.cases.select("i", "case", "ended")
        .join(found.with_columns(pl.col("value").cast(pl.Float64)), on="i", how="left", maintain_order="left")
        .select("case", "value", "ended")
    )


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
