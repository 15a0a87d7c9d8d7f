"""Seals and opens personal data: each case has a data key and a salt of its own, wrapped with the master key.

What is sealed belongs to one place (store, case, table, column, and the step visit of an answer): in another place it
cannot be opened. AES-256-GCM, a random nonce each time (NIST SP 800-38D).
"""

from __future__ import annotations

import base64
import os
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from perintis.doors.store.database import insert_rows, one_of
from perintis.doors.store.models_vault import SecretRow, VaultRow
from perintis.doors.vault.keys import NONCE, SIZE, KeyMissing, Keyring, KeySource, MasterKey
from perintis.rules.chain import commit
from perintis.words.errors import PerintisError

APPLICATION, DECISION, NOTE = "payloads.application", "payloads.decision", "payloads.note"
PSEUDONYMS, MESSAGES = "pseudonyms", "messages"
PERSON_KEY, EXTRACT_KEY = "{store}/registry/{pilot}/{owner}", "{store}/extract/{pilot}/{owner}"
"""What the keys of a registry's person and of a delivered extract are bound to."""
_KEPT = 8_192  # keys of cases at hand; some 700 bytes each
_SECRETS = "SELECT name, master, sealed FROM vault_secrets"


def answer_place(step: str, visit: int) -> str:
    """The place of the answer to a step visit."""
    return f"work.result/{step}/{visit}"


def request_place(step: str, visit: int) -> str:
    """The place of a request to an agency's system."""
    return f"outbox.body/{step}/{visit}"


def fresh_nonces(count: int) -> Iterator[bytes]:
    """So many new random nonces, drawn at once: each draw lets another thread in, and getting back takes a while.

    They are for the batch at hand alone: kept any longer, a forked process would use them once more.
    """
    drawn = os.urandom(NONCE * count)
    return (drawn[at : at + NONCE] for at in range(0, len(drawn), NONCE))


class Key(Protocol):
    """What seals the personal data of one case."""

    def seal(self, place: str, text: str, nonce: bytes | None = None) -> str:
        """A text as the store keeps it; a `nonce`, of `fresh_nonces`, is used once."""
        ...

    def open(self, place: str, sealed: str) -> str:
        """The text again. Raises PerintisError where it was changed or does not belong there."""
        ...

    def commit(self, place: str, text: str) -> bytes | None:
        """What an event says of the text."""
        ...


class CaseKey(NamedTuple):
    """Data key and salt of a case; `about` names store and case."""

    cipher: AESGCM
    salt: bytes
    about: str

    def seal(self, place: str, text: str, nonce: bytes | None = None) -> str:
        """A text as the store keeps it: base64 of nonce and ciphertext."""
        nonce = nonce or os.urandom(NONCE)
        sealed = self.cipher.encrypt(nonce, text.encode(), f"{self.about}/{place}".encode())
        return b2a_base64(nonce + sealed, newline=False).decode()

    def open(self, place: str, sealed: str) -> str:
        """The text again. Raises PerintisError where it was changed or does not belong there."""
        try:
            packed = base64.b64decode(sealed, validate=True)
            return self.cipher.decrypt(packed[:NONCE], packed[NONCE:], f"{self.about}/{place}".encode()).decode()
        except (InvalidTag, ValueError):
            case = self.about.rpartition("/")[2]
            raise PerintisError(
                f"{place} of case {case} was changed or moved in the store; restore it from a copy"
            ) from None

    def commit(self, place: str, text: str) -> bytes | None:
        """What an event says of the text."""
        return commit(self.salt, place, text)


class _Plain:
    """Seals nothing: what the benchmark of the vault compares with."""

    def seal(self, place: str, text: str, nonce: bytes | None = None) -> str:
        return text

    def open(self, place: str, sealed: str) -> str:
        return sealed

    def commit(self, place: str, text: str) -> bytes | None:
        return None


class Vault:
    """The keys of one store, opened when they are needed and kept for a while."""

    def __init__(self, source: KeySource, *, protects: bool = True) -> None:
        self.source = source
        self.protects = protects
        self._ring: Keyring | None = None
        self._name = ""
        self._cases: dict[int, CaseKey] = {}

    def store(self, connection: Connection) -> str:
        """The name of the store, to which everything sealed is bound."""
        if not self._name:
            self._name = str(connection.exec_driver_sql("SELECT name FROM store").scalar_one())
        return self._name

    def found(self, connection: Connection) -> None:
        """Give a new store its secrets, and make the master key where it may be made. Later this changes nothing."""
        if not self.protects or connection.exec_driver_sql(_SECRETS).first() is not None:
            return
        try:
            self._ring = self.source.read()
        except KeyMissing:
            self._ring = self.source.make()
        key, store = self._ring.current, self.store(connection)
        rows = [(n, key.id, key.wrap(os.urandom(2 * SIZE), f"{store}/{n}")) for n in (PSEUDONYMS, MESSAGES)]
        insert_rows(connection, SecretRow, ("name", "master", "sealed"), rows)

    def ring(self) -> Keyring:
        """The master keys. Raises KeyMissing."""
        if self._ring is None:
            self._ring = self.source.read()
        return self._ring

    def forget(self) -> None:
        """Read all keys anew when they are needed next."""
        self._ring = None
        self._cases = {}

    def secret(self, connection: Connection, name: str) -> bytes:
        """A secret of the store as a whole, 64 bytes."""
        found = {row[0]: row for row in connection.exec_driver_sql(_SECRETS)}
        if name not in found:
            raise PerintisError("the store has lost its secrets; restore the table vault_secrets from a copy")
        _, master, sealed = found[name]
        return self.ring().find(master).unwrap(sealed, f"{self.store(connection)}/{name}")

    def messages(self, connection: Connection) -> Key:
        """The key of messages that belong to no case yet."""
        if not self.protects:
            return _Plain()
        secret = self.secret(connection, MESSAGES)
        return CaseKey(AESGCM(secret[:SIZE]), secret[SIZE:], f"{self.store(connection)}/messages")

    def new(self, connection: Connection, cases: Sequence[int]) -> Mapping[int, Key]:
        """Make keys for new cases and store them, wrapped."""
        if not self.protects or not cases:
            return dict.fromkeys(cases, _Plain())
        current = self._checked(connection)
        keys, rows = dict[int, Key](), []
        store = self.store(connection)
        for case in cases:
            secret, about = os.urandom(2 * SIZE), f"{store}/{case}"
            keys[case] = _case_key(secret, about)
            rows.append((case, current.id, current.wrap(secret, about)))
        insert_rows(connection, VaultRow, ("case_id", "master", "sealed"), rows)
        return keys  # not kept: this transaction may yet be undone

    def keys(self, connection: Connection, cases: Iterable[int]) -> Mapping[int, Key]:
        """The keys of cases; a case whose key was destroyed, or that never had one, is left out."""
        if not self.protects:
            return dict.fromkeys(cases, _Plain())
        wanted = set(cases)
        kept = self._cases
        found: dict[int, Key] = {case: kept[case] for case in wanted if case in kept}
        if missing := sorted(wanted - found.keys()):
            fresh = self._load(connection, missing)
            found |= fresh
            if len(kept) + len(fresh) > _KEPT:
                kept = {}
            self._cases = {**kept, **fresh} if len(fresh) <= _KEPT else {}
        return found

    def _load(self, connection: Connection, cases: Sequence[int]) -> dict[int, CaseKey]:
        store = self.store(connection)
        rows = connection.exec_driver_sql(
            "SELECT case_id, master, sealed FROM vault WHERE sealed IS NOT NULL AND "
            + one_of(connection, "case_id", cases)
        ).all()
        return unwrapped(self.ring(), store, rows) if rows else {}

    def _checked(self, connection: Connection) -> MasterKey:
        """The master key for new things; KeyMissing where this store was made with others than those at hand."""
        master = connection.exec_driver_sql("SELECT master FROM vault_secrets").scalars().first()
        ring = self.ring()
        if master is not None:
            ring.find(master)
        return ring.current


def unwrapped(ring: Keyring, store: str, rows: Iterable[Sequence[Any]]) -> dict[int, CaseKey]:
    """The keys of rows (case, id of the master key, wrapped)."""
    return {
        case: _case_key(ring.find(master).unwrap(sealed, f"{store}/{case}"), f"{store}/{case}")
        for case, master, sealed in rows
    }


def _case_key(secret: bytes, about: str) -> CaseKey:
    return CaseKey(AESGCM(secret[:SIZE]), secret[SIZE:], about)


def vault_of(connection: Connection) -> Vault:
    """The vault of the store that a connection leads to."""
    vault: Vault = connection.get_execution_options()["perintis_vault"]
    return vault


def open_or_erased(keys: Mapping[int, Key], case: int, place: str, sealed: str | None) -> str | None:
    """The text, or None where there is none or the case was erased."""
    return None if sealed is None or case not in keys else keys[case].open(place, sealed)
