"""Opens what the registries of a store have sealed: values, keys and files. It needs the master key.

A sealed value belongs to one row, so one that was edited, swapped or moved cannot be opened. What was erased is
counted: there the key and the values must be gone, and an act must say who erased it and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, select

from perintis.doors.registry.models import AttributeRow, DeliveryRow, LinkRow, PersonKeyRow, VersionRow
from perintis.doors.registry.sealed_values import Row, about_person, open_value
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, SCORED, Shelf
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.models_vault import ActRow
from perintis.doors.vault.acts import Act
from perintis.doors.vault.vault import vault_of
from perintis.words.errors import PerintisError

_PART = 20_000


@dataclass
class Opened:
    """What came of opening everything: values and files that fit, persons who are erased, and what does not fit."""

    values: int = 0
    files: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)


def verify_registries(
    database: Database, settings: Settings, progress: Callable[[int, int], None] | None = None
) -> Opened:  # fmt: skip
    """Open every value and every file of every registry of the store; `progress` counts values.

    Raises KeyMissing where the master key is not at hand, or is another one than the store was sealed with.
    """
    found = Opened()
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(AttributeRow)).scalar_one()
        if total:
            database.vault.secret(connection, "messages")  # a wrong key is one sentence, not one problem a value
        for pilot in connection.execute(select(DeliveryRow.pilot).distinct().order_by(DeliveryRow.pilot)).scalars():
            ciphers, erased = _keys(connection, pilot, found)
            for done in _values(connection, pilot, ciphers, erased, found):
                if progress is not None:
                    progress(done, total)
            found.problems += _versions(connection, pilot)
    for pilot, deliveries in _deliveries(database).items():
        _files(Shelf(settings, pilot, database), deliveries, found)
    return found


def _keys(connection: Connection, pilot: str, found: Opened) -> tuple[dict[str, AESGCM | None], set[str]]:
    """The ciphers of persons, None where a key cannot be opened, and who is erased."""
    store, ring = vault_of(connection).store(connection), vault_of(connection).ring()
    row = PersonKeyRow
    rows = connection.execute(
        select(row.person, row.master, row.sealed, row.erased).where(row.pilot == pilot).order_by(row.person)
    ).all()
    acted = set(connection.execute(select(ActRow.act).where(ActRow.pilot == pilot)).scalars())
    ciphers: dict[str, AESGCM | None] = {}
    erased = set()
    for person, master, sealed, at in rows:
        if sealed is not None:
            try:
                ciphers[person] = AESGCM(ring.find(master).unwrap(sealed, about_person(store, pilot, person)))
            except PerintisError as error:
                ciphers[person] = None
                found.problems.append(f"the key of person {person} cannot be opened: {error}")
        if at is None and sealed is None:
            found.problems.append(f"the key of person {person} is gone, but the person was not erased")
        if at is not None:
            erased.add(person)
            wrong = "the key is there" if sealed is not None else None
            if f"{Act.ERASE.value} person {person}" not in acted:
                wrong = "no act records who erased it and why"
            found.problems += [f"person {person} is erased, but {wrong}"] if wrong else []
            found.erased += wrong is None
    return ciphers, erased


def _values(
    connection: Connection, pilot: str, ciphers: Mapping[str, AESGCM | None], erased: set[str], found: Opened
) -> Iterator[int]:
    """Open the values of a pilot; yields how many are done."""
    base, a, after, done = f"{vault_of(connection).store(connection)}/{pilot}", AttributeRow, 0, 0
    query = select(a.id, a.person, a.field, a.from_version, a.agency, a.record, a.value).where(a.pilot == pilot)
    while rows := connection.execute(query.where(a.id > after).order_by(a.id).limit(_PART)).all():
        for one in rows:
            row = Row(one[1], one[2], one[3], one[4], one[5])
            if problem := _problem(row, one[6], ciphers, base, erased):
                found.problems.append(problem)
            else:
                found.values += row.person not in erased
        after, done = rows[-1][0], done + len(rows)
        yield done


def _problem(row: Row, value: str, ciphers: Mapping[str, AESGCM | None], base: str, erased: set[str]) -> str | None:
    """What is wrong with a value, or None."""
    named = f"{row.field} of person {row.person} (version {row.from_version})"
    if row.person in erased:
        return f"{named} is there, but the person is erased" if value else None
    if row.person not in ciphers:
        return f"{named} has no key"
    cipher = ciphers[row.person]
    if cipher is None:
        return None  # told once, with the key
    if not value:
        return f"{named} is gone, but the person was not erased"
    try:
        open_value(cipher, base, row, value)
    except PerintisError:
        return f"{named} cannot be opened: it was changed, or moved here from elsewhere"
    return None


def _versions(connection: Connection, pilot: str) -> Iterator[str]:
    """The versions whose links are not as many as were published."""
    v, link = VersionRow, LinkRow
    held = (link.from_version <= v.number) & (link.until_version.is_(None) | (link.until_version > v.number))
    query = (
        select(v.number, v.records, v.persons, func.count(link.id), func.count(link.person.distinct()))
        .outerjoin(link, (link.pilot == v.pilot) & held)
        .where(v.pilot == pilot)
        .group_by(v.id, v.number, v.records, v.persons)
        .order_by(v.number)
    )
    for number, records, persons, links, linked in connection.execute(query):
        if (records, persons) != (links, linked):
            told = f"{records:,} records of {persons:,} persons"
            yield f"version {number} was published with {told}, and {links:,} of {linked:,} are linked in it"


def _deliveries(database: Database) -> dict[str, list[tuple[str, str, bool, bool]]]:
    """By pilot the deliveries: checksum, reference, and whether it was standardised and linked."""
    d = DeliveryRow
    query = select(d.pilot, d.digest, d.reference, d.accepted.is_not(None), d.linked.is_not(None)).order_by(d.id)
    found: dict[str, list[tuple[str, str, bool, bool]]] = {}
    with database.read() as connection:
        for pilot, *delivery in connection.execute(query):
            found.setdefault(pilot, []).append((*delivery,))  # type: ignore[arg-type]
    return found


def _files(shelf: Shelf, deliveries: list[tuple[str, str, bool, bool]], found: Opened) -> None:
    """Open every file of the extracts, and look for those that must be there."""
    for digest, reference, standardised, linked in deliveries:
        wanted = [name for name, there in ((ACCEPTED, standardised), (SCORED, linked)) if there]
        missing = [name for name in wanted if not shelf.has(digest, name)]
        found.problems += (f"{name} of extract {reference} is missing in {shelf.folder}" for name in missing)
    for digest in shelf.digests():
        for name in (EXTRACT, ACCEPTED, SCORED):
            if not shelf.has(digest, name):
                continue
            try:
                shelf.check(digest, name)
                found.files += 1
            except PerintisError as error:
                found.problems.append(str(error))
