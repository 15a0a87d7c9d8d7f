"""Whether a data set was picked by when its cases closed: long cases are then over-represented, or open ones missing.

An extract of one year's decisions holds cases that were open when the year began, and none that was still open at its
end. Cases handed in early could only get into it by taking long (length-biased sampling, Cox 1962), which shows: many
opened before the first was closed, few closed after the last was opened. An extract by date of opening shows the
reverse, and one that is read while it goes on has open cases.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perintis.words.tables import DataSet

FEWEST = 50
NO_OPEN = 0.005
EARLY_SHARE = 0.05
TIMES_MORE = 1.5
OUTLIERS = 0.002


class Picked(StrEnum):
    """How the cases of a data set seem to have been picked."""

    BY_CLOSING = "by closing"
    CLOSED_ONLY = "closed only"


def picked(data: DataSet) -> Picked | None:
    """What the dates show, None where nothing is amiss or there are too few cases to see it.

    `CLOSED_ONLY`: a tenth of the cases took longer than the youngest have been there, and not one is open.
    """
    cases = data.cases
    if data.observed_from is not None:
        return None  # it is known since when cases were followed, and they count from then on
    whole = cases.drop_nulls(["opened", "closed"])
    if cases.height < FEWEST or cases["closed"].null_count() > NO_OPEN * cases.height:
        return None
    opened, closed = whole["opened"], whole["closed"]
    first_closed, last_opened = closed.quantile(OUTLIERS, "lower"), opened.quantile(1 - OUTLIERS, "higher")
    before, after = float((opened < first_closed).mean() or 0.0), float((closed > last_opened).mean() or 0.0)  # type: ignore[arg-type]
    if before >= EARLY_SHARE and before >= TIMES_MORE * after:
        return Picked.BY_CLOSING
    took = closed - opened
    long, seen = took.quantile(0.9, "lower"), data.observed_until - opened.max()  # type: ignore[operator]
    return Picked.CLOSED_ONLY if long is not None and seen < long else None  # type: ignore[operator]
