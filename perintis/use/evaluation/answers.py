"""The satisfaction answers of both cohorts of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.doors.satisfaction_files import answers_of_baseline
from perintis.doors.store.satisfaction import recorded_answers

if TYPE_CHECKING:
    import polars as pl

    from perintis.use.datasets import Found, Shelves


def answers_for(shelves: Shelves, baseline: Found, pilot: Found) -> pl.DataFrame | None:
    """Answers with the cohort they belong to: cohort, case, u1 to u9; None where there are none at all."""
    import polars as pl

    parts = []
    for found, cohort in ((baseline, "baseline"), (pilot, "pilot")):
        if found.data.simulated:
            continue
        if found.own:
            table = recorded_answers(shelves.database, found.pilot)
        else:
            kept = answers_of_baseline(shelves.home, found.data.name)
            if kept is None:
                continue
            table = kept
        table = table.join(found.data.cases.select("case"), on="case", how="semi")
        parts.append(table.select(pl.lit(cohort).alias("cohort"), pl.all()).sort("case"))
    together = pl.concat(parts) if parts else None
    return None if together is None or together.is_empty() else together
