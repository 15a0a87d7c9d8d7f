"""Everything that an evaluation is computed from. The same material gives the same evaluation, to the last digit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from perintis.rules.evaluation.document import Phase
from perintis.rules.evaluation.parts import Amended, Count, Decided, Number, Part
from perintis.rules.sequential.looks import Look
from perintis.words.tables import DataSet

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics import Calendars
    from perintis.rules.plan import Plan


class Registered(Part):
    """How and when the plan was registered; without a registration there is no verdict."""

    hash: str
    at: datetime
    late: bool
    results_visible: bool
    amendments: tuple[Amended, ...] = ()


class LookTaken(Part):
    """A formal look that was taken before; it is never computed again.

    What it showed is None where its `evaluation.json` is gone: the bounds of later looks do not hang on that. `word` is
    its verdict, which holds until the next look; `code`, `sentence` and `change` say why and what would change it.
    """

    look: Look
    estimate: Number | None = None
    low: Number | None = None
    high: Number | None = None
    at: date
    word: str = "continue"
    code: str = ""
    sentence: str = ""
    change: str | None = None
    staged: bool = False


class KnownSeason(Part):
    """A season that returns on other dates each year, as known when the evaluation was made."""

    name: str
    spans: tuple[tuple[date, date], ...]


class Request(Part):
    """What is asked, beside the data and the plan.

    `looks` are those taken before this state of the data. `unregistered_changes` are differences of the plan's file
    from what was registered, which do not hold. `departures` say where other data were asked for than the plan names:
    such an evaluation decides nothing. `decision` is what people decided last about this phase.
    """

    pilot: str
    title: str
    currency: str
    steps: tuple[str, ...]
    phase: Phase
    other_phases: tuple[Phase, ...] = ()
    registered: Registered | None
    looks: tuple[LookTaken, ...] = ()
    as_final: bool = False
    unregistered_changes: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    decision: Decided | None = None
    holidays: tuple[date, ...] = ()
    seasons: tuple[KnownSeason, ...] = ()
    asked: tuple[Count, Count] | None = None
    seed: int
    code_version: str
    lock_hash: str | None


@dataclass(frozen=True, eq=False)
class Material:
    """`pilot` and `baseline` are the data sets before the plan's population is applied; officers are numbers.

    `calendars` are fixed ones. `answers` holds satisfaction answers (cohort, case, u1 to u9, 1 to 4 or null), if any
    were recorded. `designed` is a rehearsal of the new process, from which the designed order of steps is read.
    """

    request: Request
    plan: Plan
    baseline: DataSet
    pilot: DataSet
    calendars: Calendars
    answers: pl.DataFrame | None = None
    designed: DataSet | None = None
