"""Date columns of a case extract to step visits: a milestone that a case reached is a step that was completed."""

from __future__ import annotations

import polars as pl

from perintis.doors.importers.columns import MILESTONE, MILESTONE_START
from perintis.doors.importers.events import EventReader
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import Mapping, Milestone
from perintis.doors.importers.rejects import Rejects


class MilestoneReader:
    """Takes the milestones out of rows of cases; a date that cannot be read is rejected under its column's name."""

    def __init__(self, mapping: Mapping, instants: InstantReader, rejects: Rejects) -> None:
        self._milestones = mapping.milestones
        self._readers = {
            column: EventReader(
                mapping.model_copy(update={"timestamp": column, "start": one.start, "activity": column}),
                instants,
                rejects,
            )
            for column, one in mapping.milestones.items()
        }

    def read(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """The cases without their milestones, and the events of these by case; no events where none are mapped."""
        if not self._milestones:
            return rows, None
        events = pl.concat([self._events(rows, column, one) for column, one in self._milestones.items()])
        roles = [name for name in rows.columns if name.startswith((MILESTONE, MILESTONE_START))]
        return rows.drop(roles), events.sort("key", maintain_order=True)

    def _events(self, rows: pl.DataFrame, column: str, one: Milestone) -> pl.DataFrame:
        """One event for each case that has this date."""
        at = MILESTONE + column
        start = pl.col(MILESTONE_START + column) if one.start else pl.lit(None, dtype=pl.String)
        raw = rows.filter(pl.col(at).is_not_null()).select(
            "key", "row",
            activity=pl.lit(one.step),
            timestamp=at,
            start=start,
            agency=pl.lit(one.agency, dtype=pl.String),
            office=pl.col("case_office") if "case_office" in rows.columns else pl.lit(None, dtype=pl.String),
        )  # fmt: skip
        return self._readers[column].read(raw)
