"""Seals and chains what a store of an earlier version holds in clear; part of the upgrade, in its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from perintis.doors.store.chaining import COLUMNS, chained
from perintis.doors.store.database import in_list, placeholder, set_rows, update_rows
from perintis.doors.store.recording import EVENT_COLUMNS
from perintis.doors.vault.vault import APPLICATION, DECISION, NOTE, Key, answer_place, request_place, vault_of
from perintis.words.recorded import CASE_STEP, Lifecycle

_PART = 500
_VALUES = 20_000
_PLACES = (APPLICATION, DECISION, NOTE)


def seal_old(connection: Connection) -> int:
    """Seal the personal data of every live case and chain its events; returns how many cases."""
    done = after = 0
    while cases := _some(connection, after):
        _seal_part(connection, cases)
        done, after = done + len(cases), cases[-1]
    _seal_messages(connection)
    return done


def _some(connection: Connection, after: int) -> list[int]:
    rows = connection.exec_driver_sql(
        f"SELECT id FROM cases WHERE rehearsal IS NULL AND id > {after} ORDER BY id LIMIT {_PART}"
    )
    return list(rows.scalars())


def _seal_part(connection: Connection, cases: Sequence[int]) -> None:
    keys = vault_of(connection).new(connection, cases)
    ids = in_list(cases)
    payloads = connection.exec_driver_sql(
        f"SELECT case_id, application, decision, note FROM payloads WHERE case_id IN ({ids})"
    ).all()
    answers = connection.exec_driver_sql(
        f"SELECT case_id, step, visit, answered, result FROM work WHERE result IS NOT NULL AND case_id IN ({ids})"
    ).all()
    update_rows(
        connection, "UPDATE payloads SET application = ?, decision = ?, note = ? WHERE case_id = ?",
        [(*(_sealed(keys[r[0]], p, t) for p, t in zip(_PLACES, r[1:], strict=True)), r[0]) for r in payloads],
    )  # fmt: skip
    update_rows(
        connection, "UPDATE work SET result = ? WHERE case_id = ? AND step = ? AND visit = ?",
        [(keys[c].seal(answer_place(s, v), text), c, s, v) for c, s, v, _, text in answers],
    )  # fmt: skip
    requests = connection.exec_driver_sql(
        f"SELECT key, case_id, step, visit, body FROM outbox WHERE case_id IN ({ids})"
    )
    update_rows(
        connection, "UPDATE outbox SET body = ? WHERE key = ?",
        [(keys[c].seal(request_place(s, v), body), name) for name, c, s, v, body in requests.all()],
    )  # fmt: skip
    _chain(connection, ids, _commitments(keys, payloads, answers))


def _sealed(key: Key, place: str, text: str | None) -> str | None:
    return None if text is None else key.seal(place, text)


def _commitments(keys: Any, payloads: Sequence[Any], answers: Sequence[Any]) -> dict[tuple[int, Any], bytes | None]:
    """By case and event: its number, or "opening" and "ending"."""
    found: dict[tuple[int, Any], bytes | None] = {}
    for case, application, decision, note in payloads:
        found[case, "opening"] = keys[case].commit(APPLICATION, application)
        place, text = (DECISION, decision) if decision is not None else (NOTE, note)
        if text is not None:
            found[case, "ending"] = keys[case].commit(place, text)
    found |= {(c, seq): keys[c].commit(answer_place(s, v), text) for c, s, v, seq, text in answers if seq is not None}
    return found


def _chain(connection: Connection, ids: str, commitments: dict[tuple[int, Any], bytes | None]) -> None:
    events = connection.exec_driver_sql(
        f"SELECT {', '.join(EVENT_COLUMNS)} FROM events WHERE case_id IN ({ids}) ORDER BY case_id, seq"
    ).all()
    rows = [(*event, commitments.get((event[0], _slot(event)))) for event in events]
    update_rows(
        connection, "UPDATE events SET commitment = ?, hash = ? WHERE case_id = ? AND seq = ?",
        [(row[COLUMNS], row[COLUMNS + 1], row[0], row[1]) for row in chained(connection, rows)],
    )  # fmt: skip


def _slot(event: Sequence[Any]) -> Any:
    if event[1] == 1:
        return "opening"
    ends = event[3] == CASE_STEP and event[5] in (Lifecycle.COMPLETE.value, Lifecycle.WITHDRAW.value)
    return "ending" if ends else event[1]


def _seal_messages(connection: Connection) -> None:
    """Messages that were dealt with lose their text; the others are sealed."""
    key = vault_of(connection).messages(connection)
    waiting = connection.exec_driver_sql("SELECT agency, message, body FROM inbox WHERE status = 'new'").all()
    connection.exec_driver_sql("UPDATE inbox SET body = '' WHERE status <> 'new'")
    update_rows(
        connection, "UPDATE inbox SET body = ? WHERE agency = ? AND message = ?",
        [(key.seal(f"inbox.body/{agency}/{message}", body), agency, message) for agency, message, body in waiting],
    )  # fmt: skip


def seal_old_registry(connection: Connection) -> int:
    """Seal the values of the registries' persons that are in clear; returns how many."""
    from perintis.doors.registry.sealed_values import Row, seal_values  # late, for the registry knows the store

    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what was in clear is overwritten
    done = 0
    for pilot in connection.exec_driver_sql("SELECT DISTINCT pilot FROM registry_attributes").scalars().all():
        after, mark = 0, placeholder(connection)
        query = (
            "SELECT id, person, field, from_version, agency, record, value FROM registry_attributes "
            f"WHERE pilot = {mark} AND id > {mark} ORDER BY id LIMIT {_VALUES}"
        )
        while rows := connection.exec_driver_sql(query, (pilot, after)).all():
            sealed = seal_values(connection, pilot, [(Row(*row[1:6]), row[6]) for row in rows])
            changed = [(value, row[0]) for row, value in zip(rows, sealed, strict=True)]
            set_rows(connection, "registry_attributes", {"value": "text"}, {"id": "bigint"}, changed)
            after, done = rows[-1][0], done + len(rows)
    return done
