"""Events as text to events with types: step, instants with their offsets, cost; what does not fit is rejected."""

from __future__ import annotations

import polars as pl

from perintis.doors.importers.instants import INSTANT, OFFSET, InstantReader
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.rejects import Rejects

COMPLETE = "complete"
TEXT_ROLES = ("instance", "agency", "office", "officer", "step_outcome")
NO_TIME = "not a date and time (ISO 8601; or give date_format)"


class EventReader:
    """Types the events of one log."""

    def __init__(self, mapping: Mapping, instants: InstantReader, rejects: Rejects) -> None:
        self._mapping = mapping
        self._instants = instants
        self._due = instants.to_the_end_of_the_day()
        self._rejects = rejects
        self.ignored = 0

    def read(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Adds to key, row and event: step, at, at_offset, start, start_offset, lifecycle, cost, and the texts."""
        mapping, rejects = self._mapping, self._rejects
        rows = rejects.drop(raw, pl.col("activity").is_null(), mapping.activity, "missing")
        rows = self._without_ignored(rows)
        rows = self._with_instant(rows, "timestamp", mapping.timestamp, "at")
        rows = rejects.drop(rows, pl.col("at").is_null(), mapping.timestamp, "missing")
        rows = self._with_instant(rows, "start", mapping.start or "", "start")
        rows = rejects.drop(rows, pl.col("start") > pl.col("at"), mapping.timestamp, "ends before it starts")
        rows = self._with_cost(rows)
        return rows.select(
            "key", "row", *(["event"] if "event" in rows.columns else []),
            step=_renamed("activity", mapping.steps),
            at="at", at_offset="at_offset", start="start", start_offset="start_offset",
            lifecycle=_text(rows, "lifecycle").str.to_lowercase().fill_null(COMPLETE),
            **{role: _text(rows, role) for role in TEXT_ROLES if role != "agency"},
            agency=_renamed("agency", mapping.agencies) if "agency" in rows.columns else _text(rows, "agency"),
            cost="cost",
            step_due=self._due_of(rows),
            keyed=_text(rows, "keyed").str.extract_all(r"\S+"),  # nothing typed is an empty list, not one empty field
        )  # fmt: skip

    def _without_ignored(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not self._mapping.ignore:
            return rows
        kept = rows.filter(~pl.col("activity").is_in(self._mapping.ignore))
        self.ignored += rows.height - kept.height
        return kept

    def _with_instant(self, rows: pl.DataFrame, role: str, column: str, name: str) -> pl.DataFrame:
        """With the columns NAME and NAME_offset; a text that is no instant rejects its row."""
        if role not in rows.columns:
            nothing = {name: pl.lit(None, dtype=INSTANT), f"{name}_offset": pl.lit(None, dtype=OFFSET)}
            return rows.with_columns(**nothing)
        read = self._instants.read(rows[role])
        told = pl.Series("told", rows[role].is_not_null())
        rows = rows.drop(role).with_columns(read["at"].alias(name), read["offset"].alias(f"{name}_offset"), told)
        return self._rejects.drop(rows, pl.col("told") & pl.col(name).is_null(), column, NO_TIME).drop("told")

    def _with_cost(self, rows: pl.DataFrame) -> pl.DataFrame:
        if "cost" not in rows.columns:
            return rows.with_columns(cost=pl.lit(None, dtype=pl.Float64))
        number = pl.col("cost").str.strip_chars().cast(pl.Float64, strict=False).fill_nan(None)
        rows = rows.with_columns(number=number)
        bad = pl.col("cost").is_not_null() & pl.col("number").is_null()
        return self._rejects.drop(rows, bad, self._mapping.cost or "", "not a number").with_columns(cost="number")

    def _due_of(self, rows: pl.DataFrame) -> pl.Series | pl.Expr:
        if "step_due" not in rows.columns:
            return pl.lit(None, dtype=INSTANT)
        return self._due.read(rows["step_due"])["at"]


def _text(rows: pl.DataFrame, role: str) -> pl.Expr:
    return pl.col(role) if role in rows.columns else pl.lit(None, dtype=pl.String)


def _renamed(column: str, names: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace(names) if names else pl.col(column)
