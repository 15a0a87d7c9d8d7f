"""Service levels that a change leaves unmet: noted with the change that ends the work or the case, unless noted before.

Work that stays unfinished is noted by the sweep in `perintis.doors.store.breaches`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from perintis.doors.store.database import one_of, update_rows
from perintis.doors.store.types import from_micros, to_micros
from perintis.engine.changes import Change
from perintis.words.recorded import CASE_STEP, Key, Lifecycle, WorkKind


class Slot(NamedTuple):
    """A step visit of a case, or the case as a whole (step "case")."""

    case: int
    key: Key


def breach_event(slot: Slot, seq: int, agency: str, at: datetime) -> tuple[Any, ...]:
    """The event of a service level not kept, in the order of EVENT_COLUMNS."""
    return (
        slot.case, seq, to_micros(at), slot.key.step, slot.key.visit, Lifecycle.BREACH.value, agency, None, None, None,
        None, None,
    )  # fmt: skip


def find_late(connection: Connection, changes: Sequence[Change]) -> set[Slot]:
    """What `changes` end after it was due and whose breach is not recorded yet. The caller holds the cases."""
    ended = [change for change in changes if not change.status.unfinished]
    late = {
        Slot(c.case, c.key)
        for c in ended
        if c.due is not None and c.due < c.at and c.kind is not WorkKind.TIMER and c.key.step != CASE_STEP
    }
    if late:
        rows = connection.exec_driver_sql(
            "SELECT case_id, step, visit FROM work WHERE breached IS NOT NULL AND "
            + one_of(connection, "case_id", [slot.case for slot in late])
        )
        late -= {Slot(row[0], Key(row[1], row[2])) for row in rows}
    closing = {change.case: change for change in ended if change.key.step == CASE_STEP}
    if closing:
        rows = connection.exec_driver_sql(
            "SELECT id, due FROM cases WHERE breached IS NULL AND due IS NOT NULL AND "
            + one_of(connection, "id", list(closing))
        )
        late |= {Slot(row[0], closing[row[0]].key) for row in rows if from_micros(row[1]) < closing[row[0]].at}
    return late


def mark_late(connection: Connection, late: Mapping[Slot, datetime]) -> None:
    """Note in the rows of work and cases when their service level was found unmet."""
    update_rows(
        connection, "UPDATE work SET breached = ? WHERE case_id = ? AND step = ? AND visit = ?",
        [(to_micros(at), s.case, *s.key) for s, at in late.items() if s.key.step != CASE_STEP],
    )  # fmt: skip
    update_rows(
        connection, "UPDATE cases SET breached = ? WHERE id = ?",
        [(to_micros(at), s.case) for s, at in late.items() if s.key.step == CASE_STEP],
    )  # fmt: skip
