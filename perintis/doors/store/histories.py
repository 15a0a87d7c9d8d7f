"""Reads claimed cases back as the engine needs them: application and work in recorded order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perintis.doors.store.database import Database, one_of
from perintis.doors.store.types import from_micros, instant_or_none
from perintis.doors.vault.vault import APPLICATION, answer_place, vault_of
from perintis.doors.vault.vault import Key as CaseKey
from perintis.engine.ports import History, WorkState
from perintis.words.errors import NotAllowed
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
    """The histories of `cases` in the order of their ids; one consistent view. The one place where answers are opened.

    Raises NotAllowed where a case was erased.
    """
    if not cases:
        return []
    with database.read() as connection:
        found = connection.exec_driver_sql(_CASES.format(chosen=one_of(connection, "c.id", cases))).all()
        keys = vault_of(connection).keys(connection, [row[0] for row in found])
        histories = {row[0]: _history(row, keys) for row in found}
        for row in connection.exec_driver_sql(_WORK.format(chosen=one_of(connection, "case_id", cases))).all():
            histories[row[0]].work.append(_work_state(row, keys[row[0]]))
    return list(histories.values())


def _history(row: Sequence[Any], keys: Mapping[int, CaseKey]) -> History:
    (case, reference, office, opened, application, fence, last_seq) = row
    if case not in keys:
        raise NotAllowed(f"case {case} was erased; nothing personal of it is left")
    text = keys[case].open(APPLICATION, application)
    return History(case, reference, office, from_micros(opened), text, fence, last_seq)


def _work_state(row: Sequence[Any], case_key: CaseKey) -> WorkState:
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
        None if result is None else case_key.open(answer_place(step, visit), result),
    )
