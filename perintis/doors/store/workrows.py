"""Reads work rows inside a transaction, with their case held, so that an act on them can be recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.store.recording import NOTHING_ENDS, Ending, write_changes
from perintis.engine.changes import Change
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.recorded import Key, Lifecycle, WorkKind, WorkStatus


class CaseHead(NamedTuple):
    """The row of a case that this transaction holds."""

    id: int
    pilot: str
    process: str
    reference: str
    status: str
    closed: datetime | None
    last_seq: int
    fence: int
    opened: datetime
    restricted: datetime | None


class WorkRecord(NamedTuple):
    """One step visit as recorded."""

    id: int
    case: int
    key: Key
    kind: WorkKind
    agency: str
    status: WorkStatus
    ready: datetime
    started: datetime | None
    completed: datetime | None
    due: datetime | None
    breached: datetime | None
    attempt: int
    officer: str | None
    cost: float | None
    keyed: tuple[str, ...]

    def change(self, lifecycle: Lifecycle, status: WorkStatus, at: datetime, **more: Any) -> Change:
        """What happens to this work now; fields not given stay as they are."""
        kept = {"started": self.started, "due": self.due, "attempt": self.attempt, "officer": self.officer,
                "cost": self.cost, "keyed": self.keyed}  # fmt: skip
        return Change(
            self.case, self.key, lifecycle, at, status, self.kind, self.agency, False, self.ready, **{**kept, **more}
        )


def hold_case(connection: Connection, case: int) -> CaseHead:
    """Lock the row of a case for this transaction; NotFound if there is none, or it is a rehearsal's."""
    row = connection.execute(
        select(*_HEAD).where(CaseRow.id == case, CaseRow.rehearsal.is_(None)).with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"there is no case {case}; `perintis status` lists the cases")
    return CaseHead._make(row)


_HEAD = (
    CaseRow.id, CaseRow.pilot, CaseRow.process, CaseRow.reference, CaseRow.status, CaseRow.closed, CaseRow.last_seq,
    CaseRow.fence, CaseRow.opened, CaseRow.restricted,
)  # fmt: skip
_WORK = (
    WorkRow.id, WorkRow.case_id, WorkRow.step, WorkRow.visit, WorkRow.kind, WorkRow.agency, WorkRow.status,
    WorkRow.ready, WorkRow.started, WorkRow.completed, WorkRow.due, WorkRow.breached, WorkRow.attempt,
    WorkRow.officer, WorkRow.cost, WorkRow.keyed,
)  # fmt: skip


def read_work(connection: Connection, *conditions: Any) -> list[WorkRecord]:
    """The work rows that meet all conditions, oldest first."""
    return [_record(row) for row in connection.execute(select(*_WORK).where(*conditions).order_by(WorkRow.id))]


def find_work(connection: Connection, work: int) -> WorkRecord:
    """One work item by its number, or NotFound."""
    found = read_work(connection, WorkRow.id == work)
    if not found:
        raise NotFound(f"there is no work item {work}; `perintis inbox AGENCY` lists them")
    return found[0]


def _record(row: Any) -> WorkRecord:
    return WorkRecord(
        row.id, row.case_id, Key(row.step, row.visit), WorkKind(row.kind), row.agency, WorkStatus(row.status),
        row.ready, row.started, row.completed, row.due, row.breached, row.attempt, row.officer, row.cost,
        tuple(row.keyed.split(",")) if row.keyed else (),
    )  # fmt: skip


def refuse_restricted(head: CaseHead) -> None:
    """NotAllowed where the processing of a case is restricted."""
    if head.restricted is not None:
        raise NotAllowed(f"the processing of case {head.id} is restricted; `perintis subject lift` ends that")


def record_act(
    connection: Connection, head: CaseHead, changes: list[Change], prefix: str, *, ending: Ending = NOTHING_ENDS,
    **facts: Any,
) -> None:  # fmt: skip
    """Write changes to a held case together with what its row says next (`facts`); `ending` as in `write_changes`."""
    last_seq = {head.id: head.last_seq}
    write_changes(connection, changes, last_seq, prefix, ending)
    connection.execute(update(CaseRow).where(CaseRow.id == head.id).values(last_seq=last_seq[head.id], **facts))
