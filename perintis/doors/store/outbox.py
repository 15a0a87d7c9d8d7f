"""Sends what is queued for agencies' systems, each logical request under one key, however often it is tried.

A row is marked before it is sent. If the sender dies in between, an agency that recognises repeats gets the request
again under the same key; for one that does not, the work becomes `in_doubt` and an officer finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, exists, select, update

from perintis.doors.store.claims import is_dead
from perintis.doors.store.database import Database
from perintis.doors.store.disagreed import NOT_SET_ASIDE, set_aside_not_agreed
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models import CaseRow, OutboxRow, WorkRow
from perintis.doors.store.workrows import hold_case, read_work, record_act
from perintis.doors.vault.vault import request_place, vault_of
from perintis.engine.agreed import Agreed
from perintis.engine.steps import Message, Retry, Send, Step
from perintis.words.errors import AgencyUnavailable
from perintis.words.recorded import Lifecycle, WorkStatus

_PART = 200
_STALE_AFTER = timedelta(minutes=5)
_RETRY = Retry(times=1_000_000)
_SAME_WORK = and_(
    WorkRow.case_id == OutboxRow.case_id, WorkRow.step == OutboxRow.step, WorkRow.visit == OutboxRow.visit
)


@dataclass(slots=True)
class Dispatched:
    """What was sent: how many requests, how many are in doubt, how many the agreement does not allow any more, and by
    agency how many could not be sent now."""

    sent: int = 0
    in_doubt: int = 0
    not_agreed: int = 0
    down: dict[str, int] = field(default_factory=dict)


def dispatch(
    database: Database,
    pilot: str,
    steps: Mapping[str, Step[Any]],
    default_send: Send,
    *,
    worker: str,
    clock: Callable[[], datetime],
    agreed: Agreed | None = None,
) -> Dispatched:
    """Send everything that is due to be sent for `pilot`; network calls happen outside transactions.

    What was queued while the agreement allowed it and is not allowed any more stays unsent, and its case is set aside.
    """
    report = Dispatched()
    report.in_doubt += _settle_interrupted(database, pilot, steps, worker, clock())
    if agreed is not None:
        report.not_agreed = set_aside_not_agreed(database, _mine(pilot, database), steps, agreed, clock())
    while batch := _take(database, pilot, steps, set(report.down), worker, clock()):
        for name, messages in groupby(batch, key=lambda m: m.step):
            _send(database, steps[name], list(messages), default_send, report, clock)
    return report


def _mine(pilot: str, database: Database) -> Any:
    return OutboxRow.key.startswith(database.prefix(pilot) + "/", autoescape=True)


def _take(
    database: Database, pilot: str, steps: Mapping[str, Step[Any]], down: set[str], worker: str, now: datetime
) -> list[Message]:
    """Mark up to a batch of queued messages as being sent by this worker."""
    wanted = (
        select(
            OutboxRow.key, OutboxRow.step, OutboxRow.agency, OutboxRow.body, OutboxRow.case_id, OutboxRow.visit
        )
        .where(
            OutboxRow.status == "queued", OutboxRow.next_at <= now, _mine(pilot, database),
            OutboxRow.step.in_(list(steps)), OutboxRow.agency.not_in(sorted(down)),
            ~exists().where(CaseRow.id == OutboxRow.case_id, CaseRow.restricted.is_not(None)),
            NOT_SET_ASIDE,
        )
        .order_by(OutboxRow.step, OutboxRow.queued, OutboxRow.key)
        .limit(_PART)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    with database.write() as connection:
        rows = connection.execute(wanted).all()
        keys = vault_of(connection).keys(connection, [row.case_id for row in rows])
        messages = [
            Message(row.key, row.step, row.agency, keys[row.case_id].open(request_place(row.step, row.visit), row.body))
            for row in rows
        ]
        if not messages:
            return []
        taken = {"status": "sending", "worker": worker, "attempt": OutboxRow.attempt + 1, "next_at": now}
        connection.execute(update(OutboxRow).where(OutboxRow.key.in_([m.key for m in messages])).values(**taken))
    failpoint("outbox:taken")
    return messages


def _send(
    database: Database, step: Step[Any], messages: Sequence[Message], default_send: Send, report: Dispatched,
    clock: Callable[[], datetime],
) -> None:  # fmt: skip
    keys = [m.key for m in messages]
    try:
        (step.send or default_send)(messages)
    except AgencyUnavailable:
        _queue_again(database, keys, clock())
        report.down[step.agency.code] = report.down.get(step.agency.code, 0) + len(keys)
        return
    except Exception:  # noqa: BLE001  # the outcome is unknown: what follows depends on the agency, not on the error
        report.down[step.agency.code] = report.down.get(step.agency.code, 0) + len(keys)
        with database.write() as connection:
            report.in_doubt += _unknown_outcome(connection, database, step, keys, clock())
        return
    failpoint("outbox:sent")
    with database.write() as connection:
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.key.in_(keys), OutboxRow.status == "sending")
            .values(status="sent", sent=clock(), worker=None)
        )
    failpoint("outbox:recorded")
    report.sent += len(keys)


def _queue_again(database: Database, keys: Sequence[str], now: datetime) -> None:
    with database.write() as connection:
        _requeue(connection, keys, now)


def _requeue(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Queue again what could not be sent, unless its work was withdrawn or answered while it was on its way."""
    rows = connection.execute(
        select(OutboxRow.key, OutboxRow.attempt, WorkRow.completed)
        .join(WorkRow, _SAME_WORK)
        .where(OutboxRow.key.in_(keys), OutboxRow.status == "sending")
        .order_by(OutboxRow.key)
    ).all()
    for key, attempt, completed in rows:
        next_at = now + (_RETRY.delay(max(attempt, 1)) or timedelta(0))
        fate = {"status": "queued", "next_at": next_at} if completed is None else {"status": "withdrawn"}
        connection.execute(update(OutboxRow).where(OutboxRow.key == key).values(worker=None, **fate))


def settle_answered(connection: Connection, key: str, *, by_agency: bool, now: datetime) -> None:
    """A request that was answered needs no sending any more. If the agency answered it, it has it."""
    unsent = OutboxRow.status.in_(("queued", "sending", "in_doubt") if by_agency else ("queued",))
    fate = {"status": "sent", "sent": now} if by_agency else {"status": "withdrawn"}
    connection.execute(update(OutboxRow).where(OutboxRow.key == key, unsent).values(worker=None, **fate))


def _unknown_outcome(
    connection: Connection, database: Database, step: Step[Any], keys: Sequence[str], now: datetime
) -> int:
    """Send again where the agency recognises repeats; else put the work in doubt. Returns how many are in doubt."""
    if step.agency.deduplicates:
        _requeue(connection, keys, now)
        return 0
    doubtful = connection.execute(
        select(OutboxRow.key, OutboxRow.case_id, OutboxRow.step, OutboxRow.visit)
        .where(OutboxRow.key.in_(keys), OutboxRow.status == "sending")
        .order_by(OutboxRow.case_id)
    ).all()
    for key, case, name, visit in doubtful:
        head = hold_case(connection, case)
        for record in read_work(
            connection, WorkRow.case_id == case, WorkRow.step == name, WorkRow.visit == visit,
            WorkRow.status == WorkStatus.OPEN.value,
        ):  # fmt: skip
            change = record.change(Lifecycle.ATE_ABORT, WorkStatus.IN_DOUBT, now, error="outcome of sending unknown")
            record_act(connection, head, [change], database.prefix(head.pilot))
        connection.execute(update(OutboxRow).where(OutboxRow.key == key).values(status="in_doubt", worker=None))
    return len(doubtful)


def _settle_interrupted(
    database: Database, pilot: str, steps: Mapping[str, Step[Any]], worker: str, now: datetime
) -> int:
    """Look after messages whose sender died or fell silent between marking and recording."""
    doubtful = 0
    for step, keys in _interrupted(database, pilot, steps, worker, now):
        with database.write() as connection:
            doubtful += _unknown_outcome(connection, database, step, keys, now - _RETRY.first)
    return doubtful


def _interrupted(
    database: Database, pilot: str, steps: Mapping[str, Step[Any]], worker: str, now: datetime
) -> Iterator[tuple[Step[Any], list[str]]]:
    with database.read() as connection:
        rows = connection.execute(
            select(OutboxRow.step, OutboxRow.key, OutboxRow.worker, OutboxRow.next_at)
            .where(OutboxRow.status == "sending", _mine(pilot, database), OutboxRow.worker != worker)
            .order_by(OutboxRow.step)
        ).all()
    stale = [r for r in rows if r.step in steps and (r.next_at < now - _STALE_AFTER or is_dead(r.worker or "::"))]
    for name, group in groupby(stale, key=lambda r: r.step):
        yield steps[name], [r.key for r in group]
