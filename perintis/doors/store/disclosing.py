"""Writes what was disclosed, in the transaction of the event it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from perintis.doors.store.database import Database, insert_rows, placeholder
from perintis.doors.store.models_disclosure import DisclosureRow, FileDisclosureRow
from perintis.doors.store.record_chain import add_records
from perintis.engine.changes import Change
from perintis.rules.agreement import Disclosure
from perintis.rules.agreement.wording import Words

_TERM_COLUMNS = (
    "id", "agreement", "version", "article", "discloses", "receives", "fields", "purpose", "legal_basis", "retention",
)  # fmt: skip
_DISCLOSURE_COLUMNS = ("case_id", "seq", "term_id")


def keep_terms(database: Database, disclosures: Iterable[Disclosure]) -> None:
    """Keep the terms that these disclosures rest on, each once, in a transaction before the one that names them.

    Not in the same one: two workers that write the same new term while each holds cases would wait for one another.
    What this process knows to be kept is not asked for again.
    """
    new = {d.id: d for d in disclosures if d.id not in database.kept_terms}
    if not new:
        return
    with database.write() as connection:
        marks = ", ".join([placeholder(connection)] * len(_TERM_COLUMNS))
        for number in sorted(new):
            connection.exec_driver_sql(
                f"INSERT INTO disclosure_terms ({', '.join(_TERM_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                _term_row(new[number]),
            )
    database.kept_terms |= new.keys()


def keep_terms_of(database: Database, changes: Iterable[Change]) -> None:
    """Keep the terms that the disclosures of these changes rest on."""
    kept = database.kept_terms
    keep_terms(database, [d for change in changes for d in change.disclosed if d.id not in kept])


def _term_row(disclosure: Disclosure) -> tuple[Any, ...]:
    term = disclosure.term
    return (
        disclosure.id, disclosure.agreement, disclosure.version, term.article, term.discloses, term.receives,
        ",".join(disclosure.fields), _text(term.purpose), _text(term.legal_basis),
        None if term.retention is None else _text(term.retention),
    )  # fmt: skip


def _text(words: Words) -> str:
    return json.dumps(words.model_dump(), ensure_ascii=False)


def note_file(
    connection: Connection,
    pilot: str,
    what: str,
    disclosed: Iterable[Disclosure],
    *,
    records: int,
    at: datetime,
    reference: str | None = None,
    reason: str | None = None,
) -> None:
    """Note a file with records of many persons, a row for each term it rests on; `keep_terms` goes before."""
    about = {"pilot": pilot, "what": what, "records": records, "at": at, "reference": reference, "reason": reason}
    if rows := [{**about, "term_id": disclosure.id} for disclosure in disclosed]:
        add_records(connection, FileDisclosureRow, rows)


def write_disclosures(connection: Connection, disclosed: Sequence[tuple[Change, int]]) -> None:
    """Write the disclosures of changes, each given with the number of its event in the case."""
    rows = [(change.case, seq, disclosure.id) for change, seq in disclosed for disclosure in change.disclosed]
    insert_rows(connection, DisclosureRow, _DISCLOSURE_COLUMNS, rows)
