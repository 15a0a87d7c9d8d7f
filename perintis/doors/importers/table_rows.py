"""Rows of a table, one an event or one a case, to whole cases with their events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from perintis.doors.importers.events import EventReader
from perintis.doors.importers.mapping import Layout, Mapping
from perintis.doors.importers.milestones import MilestoneReader
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.spool import Spool
from perintis.words.tables import ATTRIBUTE_PREFIX

Pieces = Iterator[tuple[pl.DataFrame, pl.DataFrame | None]]
"""Whole cases, with their typed events where the file has events."""


class TableRows:
    """Gathers batches of rows by role (as `Columns.by_role` gives them) into whole cases."""

    def __init__(
        self, mapping: Mapping, events: EventReader, milestones: MilestoneReader, rejects: Rejects, folder: Path
    ) -> None:
        self._mapping = mapping
        self._events = events
        self._milestones = milestones
        self._rejects = rejects
        self._folder = folder

    def pieces(self, batches: Iterator[pl.DataFrame]) -> Pieces:
        """Cases and their events; events of one case may stand anywhere in the file."""
        codes = _CaseCodes()
        if self._mapping.layout is Layout.CASES:
            case = ", ".join(self._mapping.case_parts)
            for batch in batches:
                yield self._milestones.read(codes.first_only(batch, self._rejects, case))
            return
        spool = Spool(self._folder)
        for batch in batches:
            spool.add(self._with_case_columns(codes.numbered(batch)))
        for bucket in spool.buckets():
            yield _split(bucket)

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
