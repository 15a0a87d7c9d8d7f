"""Seals and opens the values of persons, many at a time: each person has a key of their own, wrapped as that of a case.

A sealed value belongs to one row (store, pilot, person, field, first version, agency, record): in another it cannot be
opened. AES-256-GCM, a random nonce each time (NIST SP 800-38D). Values are compared only after they were opened; no
hash of a value is kept anywhere.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select

from perintis.doors.registry.models import PersonKeyRow
from perintis.doors.vault.keys import NONCE, SIZE, MasterKey
from perintis.doors.vault.vault import MESSAGES, PERSON_KEY, fresh_nonces, vault_of
from perintis.words.errors import NotAllowed, PerintisError

ERASED = "erased"
"""What is shown in the place of a value of an erased person."""
_FEW = 500
_ROWS = 2_000


class Row(NamedTuple):
    """The row that a value stands in."""

    person: str
    field: str
    from_version: int
    agency: str
    record: str


class Marks(NamedTuple):
    """The persons of a registry whose data were erased, and those whose processing is restricted."""

    erased: frozenset[str]
    restricted: frozenset[str]


def marks(connection: Connection, pilot: str) -> Marks:
    """Who was erased and who is restricted."""
    row = PersonKeyRow
    query = select(row.person, row.erased).where(
        row.pilot == pilot, row.erased.is_not(None) | row.restricted.is_not(None)
    )
    found = connection.execute(query).all()
    return Marks(
        frozenset(person for person, erased in found if erased is not None),
        frozenset(person for person, erased in found if erased is None),
    )


def about_person(store: str, pilot: str, person: str) -> str:
    """What the wrapped key of a person is bound to."""
    return PERSON_KEY.format(store=store, pilot=pilot, owner=person)


def current_key(connection: Connection) -> MasterKey:
    """The master key for what is new; KeyMissing where this store was made with another one."""
    vault = vault_of(connection)
    vault.secret(connection, MESSAGES)
    return vault.ring().current


def make_keys(connection: Connection, pilot: str, persons: Collection[str]) -> None:
    """Give those of the persons a key who have none yet. Raises NotAllowed for an erased one."""
    _ciphers(connection, pilot, persons, make=True)


def seal_values(connection: Connection, pilot: str, rows: Sequence[tuple[Row, str]]) -> list[str]:
    """The values of these rows as the store keeps them; new persons get keys. Raises NotAllowed for an erased one."""
    ciphers = _ciphers(connection, pilot, {row.person for row, _ in rows}, make=True)
    base = f"{vault_of(connection).store(connection)}/{pilot}"
    sealed = []
    for (row, value), nonce in zip(rows, fresh_nonces(len(rows)), strict=True):
        content = ciphers[row.person].encrypt(nonce, value.encode(), _about(base, row))
        sealed.append(base64.b64encode(nonce + content).decode())
    return sealed


def open_values(connection: Connection, pilot: str, rows: Sequence[tuple[Row, str]]) -> list[str]:
    """The values again, ERASED for a person whose key was destroyed.

    Raises PerintisError where a value was changed in the store, or does not belong to its row.
    """
    ciphers = _ciphers(connection, pilot, {row.person for row, _ in rows}, make=False)
    base = f"{vault_of(connection).store(connection)}/{pilot}"
    return [_opened(ciphers.get(row.person), base, row, sealed) for row, sealed in rows]


def _opened(cipher: AESGCM | None, base: str, row: Row, sealed: str) -> str:
    return ERASED if cipher is None else open_value(cipher, base, row, sealed)


def open_value(cipher: AESGCM, base: str, row: Row, sealed: str) -> str:
    """One value with the cipher of its person; `base` is store and pilot. Raises PerintisError."""
    try:
        packed = base64.b64decode(sealed)
        return cipher.decrypt(packed[:NONCE], packed[NONCE:], _about(base, row)).decode()
    except (InvalidTag, ValueError):
        raise PerintisError(
            f"{row.field} of person {row.person} (version {row.from_version}) was changed or moved in the store; "
            "restore it from a copy"
        ) from None


def _about(base: str, row: Row) -> bytes:
    return "\x1f".join((base, row.person, row.field, str(row.from_version), row.agency, row.record)).encode()


def _ciphers(connection: Connection, pilot: str, persons: Collection[str], *, make: bool) -> dict[str, AESGCM]:
    """The ciphers of persons, without those who were erased (with `make`: NotAllowed, and new persons get a key)."""
    store, ring = vault_of(connection).store(connection), vault_of(connection).ring()
    found = {}
    known = set()
    for person, master, sealed in _kept(connection, pilot, persons):
        known.add(person)
        if sealed is not None:
            found[person] = AESGCM(ring.find(master).unwrap(sealed, about_person(store, pilot, person)))
        elif make:
            raise NotAllowed(f"person {person} was erased; nothing can be kept of them under this id")
    if make:
        found |= _made(connection, pilot, store, [person for person in persons if person not in known])
    return found


def _kept(connection: Connection, pilot: str, persons: Collection[str]) -> Iterable[Sequence[Any]]:
    row = PersonKeyRow
    query = select(row.person, row.master, row.sealed).where(row.pilot == pilot)
    if len(persons) <= _FEW:
        query = query.where(row.person.in_(sorted(persons)))
    return (found for found in connection.execute(query) if found[0] in persons)


def _made(connection: Connection, pilot: str, store: str, persons: Sequence[str]) -> dict[str, AESGCM]:
    if not persons:
        return {}
    current, made, rows = current_key(connection), {}, []
    for person in persons:
        secret = os.urandom(SIZE)
        made[person] = AESGCM(secret)
        wrapped = current.wrap(secret, about_person(store, pilot, person))
        rows.append({"pilot": pilot, "person": person, "master": current.id, "sealed": wrapped})
    for start in range(0, len(rows), _ROWS):
        connection.execute(insert(PersonKeyRow), rows[start : start + _ROWS])
    return made
