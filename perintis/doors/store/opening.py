"""Opens cases: one for each application, however often the same file arrives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from perintis.doors.store.database import Database, insert_rows, placeholder
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.harm_trips import refuse_while_paused
from perintis.doors.store.models import CaseRow, PayloadRow
from perintis.doors.store.recording import write_events
from perintis.doors.store.types import to_micros
from perintis.doors.vault.vault import APPLICATION, open_or_erased, vault_of

CASE_COLUMNS = (
    "id", "pilot", "version", "process", "reference", "rehearsal", "intake", "office", "segments", "status", "opened",
    "due", "last_seq", "fence",
)  # fmt: skip
_PART = 1_000
ERASED = "application, for that case was erased"


class NewCase(NamedTuple):
    """An application as it goes into the store: facts in clear, the whole of it as JSON among the payloads."""

    reference: str
    office: str | None
    segments: dict[str, Any]
    application: str
    due: datetime | None


@dataclass(slots=True)
class Opened:
    """What became of applications: ids of cases opened, how many were open already, and references that are
    already taken by a different application, with the names of the fields that differ."""

    cases: list[int] = field(default_factory=list)
    already_open: int = 0
    conflicts: dict[str, list[str]] = field(default_factory=dict)


def open_cases(
    database: Database,
    new: Sequence[NewCase],
    *,
    pilot: str,
    version: str,
    process: str,
    lead: str,
    intake: int | None,
    now: datetime,
) -> Opened:
    """Open a case for each application whose reference is not known yet, a thousand in a transaction.

    Raises NotAllowed where there is a new one and the harm monitor pauses the intake of the pilot.
    """
    opened = Opened()
    for start in range(0, len(new), _PART):
        part = new[start : start + _PART]
        try:
            _open_part(database, part, opened, pilot, version, process, lead, intake, now)
        except IntegrityError:
            # Another intake opened one of them between our look and our insert; now we can see it.
            _open_part(database, part, opened, pilot, version, process, lead, intake, now)
    return opened


def _open_part(
    database: Database, part: Sequence[NewCase], opened: Opened, pilot: str, version: str, process: str, lead: str,
    intake: int | None, now: datetime,
) -> None:  # fmt: skip
    at = to_micros(now)
    with database.write() as connection:
        known = known_applications(connection, pilot, [n.reference for n in part])
        fresh: dict[str, NewCase] = {}
        already, conflicts = 0, {}
        for case in part:
            if case.reference in known:
                before = known[case.reference]
            elif case.reference in fresh:
                before = fresh[case.reference].application
            else:
                fresh[case.reference] = case
                continue
            if before is None:
                conflicts[case.reference] = [ERASED]
            elif before == case.application or not (differing := differing_fields(before, case.application)):
                already += 1
            else:
                conflicts[case.reference] = differing
        if fresh:
            refuse_while_paused(connection, pilot)
        ids = reserve_ids(connection, len(fresh))
        rows = [
            (i, pilot, version, process, c.reference, None, intake, c.office, json.dumps(c.segments), "ready", at,
             None if c.due is None else to_micros(c.due), 1, 0)
            for i, c in zip(ids, fresh.values(), strict=True)
        ]  # fmt: skip
        insert_rows(connection, CaseRow, CASE_COLUMNS, rows)
        _insert_applications(connection, ids, list(fresh.values()), at, lead)
        failpoint("open:commit")
    failpoint("open:committed")
    opened.cases += ids
    opened.already_open += already
    opened.conflicts.update(conflicts)


def _insert_applications(
    connection: Connection, ids: Sequence[int], new: Sequence[NewCase], at: int, lead: str
) -> None:
    """The sealed applications of new cases, and the events that open them."""
    keys = vault_of(connection).new(connection, ids)
    applications = [(i, keys[i].seal(APPLICATION, c.application)) for i, c in zip(ids, new, strict=True)]
    insert_rows(connection, PayloadRow, ("case_id", "application"), applications)
    write_events(
        connection,
        [
            (*opening_event(i, at, lead), keys[i].commit(APPLICATION, c.application))
            for i, c in zip(ids, new, strict=True)
        ],
    )


def opening_event(case: int, at: int, lead: str) -> tuple[Any, ...]:
    """The first event of every case, in the order of EVENT_COLUMNS."""
    return (case, 1, at, "case", 1, "start", lead, None, None, None, None, None)


def reserve_ids(connection: Connection, count: int) -> list[int]:
    """Ids for new cases that nobody else gets."""
    if not count:
        return []
    if connection.dialect.name == "postgresql":
        rows = connection.exec_driver_sql(
            f"SELECT nextval(pg_get_serial_sequence('cases', 'id')) FROM generate_series(1, {count})"
        )
        return [row[0] for row in rows]
    last = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM cases").scalar_one()
    return list(range(last + 1, last + 1 + count))


def refuse_new_while_paused(database: Database, new: Sequence[NewCase], *, pilot: str) -> None:
    """NotAllowed where one of the applications is not known yet and the harm monitor pauses the intake.

    `open_cases` refuses them too; asked before an intake is recorded, this keeps one from which nothing was opened out
    of the store.
    """
    with database.read() as connection:
        for start in range(0, len(new), _PART):
            wanted = {case.reference for case in new[start : start + _PART]}
            if wanted - known_applications(connection, pilot, list(wanted)).keys():
                refuse_while_paused(connection, pilot)
                return


def known_applications(connection: Connection, pilot: str, references: Sequence[str]) -> dict[str, str | None]:
    """The applications of live cases by reference; None where the case was erased."""
    mark = placeholder(connection)
    rows = connection.exec_driver_sql(
        "SELECT c.reference, c.id, p.application FROM cases c JOIN payloads p ON p.case_id = c.id "
        f"WHERE c.rehearsal IS NULL AND c.pilot = {mark} AND c.reference IN ({', '.join([mark] * len(references))})",
        (pilot, *references),
    ).all()
    keys = vault_of(connection).keys(connection, [row[1] for row in rows])
    return {reference: open_or_erased(keys, case, APPLICATION, application) for reference, case, application in rows}


def differing_fields(before: str, after: str) -> list[str]:
    """Names of the fields in which two applications differ."""
    a, b = json.loads(before), json.loads(after)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
