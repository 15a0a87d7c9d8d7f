"""Ends a case before its decision, or takes up one that was set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from perintis.doors.store.database import Database
from perintis.doors.store.models import OutboxRow, PayloadRow, WorkRow
from perintis.doors.store.recording import effect_key
from perintis.doors.store.workrows import CaseHead, WorkRecord, find_work, hold_case, read_work, record_act
from perintis.doors.vault.vault import NOTE, vault_of
from perintis.engine.changes import Change
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.recorded import CASE_STEP, UNFINISHED, Key, Lifecycle, Outcome, WorkKind, WorkStatus


def end_case(
    database: Database, case: int, outcome: Outcome, reason: str, *, officer: str | None, now: datetime
) -> None:
    """The applicant withdraws or an agency cancels: open work is withdrawn and the case is closed with that outcome.

    A worker that is just driving the case is refused from then on.
    """
    if not reason.strip():
        raise BadInput("say why the case ends; the reason is kept with it")
    with database.write() as connection:
        head = hold_case(connection, case)
        if head.closed is not None:
            raise NotAllowed(f"case {case} was closed on {head.closed:%d %B %Y}; nothing was changed")
        changes = [
            record.change(Lifecycle.WITHDRAW, WorkStatus.WITHDRAWN, now) for record in _unfinished(connection, case)
        ]
        changes.append(_ended(head, outcome, officer, now))
        record_act(
            connection, head, changes, database.prefix(head.pilot), status="closed", closed=now, outcome=outcome.value,
            fence=head.fence + 1, worker=None, lease_until=None, wake_at=None, ending={case: (NOTE, reason)},
        )  # fmt: skip
        note = vault_of(connection).keys(connection, [case])[case].seal(NOTE, reason)
        connection.execute(update(PayloadRow).where(PayloadRow.case_id == case).values(note=note))


def _ended(head: CaseHead, outcome: Outcome, officer: str | None, now: datetime) -> Change:
    return Change(
        head.id, Key(CASE_STEP, 1), Lifecycle.WITHDRAW, now, WorkStatus.WITHDRAWN, WorkKind.HUMAN, "", False, now,
        officer=officer, outcome=outcome.value,
    )  # fmt: skip


def retry_case(database: Database, case: int, *, now: datetime) -> None:
    """Take up a failed or diverged case again: failed steps are tried once more, with the code as it is now."""
    with database.write() as connection:
        head = hold_case(connection, case)
        if head.status not in ("failed", "diverged"):
            raise NotAllowed(f"case {case} is {head.status}, not failed or diverged; there is nothing to retry")
        failed = read_work(connection, WorkRow.case_id == case, WorkRow.status == WorkStatus.FAILED.value)
        changes = [r.change(Lifecycle.SCHEDULE, WorkStatus.RETRYING, now, retry_at=now) for r in failed]
        record_act(connection, head, changes, database.prefix(head.pilot), status="ready", problem=None)


def resolve_doubt(database: Database, work: int, *, sent: bool, officer: str | None, now: datetime) -> None:
    """An officer found out whether an agency got a request whose sending was interrupted.

    If it did, its answer is waited for; if not, it is sent again.
    """
    with database.write() as connection:
        head = hold_case(connection, find_work(connection, work).case)
        record = find_work(connection, work)
        if record.status is not WorkStatus.IN_DOUBT:
            raise NotAllowed(f"work item {work} is {record.status.value}, not in doubt; nothing was changed")
        prefix = database.prefix(head.pilot)
        change = record.change(Lifecycle.SCHEDULE, WorkStatus.OPEN, now, officer=officer)
        record_act(connection, head, [change], prefix)
        fate = {"status": "sent", "sent": now} if sent else {"status": "queued", "next_at": now}
        key = effect_key(prefix, record.case, *record.key)
        connection.execute(update(OutboxRow).where(OutboxRow.key == key).values(worker=None, **fate))


def _unfinished(connection: Connection, case: int) -> list[WorkRecord]:
    return read_work(connection, WorkRow.case_id == case, WorkRow.status.in_([s.value for s in UNFINISHED]))
