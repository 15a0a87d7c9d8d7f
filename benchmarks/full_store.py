"""A store filled with live cases by raw inserts: what reading into the analysis tables is measured with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from benchmarks.made_up_log import made_up, read_at
from benchmarks.waiting import PILOT
from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade

READ = read_at(pilot=True)
CASES = (
    "id", "pilot", "version", "process", "reference", "office", "segments", "status", "opened", "closed", "due",
    "outcome", "last_seq", "fence",
)  # fmt: skip
WORK = (
    "id", "case_id", "step", "visit", "kind", "agency", "status", "ready", "started", "completed", "attempt",
    "officer", "cost",
)  # fmt: skip

Rows = tuple[str, Sequence[str], list[tuple[Any, ...]]]


def fill_store(url: str, cases: int) -> None:
    """Upgrade an empty database and insert so many live cases with ten step visits each."""
    database = Database(url)
    upgrade(database)
    database.close()
    if url.startswith("sqlite"):
        _into_sqlite(url.removeprefix("sqlite:///"), cases)
    else:
        _into_postgresql(url.replace("+psycopg", ""), cases)


def _into_sqlite(file: str, cases: int) -> None:
    connection = sqlite3.connect(file)
    for table, columns, rows in _tables(cases):
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
    connection.commit()
    connection.close()


def _into_postgresql(url: str, cases: int) -> None:
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, columns, rows in _tables(cases):
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def _tables(cases: int) -> Iterator[Rows]:
    data = made_up(cases, pilot=True, seed=5)
    micros = pl.col("opened", "closed", "due").cast(pl.Int64)
    opened = data.cases.with_row_index("id", offset=1).with_columns(
        micros, pilot=pl.lit(PILOT.name), version=pl.lit("1"), process=pl.lit("to_be"), reference="case",
        segments=pl.lit("{}"), status=pl.when(pl.col("closed").is_null()).then(pl.lit("waiting")).otherwise(
            pl.lit("closed")), last_seq=pl.lit(1), fence=pl.lit(0),
    )  # fmt: skip
    yield "cases", CASES, opened.select(CASES).rows()
    work = data.steps.with_row_index("id", offset=1).join(
        opened.select("case", case_id="id"), on="case", maintain_order="left"
    )  # fmt: skip
    yield "work", WORK, work.with_columns(
        pl.col("ready", "started", "completed").cast(pl.Int64), kind=pl.lit("human"), attempt=pl.lit(0),
        status=pl.col("outcome").fill_null("open"),
    ).select(WORK).rows()  # fmt: skip
