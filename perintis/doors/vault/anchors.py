"""Anchors: a file outside the database that says up to which event, and with which hash, each case had come.

Whoever can write the database can rewrite a history together with all its hashes. The file then says otherwise. It is
only ever appended to, one JSON line a run, and each line is chained to the one before:

    {"at": "...", "store": "...", "cases": [[case, event, hash, disclosures], ...], "previous": "...", "hash": "..."}

`disclosures` stands for what had been disclosed of the case (see `disclosed`), empty for nothing.
`"records": [how many, hash]` says the same of what is recorded beside the events, where something was added to it.

Keep a copy of it where those who look after the database cannot write. The hash of an event is shortened to its first
16 bytes. A line that a crash cut off is left alone; the next one is chained to the last whole line.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlalchemy import Connection

from perintis.doors.store.database import Database, insert_rows, set_rows
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models_vault import AnchorRow
from perintis.doors.store.types import to_micros
from perintis.doors.vault.disclosed import disclosures_of, folded, term_digests
from perintis.words.errors import PerintisError

SHORT = 16
_PART = 20_000
_CHANGED = (
    "SELECT c.id, c.last_seq, e.hash FROM cases c JOIN events e ON e.case_id = c.id AND e.seq = c.last_seq "
    "WHERE c.rehearsal IS NULL AND c.anchored < c.last_seq AND e.hash IS NOT NULL ORDER BY c.id LIMIT {part}"
)

_RECORDS = (
    "SELECT id, hash FROM chained_records WHERE id > (SELECT coalesce(max(records), 0) FROM anchors) "
    "ORDER BY id DESC LIMIT 1"
)

RecordHead = tuple[int, str]
"""How many records beside the events there were, and the beginning of the last one's hash in hexadecimal digits."""
Head = tuple[int, int, str, str]
"""A case, the number of its last event, the beginning of that event's hash in hexadecimal digits, its disclosures."""


def anchor(database: Database, now: datetime) -> int:
    """Write how far each case, and what is recorded beside the cases, has come since the last time.

    Returns how many cases. Nothing where there is no folder.

    The file comes first: after a crash in between the same is written once more, which does no harm.
    """
    if database.anchors is None or not database.vault.protects or not _any_changed(database):
        return 0
    written = 0
    with database.write() as connection, _locked(database.anchors, database.vault.store(connection)) as stream:
        while True:
            rows = connection.exec_driver_sql(_CHANGED.format(part=_PART)).all()
            records = _records(connection)
            if not rows and records is None:
                break
            heads = _heads(connection, rows)
            name, line = _append(stream, database.vault.store(connection), heads, records, now)
            failpoint("anchor:written")
            note = (name, line, to_micros(now), len(heads), None if records is None else records[0])
            insert_rows(connection, AnchorRow, ("file", "line", "at", "cases", "records"), [note])
            set_rows(
                connection, "cases", {"anchored": "bigint"}, {"id": "bigint"}, [(seq, case) for case, seq, *_ in heads]
            )
            written += len(heads)
        failpoint("anchor:commit")
    return written


def _heads(connection: Connection, rows: Sequence[Any]) -> list[Head]:
    """The heads of cases, given as case, event and hash."""
    terms = term_digests(connection)
    disclosed = disclosures_of(connection, [row[0] for row in rows]) if rows else {}
    return [
        (case, seq, told[:SHORT].hex(), folded(disclosed.get(case, ()), terms, seq)) for case, seq, told in rows
    ]  # fmt: skip


def _any_changed(database: Database) -> bool:
    with database.read() as connection:
        some = connection.exec_driver_sql(_CHANGED.format(part=1)).first()
        return some is not None or _records(connection) is not None


def _records(connection: Connection) -> RecordHead | None:
    row = connection.exec_driver_sql(_RECORDS).first()
    return None if row is None else (row[0], row[1][:SHORT].hex())


def anchor_file(folder: Path, store: str) -> Path:
    """The anchor file of a store."""
    return folder / f"{store}.jsonl"


@contextmanager
def _locked(folder: Path, store: str) -> Iterator[IO[bytes]]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(anchor_file(folder, store), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise PerintisError(f"the anchor file in {folder} cannot be written ({error.strerror})") from None
    with os.fdopen(descriptor, "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _append(
    stream: IO[bytes], store: str, heads: Sequence[Head], records: RecordHead | None, now: datetime
) -> tuple[str, str]:
    """Add a line and see it on disk; returns the name of the file and the hash of the line."""
    name, previous, whole = _end(stream)
    line: dict[str, Any] = {"at": now.isoformat(), "store": store, "cases": heads, "previous": previous}
    if records is not None:
        line["records"] = records
    if not name:
        name = line["file"] = secrets.token_hex(8)
    told = line["hash"] = _hash_of(line)
    stream.seek(0, os.SEEK_END)
    stream.write((b"" if whole else b"\n") + _bytes(line) + b"\n")
    stream.flush()
    os.fsync(stream.fileno())
    return name, told


def _end(stream: IO[bytes]) -> tuple[str, str, bool]:
    """The name of the file (its first line says it), the hash of its last whole line, and whether it ends with one."""
    stream.seek(0)
    first = next((line for line in map(_parse, stream) if line is not None), None)
    if first is None:
        stream.seek(0, os.SEEK_END)
        return "", "", stream.tell() == 0
    size = stream.seek(0, os.SEEK_END)
    step = 1 << 16
    while True:  # the last whole line, read from the end
        stream.seek(max(0, size - step))
        text = stream.read()
        found = [line for line in map(_parse, text.split(b"\n")) if line is not None]
        if found or step >= size:
            return str(first.get("file", "")), str(found[-1]["hash"]), text.endswith(b"\n")
        step *= 4


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("hash"), str) else None


def _bytes(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def _hash_of(line: dict[str, Any]) -> str:
    return sha256(_bytes({name: value for name, value in line.items() if name != "hash"})).hexdigest()


class CaseHead(NamedTuple):
    """Up to which event a case had come, the beginning of its hash, and its disclosures where the file says them."""

    seq: int
    hash: str
    disclosed: str | None = None


@dataclass
class Anchored:
    """What an anchor file says: by case the heads it had, those of the records beside the events, the hashes of its
    lines, and what is wrong with the file."""

    name: str = ""
    heads: dict[int, list[CaseHead]] = field(default_factory=dict)
    records: list[RecordHead] = field(default_factory=list)
    lines: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def read_anchors(file: Path, store: str) -> Anchored:
    """Everything that the anchor file of a store says; empty where there is none."""
    found = Anchored()
    if not file.exists():
        return found
    previous = ""
    with file.open("rb") as stream:
        for number, text in enumerate(stream, start=1):
            line = _parse(text)
            if line is None:
                continue  # cut off by a crash; if it was whole once, the next line does not follow the one before
            if line["hash"] != _hash_of(line) or line.get("previous") != previous or line.get("store") != store:
                found.problems.append(f"line {number} of {file.name} was changed, or a line before it is missing")
            previous = line["hash"]
            found.name = found.name or str(line.get("file", ""))
            found.lines.add(previous)
            if "records" in line:
                found.records.append((line["records"][0], line["records"][1]))
            for case, *head in line["cases"]:
                found.heads.setdefault(case, []).append(CaseHead(*head))
    return found


def missing_lines(connection: Connection, found: Anchored, file: Path) -> Iterator[str]:
    """What the database knows to have been written to this file, and is not in it."""
    rows = connection.exec_driver_sql("SELECT file, line FROM anchors ORDER BY id").all()
    if rows and found.name not in {name for name, _ in rows}:
        what = "is not the one that was written" if file.exists() else "is missing"
        yield f"the anchor file {file} {what}; {len(rows):,} lines were anchored, on this machine or another"
        return
    lost = [line for name, line in rows if name == found.name and line not in found.lines]
    if lost:
        yield f"{len(lost):,} lines of {file.name} are missing; it was cut or replaced"
