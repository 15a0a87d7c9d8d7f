"""One flat table of a data set: a row a step visit with the attributes of its case, under the usual XES headers."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from perintis.words.tables import DataSet

OWN = "case:perintis:"
"""Prefix of the columns of the case table that XES has no name for."""

STEP_HEADERS = {
    "step": "concept:name",
    "visit": "visit",
    "agency": "org:group",
    "office": "office",
    "officer": "org:resource",
    "ready": "ready_timestamp",
    "started": "start_timestamp",
    "completed": "time:timestamp",
    "outcome": "outcome",
    "due": "due",
    "cost": "cost:total",
    "keyed": "keyed",
    "offset": "offset",
}
CASE_HEADERS = {
    "case": "case:concept:name",
    "cohort": f"{OWN}cohort",
    "office": f"{OWN}office",
    "opened": f"{OWN}opened",
    "closed": f"{OWN}closed",
    "due": f"{OWN}due",
    "outcome": f"{OWN}outcome",
    "opened_offset": f"{OWN}opened_offset",
}
SIMULATED = f"{OWN}simulated"
"""A column that only a rehearsal has, so that nobody takes it for something that happened."""

STEP_TIMES = ("ready_timestamp", "start_timestamp", "time:timestamp", "due")
PIECE = 50_000


def write_parquet(data: DataSet, path: Path) -> None:
    """The flat table with its types: instants in UTC, offsets in minutes in columns of their own."""
    _flat(data).write_parquet(path)


def write_csv(data: DataSet, path: Path) -> None:
    """The flat table as text: instants as ISO 8601 with the offset of the place, lists joined by a space."""
    flat = _flat(data)
    with path.open("wb") as file:
        for start in range(0, max(flat.height, 1), PIECE):
            _as_text(flat.slice(start, PIECE)).write_csv(file, include_header=start == 0)


def _flat(data: DataSet) -> pl.DataFrame:
    """Steps beside their cases, in the order of the cases; a case without steps has one row without a step."""
    cases, steps = data.cases.rename(CASE_HEADERS), data.steps.rename(STEP_HEADERS)
    if data.simulated:
        cases = cases.with_columns(pl.lit(True).alias(SIMULATED))
    key = CASE_HEADERS["case"]
    flat = cases.join(steps, left_on=key, right_on="case", how="left", maintain_order="left_right")
    return flat.select(key, *STEP_HEADERS.values(), pl.exclude(key, *STEP_HEADERS.values()))


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    instants = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime)]
    opened_offset = CASE_HEADERS["opened_offset"]
    return rows.with_columns(
        *(iso(name, "offset" if name in STEP_TIMES else opened_offset) for name in instants),
        pl.col("keyed").list.join(" "),
    ).drop("offset", opened_offset)


def iso(column: str, offset: str) -> pl.Expr:
    """An instant as local time with its offset, 2010-08-13T00:00:00.000000+02:00; UTC where no offset is known."""
    minutes = pl.col(offset).fill_null(0)
    local = (pl.col(column) + pl.duration(minutes=minutes)).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    sign = pl.when(minutes < 0).then(pl.lit("-")).otherwise(pl.lit("+"))
    hours = (minutes.abs() // 60).cast(pl.String).str.zfill(2)
    rest = (minutes.abs() % 60).cast(pl.String).str.zfill(2)
    return pl.concat_str(local, sign, hours, pl.lit(":"), rest).alias(column)
