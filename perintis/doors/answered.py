"""An officer's answer on its way in: signed, held against the agreement, then recorded with what it discloses."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from perintis.doors.asked import find_item, read_asked
from perintis.doors.store.answering import complete_work
from perintis.doors.store.database import Database
from perintis.doors.store.workrows import WorkRecord, hold_case
from perintis.engine.agreed import Disclosures
from perintis.engine.definition import Definition
from perintis.engine.signing import sign


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

    Raises NotAgreed where the agreement does not allow the answer, and NotAllowed where it needs an officer who is
    somebody else; then nothing is recorded.
    """
    result = signed(database, definition, record, result, officer=officer, now=now)
    disclosed: Disclosures = ()
    if definition.agreed is not None:
        disclosed = definition.agreed.answer(definition.step(record.key.step), now, _opened(database, record))
    complete_work(database, record.id, result, officer=officer, now=now, started=started, disclosed=disclosed)


def signed(
    database: Database, definition: Definition, record: WorkRecord, result: str, *, officer: str | None, now: datetime
) -> str:  # fmt: skip
    """The answer with the officer who is recorded with it, where its step asks for one; see `sign`."""

    def request() -> BaseModel:
        process = find_item(database, record.id)[2]
        return read_asked(database, definition, process, record, now).request

    return sign(definition.step(record.key.step), result, officer or record.officer, request)


def _opened(database: Database, record: WorkRecord) -> datetime:
    with database.read() as connection:
        return hold_case(connection, record.case).opened
