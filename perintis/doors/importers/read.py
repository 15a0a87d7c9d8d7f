"""Read a log of any known format into the two analysis tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from perintis.doors.importers.attributes import Kinds
from perintis.doors.importers.cases import TableBuilder
from perintis.doors.importers.csv_log import CsvReader
from perintis.doors.importers.encoding import detect_encoding
from perintis.doors.importers.events import EventReader
from perintis.doors.importers.gzip_stream import LogStream, Progress, open_log
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import Layout, Mapping
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.spool import Spool
from perintis.doors.importers.writer import TablesWritten, TableWriter
from perintis.doors.importers.xes import XesReader
from perintis.doors.importers.xes_table import XesTables
from perintis.words.errors import BadInput
from perintis.words.tables import ATTRIBUTE_PREFIX

REJECTS_FILE = "rejects.csv"
FORMATS = (".csv", ".xes")

Pieces = Iterator[tuple[pl.DataFrame, pl.DataFrame | None]]
"""Whole cases, with their typed events where the file has events."""


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

    The format follows from the ending: .csv or .xes, also packed (.gz). Memory does not grow with the log except for
    the case ids. `simple=False` reads XES by the XML parser alone. Raises `BadInput` where nothing can be taken.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the file of the log")
    ending = path.name.lower().removesuffix(".gz")
    kind = next((one for one in FORMATS if ending.endswith(one)), None)
    if kind is None:
        raise BadInput(f"{path.name}: unknown kind of file; importers exist for {', '.join(FORMATS)} and .gz of them")
    with Rejects(folder / REJECTS_FILE) as rejects:
        reading = _Reading(path, mapping, folder, rejects)
        with open_log(path, progress) as stream:
            pieces = reading.csv(stream) if kind == ".csv" else reading.xes(stream, simple=simple)
            return reading.store(pieces, infer=kind == ".csv")


class _Reading:
    """One log being read: the readers, what they count, and where the tables go."""

    def __init__(self, path: Path, mapping: Mapping, folder: Path, rejects: Rejects) -> None:
        self._path = path
        self._mapping = mapping
        self._folder = folder
        self._rejects = rejects
        self._instants = InstantReader(mapping.zone, mapping.date_format)
        self._events = EventReader(mapping, self._instants, rejects)
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
        if mapping.closed is None and mapping.layout is Layout.EVENTS:
            yield "every case counts as closed at its last event; map `closed` if some are still open"
        others: Counter[str] = self._builder.other_transitions
        if others:
            names = ", ".join(f"{name} {count}" for name, count in sorted(others.items()))
            yield f"transitions that begin or end no step were passed over: {names}"

    def xes(self, stream: LogStream, *, simple: bool) -> Pieces:
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

    def csv(self, stream: LogStream) -> Pieces:
        """Pieces of a CSV: one row an event, or one row a case."""
        encoding = self._mapping.encoding or detect_encoding(self._path)
        if encoding == "windows-1252" and self._mapping.encoding is None:
            self._notes.append("the text is no UTF-8 and was read as Windows-1252")
        reader = CsvReader(stream, self._path.name, self._mapping, encoding, self._rejects)
        codes = _CaseCodes()
        if self._mapping.layout is Layout.CASES:
            for batch in reader.batches():
                yield codes.first_only(batch, self._rejects, ", ".join(self._mapping.case_parts)), None
        else:
            spool = Spool(self._folder)
            for batch in reader.batches():
                spool.add(self._with_case_columns(codes.numbered(batch)))
            for bucket in spool.buckets():
                yield _split(bucket)
        self._filtered = reader.filtered

    def _with_case_columns(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Typed events that still carry what belongs to their case."""
        events = self._events.read(batch)
        return events.join(batch.select(_case_columns(batch)), on="row", how="left", maintain_order="left")


class _CaseCodes:
    """Numbers the cases of a file as they first appear."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def numbered(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows with the number of their case as `key`."""
        for name in batch["case"].unique(maintain_order=True):
            self._codes.setdefault(name, len(self._codes))
        names = batch["case"].to_list()
        return batch.with_columns(key=pl.Series([self._codes[name] for name in names], dtype=pl.UInt32))

    def first_only(self, batch: pl.DataFrame, rejects: Rejects, column: str) -> pl.DataFrame:
        """The rows whose case did not have a row before; the others are rejected."""
        known = len(self._codes)
        rows = self.numbered(batch)
        again = (pl.col("key") < known) | ~pl.col("key").is_first_distinct()
        return rejects.drop(rows, again, column, "an earlier row has this case id")


def _case_columns(batch: pl.DataFrame) -> list[str]:
    roles = ("row", "case", "case_office", "opened", "closed", "due", "outcome", "cohort")
    return [name for name in batch.columns if name in roles or name.startswith(ATTRIBUTE_PREFIX)]


def _split(bucket: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cases (the first value that a case has in each column) and their events."""
    of_case = [name for name in _case_columns(bucket) if name not in ("row", "case")]
    cases = bucket.group_by("key", maintain_order=True).agg(
        pl.col("row", "case").first(), *(pl.col(name).drop_nulls().first() for name in of_case)
    )
    return cases, bucket.drop("case", *of_case)
