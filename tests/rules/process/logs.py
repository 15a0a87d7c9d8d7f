"""Small and generated event logs for tests of how the process went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, INSTANT, STEP_TYPES

HOUR = 3_600_000_000
START = int(datetime(2024, 3, 4, tzinfo=UTC).timestamp()) * 1_000_000
READ = datetime(2024, 12, 1, tzinfo=UTC)


def log(
    paths: Sequence[str],
    offices: Sequence[str | None] | None = None,
    *,
    waits: Callable[[int], float] = lambda _: 2.0,
    closed: Sequence[bool] | None = None,
    outcomes: Sequence[str | None] | None = None,
) -> View:
    """One case for each path, one letter a step; each step lasts an hour after `waits(case)` hours of waiting."""
    case, step, started = [], [], []
    ends = []
    for k, path in enumerate(paths):
        at = START
        for letter in path:
            at += int(waits(k) * HOUR)
            case.append(f"c{k:05}")
            step.append(letter)
            started.append(at)
            at += HOUR
        ends.append(at + HOUR)
    rows = {"case": [f"c{k:05}" for k in range(len(paths))], "office": list(offices or [None] * len(paths))}
    cases = pl.DataFrame(rows, schema_overrides={"office": pl.String}).with_columns(
        pl.Series("opened", [START] * len(paths), dtype=pl.Int64).cast(INSTANT),
        pl.Series("closed", [e if closed is None or closed[k] else None for k, e in enumerate(ends)]).cast(INSTANT),
        pl.Series("outcome", list(outcomes or ["granted"] * len(paths)), dtype=pl.String),
    )
    steps = pl.DataFrame({"case": case, "step": step}).with_columns(
        pl.Series("started", started, dtype=pl.Int64).cast(INSTANT),
        pl.Series("completed", [s + HOUR for s in started], dtype=pl.Int64).cast(INSTANT),
        pl.lit("completed").alias("outcome"),
    )
    data = DataSet("log", complete(cases, CASE_TYPES), complete(steps, STEP_TYPES), READ, Grade.MEASURED)
    return View(data, Calendars())


def complete(table: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    """With the columns that are not there as nulls."""
    return table.with_columns([pl.lit(None, dtype=k).alias(n) for n, k in types.items() if n not in table.columns])


def drawn(seed: int, offices: int, cases: int, share: float, *, prefix: str, spread: float = 0.1) -> View:
    """Cases that go A, B, C with about that share and A, C otherwise; the share differs between offices."""
    random = np.random.default_rng(seed)
    own = np.clip(share + spread * random.normal(size=offices), 0, 1)
    office = np.repeat(np.arange(offices), cases)
    long = random.random(len(office)) < own[office]
    hours = random.exponential(10, len(office))
    paths = ["ABC" if one else "AC" for one in long]
    return log(paths, [f"{prefix}{k:02}" for k in office], waits=lambda k: float(hours[k]))
