"""What the store holds of one person: found by opening the applications of a pilot, for no index of identities is kept.

An index of keyed hashes would find a person at once, but it would also tell whoever reads the database which cases are
about the same person. Opening a hundred thousand applications takes a few seconds, and is seldom done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, inspect

from perintis.doors.store.database import Database, placeholder
from perintis.doors.store.types import from_micros, instant_or_none
from perintis.doors.vault.vault import APPLICATION, DECISION, NOTE, Key, answer_place, open_or_erased, vault_of
from perintis.rules.counted import is_personal
from perintis.words.errors import BadInput, NotFound
from perintis.words.pilot import Pilot

PART = 1_000
_CASES = (
    "SELECT c.id, c.reference, c.status, c.opened, c.closed, c.restricted, v.held, v.erased, p.application "
    "FROM cases c JOIN payloads p ON p.case_id = c.id JOIN vault v ON v.case_id = c.id "
    "WHERE c.rehearsal IS NULL AND c.pilot = {pilot} "
)


@dataclass(frozen=True)
class Found:
    """A case in which a person is named, and the fields in which."""

    case: int
    reference: str
    status: str
    opened: datetime
    closed: datetime | None
    restricted: datetime | None
    held: datetime | None
    erased: datetime | None
    fields: tuple[str, ...]


def personal_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of an application that identify a person."""
    return tuple(name for name, field in model.model_fields.items() if is_personal(field))


def find_person(
    database: Database, pilot: Pilot[Any], value: str, progress: Callable[[int, int], None] | None = None
) -> list[Found]:
    """The cases of a pilot whose application names exactly this identity number, passport number or name.

    Capitals and spaces do not matter. Raises BadInput where the application has no field that identifies a person.
    """
    fields, wanted = personal_fields(pilot.application), plain(value)
    if not fields:
        raise BadInput(
            f"no field of the application of {pilot.name} is marked as personal, so nobody can be found by it"
        )
    if not wanted:
        raise BadInput("say whom to look for: an identity number, a passport number or a name")
    found: list[Found] = []
    with database.read() as connection:
        total = _count(connection, pilot.name)
        for done, rows in _parts(connection, pilot.name):
            keys = vault_of(connection).keys(connection, [row[0] for row in rows])
            found += (hit for row in rows if (hit := _match(row, keys, fields, wanted)) is not None)
            if progress is not None:
                progress(done, total)
    return found


def find_reference(database: Database, pilot: str, reference: str) -> Found:
    """One case of a pilot by its reference or number, or NotFound."""
    by_number = reference.isascii() and reference.isdigit() and len(reference) < 19
    with database.read() as connection:
        mark = placeholder(connection)
        statement = _CASES.format(pilot=mark) + f"AND (c.reference = {mark} OR c.id = {mark}) ORDER BY c.id"
        rows = connection.exec_driver_sql(statement, (pilot, reference, int(reference) if by_number else -1)).all()
    exact = [row for row in rows if row[1] == reference] or rows
    if not exact:
        raise NotFound(f"there is no case {reference!r} of {pilot}; `perintis status` lists the cases")
    return _found(exact[0], ())


def _count(connection: Connection, pilot: str) -> int:
    mark = placeholder(connection)
    counted = f"SELECT count(*) FROM cases WHERE rehearsal IS NULL AND pilot = {mark}"
    return int(connection.exec_driver_sql(counted, (pilot,)).scalar_one())


def _parts(connection: Connection, pilot: str) -> Iterator[tuple[int, Sequence[Any]]]:
    after = done = 0
    statement = _CASES.format(pilot=placeholder(connection))
    while True:
        some = f"{statement} AND c.id > {after} ORDER BY c.id LIMIT {PART}"
        rows = connection.exec_driver_sql(some, (pilot,)).all()
        if not rows:
            return
        after, done = rows[-1][0], done + len(rows)
        yield done, rows


def _match(row: Any, keys: Any, fields: Sequence[str], wanted: str) -> Found | None:
    text = open_or_erased(keys, row[0], APPLICATION, row[8])
    if text is None or wanted not in plain(text):
        return None  # most applications need not be taken apart
    application = json.loads(text)
    named = tuple(name for name in fields if plain(str(application.get(name) or "")) == wanted)
    return _found(row, named) if named else None


def _found(row: Any, fields: tuple[str, ...]) -> Found:
    closed, restricted, held, erased = map(instant_or_none, row[4:8])
    return Found(row[0], row[1], row[2], from_micros(row[3]), closed, restricted, held, erased, fields)


def plain(text: str) -> str:
    """A value as values of persons are compared: capitals and spaces do not matter."""
    return " ".join(text.casefold().split())


def trace_case(connection: Connection, case: int) -> dict[str, Any]:
    """Everything recorded of a case: application, decision, answers, and what was done with them, as plain values."""
    key = vault_of(connection).keys(connection, [case]).get(case)
    return {
        **_payload(connection, case, key),
        "answers": _answers(connection, case, key),
        "events": _events(connection, case),
        "disclosures": _disclosures(connection, case),
        "satisfaction": _satisfaction(connection, case),
    }


def _payload(connection: Connection, case: int, key: Key | None) -> dict[str, Any]:
    row = connection.exec_driver_sql(f"SELECT application, decision, note FROM payloads WHERE case_id = {case}").one()
    if key is None:
        return {"application": None, "decision": None, "note": None}
    decision = None if row[1] is None else json.loads(key.open(DECISION, row[1]))
    note = None if row[2] is None else key.open(NOTE, row[2])
    return {"application": json.loads(key.open(APPLICATION, row[0])), "decision": decision, "note": note}


def _answers(connection: Connection, case: int, key: Key | None) -> list[dict[str, Any]]:
    rows = connection.exec_driver_sql(
        f"SELECT step, visit, agency, officer, status, completed, result FROM work WHERE case_id = {case} ORDER BY id"
    )
    return [
        {
            "step": step, "visit": visit, "agency": agency, "officer": officer, "status": status,
            "completed": instant_or_none(completed),
            "answer": json.loads(key.open(answer_place(step, visit), result)) if key and result else None,
        }
        for step, visit, agency, officer, status, completed, result in rows
    ]  # fmt: skip


def _events(connection: Connection, case: int) -> list[dict[str, Any]]:
    rows = connection.exec_driver_sql(
        "SELECT seq, at, step, visit, lifecycle, agency, officer, detail FROM events "
        f"WHERE case_id = {case} ORDER BY seq"
    )
    return [
        {
            "seq": seq, "at": from_micros(at), "step": step, "visit": visit, "lifecycle": lifecycle,
            "agency": agency, "officer": officer, "reason": json.loads(detail).get("reason") if detail else None,
        }
        for seq, at, step, visit, lifecycle, agency, officer, detail in rows
    ]  # fmt: skip


def _disclosures(connection: Connection, case: int) -> list[dict[str, Any]]:
    """What was shown to whom, by names of fields; empty where this store has no record of disclosures."""
    if not inspect(connection).has_table("disclosures"):
        return []
    rows = connection.exec_driver_sql(
        "SELECT e.at, e.step, t.discloses, t.receives, t.fields, t.purpose, t.agreement, t.article FROM disclosures d "
        "JOIN disclosure_terms t ON t.id = d.term_id JOIN events e ON e.case_id = d.case_id AND e.seq = d.seq "
        f"WHERE d.case_id = {case} ORDER BY d.seq, t.article"
    )
    return [
        {
            "at": from_micros(at), "step": step, "discloses": discloses, "receives": receives,
            "fields": fields.split(","), "purpose": json.loads(purpose) if isinstance(purpose, str) else purpose,
            "agreement": agreement, "article": article,
        }
        for at, step, discloses, receives, fields, purpose, agreement, article in rows
    ]  # fmt: skip


def _satisfaction(connection: Connection, case: int) -> dict[str, Any] | None:
    row = connection.exec_driver_sql(f"SELECT answers FROM satisfaction WHERE case_id = {case}").first()
    return None if row is None else json.loads(row[0]) if isinstance(row[0], str) else dict(row[0])
