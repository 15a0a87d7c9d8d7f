"""Writes the two analysis tables as small text tables, so that a test reads like its specification.

`-` is null. `3/14:30` is day 3 at 14:30 UTC, where day 1 is Monday 2024-03-04. Fields typed by hand are joined by `+`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl

from perintis.words.tables import DataSet, Grade

INSTANT = pl.Datetime("us", "UTC")
CASE_TYPES: dict[str, Any] = {
    "case": pl.String,
    "cohort": pl.String,
    "office": pl.String,
    "opened": INSTANT,
    "opened_offset": pl.Int32,
    "closed": INSTANT,
    "due": INSTANT,
    "outcome": pl.String,
}
STEP_TYPES: dict[str, Any] = {
    "case": pl.String,
    "step": pl.String,
    "visit": pl.Int32,
    "agency": pl.String,
    "office": pl.String,
    "officer": pl.String,
    "ready": INSTANT,
    "started": INSTANT,
    "completed": INSTANT,
    "offset": pl.Int32,
    "outcome": pl.String,
    "due": INSTANT,
    "cost": pl.Float64,
    "keyed": pl.List(pl.String),
}
FIRST_DAY = datetime(2024, 3, 4, tzinfo=UTC)


def moment(text: str) -> datetime:
    """Day and time of day: `moment("3/14:30")`."""
    day, clock = text.split("/")
    hours = time.fromisoformat(clock)
    return FIRST_DAY + timedelta(days=int(day) - 1, hours=hours.hour, minutes=hours.minute)


def data_set(cases: str, steps: str = "case", *, read: str = "30/00:00", **about: Any) -> DataSet:
    """A data set from two text tables; columns that are not written are null."""
    about = {"name": "small", "grade": Grade.MEASURED, "observed_until": moment(read), **about}
    return DataSet(cases=table(cases, CASE_TYPES), steps=table(steps, STEP_TYPES), **about)


def table(text: str, types: dict[str, Any]) -> pl.DataFrame:
    """One text table; columns named `case:...` are text attributes."""
    header, *lines = (line.split() for line in text.strip().splitlines())
    types = {**types, **{name: pl.String for name in header if name not in types}}
    columns = {name: [_value(line[k], types[name]) for line in lines] for k, name in enumerate(header)}
    return pl.DataFrame({name: columns.get(name, [None] * len(lines)) for name in types}, schema=types)


def _value(text: str, kind: Any) -> Any:
    if text == "-":
        return None
    if kind == INSTANT:
        return moment(text)
    if kind == pl.List(pl.String):
        return [] if text == "[]" else text.split("+")
    return {pl.Int32: int, pl.Float64: float}.get(kind, str)(text)
