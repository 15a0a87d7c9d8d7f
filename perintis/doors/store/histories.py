"""Reads claimed cases back as the engine needs them: application and work in recorded order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perintis.doors.store.database import Database, one_of
from perintis.doors.store.types import from_micros, instant_or_none
from perintis.engine.ports import History, WorkState
from perintis.words.recorded import Key, WorkKind, WorkStatus

# Answered work first, by the number of the event that answered it: the order in which replay feeds it back.
_WORK = (
    "SELECT case_id, step, visit, kind, status, ready, completed, due, retry_at, attempt, result FROM work "
    "WHERE {chosen} ORDER BY case_id, answered IS NULL, answered, id"
)
_CASES = (
    "SELECT c.id, c.reference, c.office, c.opened, p.application, c.fence, c.last_seq FROM cases c "
    "JOIN payloads p ON p.case_id = c.id WHERE {chosen} ORDER BY c.id"
)


def load_histories(database: Database, cases: Sequence[int]) -> list[History]:
    """The histories of `cases` in the order of their ids; one consistent view."""
    if not cases:
        return []
    with database.read() as connection:
        histories = {
            row[0]: History(row[0], row[1], row[2], from_micros(row[3]), row[4], row[5], row[6])
            for row in connection.exec_driver_sql(_CASES.format(chosen=one_of(connection, "c.id", cases))).all()
        }
        for row in connection.exec_driver_sql(_WORK.format(chosen=one_of(connection, "case_id", cases))).all():
            histories[row[0]].work.append(_work_state(row))
    return list(histories.values())


def _work_state(row: Sequence[Any]) -> WorkState:
    (_, step, visit, kind, status, ready, completed, due, retry_at, attempt, result) = row
    return WorkState(
        Key(step, visit),
        WorkKind(kind),
        WorkStatus(status),
        from_micros(ready),
        instant_or_none(completed),
        instant_or_none(due),
        instant_or_none(retry_at),
        attempt,
        result,
    )
