"""An officer's answer on its way in: held against the agreement, then recorded with what it discloses."""

from __future__ import annotations

from datetime import datetime

from perintis.doors.store.answering import complete_work
from perintis.doors.store.database import Database
from perintis.doors.store.workrows import WorkRecord, hold_case
from perintis.engine.agreed import Disclosures
from perintis.engine.definition import Definition


def check_answer(database: Database, definition: Definition, record: WorkRecord, now: datetime) -> None:
    """Raise NotAgreed where this work may not be answered now: better before a form is filled in than after."""
    if definition.agreed is not None:
        definition.agreed.answer(definition.step(record.key.step), now, _opened(database, record))


def answer_work(
    database: Database,
    definition: Definition,
    record: WorkRecord,
    result: str,
    *,
    officer: str | None,
    now: datetime,
    started: datetime | None = None,
) -> None:
    """Record the answer (JSON, already validated) with what it discloses to the lead.

    Raises NotAgreed where the agreement does not allow the answer; then nothing is recorded.
    """
    disclosed: Disclosures = ()
    if definition.agreed is not None:
        disclosed = definition.agreed.answer(definition.step(record.key.step), now, _opened(database, record))
    complete_work(database, record.id, result, officer=officer, now=now, started=started, disclosed=disclosed)


def _opened(database: Database, record: WorkRecord) -> datetime:
    with database.read() as connection:
        return hold_case(connection, record.case).opened
