"""The two analysis tables to two Parquet files, piece by piece, with a digest of their content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import polars as pl

from perintis.doors.importers.attributes import Kinds, common_kind, texts_that_are_instants, typed
from perintis.doors.importers.canonical import TableDigest
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import AttributeType
from perintis.words.tables import ATTRIBUTE_PREFIX, CASE_COLUMNS

PART_ROWS = 10_000
ROW_GROUP = 20_000
CASES, STEPS = 0, 1
CASES_FILE, STEPS_FILE = "cases.parquet", "steps.parquet"
RESOLUTIONS = {"day": 86_400_000_000, "minute": 60_000_000, "second": 1_000_000, "millisecond": 1_000}
FINEST = "microsecond"


@dataclass(frozen=True)
class TablesWritten:
    """What was written: counts, the period, how fine the times are, and the digests of both tables.

    `first` and `last` are the earliest opening and the latest instant of anything that happened; `resolution` is the
    coarsest unit that all local times of steps and openings fit, `offsets` the offsets from UTC met, in minutes. All
    instants carry the offset of their place, so that their dates are local days.
    """

    cases: int
    open_cases: int
    steps: int
    first: datetime
    last_opened: datetime
    last: datetime
    resolution: str
    offsets: tuple[int, ...]
    cases_digest: str
    steps_digest: str


class TableWriter:
    """Collects pieces of the two tables in `folder` and leaves `cases.parquet` and `steps.parquet` there."""

    def __init__(self, folder: Path, instants: InstantReader, kinds: Kinds, *, infer: bool) -> None:
        self._folder = folder
        self._instants = instants
        self._infer = infer
        self._held: tuple[list[pl.DataFrame], list[pl.DataFrame]] = ([], [])
        self._parts: tuple[list[Path], list[Path]] = ([], [])
        self._digest = TableDigest()
        self._steps = self._cases = self._open = 0
        self._kinds = kinds
        self._attributes: dict[str, pl.DataType] = {}
        self._maybe_instants: dict[str, bool] = {}
        self._openings: list[datetime] = []
        self._latest: list[datetime] = []
        self._fits = dict.fromkeys(RESOLUTIONS, True)
        self._offsets: set[int] = set()

    @property
    def cases(self) -> int:
        """Cases taken so far."""
        return self._cases

    def add(self, cases: pl.DataFrame, steps: pl.DataFrame) -> None:
        """Take the next cases and their steps."""
        self._look_at(cases, steps)
        for which, frame in enumerate((cases, steps)):
            self._held[which].append(frame)
            if sum(held.height for held in self._held[which]) >= PART_ROWS:
                self._write_part(which)

    def _write_part(self, which: int) -> None:
        held = self._held[which]
        if held:
            part = self._folder / f"part-{which}-{len(self._parts[which])}.parquet"
            rows = pl.concat(held, how="diagonal_relaxed")
            rows.write_parquet(part, compression="lz4", statistics=False)
            if which == STEPS:
                self._digest.add(rows)
            self._parts[which].append(part)
            held.clear()

    def _look_at(self, cases: pl.DataFrame, steps: pl.DataFrame) -> None:
        """Keep what the summary needs."""
        self._steps += steps.height
        self._cases += cases.height
        self._open += cases["closed"].null_count()
        for name, kind in cases.schema.items():
            if name.startswith(ATTRIBUTE_PREFIX):
                self._attributes[name] = kind
        if self._infer:
            fitting = texts_that_are_instants(cases, self._instants)
            for name in cases.columns:
                if name.startswith(ATTRIBUTE_PREFIX):
                    self._maybe_instants[name] = self._maybe_instants.get(name, True) and name in fitting
        opened = cases.select(at="opened", offset="opened_offset")
        done = steps.select(at=pl.coalesce("completed", "started", "ready"), offset="offset")
        self._look_at_times(pl.concat([opened, done]).drop_nulls("at"))
        closed = cases.select(at="closed", offset="opened_offset")
        self._openings += _ends(opened)
        self._latest += [*_ends(opened), *_ends(done), *_ends(closed)]

    def _look_at_times(self, times: pl.DataFrame) -> None:
        self._offsets.update(times["offset"].drop_nulls().unique())
        local = times["at"].dt.epoch("us") + times["offset"].fill_null(0).cast(pl.Int64) * 60_000_000
        for unit, length in RESOLUTIONS.items():
            self._fits[unit] = self._fits[unit] and bool((local % length == 0).all())

    def finish(self) -> TablesWritten:
        """Write the two files and tell what is in them; the pieces are removed."""
        for which in (CASES, STEPS):
            self._write_part(which)
        cases_digest = self._unify_cases()
        self._join_parts(STEPS, STEPS_FILE)
        self._join_parts(CASES, CASES_FILE)
        return TablesWritten(
            cases=self._cases,
            open_cases=self._open,
            steps=self._steps,
            first=min(self._openings),
            last_opened=max(self._openings),
            last=max(self._latest),
            resolution=next((unit for unit, fits in self._fits.items() if fits), FINEST),
            offsets=tuple(sorted(self._offsets)),
            cases_digest=cases_digest,
            steps_digest=self._digest.hexdigest(),
        )

    def _unify_cases(self) -> str:
        """Bring the attributes of all pieces to common types, in the order of their names, and take their digest."""
        digest = TableDigest()
        for part in self._parts[CASES]:
            rows = self._with_types(pl.read_parquet(part))
            digest.add(rows)
            rows.write_parquet(part, compression="lz4", statistics=False)
        return digest.hexdigest()

    def _join_parts(self, which: int, name: str) -> None:
        parts = self._parts[which]
        pl.scan_parquet(parts).sink_parquet(self._folder / name, row_group_size=ROW_GROUP, compression_level=1)
        for part in parts:
            part.unlink()

    def _with_types(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The case table with all attributes in their types: as the log writes them, or instants where all are."""
        for name, kind in sorted(self._attributes.items()):
            if name not in rows.columns:
                rows = rows.with_columns(pl.lit(None, dtype=kind).alias(name))
            if kind == pl.String:
                written = self._kinds.get(name, {AttributeType.INSTANT} if self._maybe_instants.get(name) else set())
                rows = rows.with_columns(typed(rows[name], common_kind(written), self._instants).alias(name))
        return rows.select(*CASE_COLUMNS, *sorted(self._attributes))


def _ends(times: pl.DataFrame) -> list[datetime]:
    """The earliest and the latest of some instants, each in the local time of its place."""
    known = times.drop_nulls("at")
    if known.is_empty():
        return []
    rows = known.sort("at")[[0, -1]].rows()
    return [at.astimezone(timezone(timedelta(minutes=offset or 0))) for at, offset in rows]
