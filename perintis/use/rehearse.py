"""Rehearses one process of a pilot and stores what came of it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import perf_counter

from perintis.doors.store.database import Database
from perintis.doors.store.rehearsals import StoredRehearsal, find_rehearsal, store_rehearsal
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.rules.assumptions import Assumptions
from perintis.words.recorded import Process

Progress = Callable[[int, int | None], None]
"""Told how many cases are stored, and of how many, where that is known."""


@dataclass(frozen=True)
class RehearsalResult:
    """What was rehearsed and stored. `problem` is why the first case that failed did."""

    stored: StoredRehearsal
    seconds: float
    problem: str | None

    @property
    def run(self) -> int:
        """The number of the run."""
        return self.stored.run

    @property
    def cases_per_second(self) -> float:
        """Cases stored a second of wall time."""
        return float(self.stored.counts["opened"]) / self.seconds


def rehearse(
    database: Database, definition: Definition, process: Process, assumptions: Assumptions, *, seed: int,
    cases: int | None = None, start: date | None = None, until_closed: bool = False, progress: Progress | None = None,
) -> RehearsalResult:  # fmt: skip
    """Simulate `cases` cases (or the days of the assumptions) and store them as one rehearsal.

    The same seed gives the same rehearsal, and the same applications and arrivals in both processes. `start` is the
    day from which cases are kept, if it is not to be that of the assumptions. Raises BadInput where the assumptions do
    not fit the pilot; nothing is left in the store then but a run without an end.
    """
    if start is not None:
        assumptions = _starting(assumptions, start)
    rehearsal = Rehearsal(definition, process, assumptions, seed=seed, cases=cases, until_closed=until_closed)
    began = perf_counter()
    with _few_collections():
        run = store_rehearsal(
            database, rehearsal, clock=lambda: datetime.now(UTC),
            progress=None if progress is None else lambda done: progress(done, cases),
        )  # fmt: skip
    return RehearsalResult(find_rehearsal(database, run), perf_counter() - began, rehearsal.totals.problem)


def _starting(assumptions: Assumptions, start: date) -> Assumptions:
    given = assumptions.arrivals.start.model_copy(update={"value": start})
    return assumptions.model_copy(update={"arrivals": assumptions.arrivals.model_copy(update={"start": given})})


@contextmanager
def _few_collections() -> Iterator[None]:
    """Make Python look for unreachable cycles seldom: it looks when many objects are alive, and open cases are many.

    Cases leave no cycles behind; process code may, so looking is not switched off. Without this a third of the time
    goes into looking.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
