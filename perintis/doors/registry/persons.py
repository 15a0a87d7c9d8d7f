"""What a registry holds of one person, and what may be done with it: found, traced, restricted, held.

A person is found by opening all values of the registry; no index of identities is kept (see the vault's subjects).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from perintis.doors.registry.changes import fields_shown
from perintis.doors.registry.history import Ref
from perintis.doors.registry.models import (
    AttributeRow,
    DeliveryRow,
    LinkRow,
    PersonKeyRow,
    RegistryAccessRow,
    VersionRow,
)
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.sealed_values import Row, open_values
from perintis.doors.registry.shelf import ACCEPTED
from perintis.doors.store.models_vault import ActRow
from perintis.doors.vault.acts import Act, note_act
from perintis.doors.vault.files_given import files_given
from perintis.doors.vault.subjects import plain
from perintis.rules.registry.rows import is_identity
from perintis.rules.registry.settings import RECORD, Kind
from perintis.words.errors import NotAllowed, NotFound


@dataclass(frozen=True)
class FoundPerson:
    """A person of the registry, the fields in which the value sought stands, and the records by agency and number."""

    person: str
    fields: tuple[str, ...]
    records: tuple[Ref, ...]
    restricted: datetime | None
    held: datetime | None
    erased: datetime | None


def naming_fields(registry: Registry) -> tuple[str, ...]:
    """The fields by which a person is found: names and identity numbers."""
    return tuple(n for n, f in registry.settings.fields.items() if f.kind is Kind.NAME or is_identity(f.kind))


def find_persons(registry: Registry, value: str) -> list[FoundPerson]:
    """The persons with exactly this name, identity number or passport number, in any version."""
    fields, wanted = naming_fields(registry), plain(value)
    a = AttributeRow
    query = select(a.person, a.field, a.from_version, a.agency, a.record, a.value)
    query = query.where(a.pilot == registry.pilot, a.field.in_(fields), a.value != "")
    named: dict[str, set[str]] = {}
    with registry.database.read() as connection:
        rows = [(Row(*row[:5]), row[5]) for row in connection.execute(query)]
        for (row, _), text in zip(rows, open_values(connection, registry.pilot, rows), strict=True):
            if plain(text) == wanted:
                named.setdefault(row.person, set()).add(row.field)
    return [_found(registry, person, found) for person, found in sorted(named.items())]


def find_by_id(registry: Registry, person: str) -> FoundPerson:
    """One person by id, or NotFound."""
    return _found(registry, person, ())


def _found(registry: Registry, person: str, fields: Iterable[str]) -> FoundPerson:
    key, link = PersonKeyRow, LinkRow
    links = select(link.agency, link.record).where(link.pilot == registry.pilot, link.person == person)
    with registry.database.read() as connection:
        row = connection.execute(
            select(key.restricted, key.held, key.erased).where(key.pilot == registry.pilot, key.person == person)
        ).first()
        records = sorted({(agency, record) for agency, record in connection.execute(links)})
    if row is None:
        raise NotFound(f"the registry of {registry.pilot} has no person {person}; `perintis subject find` tells the id")
    return FoundPerson(person, tuple(sorted(fields)), tuple(records), *row)


def mark(connection: Connection, pilot: str, person: str, act: Act, *, now: datetime) -> None:
    """Restrict, lift, hold or release one person; `note` it. NotAllowed where that was done already, or erased."""
    column, value = {
        Act.RESTRICT: ("restricted", now), Act.LIFT: ("restricted", None), Act.HOLD: ("held", now),
        Act.RELEASE: ("held", None),
    }[act]  # fmt: skip
    key = PersonKeyRow
    of = (key.pilot == pilot, key.person == person)
    row = connection.execute(select(key.restricted, key.held, key.erased).where(*of)).one()
    if row.erased is not None:
        raise NotAllowed(f"person {person} was erased; there is nothing left to {act.value}")
    if (getattr(row, column) is None) is (value is None):
        was = "not " if value is None else ""
        raise NotAllowed(f"person {person} is {was}{column} already; nothing was changed")
    connection.execute(update(key).where(*of).values({column: value}))


def note(
    connection: Connection, pilot: str, person: str, act: Act, *, officer: str, reason: str, now: datetime
) -> None:
    """Note what was done with a person's data, who did it and why."""
    note_act(connection, _act(person, act), officer=officer, reason=reason, now=now, pilot=pilot)


def _act(person: str, act: Act) -> str:
    return f"{act.value} person {person}"


def trace_person(registry: Registry, found: FoundPerson, *, lead: str, on: date) -> dict[str, Any]:
    """Everything the registry holds of one person: values with versions, source and rule; records and the extracts they
    came with; what each agency may see of it on that day; the files with the person that were given away, as far as is
    known; who looked at values; what was done with the data."""
    pilot, person = registry.pilot, found.person
    with registry.database.read() as connection:
        values = _values(connection, pilot, person)
        links = _rows(connection, select(LinkRow.__table__).where(LinkRow.pilot == pilot, LinkRow.person == person))
        acts = [
            {"at": row.at, "act": row.act.split(" ")[0], "officer": row.officer, "reason": row.reason}
            for row in connection.execute(
                select(ActRow.at, ActRow.act, ActRow.officer, ActRow.reason)
                .where(ActRow.pilot == pilot, ActRow.act.in_([_act(person, act) for act in Act]))
                .order_by(ActRow.id)
            )
        ]
        published = _versions(connection, pilot)
        held_in = [v for v in published if any(_holds(link, v["number"]) for link in links)]
        files = _files(connection, registry, found, held_in, links)
        accesses = _rows(connection, select(RegistryAccessRow.__table__).where(RegistryAccessRow.pilot == pilot))
    agencies = sorted({agency for agency, _ in found.records})
    kept = ("agency", "record", "rule", "from_version", "until_version")
    return {
        "values": values,
        "records": [{name: link[name] for name in kept} for link in links],
        "versions": held_in,
        "seen_by": {agency: list(fields_shown(registry, agency, lead=lead, on=on)) for agency in agencies},
        "files": files,
        "accesses": [
            {name: row[name] for name in ("at", "what", "agency", "fields", "reason")}
            for row in accesses if row["agency"] is None or row["agency"] in agencies
        ],
        "acts": acts,
    }  # fmt: skip


def _files(
    connection: Connection, registry: Registry, found: FoundPerson, held_in: Sequence[dict[str, Any]],
    links: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:  # fmt: skip
    """The extracts with one of the person's records, and the views given to the agencies of these records since.

    Of an erased person the tables made of extracts have no record; the extracts that first brought one are told.
    """
    own: dict[str, set[str]] = {}
    for agency, record in found.records:
        own.setdefault(agency, set()).add(record)
    references = {
        str(d["reference"]) for d in registry.standardised()
        if d["agency"] in own and own[d["agency"]] & set(registry.shelf.get(str(d["digest"]), ACCEPTED)[RECORD])
    }  # fmt: skip
    first = {(link["agency"], link["from_version"]) for link in links}
    references |= {v["reference"] for v in held_in if (v["agency"], v["number"]) in first}
    since = min((v["published"] for v in held_in), default=None)
    return files_given(connection, registry.pilot, references, viewers=set(own), since=since)


def _values(connection: Connection, pilot: str, person: str) -> list[dict[str, Any]]:
    a = AttributeRow
    rows = _rows(
        connection, select(a.__table__).where(a.pilot == pilot, a.person == person).order_by(a.field, a.from_version)
    )
    sealed = [(Row(*(row[name] for name in Row._fields)), str(row["value"])) for row in rows]
    kept = ("field", "agency", "record", "rule", "from_version", "until_version")
    return [
        {**{name: row[name] for name in kept}, "value": value}
        for row, value in zip(rows, open_values(connection, pilot, sealed), strict=True)
    ]


def _versions(connection: Connection, pilot: str) -> list[dict[str, Any]]:
    delivery, version = DeliveryRow, VersionRow
    query = (
        select(version.number, version.published, delivery.reference, delivery.agency, delivery.received)
        .join(delivery, delivery.id == version.delivery_id)
        .where(version.pilot == pilot)
        .order_by(version.number)
    )
    return _rows(connection, query)


def _holds(link: dict[str, Any], version: int) -> bool:
    until = link["until_version"]
    return bool(link["from_version"] <= version and (until is None or until > version))


def _rows(connection: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]
