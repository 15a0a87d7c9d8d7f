"""OCEL 2.0 in SQLite: a table for each type of object and of event, named by two tables of types."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from perintis.doors.importers.attributes import SQL_TYPES
from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.mapping import AttributeType
from perintis.doors.importers.ocel import OcelEvent, OcelObject, Value, changed_note
from perintis.words.errors import BadInput

MAGIC = b"SQLite format 3\0"
HEAD = 100
TABLES = ("event", "object", "event_object", "event_map_type", "object_map_type")
DAMAGED = "the SQLite file is damaged or not written as OCEL says; export it again"
NOT_ATTRIBUTES = frozenset({"ocel_id", "ocel_time", "ocel_changed_field"})

OBJECTS = """SELECT t.*, o.rowid AS ocel_number FROM "object" o LEFT JOIN {table} t ON t.ocel_id = o.ocel_id
WHERE o.ocel_type = ? ORDER BY o.rowid, t.ocel_time"""
EVENTS = """SELECT e.rowid AS ocel_number, t.*, r.ocel_object_id AS ocel_related FROM "event" e
JOIN {table} t ON t.ocel_id = e.ocel_id LEFT JOIN event_object r ON r.ocel_event_id = e.ocel_id
WHERE e.ocel_type = ? ORDER BY e.rowid, r.rowid"""


class OcelSqlite:
    """One SQLite file, opened for reading only; objects and events come type by type."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notes: list[str] = []
        self.kinds: dict[tuple[str, str], AttributeType] = {}
        self._checked = False
        with open_log(path) as stream:
            head = stream.read(HEAD)
        if not head.startswith(MAGIC):
            raise BadInput(f"{path.name}: not an SQLite file, or one with a password; export the log again")
        if path.stat().st_size < _size(head):
            raise BadInput(f"{path.name}: the SQLite file is cut off; copy it again, nothing was stored")

    def objects(self) -> Iterator[OcelObject]:
        """All objects; of an attribute that changed over time the last value."""
        changed = 0
        with self._opened() as log:
            for kind, rows in self._by_type(log, "object", OBJECTS):
                for number, group in groupby(rows, key=lambda row: row["ocel_number"]):
                    one, changes = _last_state(kind, list(group))
                    changed += changes
                    if one is None:
                        raise BadInput(f"{self._path.name}: object {number} has no row in the table of its type {kind}")
                    yield one
        self.notes += changed_note(changed)

    def events(self) -> Iterator[OcelEvent]:
        """All events, type by type, numbered as in the table `event`."""
        with self._opened() as log:
            for kind, rows in self._by_type(log, "event", EVENTS):
                for number, group in groupby(rows, key=lambda row: row["ocel_number"]):
                    same = list(group)
                    ids = tuple(str(row["ocel_related"]) for row in same if row["ocel_related"] is not None)
                    yield OcelEvent(int(number), kind, _written(same[0]["ocel_time"]), _attributes(same[0]), ids)

    def _by_type(self, log: sqlite3.Connection, what: str, query: str) -> Iterator[tuple[str, Iterator[sqlite3.Row]]]:
        """Each type of objects or events with its rows."""
        for kind, suffix in log.execute(f'SELECT ocel_type, ocel_type_map FROM "{what}_map_type"').fetchall():
            table = _quoted(f"{what}_{suffix}")
            for column in log.execute(f"PRAGMA table_info({table})"):
                if what == "object" and column["type"].upper() in SQL_TYPES:
                    self.kinds[kind, column["name"]] = SQL_TYPES[column["type"].upper()]
            yield kind, log.execute(query.format(table=table), (kind,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The log, open for reading; whatever SQLite finds wrong while it is read is one sentence."""
        beside = self._path.with_name(self._path.name + "-wal")  # what is not yet in the file itself
        how = "mode=ro" if beside.exists() else "mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self._path.resolve()))}?{how}", uri=True)) as log:
                log.row_factory = sqlite3.Row
                there = {row["name"] for row in log.execute("SELECT name FROM sqlite_master")}
                missing = [table for table in TABLES if table not in there]
                if missing:
                    raise BadInput(f"{self._path.name}: not an OCEL 2.0 log, for it has no table {missing[0]!r}")
                if not self._checked and log.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise BadInput(f"{self._path.name}: {DAMAGED}")
                self._checked = True
                yield log
        except (sqlite3.Error, UnicodeError) as error:
            raise BadInput(f"{self._path.name}: {DAMAGED}") from error


def _size(head: bytes) -> int:
    """Bytes that the file has by its own header, so that one which lost its end is known; 0 where it does not say.

    Offsets as in "Database File Format", sqlite.org: page size at 16 (1 means 65,536), pages at 28, which count only
    where the numbers at 24 and 92 are the same.
    """
    if len(head) < HEAD:
        return HEAD
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    return (65_536 if page == 1 else page) * pages if head[24:28] == head[92:96] else 0


def _last_state(kind: str, rows: list[sqlite3.Row]) -> tuple[OcelObject | None, int]:
    """An object from its rows in the order of time, and how many of its attributes changed."""
    if rows[0]["ocel_id"] is None:
        return None, 0
    state: dict[str, Value] = {}
    changed: set[str] = set()
    for row in rows:
        for name, value in _attributes(row).items():
            if state.get(name, value) != value:
                changed.add(name)
            state[name] = value
    return OcelObject(str(rows[0]["ocel_id"]), kind, state), len(changed)


def _attributes(row: sqlite3.Row) -> dict[str, Value]:
    """What is not null in the row of an object or an event, beside the columns that the format prescribes."""
    names = (name for name in row.keys() if name not in NOT_ATTRIBUTES and not name.startswith("ocel_"))  # noqa: SIM118
    return {name: row[name] for name in names if row[name] is not None}


def _written(value: Any) -> str | None:
    return None if value is None else str(value).removesuffix(" UTC")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
