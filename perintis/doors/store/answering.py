"""What an officer does with one work item: take it, answer it, send it back. Each is one transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from perintis.doors.store.database import Database
from perintis.doors.store.disclosing import keep_terms
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.outbox import settle_answered
from perintis.doors.store.recording import effect_key
from perintis.doors.store.workrows import CaseHead, WorkRecord, find_work, hold_case, record_act, refuse_restricted
from perintis.rules.agreement import Disclosure
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.recorded import Lifecycle, WorkKind, WorkStatus

_ANSWERABLE = (WorkStatus.OPEN, WorkStatus.STARTED)


def start_work(database: Database, work: int, *, officer: str, now: datetime) -> WorkRecord:
    """An officer takes a work item. Taking it again is harmless; taking another officer's is not allowed."""
    with database.write() as connection:
        head, record = _hold(connection, work)
        _check_answerable(record)
        if record.status is WorkStatus.STARTED:
            if record.officer != officer:
                raise NotAllowed(f"work item {work} was already taken by another officer")
            return record
        change = record.change(Lifecycle.START, WorkStatus.STARTED, now, started=now, officer=officer)
        record_act(connection, head, [change], database.prefix(head.pilot))
    return record._replace(status=WorkStatus.STARTED, started=now, officer=officer)


def complete_work(
    database: Database,
    work: int,
    result: str,
    *,
    officer: str | None,
    now: datetime,
    started: datetime | None = None,
    cost: float | None = None,
    disclosed: tuple[Disclosure, ...] = (),
) -> WorkRecord:
    """Record the answer (JSON, already validated by the step's result type) and wake the case.

    `started` says when the officer began, where the item was not taken before. `disclosed` is what the answer shows the
    lead, as the agreement allows it (`perintis.doors.answered` asks it). Answering twice is not allowed: the first
    answer stands.
    """
    keep_terms(database, disclosed)
    with database.write() as connection:
        head, record = _hold(connection, work)
        answer_held(
            connection, head, record, result, database.prefix(head.pilot), officer, now, started, cost,
            disclosed=disclosed,
        )  # fmt: skip
    failpoint("answer:committed")
    return record


def answer_held(
    connection: Connection,
    head: CaseHead,
    record: WorkRecord,
    result: str,
    prefix: str,
    officer: str | None,
    now: datetime,
    started: datetime | None = None,
    cost: float | None = None,
    *,
    by_agency: bool = False,
    disclosed: tuple[Disclosure, ...] = (),
) -> None:
    """Record an answer to work of a held case, in the caller's transaction; `by_agency`: its system answered."""
    refuse_restricted(head)
    _check_answerable(record, by_agency=by_agency)
    if record.kind is WorkKind.EXCHANGE and started is None:
        started = now  # how long the agency worked on it is its own affair: to us all of it was waiting
    change = record.change(
        Lifecycle.COMPLETE, WorkStatus.COMPLETED, now, result=result, officer=officer or record.officer,
        started=record.started or started, cost=record.cost if cost is None else cost,
        disclosed=disclosed,
    )  # fmt: skip
    record_act(connection, head, [change], prefix, **_woken(head))
    if record.kind is WorkKind.EXCHANGE:
        settle_answered(connection, effect_key(prefix, record.case, *record.key), by_agency=by_agency, now=now)


def send_back_work(database: Database, work: int, reason: str, *, officer: str | None, now: datetime) -> WorkRecord:
    """An officer returns the work with a reason; the process gets `SentBack` there, and it counts as rework."""
    if not reason.strip():
        raise BadInput("say why the work is sent back; the next officer reads it")
    with database.write() as connection:
        head, record = _hold(connection, work)
        _check_answerable(record)
        change = record.change(
            Lifecycle.ATE_ABORT, WorkStatus.SENT_BACK, now, result=json.dumps({"reason": reason}),
            officer=officer or record.officer,
        )  # fmt: skip
        prefix = database.prefix(head.pilot)
        record_act(connection, head, [change], prefix, **_woken(head))
        if record.kind is WorkKind.EXCHANGE:
            settle_answered(connection, effect_key(prefix, record.case, *record.key), by_agency=False, now=now)
    failpoint("send_back:committed")
    return record


def _hold(connection: Connection, work: int) -> tuple[CaseHead, WorkRecord]:
    case = find_work(connection, work).case
    head = hold_case(connection, case)
    refuse_restricted(head)
    return head, find_work(connection, work)  # again, now that nobody else can change it


def _woken(head: CaseHead) -> dict[str, Any]:
    return {"status": "ready"} if head.status == "waiting" else {}


def _check_answerable(record: WorkRecord, *, by_agency: bool = False) -> None:
    if record.kind not in (WorkKind.HUMAN, WorkKind.EXCHANGE):
        raise NotAllowed(f"{record.key.step} is done by the program and cannot be answered by hand")
    if record.status in _ANSWERABLE:
        return
    if record.status is WorkStatus.IN_DOUBT:
        if by_agency:
            return  # an answer proves that the agency has the request
        raise NotAllowed(f"it is in doubt whether {record.agency} got this request; run `perintis resolve {record.id}`")
    when = f" on {record.completed:%d %B %Y at %H:%M} UTC" if record.completed else ""
    what = {"completed": "answered", "sent_back": "sent back", "withdrawn": "withdrawn"}.get(
        record.status.value, "ended"
    )
    raise NotAllowed(f"work item {record.id} was already {what}{when}; nothing was changed")
