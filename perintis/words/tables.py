"""The analysis shape: two tables, the same for a pilot and for a baseline.

*Case table*, one row a case:

| column | type | meaning |
|---|---|---|
| case | text | identifier within its data set |
| cohort | text | which cases it is compared with |
| office | text or null | branch where it was handed in |
| opened, closed | instant (µs, UTC) | closed is null while the case is open |
| opened_offset | minutes or null | offset from UTC of the place where it was opened |
| due | instant or null | deadline by its service level |
| outcome | text or null | null while open |
| case:NAME | any | further attributes, as in event logs |

*Step table*, one row a step visit, in recorded order:

| column | type | meaning |
|---|---|---|
| case, step, visit | text, text, integer | the step, nth time in the case |
| agency, office, officer | text or null | who |
| ready, started, completed | instant or null | when it could begin, began, ended |
| offset | minutes or null | offset from UTC of `completed` |
| outcome | text or null | completed, sent_back, withdrawn, failed; null while unfinished |
| due | instant or null | deadline by the step's service level |
| cost | number or null | in the currency of the pilot |
| keyed | list of text or null | fields typed by hand at this step |

A data set also has `observed_until`: the instant at which it was read, so that open cases count as "still open then".
Where it holds cases that were open already when observation began, and none that had ended before, `observed_from` is
that instant: such a case got in only because it took so long, and counts from the age that it had then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from perintis.words.standard import Standard

CASE_COLUMNS = ("case", "cohort", "office", "opened", "opened_offset", "closed", "due", "outcome")
STEP_COLUMNS = (
    "case", "step", "visit", "agency", "office", "officer",
    "ready", "started", "completed", "offset", "outcome", "due", "cost", "keyed",
)  # fmt: skip
ATTRIBUTE_PREFIX = "case:"


class Grade(StrEnum):
    """How a data set came about; it caps what may be claimed from it."""

    MEASURED = "measured log"
    SAMPLE = "short sample"
    PROMISED = "promised time"
    REHEARSAL = "rehearsal"  # simulated agencies, made-up cases


@dataclass(frozen=True)
class DataSet:
    """Two analysis tables with their name, grade and the instant until which they were observed.

    `clock` says in words what starts and stops the lead time; two data sets with different clocks are compared
    with a warning. `has_steps` is false for extracts with one row a case and no activities. `grade_reason` says in
    words why it has its grade. `observed_from` is when observation began, None where all cases were followed from
    their opening. A `standard` holds promised times and no cases: both tables are empty then, and
    nothing can be measured in it.
    """

    name: str
    cases: pl.DataFrame
    steps: pl.DataFrame
    observed_until: datetime
    grade: Grade
    clock: str = ""
    simulated: bool = False
    grade_reason: str = ""
    standard: Standard | None = None
    observed_from: datetime | None = None

    @property
    def has_steps(self) -> bool:
        """Whether activities were recorded at all."""
        return self.steps.height > 0
