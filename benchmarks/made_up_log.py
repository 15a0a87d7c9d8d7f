"""A large log, made up from a seed: two cohorts in the same offices, ten steps a case, agencies, officers and costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from perintis.words.tables import CASE_COLUMNS, STEP_COLUMNS, DataSet, Grade

STEPS = (
    ("front.intake", "front"), ("front.check", "front"), ("registry.identity", "registry"), ("health.screen", "health"),
    ("police.record", "police"), ("labour.permit", "labour"), ("treasury.fee", "treasury"), ("front.review", "front"),
    ("front.decide", "front"), ("front.issue", "front"),
)  # fmt: skip
OFFICES, OFFICERS = 24, 60
MINUTE, DAY = 60_000_000, 86_400_000_000
START = datetime(2024, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")


def read_at(*, pilot: bool) -> datetime:
    """When the data set of that cohort was read."""
    return START + timedelta(days=330 + (400 if pilot else 0))


def made_up(cases: int, *, pilot: bool, seed: int) -> DataSet:
    """A data set of so many cases and ten times as many step visits; the pilot waits a fifth less."""
    random = np.random.default_rng([seed, int(pilot)])
    at = int(START.timestamp() * 1e6) + (400 * DAY if pilot else 0)
    opened = np.sort(at + random.integers(0, 300 * DAY, cases))
    office = random.integers(0, OFFICES, cases)
    speed = np.exp(random.normal(0, 0.15, OFFICES))[office] * (0.8 if pilot else 1.0)
    waits = random.exponential(1.5 * DAY, (cases, len(STEPS))) * speed[:, None]
    touch = random.exponential(20 * MINUTE, (cases, len(STEPS)))
    ends = opened[:, None] + np.cumsum(waits + touch, axis=1).astype(np.int64)
    starts = ends - touch.astype(np.int64)
    ready = np.concatenate([opened[:, None], ends[:, :-1]], axis=1)
    read = int(read_at(pilot=pilot).timestamp() * 1e6)
    closed = ends[:, -1]
    return DataSet(
        name="pilot" if pilot else "baseline",
        cases=_cases(opened, closed, office, read, random),
        steps=_steps(ready, starts, ends, office, read, random),
        observed_until=read_at(pilot=pilot), grade=Grade.MEASURED, clock="made up", simulated=True,
    )  # fmt: skip


def _cases(
    opened: np.ndarray, closed: np.ndarray, office: np.ndarray, read: int, random: np.random.Generator
) -> pl.DataFrame:  # fmt: skip
    done = closed <= read
    outcome = np.where(random.random(len(opened)) < 0.9, "granted", "refused")
    table = pl.DataFrame({"number": np.arange(len(opened)), "at": office, "opened": opened, "end": closed})
    return table.select(
        case=pl.format("C{}", "number"), cohort=pl.lit("all"), office=pl.format("office {}", "at"),
        opened=pl.col("opened").cast(INSTANT), opened_offset=pl.lit(420, pl.Int32),
        closed=pl.when(pl.Series(done)).then(pl.col("end")).cast(INSTANT),
        due=(pl.col("opened") + 20 * DAY).cast(INSTANT), outcome=pl.when(pl.Series(done)).then(pl.Series(outcome)),
    ).select(*CASE_COLUMNS, pl.Series("case:kind", np.where(office % 3, "worker", "family")))  # fmt: skip


def _steps(
    ready: np.ndarray, starts: np.ndarray, ends: np.ndarray, office: np.ndarray, read: int,
    random: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    cases, steps = ready.shape
    names, agencies = (pl.Series([s[k] for s in STEPS]) for k in (0, 1))
    step = np.tile(np.arange(steps), cases)
    begun, done = (times.ravel() <= read for times in (ready, ends))
    table = pl.DataFrame(
        {"number": np.repeat(np.arange(cases), steps), "at": np.repeat(office, steps), "step": names.gather(step),
         "agency": agencies.gather(step), "ready": ready.ravel(), "started": starts.ravel(), "completed": ends.ravel(),
         "by": random.integers(0, OFFICERS, cases * steps), "begun": begun, "done": done}
    ).filter("begun")  # fmt: skip
    started = pl.when(pl.col("started") <= read).then(pl.col("started"))
    return table.select(
        pl.format("C{}", "number").alias("case"), "step", pl.lit(1, pl.Int32).alias("visit"), "agency",
        pl.format("office {}", "at").alias("office"), pl.format("officer {}", "by").alias("officer"),
        pl.col("ready").cast(INSTANT), started.cast(INSTANT).alias("started"),
        pl.when("done").then("completed").cast(INSTANT).alias("completed"), pl.lit(420, pl.Int32).alias("offset"),
        pl.when("done").then(pl.lit("completed")).alias("outcome"), pl.lit(None, INSTANT).alias("due"),
        pl.when("done").then(25_000.0).alias("cost"), pl.lit([], pl.List(pl.String)).alias("keyed"),
    ).select(STEP_COLUMNS)  # fmt: skip
