"""The cases of an evaluation in one fixed order, with the office and the local day of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NOWHERE, Units

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.statistics.effect import Whole
    from perintis.words.tables import DataSet

BASELINE, PILOT = "baseline:", "pilot:"
"""Set before a case's identifier, so that the same one in both cohorts stays two cases."""


def units_of(baseline: DataSet, pilot: DataSet) -> Units:
    """The baseline's cases and then the pilot's, each sorted by identifier: the order of rows does not matter.

    The day is the local date of opening, by the offset recorded with it (UTC where none was).
    """
    import polars as pl

    table = pl.concat([_rows(baseline, BASELINE), _rows(pilot, PILOT)])
    office, offices = _numbered(table["office"])
    day, days = _numbered(table["day"])
    flags = np.arange(table.height) >= baseline.cases.height
    return Units(tuple(table["case"]), flags, office, day, offices, tuple(str(d) for d in days))


def _rows(data: DataSet, prefix: str) -> pl.DataFrame:
    import polars as pl

    local = pl.col("opened") + pl.duration(minutes=pl.col("opened_offset").fill_null(0))
    return data.cases.sort("case").select(
        (pl.lit(prefix) + pl.col("case")).alias("case"), "office", local.dt.date().alias("day")
    )


def _numbered(column: pl.Series) -> tuple[Whole, tuple[str, ...]]:
    """The place of each value among the sorted distinct ones, -1 where there is none; and those."""
    names = column.drop_nulls().unique().sort()
    if names.is_empty():
        return np.full(len(column), NOWHERE, dtype=np.int64), ()
    places = names.to_frame("name").with_row_index("place")
    found = column.to_frame("name").join(places, on="name", how="left", maintain_order="left")["place"]
    return found.cast(int).fill_null(NOWHERE).to_numpy().astype(np.int64), tuple(names)
