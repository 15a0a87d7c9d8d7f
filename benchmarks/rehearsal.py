"""Rehearsals of fast-track, simulated and stored, beside inserting the same rows with nothing to simulate."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from perintis.doors.pilot_folder import load_definition, read_terms
from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade
from perintis.rules.assumptions import parse_assumptions
from perintis.use.rehearse import rehearse
from perintis.words.recorded import Process

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = 20_000
COMMAND = f"perintis rehearse fast-track --cases {CASES} --process "
TABLES = ("runs", "cases", "work", "events")


def rows() -> list[dict[str, Any]]:
    """Cases a second of wall time for both processes, warm-up and storing included."""
    return [_measure(process) for process in Process]


def _measure(process: Process) -> dict[str, Any]:
    definition = load_definition(REPOSITORY, "fast-track")
    assumptions = parse_assumptions(read_terms(REPOSITORY, definition.pilot, "rehearsal.yaml") or "")
    with tempfile.TemporaryDirectory() as folder:
        database = _new(Path(folder) / "ours.db")
        result = rehearse(database, definition, process, assumptions, cases=CASES, seed=1)
        database.close()
        raw = CASES / _insert_raw(Path(folder))
    name = process.value.replace("_", "-")
    return {
        "name": f"rehearsal of fast-track {name}, stored", "value": result.cases_per_second, "unit": "cases/s",
        "against": "inserting the same rows raw", "ratio": result.cases_per_second / raw, "command": COMMAND + name,
    }  # fmt: skip


def _new(file: Path) -> Database:
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    return database


def _insert_raw(folder: Path) -> float:
    """Seconds that SQLite alone needs for the rows of the rehearsal, in transactions of the same size."""
    _new(folder / "raw.db").close()
    ours, raw = (sqlite3.connect(folder / name, isolation_level=None) for name in ("ours.db", "raw.db"))
    raw.execute("PRAGMA synchronous=FULL")
    found = {table: ours.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    begun = time.perf_counter()
    parts = CASES // 500
    for part in range(parts):
        raw.execute("BEGIN IMMEDIATE")
        for table, lines in found.items():
            share = lines[len(lines) * part // parts : len(lines) * (part + 1) // parts]
            if share:
                raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(share[0]))})", share)
        raw.execute("COMMIT")
    taken = time.perf_counter() - begun
    ours.close()
    raw.close()
    return taken
