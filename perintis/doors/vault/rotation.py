"""Replaces the master key: every data key is wrapped anew; what the data keys sealed stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from perintis.doors.store.database import Database, update_rows
from perintis.doors.vault.acts import note_act
from perintis.doors.vault.keys import Keyring, new_key, replace_keys
from perintis.doors.vault.vault import EXTRACT_KEY, PERSON_KEY
from perintis.words.errors import NotAllowed

_PART = 2_000
_REGISTRY_KEYS = (
    ("registry_persons", ("pilot", "person"), PERSON_KEY),
    ("registry_extract_keys", ("pilot", "digest", "generation"), EXTRACT_KEY),
)
"""Tables, what their rows are found by, and what their keys are bound to."""


def rotate_key(
    database: Database, *, officer: str, reason: str, now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> int:  # fmt: skip
    """Wrap everything with a new master key; returns how many cases. Interrupted, the same command goes on from there.

    The keys of registries go first. A key in a file is replaced by a new one. A key from elsewhere is replaced by
    whoever keeps it: give both, the new one first. Raises NotAllowed where only one is given.
    """
    _new_first(database)
    ring = database.vault.ring()
    current = ring.current
    _rewrap_registries(database, ring)
    done, total = 0, _left(database, current.id)
    while rows := _some(database, current.id):
        with database.write() as connection:
            store = database.vault.store(connection)
            wrapped = [(current.id, _rewrapped(ring, row, store), row[0]) for row in rows]
            update_rows(
                connection, "UPDATE vault SET master = ?, sealed = ? WHERE case_id = ? AND sealed IS NOT NULL", wrapped
            )
        done += len(rows)
        if progress is not None:
            progress(done, total)
    with database.write() as connection:
        store = database.vault.store(connection)
        secrets = connection.exec_driver_sql("SELECT name, master, sealed FROM vault_secrets").all()
        update_rows(
            connection,
            "UPDATE vault_secrets SET master = ?, sealed = ? WHERE name = ?",
            [(current.id, _rewrapped(ring, row, store), row[0]) for row in secrets],
        )
        note_act(connection, "rotate-key", officer=officer, reason=reason, now=now, pilot=None)
    _drop_old(database)
    database.vault.forget()
    return done


def _rewrap_registries(database: Database, ring: Keyring) -> None:
    """Wrap the keys of the registries' persons and of delivered extracts anew."""
    current = ring.current
    for table, keys, about in _REGISTRY_KEYS:
        names = ", ".join(keys)
        query = (
            f"SELECT {names}, master, sealed FROM {table} WHERE sealed IS NOT NULL AND master <> '{current.id}' "
            f"LIMIT {_PART}"
        )
        found = " AND ".join(f"{key} = ?" for key in keys)
        while True:
            with database.write() as connection:
                store = database.vault.store(connection)
                rows = connection.exec_driver_sql(query).all()
                wrapped = []
                for *owner, master, sealed in rows:
                    bound = about.format(store=store, pilot=owner[0], owner=owner[1])
                    secret = ring.find(master).unwrap(sealed, bound)
                    wrapped.append((current.id, current.wrap(secret, bound), *owner))
                update_rows(connection, f"UPDATE {table} SET master = ?, sealed = ? WHERE {found}", wrapped)
            if not rows:
                break


def _rewrapped(ring: Keyring, row: Sequence[Any], store: str) -> str:
    """What is wrapped in (owner, id of the master key, wrapped), under the key for what is new."""
    owner, master, sealed = row
    about = f"{store}/{owner}"
    return ring.current.wrap(ring.find(master).unwrap(sealed, about), about)


def _some(database: Database, current: str) -> list[tuple[int, str, str]]:
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT case_id, master, sealed FROM vault WHERE sealed IS NOT NULL AND master <> '{current}' "
            f"LIMIT {_PART}"
        )
        return [(row[0], row[1], row[2]) for row in rows]


def _left(database: Database, current: str) -> int:
    with database.read() as connection:
        left = f"SELECT count(*) FROM vault WHERE sealed IS NOT NULL AND master <> '{current}'"
        return int(connection.exec_driver_sql(left).scalar_one())


def _new_first(database: Database) -> None:
    """Make sure that the first key at hand is a new one; a key file gets it, before the old one."""
    source = database.vault.source
    if len(database.vault.ring().keys) > 1:
        return  # given by whoever keeps them, or left by a rotation that was interrupted
    if source.file is None:
        raise NotAllowed(
            "give both keys to replace one by the other: the new one first, then the old, with a space between"
        )
    replace_keys(source.file, [new_key(), *source.file.read_text("ascii").split()])
    database.vault.forget()


def _drop_old(database: Database) -> None:
    source = database.vault.source
    if source.file is not None:
        replace_keys(source.file, source.file.read_text("ascii").split()[:1])
