"""A pilot whose cases wait for an officer: what idle sweeps and memory are measured with."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from perintis import Agency, Case, Pilot, human_step, step
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import RunReport, run_cases
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.engine.definition import Definition
from perintis.words.pilot import Sla
from perintis.words.recorded import Process

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OFFICE = Agency("office", "Office")
PART = 5_000


class Application(BaseModel):
    reference: str
    name: str = "applicant"
    office: str = "north"


class Decision(BaseModel):
    outcome: str = "granted"


class Asked(BaseModel):
    name: str


class Answer(BaseModel):
    ok: bool = True


@step(OFFICE)
def register(requests: Sequence[Asked]) -> list[Answer]:
    """Register."""
    return [Answer() for _ in requests]


@human_step(OFFICE, within=timedelta(days=30))
def check(request: Asked) -> Answer:
    """Check."""


async def to_be(case: Case[Application]) -> Decision:
    """Register, then wait for an officer."""
    await register(case)
    await check(case)
    return Decision()


PILOT = Pilot(
    name="waiting", title="Waiting", version="1", lead=OFFICE, agencies=(OFFICE,), application=Application,
    decision=Decision, service_level=Sla(timedelta(days=60)),
)  # fmt: skip
DEFINITION = Definition(PILOT, {Process.TO_BE: to_be}, {s.name: s for s in (register, check)})


def open_all(database: Database, cases: int) -> None:
    """Open so many cases, five thousand at a time."""
    for begin in range(0, cases, PART):
        new = [
            NewCase(f"r{i}", "north", {}, Application(reference=f"r{i}").model_dump_json(), DEFINITION.case_due(START))
            for i in range(begin, min(begin + PART, cases))
        ]
        open_cases(database, new, pilot="waiting", version="1", process="to_be", lead="office", intake=None, now=START)


def fill(database: Database, cases: int, folder: Path) -> None:
    """Open so many cases and move each to its officer."""
    open_all(database, cases)
    run(database, folder, START)


def run(database: Database, folder: Path, now: datetime) -> RunReport:
    """One run of the pilot at that time."""
    gc.collect()
    return run_cases(database, DEFINITION, Process.TO_BE, FolderConnector(folder), clock=lambda: now)
