"""Service levels not kept by what is still unfinished: each breach is recorded once, and not before it is due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from perintis.doors.store.database import Database
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.lateness import Slot, breach_event, mark_late
from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.store.recording import write_events
from perintis.doors.store.workrows import CaseHead, hold_case, read_work
from perintis.words.recorded import CASE_STEP, Key, WorkKind

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
        failpoint("breaches:committed")
    return found


def _late_cases(database: Database, pilot: str, now: datetime) -> list[int]:
    late_work = (
        select(WorkRow.case_id)
        .join(CaseRow, CaseRow.id == WorkRow.case_id)
        .where(
            WorkRow.completed.is_(None), WorkRow.breached.is_(None), WorkRow.due.is_not(None), WorkRow.due < now,
            WorkRow.kind != WorkKind.TIMER.value, CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None),
            CaseRow.closed.is_(None), CaseRow.restricted.is_(None),
        )
    )  # fmt: skip
    late_cases = select(CaseRow.id).where(
        CaseRow.closed.is_(None), CaseRow.breached.is_(None), CaseRow.rehearsal.is_(None), CaseRow.due < now,
        CaseRow.pilot == pilot, CaseRow.restricted.is_(None),
    )  # fmt: skip
    with database.read() as connection:
        return list(connection.execute(late_work.union(late_cases)).scalars())


def _breach_case(connection: Connection, head: CaseHead, now: datetime) -> int:
    late = [
        (Slot(head.id, record.key), record.agency)
        for record in read_work(
            connection, WorkRow.case_id == head.id, WorkRow.completed.is_(None), WorkRow.breached.is_(None),
            WorkRow.due < now, WorkRow.kind != WorkKind.TIMER.value,
        )
    ]  # fmt: skip
    late_case = select(CaseRow.id).where(CaseRow.id == head.id, CaseRow.breached.is_(None), CaseRow.due < now)
    if connection.execute(late_case).first() is not None:
        late.append((Slot(head.id, Key(CASE_STEP, 1)), ""))
    mark_late(connection, {slot: now for slot, _ in late})
    write_events(
        connection,
        [breach_event(slot, seq, agency, now) for seq, (slot, agency) in enumerate(late, head.last_seq + 1)],
    )
    last_seq = head.last_seq + len(late)
    connection.execute(update(CaseRow).where(CaseRow.id == head.id).values(last_seq=last_seq))
    return len(late)
