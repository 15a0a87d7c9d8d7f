"""Read a log of any known format into the two analysis tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from perintis.doors.importers.attributes import Kinds
from perintis.doors.importers.cases import TableBuilder
from perintis.doors.importers.columns import Columns
from perintis.doors.importers.csv_log import CsvReader
from perintis.doors.importers.encoding import detect_encoding
from perintis.doors.importers.events import EventReader
from perintis.doors.importers.excel import ExcelRows
from perintis.doors.importers.gzip_stream import LogStream, Progress, open_log
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import Layout, Mapping
from perintis.doors.importers.milestones import MilestoneReader
from perintis.doors.importers.ocel import OcelCases, OcelSource
from perintis.doors.importers.ocel_json import OcelJson
from perintis.doors.importers.ocel_sqlite import OcelSqlite
from perintis.doors.importers.ocel_xml import OcelXml
from perintis.doors.importers.parquet import ParquetRows
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.table_rows import Pieces, TableRows
from perintis.doors.importers.writer import TablesWritten, TableWriter
from perintis.doors.importers.xes import XesReader
from perintis.doors.importers.xes_table import XesTables
from perintis.words.errors import BadInput

REJECTS_FILE = "rejects.csv"
WORKBOOKS = (".xlsx", ".xls", ".ods")
OCEL_XML = (".xmlocel", ".xml")
OCEL_JSON = (".jsonocel", ".json")
TYPED_FORMATS = (*WORKBOOKS, ".parquet")
NEVER_PACKED = (*TYPED_FORMATS, ".sqlite")
FORMATS = (".csv", ".xes", *WORKBOOKS, ".parquet", *OCEL_JSON, ".sqlite", *OCEL_XML)
PACKABLE = ", ".join(one for one in FORMATS if one not in NEVER_PACKED)


@dataclass(frozen=True)
class LogRead:
    """What a log gave: the tables in numbers, what was rejected and why, and notes that a reader should know."""

    tables: TablesWritten
    events: int
    filtered: int
    ignored: int
    rejected: int
    reasons: dict[str, int]
    notes: tuple[str, ...]


def read_log(
    path: Path, mapping: Mapping, folder: Path, progress: Progress | None = None, *, simple: bool = True
) -> LogRead:
    """Read a log into `folder`: cases.parquet, steps.parquet and rejects.csv.

    The format follows from the ending (`FORMATS`); text formats may be packed (.gz). Memory does not grow with the log
    except for the case ids, and for a workbook, which is read whole. `simple=False` reads XES by the XML parser alone.
    Raises `BadInput` where nothing can be taken.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the file of the log")
    kind = kind_of(path)
    with Rejects(folder / REJECTS_FILE) as rejects:
        reading = _Reading(path, mapping, folder, rejects, typed=kind in TYPED_FORMATS)
        return reading.store(reading.pieces(kind, progress, simple=simple), infer=kind != ".xes")


def kind_of(path: Path) -> str:
    """The ending that says how a file is read, one of `FORMATS`; raises `BadInput` for any other."""
    name = path.name.lower()
    kind = next((one for one in FORMATS if name.endswith((one, f"{one}.gz"))), None)
    if kind is None:
        known = ", ".join(FORMATS)
        raise BadInput(f"{path.name}: unknown kind of file; importers exist for {known}, and .gz of {PACKABLE}")
    if name.endswith(".gz") and kind in NEVER_PACKED:
        raise BadInput(f"{path.name}: unpack it first (gunzip); only {PACKABLE} are read packed")
    return kind


class _Reading:
    """One log being read: the readers, what they count, and where the tables go."""

    def __init__(self, path: Path, mapping: Mapping, folder: Path, rejects: Rejects, *, typed: bool) -> None:
        self._path = path
        self._mapping = mapping
        self._folder = folder
        self._rejects = rejects
        self._instants = InstantReader(mapping.zone, mapping.date_format, typed=typed)
        self._events = EventReader(mapping, self._instants, rejects)
        self._columns = Columns(path.name, mapping, rejects)
        self._builder = TableBuilder(mapping, self._instants, rejects)
        self._kinds: Kinds = {}
        self._read_events = 0
        self._filtered = 0
        self._notes: list[str] = []

    def store(self, pieces: Pieces, *, infer: bool) -> LogRead:
        """Build the tables of all pieces and write them."""
        writer = TableWriter(self._folder, self._instants, self._kinds, infer=infer)
        for raw, events in pieces:
            cases, steps = self._builder.build(raw, events)
            self._read_events += 0 if events is None else events.height
            writer.add(cases, steps)
        if not writer.cases:
            raise BadInput(f"{self._path.name}: no case could be taken{self._why_none()}")
        return LogRead(
            tables=writer.finish(),
            events=self._read_events,
            filtered=self._filtered,
            ignored=self._events.ignored,
            rejected=self._rejects.total,
            reasons=dict(self._rejects.reasons),
            notes=tuple(self._all_notes()),
        )

    def _why_none(self) -> str:
        if self._rejects.total:
            which = "first problem" if len(self._rejects.reasons) == 1 else "commonest problem"
            return f"; the {which} is in {self._rejects.commonest}"
        return "; the filter `only` fits no row" if self._filtered else ": it holds no rows"

    def _all_notes(self) -> Iterator[str]:
        yield from self._notes
        mapping = self._mapping
        if self._instants.zone_used:
            given = f"as in {mapping.timezone}" if mapping.timezone else "as UTC; give a timezone if that is wrong"
            yield f"times without an offset are read {given}"
        if mapping.closed is None and (mapping.layout is Layout.EVENTS or mapping.milestones):
            yield "every case counts as closed at its last event; map `closed` if some are still open"
        others: Counter[str] = self._builder.other_transitions
        if others:
            names = ", ".join(f"{name} {count}" for name, count in sorted(others.items()))
            yield f"transitions that begin or end no step were passed over: {names}"

    def pieces(self, kind: str, progress: Progress | None, *, simple: bool) -> Pieces:
        """Pieces of the file, by the reader for its kind."""
        if kind in (".csv", ".xes"):
            with open_log(self._path, progress) as stream:
                yield from self._csv(stream) if kind == ".csv" else self._xes(stream, simple=simple)
        elif kind in WORKBOOKS:
            yield from self._workbook()
        elif kind == ".parquet":
            rows = ParquetRows(self._path, self._mapping, self._columns, self._kinds)
            yield from self._rows(rows.batches())
        else:
            yield from self._ocel(self._ocel_source(kind, progress))

    def _rows(self, batches: Iterator[pl.DataFrame]) -> Pieces:
        """Pieces of a table: one row an event, or one row a case."""
        milestones = MilestoneReader(self._mapping, self._instants, self._rejects)
        rows = TableRows(self._mapping, self._events, milestones, self._rejects, self._folder)
        yield from rows.pieces(batches)
        self._filtered = self._columns.filtered

    def _workbook(self) -> Pieces:
        rows = ExcelRows(self._path, self._mapping, self._rejects, self._columns)
        yield from self._rows(rows.batches())
        if rows.other_sheets:
            self._notes.append(f"read from sheet {rows.sheet!r}; the workbook also has {', '.join(rows.other_sheets)}")

    def _ocel_source(self, kind: str, progress: Progress | None) -> OcelSource:
        if kind == ".sqlite":
            return OcelSqlite(self._path)
        return OcelXml(self._path, progress) if kind in OCEL_XML else OcelJson(self._path, progress)

    def _ocel(self, source: OcelSource) -> Pieces:
        if self._mapping.layout is Layout.CASES:
            raise BadInput(f"{self._path.name}: an OCEL log has events; leave out `layout: cases`")
        log = OcelCases(source, self._path, self._mapping, self._instants, self._rejects, self._kinds)
        yield from log.pieces(self._events, self._folder)
        self._filtered = log.filtered
        self._notes += log.notes()

    def _xes(self, stream: LogStream, *, simple: bool) -> Pieces:
        """Pieces of an XES log, a trace being one case."""
        if len(self._mapping.case_parts) > 1:
            raise BadInput(f"{self._path.name}: the case id of an XES log is one attribute; map one column to `case`")
        keys = frozenset(self._mapping.event_columns().values())
        reader = XesReader(stream, self._path.name, keys, simple=simple)
        tables = XesTables(self._mapping, self._instants, self._rejects, self._kinds)
        for batch in reader.batches():
            cases, events = tables.frames(batch)
            yield cases, self._events.read(events)
        self._filtered = tables.filtered
        if reader.stray_events:
            self._notes.append(f"{reader.stray_events} events outside of any trace were left out")

    def _csv(self, stream: LogStream) -> Pieces:
        encoding = self._mapping.encoding or detect_encoding(self._path)
        if encoding == "windows-1252" and self._mapping.encoding is None:
            self._notes.append("the text is no UTF-8 and was read as Windows-1252")
        reader = CsvReader(stream, self._path.name, self._mapping, encoding, self._rejects, self._columns)
        yield from self._rows(reader.batches())
