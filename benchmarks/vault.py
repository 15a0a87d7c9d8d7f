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
from perintis.doors.vault.keys import KeySource, new_key
from perintis.engine.definition import Definition
from perintis.words.recorded import Process

PILOTS = Path(__file__).with_name("twelve")
CASES, TURNS = 3_000, 3
EVENTS = 1_000_000
EVENTS_A_CASE = 14
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
        verified = _verify(database, definition, Path(folder))
    return [
        {
            "name": "engine with encryption and chain, 12 steps a case", "value": rates[True], "unit": "cases/s of CPU",
            "against": "the same without", "ratio": rates[True] / rates[False], "command": COMMAND,
        },
        {
            "name": "verifying 1,000,000 events", "value": verified, "unit": "s",
            "against": "nothing: the target is 60 s", "ratio": None, "command": "perintis db verify",
        },
    ]  # fmt: skip


def _store(folder: Path, protects: bool) -> Database:
    keys = KeySource(text=new_key())
    database = Database(f"sqlite:///{folder / 'perintis.db'}", keys=keys, anchors=folder / "anchors", protects=protects)
    upgrade(database)
    return database


def _open(database: Database, count: int) -> None:
    new = [NewCase(f"r{i}", None, {}, f'{{"reference": "r{i}", "name": "applicant {i}"}}', None) for i in range(count)]
    open_cases(
        database, new, pilot="twelve", version="1", process="to_be", lead="registry", intake=None,
        now=datetime.now(UTC),
    )  # fmt: skip


def _run(database: Database, definition: Definition, folder: Path) -> float:
    def act() -> None:
        _open(database, CASES)
        run_cases(database, definition, Process.TO_BE, FolderConnector(folder / "exchange"))

    return _seconds(act, time.process_time)


def _verify(database: Database, definition: Definition, folder: Path) -> float:
    """Seconds to verify a million events; those of a tenth of the cases are measured ten times."""
    _open(database, EVENTS // EVENTS_A_CASE // 10 + 1)
    run_cases(database, definition, Process.TO_BE, FolderConnector(folder / "exchange"))

    def act() -> None:
        if problems := verify_store(database):
            raise RuntimeError(f"the store does not verify: {problems[0]}")

    return 10 * _seconds(act, time.perf_counter)


def _seconds(act: Callable[[], None], clock: Callable[[], float]) -> float:
    begun = clock()
    act()
    return clock() - begun
