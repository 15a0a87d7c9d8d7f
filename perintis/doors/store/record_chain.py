"""Chains what is recorded beside the events: files given away, acts on personal data, looks at values of a registry.

All of them are links of one chain, in the order in which they were written; a file is chained with the term of the
agreement it rests on. The head of the chain is anchored like those of cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from perintis.doors.store.database import insert_rows, placeholder
from perintis.doors.store.models_records import ChainedRecordRow
from perintis.doors.vault.anchors import SHORT, RecordHead
from perintis.doors.vault.vault import vault_of
from perintis.rules.chain import record_hash, records_beginning

RECORDS: Mapping[str, str] = {
    "file_disclosures": (
        "SELECT r.id, r.pilot, r.at, r.what, r.reference, r.records, r.reason, r.term_id, t.agreement, t.version, "
        "t.article, t.discloses, t.receives, t.fields, CAST(t.purpose AS TEXT), CAST(t.legal_basis AS TEXT), "
        "CAST(t.retention AS TEXT) FROM file_disclosures r LEFT JOIN disclosure_terms t ON t.id = r.term_id"
    ),
    "vault_acts": "SELECT r.id, r.at, r.act, r.officer, r.pilot, r.reason FROM vault_acts r",
    "registry_accesses": (
        "SELECT r.id, r.pilot, r.at, r.what, r.agency, r.fields, r.rows, r.reason FROM registry_accesses r"
    ),
}
"""What is chained: by table, the query of what is hashed of a record, its number first."""


def add_records(connection: Connection, model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert records of one of the tables of `RECORDS` and chain them.

    Whoever adds one waits for whoever is adding one: call it last in a transaction.
    """
    _wait(connection)
    numbers = [connection.execute(insert(model).values(**row).returning(model.id)).scalar_one() for row in rows]
    _chain(connection, model.__tablename__, numbers)


def chain_old(connection: Connection) -> int:
    """Chain the records of a store in which none is chained yet; returns how many."""
    done = 0
    for table in RECORDS:
        numbers = connection.exec_driver_sql(f"SELECT id FROM {table} ORDER BY id").scalars().all()
        _chain(connection, table, numbers)
        done += len(numbers)
    return done


def _wait(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyhow
        connection.exec_driver_sql("LOCK TABLE chained_records IN SHARE ROW EXCLUSIVE MODE")


def _chain(connection: Connection, table: str, numbers: Sequence[int]) -> None:
    last, before = records_head(connection) or (0, records_beginning(vault_of(connection).store(connection)))
    query = f"{RECORDS[table]} WHERE r.id = {placeholder(connection)}"
    links = []
    for number in numbers:
        last, before = last + 1, record_hash(before, table, connection.exec_driver_sql(query, (number,)).one())
        links.append((last, table, number, before))
    insert_rows(connection, ChainedRecordRow, ("id", "record", "number", "hash"), links)


def records_head(connection: Connection) -> tuple[int, bytes] | None:
    """How many records are chained, and the hash of the last; None where there is none."""
    row = connection.exec_driver_sql("SELECT id, hash FROM chained_records ORDER BY id DESC LIMIT 1").first()
    return None if row is None else (row[0], bytes(row[1]))


def verify_records(connection: Connection, heads: Sequence[RecordHead]) -> Iterator[str]:
    """What of the records beside the events is not what was recorded, each named by its table and number.

    `heads` are those that were anchored. Every link is held against the one before as it is stored, so that one that
    was changed does not hide another.
    """
    known = {(table, row[0]): row for table in RECORDS for row in connection.exec_driver_sql(f"{RECORDS[table]}").all()}
    links = connection.exec_driver_sql("SELECT id, record, number, hash FROM chained_records ORDER BY id").all()
    before, expected = records_beginning(vault_of(connection).store(connection)), 1
    for place, table, number, told in links:
        if place != expected:
            yield f"link {expected} of the chain over records is missing"
        row = known.pop((table, number), None)
        if row is None:
            yield f"record {number} of {table} is gone, or chained twice"
        elif record_hash(before, table, row) != told:
            yield f"record {number} of {table} or its place in the history was changed afterwards"
        before, expected = bytes(told), place + 1
    yield from (f"record {number} of {table} is not chained to the others" for table, number in sorted(known))
    yield from _against_anchors(heads, {place: bytes(told) for place, _, _, told in links})


def _against_anchors(heads: Sequence[RecordHead], links: Mapping[int, bytes]) -> Iterator[str]:
    for place, told in heads:
        if place not in links:
            yield f"records after {max(links, default=0)} are missing: {place} were anchored"
            return
        if links[place][:SHORT].hex() != told:
            yield f"a record up to {place} was rewritten, and all after it chained anew: the anchor says so"
            return
