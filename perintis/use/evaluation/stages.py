"""Where the time went: waiting and work by step, a case, in both cohorts.

A step waits from when it could begin (`ready`, or where that was not recorded, the end of the work before it in the
case) until it began. Only cases that entered at least `tau` before the reading count, and only their first `tau` days,
so that an open case and a closed one are seen for equally long; those open already when observation began do not
count. Steps side by side wait at the same time, so stages need not add up to the lead time.

Time in which no step of the case could begin or was being done is *between steps*: a paper file on its way from one
agency to the next, a wait for a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.rules.metrics import View
from perintis.rules.metrics.view import running_max

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY = 86_400_000_000
BETWEEN = "(between steps)"
"""Stands among the steps for the time between them; only waiting, nobody's work."""


@dataclass(frozen=True, eq=False)
class Stages:
    """For the matured cases of one cohort, days a case by step: arrays (cases,), with 0 where the step did not occur.

    `touch` is None for a cohort without start times: waiting then runs to the end of the step and includes the work.
    """

    rows: NDArray[np.int64]
    waiting: dict[str, Floats]
    touch: dict[str, Floats] | None
    agency: dict[str, str | None]


def stages_of(view: View, tau_days: float) -> Stages:
    """The stages of every matured case; `rows` are its rows in the case table."""
    import numpy as np
    import polars as pl

    tau = round(tau_days * DAY)
    horizon = (pl.col("opened").cast(pl.Int64) + tau).alias("horizon")
    read = round(view.read.timestamp() * 1_000_000)
    within = view.cases.select("i", pl.col("opened", "until").cast(pl.Int64))
    began = 0 if view.data.observed_from is None else round(view.data.observed_from.timestamp() * 1_000_000)
    cases = within.with_columns(horizon).filter(pl.col("horizon") <= read, pl.col("opened") >= began)
    timed = _timed(view, cases)
    rows = cases["i"].to_numpy().astype(np.int64)
    place = np.full(view.cases.height, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    has_starts = bool(timed["started"].is_not_null().any())
    waiting: dict[str, Floats] = {}
    touch: dict[str, Floats] = {}
    agency: dict[str, str | None] = {}
    for key, part in sorted(timed.partition_by("step", as_dict=True).items()):
        step, at = str(key[0]), place[part["i"].to_numpy()]
        waiting[step] = _days(at, part["waiting"], len(rows))
        touch[step] = _days(at, part["touch"], len(rows))
        known = part["agency"].drop_nulls()
        agency[step] = str(known.mode().sort()[0]) if len(known) else None
    between = _between(cases, timed, place, len(rows))
    if between.any():
        waiting[BETWEEN], agency[BETWEEN] = between, None
    return Stages(rows, waiting, touch if has_starts else None, agency)


def _between(cases: pl.DataFrame, timed: pl.DataFrame, place: NDArray[np.int64], size: int) -> Floats:
    """Days of each case, up to its horizon, in which no step was waiting to begin or being done."""
    import numpy as np
    import polars as pl

    lead = cases.select(pl.min_horizontal("until", "horizon") - pl.col("opened")).to_series().to_numpy()
    pieces = timed.sort("i", "came", maintain_order=True)
    same = pl.col("i") == pl.col("i").shift(1)
    covered = pl.when(same).then(running_max(pl.col("done"), "i").shift(1))
    pieces = pieces.select("i", length=(pl.col("done") - pl.max_horizontal("came", covered)).clip(0))
    # Whole microseconds, so that nothing is left of rounding where steps cover the whole case.
    taken = np.bincount(place[pieces["i"].to_numpy()], weights=pieces["length"].to_numpy(), minlength=size)
    return np.maximum(lead - taken, 0.0) / DAY


def _days(at: NDArray[np.int64], micros: pl.Series, cases: int) -> Floats:
    import numpy as np

    return np.bincount(at, weights=micros.to_numpy() / DAY, minlength=cases).astype(np.float64)


def _timed(view: View, cases: pl.DataFrame) -> pl.DataFrame:
    """i, step, agency, waiting and touch in microseconds, from `came` to `done`, each cut to its case's horizon."""
    import polars as pl

    cut = [  # an instant that was not recorded stays unknown
        pl.when(pl.col(c).is_not_null()).then(pl.min_horizontal(pl.col(c).cast(pl.Int64), "horizon")).alias(c)
        for c in ("ready", "started", "completed")
    ]
    visits = (
        view.steps.select("i", "step", "agency", "ready", "started", "completed")
        .join(cases, on="i")
        .with_columns(cut)
        .with_columns(begin=pl.coalesce("started", "completed", "ready").fill_null(pl.col("horizon")))
        .sort("i", "begin", maintain_order=True)
    )
    before = running_max(pl.coalesce("completed", "begin"), "i").shift(1)
    same = pl.col("i") == pl.col("i").shift(1)
    came = pl.coalesce("ready", pl.when(same).then(before), "opened")
    begun = pl.coalesce("started", "completed").fill_null(pl.col("horizon"))
    done = pl.col("completed").fill_null(pl.col("horizon"))
    touch = pl.when(pl.col("started").is_not_null()).then((done - pl.col("started")).clip(0)).otherwise(0)
    return visits.select(
        "i", "step", "agency", "started", waiting=(begun - came).clip(0).cast(pl.Float64),
        touch=touch.cast(pl.Float64), came=came, done=done,
    )  # fmt: skip
