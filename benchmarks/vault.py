"""What encryption and the chain of events cost the engine, and how fast a million events are verified.

    python -m benchmarks vault

The same cases are run with and without protection in turns, in one process, for a machine that is not equally busy all
the time; what counts is the processor's time. Without protection is something that only this benchmark can ask for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import load_definition
from perintis.doors.running import run_cases
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.upgrading import upgrade
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault.contents import verify_contents
from perintis.doors.vault.keys import KeySource, new_key
from perintis.engine.definition import Definition
from perintis.words.recorded import Process

PILOTS = Path(__file__).with_name("twelve")
CASES, TURNS = 3_000, 3
EVENTS = 1_000_000
EVENTS_A_CASE = 14
PART = 5_000  # cases that are made at a time
COMMAND = "python -m benchmarks vault"


def rows() -> list[dict[str, Any]]:
    """The throughput with protection beside that without, and the time to verify a million events."""
    definition = load_definition(PILOTS, "twelve")
    seconds: dict[bool, float] = {True: 0.0, False: 0.0}
    for _ in range(TURNS):
        for protects in seconds:
            with tempfile.TemporaryDirectory() as folder, closing(_store(Path(folder), protects)) as database:
                seconds[protects] += _run(database, definition, Path(folder))
    rates = {protects: TURNS * CASES / taken for protects, taken in seconds.items()}
    with tempfile.TemporaryDirectory() as folder, closing(_store(Path(folder), protects=True)) as database:
        verified, opened = _verify(database, definition, Path(folder))
    return [
        {
            "name": "engine with encryption and chain, 12 steps a case", "value": rates[True], "unit": "cases/s of CPU",
            "against": "the same without", "ratio": rates[True] / rates[False], "command": COMMAND,
        },
        {
            "name": "verifying 1,000,000 events", "value": verified, "unit": "s",
            "against": "nothing: the target is 60 s", "ratio": None, "command": "perintis db verify --no-contents",
        },
        {
            "name": "opening all that 1,000,000 events commit to", "value": opened, "unit": "s",
            "against": "nothing", "ratio": None, "command": "perintis db verify, beside the line above",
        },
    ]  # fmt: skip


def _store(folder: Path, protects: bool) -> Database:
    keys = KeySource(text=new_key())
    database = Database(f"sqlite:///{folder / 'perintis.db'}", keys=keys, anchors=folder / "anchors", protects=protects)
    upgrade(database)
    return database


def _open(database: Database, count: int) -> None:
    with database.read() as connection:
        first = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM cases").scalar_one()
    new = [
        NewCase(f"r{i}", None, {}, f'{{"reference": "r{i}", "name": "applicant {i}"}}', None)
        for i in range(first, first + count)
    ]
    open_cases(
        database, new, pilot="twelve", version="1", process="to_be", lead="registry", intake=None,
        now=datetime.now(UTC),
    )  # fmt: skip


def _run(database: Database, definition: Definition, folder: Path) -> float:
    def act() -> None:
        _open(database, CASES)
        run_cases(database, definition, Process.TO_BE, FolderConnector(folder / "exchange"))

    return _seconds(act, time.process_time)


def _verify(database: Database, definition: Definition, folder: Path, events: int = EVENTS) -> tuple[float, float]:
    """Seconds to verify this many events, and seconds to open all that they commit to; making them is not measured."""
    for _ in range(-(-events // (EVENTS_A_CASE * PART))):
        _open(database, PART)
        run_cases(database, definition, Process.TO_BE, FolderConnector(folder / "exchange"))
    with database.read() as connection:
        there = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
    if there < events:
        raise RuntimeError(f"the store has {there:,} events and should have {events:,}")

    def verify() -> None:
        if problems := verify_store(database):
            raise RuntimeError(f"the store does not verify: {problems[0]}")

    def open_all() -> None:
        if misfits := verify_contents(database).misfits:
            raise RuntimeError(f"what is sealed does not fit: {misfits[0]}")

    return _seconds(verify, time.perf_counter), _seconds(open_all, time.perf_counter)


def _seconds(act: Callable[[], None], clock: Callable[[], float]) -> float:
    begun = clock()
    act()
    return clock() - begun
