"""Service levels that were not kept: each breach is recorded once, and not before it is due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.store.recording import write_events
from perintis.doors.store.types import to_micros
from perintis.doors.store.workrows import CaseHead, WorkRecord, hold_case, read_work
from perintis.words.recorded import CASE_STEP, Lifecycle, WorkKind

_PART = 200


def record_breaches(database: Database, pilot: str, now: datetime) -> int:
    """Record every service level of live cases that has passed unmet; returns how many."""
    found = 0
    late = sorted(_late_cases(database, pilot, now))
    for start in range(0, len(late), _PART):
        with database.write() as connection:
            for case in late[start : start + _PART]:
                head = hold_case(connection, case)
                if head.closed is None:
                    found += _breach_case(connection, head, now)
    return found


def _late_cases(database: Database, pilot: str, now: datetime) -> list[int]:
    late_work = (
        select(WorkRow.case_id)
        .join(CaseRow, CaseRow.id == WorkRow.case_id)
        .where(
            WorkRow.completed.is_(None), WorkRow.breached.is_(None), WorkRow.due.is_not(None), WorkRow.due < now,
            WorkRow.kind != WorkKind.TIMER.value, CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None),
            CaseRow.closed.is_(None),
        )
    )  # fmt: skip
    late_cases = select(CaseRow.id).where(
        CaseRow.closed.is_(None), CaseRow.breached.is_(None), CaseRow.rehearsal.is_(None), CaseRow.due < now,
        CaseRow.pilot == pilot,
    )  # fmt: skip
    with database.read() as connection:
        return list(connection.execute(late_work.union(late_cases)).scalars())


def _breach_case(connection: Connection, head: CaseHead, now: datetime) -> int:
    late = read_work(
        connection, WorkRow.case_id == head.id, WorkRow.completed.is_(None), WorkRow.breached.is_(None),
        WorkRow.due < now, WorkRow.kind != WorkKind.TIMER.value,
    )  # fmt: skip
    found = len(late)
    for record in late:
        head = _write(connection, head, record.key.step, record.key.visit, record.agency, now)
        connection.execute(update(WorkRow).where(WorkRow.id == record.id).values(breached=now))
    late_case = select(CaseRow.id).where(CaseRow.id == head.id, CaseRow.breached.is_(None), CaseRow.due < now)
    if connection.execute(late_case).first() is not None:
        head = _write(connection, head, CASE_STEP, 1, "", now)
        connection.execute(update(CaseRow).where(CaseRow.id == head.id).values(breached=now))
        found += 1
    connection.execute(update(CaseRow).where(CaseRow.id == head.id).values(last_seq=head.last_seq))
    return found


def breach_if_late(connection: Connection, head: CaseHead, record: WorkRecord, now: datetime) -> CaseHead:
    """Record the breach of work that is being answered after its due date, if no run has recorded it yet."""
    if record.due is None or record.due >= now or record.breached is not None:
        return head
    connection.execute(update(WorkRow).where(WorkRow.id == record.id).values(breached=now))
    return _write(connection, head, record.key.step, record.key.visit, record.agency, now)


def _write(connection: Connection, head: CaseHead, step: str, visit: int, agency: str, now: datetime) -> CaseHead:
    seq = head.last_seq + 1
    row = (
        head.id, seq, to_micros(now), step, visit, Lifecycle.BREACH.value, agency, None, None, None, None, None,
    )  # fmt: skip
    write_events(connection, [row])
    return head._replace(last_seq=seq)
