"""What it costs the engine to hold every exchange against the agreement and to record each disclosure.

    python -m benchmarks disclosures

Twelve steps of another agency than the lead: 24 disclosures a case. The same cases are run with and without agreement
in turns, in one process, for a machine that is not equally busy all the time; what counts is the processor's time.
Without agreement such steps can be run by this benchmark only: `perintis run` asks no agency but the lead then.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import load_process, under_agreement
from perintis.doors.running import run_cases
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.upgrading import upgrade
from perintis.doors.vault.keys import KeySource, new_key
from perintis.engine.definition import Definition
from perintis.words.recorded import Process

PILOTS = Path(__file__).with_name("told")
CASES, TURNS = 3_000, 3
DISCLOSURES_A_CASE = 24


def rows(cases: int = CASES, turns: int = TURNS) -> list[dict[str, Any]]:
    """Cases a second of the processor's time with agreement and disclosures, beside those without."""
    without = load_process(PILOTS, "told")
    definitions = {True: under_agreement(PILOTS, without), False: without}
    seconds: dict[bool, float] = dict.fromkeys(definitions, 0.0)
    for agreed, definition in definitions.items():  # what is imported and compiled on first use is not measured
        _run(definition, 10, DISCLOSURES_A_CASE * 10 if agreed else 0)
    for _ in range(turns):
        for agreed, definition in definitions.items():
            seconds[agreed] += _run(definition, cases, DISCLOSURES_A_CASE * cases if agreed else 0)
    rates = {agreed: turns * cases / taken for agreed, taken in seconds.items()}
    return [
        {
            "name": "engine with agreement and disclosures, 24 a case", "value": rates[True], "unit": "cases/s of CPU",
            "against": "the same without agreement", "ratio": rates[True] / rates[False],
            "command": "python -m benchmarks disclosures",
        },
    ]  # fmt: skip


def _run(definition: Definition, cases: int, expected: int) -> float:
    """Seconds of the processor to open and move so many cases; RuntimeError unless so many disclosures came of it."""
    with tempfile.TemporaryDirectory() as folder, closing(_store(Path(folder))) as database:
        begun = time.process_time()
        new = [
            NewCase(f"r{i}", None, {}, f'{{"reference": "r{i}", "name": "applicant {i}"}}', None) for i in range(cases)
        ]
        open_cases(
            database, new, pilot="told", version="1", process="to_be", lead="counter", intake=None,
            now=datetime.now(UTC),
        )  # fmt: skip
        report = run_cases(database, definition, Process.TO_BE, FolderConnector(Path(folder) / "exchange"))
        taken = time.process_time() - begun
        with database.read() as connection:
            told = connection.exec_driver_sql("SELECT count(*) FROM disclosures").scalar_one()
    if (report.tally.closed, told) != (cases, expected):
        raise RuntimeError(f"{report.tally.closed:,} cases closed with {told:,} disclosures; {expected:,} should be")
    return taken


def _store(folder: Path) -> Database:
    keys = KeySource(text=new_key())
    database = Database(f"sqlite:///{folder / 'perintis.db'}", keys=keys, anchors=folder / "anchors")
    upgrade(database)
    return database
