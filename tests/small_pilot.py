"""A pilot of three agencies on a given store, moved by hand: what tests of the engine and the store work with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select

from perintis import Agency, Case, Pilot, Sla, exchange_step, human_step, step
from perintis.doors.connectors import FolderConnector, file_name
from perintis.doors.running import RunReport, run_cases
from perintis.doors.store.answering import complete_work
from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, EventRow, OutboxRow, WorkRow
from perintis.doors.store.opening import NewCase, Opened, open_cases
from perintis.doors.store.store import ProcessStore
from perintis.doors.store.verifying import verify_store
from perintis.doors.store.workrows import WorkRecord, read_work
from perintis.engine.definition import Definition
from perintis.engine.replay import ProcessFunction
from perintis.engine.steps import Step
from perintis.words.recorded import Process

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OFFICE = Agency("office", "Office")
TAX = Agency("tax", "Tax office")
POST = Agency("post", "Post office that does not recognise a message sent twice", deduplicates=False)


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
    note: str = ""


@human_step(OFFICE, within=timedelta(days=2), may_send_back=True)
def check(request: Asked) -> Answer:
    """Check."""


@human_step(OFFICE)
def audit(request: Asked) -> Answer:
    """Audit."""


@step(OFFICE, cost=5.0)
def look_up(requests: list[Asked]) -> list[Answer]:
    """Look up."""
    return [Answer() for _ in requests]


@exchange_step(TAX, within=timedelta(days=3))
def pay(request: Asked) -> Answer:
    """Pay."""


@exchange_step(POST)
def notify(request: Asked) -> Answer:
    """Notify."""


STEPS: tuple[Step[Any], ...] = (check, audit, look_up, pay, notify)


async def checked_and_paid(case: Case[Application]) -> Decision:
    """An officer checks, the tax office's system answers."""
    await check(case)
    await pay(case)
    return Decision()


YES, NO = '{"ok": true}', '{"ok": false}'


def define(
    process: ProcessFunction, steps: Iterable[Step[Any]] = STEPS, *, within: timedelta | None = None
) -> Definition:
    """A pilot whose process to-be is `process`, due within that time."""
    pilot = Pilot(
        name="small", title="Small", version="1", lead=OFFICE, agencies=(OFFICE, TAX, POST), application=Application,
        decision=Decision, service_level=None if within is None else Sla(within),
    )  # fmt: skip
    return Definition(pilot, {Process.TO_BE: process}, {s.name: s for s in steps})


class Small:
    """The pilot at work. `now` is the time; nothing happens unless the test says so."""

    def __init__(self, database: Database, definition: Definition, folder: Path | None = None) -> None:
        self.database = database
        self.definition = definition
        self.now = START
        self.folder = folder or Path("/nonexistent")

    def open(self, *references: str, name: str = "applicant") -> Opened:
        """Hand in applications."""
        new = [
            NewCase(r, "north", {}, Application(reference=r, name=name).model_dump_json(),
                    self.definition.case_due(self.now))
            for r in references
        ]  # fmt: skip
        return open_cases(
            self.database, new, pilot="small", version="1", process="to_be", lead="office", intake=None, now=self.now
        )

    def run(self, **options: Any) -> RunReport:
        """Move every case as far as it can go now."""
        return run_cases(
            self.database,
            self.definition,
            Process.TO_BE,
            FolderConnector(self.folder),
            clock=lambda: self.now,
            **options,
        )

    def worker(self, lease_seconds: int = 120) -> ProcessStore:
        """A worker of its own, for tests of leases and fences."""
        return ProcessStore(self.database, "small", Process.TO_BE, lease_seconds=lease_seconds)

    def work(self, case: int, slot: str) -> WorkRecord:
        """The record of a step visit, written "office.check 1"."""
        name, visit = slot.split()
        with self.database.read() as connection:
            (found,) = read_work(connection, WorkRow.case_id == case, WorkRow.step == name, WorkRow.visit == int(visit))
        return found

    def answer(self, case: int, slot: str, document: str = YES, *, officer: str = "officer") -> None:
        """Answer a step visit as an officer."""
        complete_work(self.database, self.work(case, slot).id, document, officer=officer, now=self.now)

    def hand_in_answer(
        self, case: int, slot: str, document: Any = None, *, agency: str = "tax", file: str = ""
    ) -> Path:
        """Put an agency's answer where the connector looks for it."""
        key = self.key(case, slot)
        path = self.folder / agency / "in" / f"{file or file_name(key)}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"key": key, "answer": {"ok": True} if document is None else document}))
        return path

    def key(self, case: int, slot: str) -> str:
        """The key of a request to an agency's system."""
        name, visit = slot.split()
        return f"{self.database.prefix('small')}/{case}/{name}/{visit}"

    def slots(self, case: int) -> dict[str, str]:
        """Where each step visit of a case stands."""
        with self.database.read() as connection:
            return {
                f"{w.key.step} {w.key.visit}": w.status.value for w in read_work(connection, WorkRow.case_id == case)
            }

    def case(self, case: int) -> Any:
        """The row of a case."""
        with self.database.read() as connection:
            return connection.execute(select(CaseRow.__table__).where(CaseRow.id == case)).one()

    def events(self, case: int) -> list[str]:
        """The events of a case in order, written "office.check 1 complete"."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(EventRow.step, EventRow.visit, EventRow.lifecycle)
                .where(EventRow.case_id == case)
                .order_by(EventRow.seq)
            )
            return [" ".join(map(str, row)) for row in rows]

    def outbox(self, case: int) -> dict[str, str]:
        """Where each request of a case to an agency's system is."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(OutboxRow.step, OutboxRow.visit, OutboxRow.status).where(OutboxRow.case_id == case)
            )
            return {f"{row.step} {row.visit}": row.status for row in rows}

    def verify(self) -> None:
        """Fail unless everything stored is what the events alone say."""
        assert [str(problem) for problem in verify_store(self.database)] == []
