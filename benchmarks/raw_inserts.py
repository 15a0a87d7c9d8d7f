"""Writes the rows of the latest cases once more, with nothing around it: the same transactions, `executemany`."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

A_TRANSACTION = 2_000

_STEP = "UPDATE cases SET last_seq = ?, lease_until = ? WHERE id = ? AND fence = ?"
_CLOSE = "UPDATE cases SET last_seq = ?, status = 'closed', closed = ?, outcome = 'granted' WHERE id = ? AND fence = ?"
_DECIDE = "UPDATE payloads SET decision = ? WHERE case_id = ?"

Rows = Sequence[Sequence[Any]]


def insert_raw(url: str, cases: int) -> float:
    """Seconds to write work, events and case states of the latest `cases` cases into tables like the store's."""
    if url.startswith("sqlite"):
        return _into_sqlite(url.removeprefix("sqlite:///"), cases)
    return _into_postgresql(url.replace("+psycopg", ""), cases)


def _into_sqlite(file: str, cases: int) -> float:
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        copy = os.path.join(folder, "copy.db")
        source = sqlite3.connect(file)
        source.execute("VACUUM INTO ?", (copy,))
        work, steps, ends = _rows(source, cases)
        source.close()
        target = sqlite3.connect(copy, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            target.execute(f"PRAGMA {pragma}")
        first = (min(row[1] for row in work),)  # batches run side by side: the first row may be any case's
        target.execute("DELETE FROM work WHERE case_id >= ?", first)
        target.execute("DROP TRIGGER IF EXISTS events_no_delete")
        target.execute("DELETE FROM events WHERE seq > 1 AND case_id >= ?", first)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        seconds = _write(target, work, steps, ends, "", "?", ("BEGIN IMMEDIATE", "COMMIT"))
        target.close()
    return seconds


def _into_postgresql(url: str, cases: int) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        work, steps, ends = _rows(connection, cases)
        connection.execute("DROP SCHEMA IF EXISTS raw CASCADE")
        connection.execute("CREATE SCHEMA raw")
        for table in ("cases", "payloads", "work", "events"):
            connection.execute(f"CREATE TABLE raw.{table} (LIKE {table} INCLUDING ALL)")
        for table in ("cases", "payloads"):
            connection.execute(f"INSERT INTO raw.{table} SELECT * FROM {table}")
        seconds = _write(connection.cursor(), work, steps, ends, "raw.", "%s", ("BEGIN", "COMMIT"))
        connection.execute("DROP SCHEMA raw CASCADE")
    return seconds


def _rows(connection: Any, cases: int) -> tuple[Rows, Rows, Rows]:
    """Work in its order, the events of steps in that order, and the events that close the cases."""
    [(first,)] = connection.execute(
        f"SELECT min(id) FROM (SELECT id FROM cases ORDER BY id DESC LIMIT {int(cases)}) AS latest"
    ).fetchall()
    events = connection.execute(f"SELECT * FROM events WHERE seq > 1 AND case_id >= {first} ORDER BY seq, case_id")
    kept = events.fetchall()
    return (
        connection.execute(f"SELECT * FROM work WHERE case_id >= {first} ORDER BY id").fetchall(),
        [event for event in kept if event[3] != "case"],
        [event for event in kept if event[3] == "case"],
    )


def _write(
    cursor: Any, work: Rows, steps: Rows, ends: Rows, schema: str, mark: str, transaction: tuple[str, str]
) -> float:
    def told(statement: str) -> str:
        return statement.replace("?", mark).replace("UPDATE ", f"UPDATE {schema}")

    insert_work = f"INSERT INTO {schema}work VALUES ({', '.join([mark] * len(work[0]))})"
    insert_event = f"INSERT INTO {schema}events VALUES ({', '.join([mark] * len(steps[0]))})"
    begun = time.perf_counter()
    for start in range(0, len(work), A_TRANSACTION):
        part = steps[start : start + A_TRANSACTION]
        cursor.execute(transaction[0])
        cursor.executemany(insert_work, work[start : start + A_TRANSACTION])
        cursor.executemany(insert_event, part)
        cursor.executemany(told(_STEP), [(event[1], event[2], event[0], 1) for event in part])
        cursor.execute(transaction[1])
    for start in range(0, len(ends), A_TRANSACTION):
        part = ends[start : start + A_TRANSACTION]
        cursor.execute(transaction[0])
        cursor.executemany(insert_event, part)
        cursor.executemany(told(_CLOSE), [(event[1], event[2], event[0], 1) for event in part])
        cursor.executemany(told(_DECIDE), [('{"outcome":"granted"}', event[0]) for event in part])
        cursor.execute(transaction[1])
    return time.perf_counter() - begun
