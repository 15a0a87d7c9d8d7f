"""Chains the events that are about to be written to those before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from perintis.doors.store.database import one_of
from perintis.doors.vault.vault import vault_of
from perintis.rules.chain import beginning, next_hash

COLUMNS = 12
"""How many columns of an event are hashed as they are; its commitment comes after them."""


class LastEvent(NamedTuple):
    """The last event of a case: its number and its hash."""

    seq: int
    hash: bytes


LastEvents = Mapping[int, LastEvent]
"""By case: the event last written, as far as whoever wrote it remembers it."""
NONE_KNOWN: LastEvents = {}


def chained(
    connection: Connection, rows: Sequence[tuple[Any, ...]], known: LastEvents = NONE_KNOWN
) -> list[tuple[Any, ...]]:
    """The rows with commitment and hash; those of one case come in the order of their numbers.

    What is `known` to be committed is not looked up: only what this very process wrote may be given.
    """
    vault = vault_of(connection)
    if not vault.protects:
        return [(*row[:COLUMNS], None, None) for row in rows]
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(row[0], row[1])
    heads = {case: known[case].hash for case, seq in first.items() if case in known and known[case].seq == seq - 1}
    asked = {case: seq for case, seq in first.items() if case not in heads} if heads else first
    heads.update(_before(connection, asked))
    heads.update(_beginnings(connection, vault.store(connection), asked))
    found = []
    for row in rows:
        told, commitment = row[:COLUMNS], row[COLUMNS] if len(row) > COLUMNS else None
        case = row[0]
        # A case without the event before can only have been tampered with: the chain then shows it.
        heads[case] = next_hash(heads.get(case, b""), told, commitment)
        found.append((*told, commitment, heads[case]))
    return found


def last_events(rows: Sequence[tuple[Any, ...]]) -> dict[int, LastEvent]:
    """The last event of each case among rows that `chained` gave."""
    return {row[0]: LastEvent(row[1], row[-1]) for row in rows if row[-1] is not None}


def _beginnings(connection: Connection, store: str, first: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    new = [case for case, seq in first.items() if seq == 1]
    if new:
        rows = connection.exec_driver_sql(f"SELECT id, pilot FROM cases WHERE {one_of(connection, 'id', new)}")
        yield from ((case, beginning(store, pilot, case)) for case, pilot in rows)


def _before(connection: Connection, first: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    """The hash of the event before the first of each case; looked up number by number, for there are few numbers."""
    by_number: dict[int, list[int]] = {}
    for case, seq in first.items():
        if seq > 1:
            by_number.setdefault(seq - 1, []).append(case)
    for seq, cases in by_number.items():
        rows = connection.exec_driver_sql(
            f"SELECT case_id, hash FROM events WHERE seq = {int(seq)} AND {one_of(connection, 'case_id', cases)}"
        )
        yield from ((case, told or b"") for case, told in rows)
