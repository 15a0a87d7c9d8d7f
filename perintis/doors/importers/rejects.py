"""What could not be taken, row by row: written as it comes, so that memory stays flat."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from types import TracebackType

import polars as pl

MOST_LISTED = 100_000
"""Lines written to the file of rejects; beyond that they are only counted."""


class Rejects:
    """Rejected rows: `row` is the line of a CSV or the number of an XES trace; `event` the number within the trace.

    A reason names the field, never the value, since values may be personal.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._lines = csv.writer(self._file, lineterminator="\n")
        self._lines.writerow(("row", "event", "field", "reason"))
        self.reasons: Counter[str] = Counter()
        self._firsts: dict[str, str] = {}

    @property
    def total(self) -> int:
        """How many rows were rejected."""
        return self.reasons.total()

    @property
    def commonest(self) -> str:
        """The reason that most rows were rejected for, with the first of them; empty where none was."""
        return next((f"{self._firsts[told]}: {told}" for told, _ in self.reasons.most_common(1)), "")

    def add(self, row: int, field: str, reason: str, event: int | None = None) -> None:
        """Reject one row."""
        if self.total < MOST_LISTED:
            self._lines.writerow((row, "" if event is None else event, field, reason))
        told = f"{field}: {reason}"
        if told not in self._firsts:
            self._firsts[told] = f"row {row}" if event is None else f"trace {row}, event {event}"
        self.reasons[told] += 1

    def add_all(self, rows: pl.DataFrame, field: str, reason: str) -> None:
        """Reject all rows of a frame that has the columns `row` and, for XES, `event`."""
        events = rows["event"] if "event" in rows.columns else [None] * rows.height
        for row, event in zip(rows["row"], events, strict=True):
            self.add(row, field, reason, event)

    def drop(self, rows: pl.DataFrame, bad: pl.Expr, field: str, reason: str) -> pl.DataFrame:
        """The rows for which `bad` is not true; the others are rejected."""
        wrong = rows.filter(bad)
        if wrong.is_empty():
            return rows
        self.add_all(wrong, field, reason)
        return rows.filter(bad.fill_null(value=False).not_())

    def close(self) -> None:
        """Write the last lines."""
        self._file.close()

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
