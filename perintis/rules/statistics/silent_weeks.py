"""Weeks of an office of which nothing was recorded, though it was busy before and after: gaps in a log.

Little's law (see `queues`) shows gaps only while the number of open cases is steady: in a pilot that begins, fewer
cases close than come in, and L stands above lambda W in a log without any gap. Over a finite window the law holds
exactly if both sides count the time inside the window, but then both are sums over the same rows, and a case that is
missing is missing on either side. What a ramp-up does not disturb is whether anything was recorded at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.queues import MONDAY, WEEK

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View

BUSY = 10
"""An office with so many openings and closings a week is silent by chance in one week of 20,000 (Poisson)."""


@dataclass(frozen=True)
class SilentWeeks:
    """Of the `judged` weeks of busy offices so many were `silent`; `usual` is the mean number of records a week."""

    silent: int
    judged: int
    usual: float

    @property
    def share(self) -> float:
        """The share of silent weeks."""
        return self.silent / self.judged


def silent_weeks(view: View) -> SilentWeeks | None:
    """Count weeks (from Monday, UTC) without an opening or a closing, from each office's first opening to its last.

    A week in which more than half of the offices are silent is a holiday, and is not judged. None where no office has
    at least ten records a week.
    """
    import polars as pl

    cases = view.data.cases.select("office").with_columns(view.cases["opened"], view.cases["closed"])
    cases = cases.drop_nulls(["office", "opened"])
    if cases.is_empty():
        return None
    week = {c: ((pl.col(c).cast(pl.Int64) - MONDAY) // WEEK).alias("week") for c in ("opened", "closed")}
    records = pl.concat([cases.select("office", how).drop_nulls("week") for how in week.values()])
    spans = cases.select("office", week["opened"]).group_by("office").agg(
        first=pl.col("week").min(), last=pl.col("week").max()
    )  # fmt: skip
    counted = (
        records.group_by("office", "week").len().join(spans, on="office")
        .filter(pl.col("week").is_between(pl.col("first"), pl.col("last")))
    )  # fmt: skip
    busy = (
        counted.group_by("office", "first", "last").agg(n=pl.col("len").sum())
        .with_columns(weeks=pl.col("last") - pl.col("first") + 1)
        .filter(pl.col("n") >= BUSY * pl.col("weeks")).sort("office").with_row_index("row")
    )  # fmt: skip
    if busy.is_empty():
        return None
    seen = counted.join(busy.select("office", "row"), on="office").select("row", "week")
    return _counted(busy, seen)


def _counted(busy: pl.DataFrame, seen: pl.DataFrame) -> SilentWeeks | None:
    low, high = int(busy["first"].to_numpy().min()), int(busy["last"].to_numpy().max())
    weeks = np.arange(low, high + 1)
    inside = (weeks >= busy["first"].to_numpy()[:, None]) & (weeks <= busy["last"].to_numpy()[:, None])
    recorded = np.zeros(inside.shape, dtype=bool)
    recorded[seen["row"].to_numpy(), seen["week"].to_numpy() - low] = True
    silent = inside & ~recorded
    judged = inside & (2 * silent.sum(axis=0) <= np.maximum(inside.sum(axis=0), 1))
    if not judged.any():
        return None
    usual = float(busy["n"].to_numpy().sum() / busy["weeks"].to_numpy().sum())
    return SilentWeeks(int((silent & judged).sum()), int(judged.sum()), usual)
