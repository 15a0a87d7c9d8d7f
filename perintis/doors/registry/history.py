"""Reads what the registry holds at a version, and what changed between two."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from perintis.doors.registry.models import AttributeRow, LinkRow, VersionRow
from perintis.doors.registry.sealed_values import Row, marks, open_values
from perintis.doors.store.database import Database
from perintis.rules.registry.differences import Difference, difference
from perintis.words.errors import NotAllowed, NotFound


class Value(NamedTuple):
    """The value of a person's field: from which record it is, and by which rule. ERASED where the person was erased."""

    value: str
    agency: str
    record: str
    rule: str


Ref = tuple[str, str]


class State(NamedTuple):
    """A version: the values by person and field, and the person and rule of each record."""

    values: dict[Ref, Value]
    links: dict[Ref, tuple[str, str]]


def newest(database: Database, pilot: str) -> int:
    """The number of the newest version; 0 where there is none."""
    wanted = select(func.max(VersionRow.number)).where(VersionRow.pilot == pilot)
    with database.read() as connection:
        return int(connection.execute(wanted).scalar() or 0)


def versions(database: Database, pilot: str) -> list[dict[str, Any]]:
    """The published versions, oldest first."""
    wanted = select(VersionRow.__table__).where(VersionRow.pilot == pilot).order_by(VersionRow.number)
    with database.read() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def held_at(model: type[AttributeRow] | type[LinkRow], version: int) -> ColumnElement[bool]:
    """Whether a row holds in a version."""
    ends = or_(model.until_version.is_(None), model.until_version > version)
    return and_(model.from_version <= version, ends)


def state(database: Database, pilot: str, version: int, *, opened: bool = True) -> State:
    """Everything that the registry holds at a version; version 0 is empty. Without `opened` all values are empty."""
    a = AttributeRow
    attributes = select(a.person, a.field, a.from_version, a.agency, a.record, a.value, a.rule)
    attributes = attributes.where(a.pilot == pilot, held_at(a, version))
    links = select(LinkRow.agency, LinkRow.record, LinkRow.person, LinkRow.rule)
    links = links.where(LinkRow.pilot == pilot, held_at(LinkRow, version))
    with database.read() as connection:
        linked = {(r[0], r[1]): (r[2], r[3]) for r in connection.execute(links)}
        rows = connection.execute(attributes).all()
        sealed = [(Row(*row[:5]), row[5]) for row in rows]
        values = open_values(connection, pilot, sealed) if opened else [""] * len(rows)
    held = {(row[0], row[1]): Value(value, row[3], row[4], row[6]) for row, value in zip(rows, values, strict=True)}
    return State(held, linked)


def check_version(database: Database, pilot: str, version: int) -> int:
    """The version where it exists, else NotFound with those there are."""
    last = newest(database, pilot)
    if not 1 <= version <= last:
        there = f"there are 1 to {last}" if last else "nothing has been published yet"
        raise NotFound(f"the registry of {pilot} has no version {version}; {there}")
    return version


def compare_versions(database: Database, pilot: str, before: int, after: int) -> Difference:
    """What changed from one version to another; version 0 is the empty registry before the first."""
    for version in (before, after):
        if version:
            check_version(database, pilot, version)
    first, second = state(database, pilot, before), state(database, pilot, after)
    return difference(_plain(first), _plain(second))


def _plain(of: State) -> tuple[dict[Ref, str], dict[Ref, str]]:
    values = {key: value.value for key, value in of.values.items()}
    return values, {ref: person for ref, (person, _) in of.links.items()}


def person_history(
    database: Database, pilot: str, person: str, *, opened: bool = True
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All values and links that a person ever had, oldest first. Without `opened` all values are empty.

    Raises NotFound where there is no such person, NotAllowed where values are asked for and processing is restricted.
    """
    with database.read() as connection:
        if opened and person in marks(connection, pilot).restricted:
            raise NotAllowed(
                f"the processing of person {person} is restricted; `perintis subject trace` shows what there is"
            )
        links = _rows_of(connection, LinkRow, LinkRow.agency, pilot, person)
        values = _rows_of(connection, AttributeRow, AttributeRow.field, pilot, person)
        sealed = [(Row(*(row[name] for name in Row._fields)), row["value"]) for row in values]
        plain = open_values(connection, pilot, sealed) if opened else [""] * len(values)
    if not links:
        raise NotFound(f"the registry of {pilot} has no person {person}; `perintis registry export` lists their ids")
    return [{**row, "value": value} for row, value in zip(values, plain, strict=True)], links


def _rows_of(connection: Connection, model: Any, order: Any, pilot: str, person: str) -> list[dict[str, Any]]:
    wanted = select(model.__table__).where(model.pilot == pilot, model.person == person)
    rows = connection.execute(wanted.order_by(order, model.from_version)).mappings()
    return [dict(row) for row in rows]
