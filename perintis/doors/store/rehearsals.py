"""Stores rehearsals: runs whose cases are made up, apart from real ones and marked as such in every row.

What a simulated officer answered and what a made-up application says is not stored: it is nobody's data and can be
made again from the seed. Events and work are those a live case of the same course would have, so the same pages,
exports and metrics read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, delete, select

from perintis.doors.store.database import Database, in_list
from perintis.doors.store.models import CaseRow, RunRow
from perintis.doors.store.rehearsal_rows import Owner
from perintis.doors.store.rehearsal_writer import ALONE_FROM, PartWriter
from perintis.doors.store.runs import begin_run, end_run
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.rules.counted import declared_figures
from perintis.words.errors import NotAllowed, NotFound

KIND = "rehearsal"
BATCH = 500


@dataclass(frozen=True)
class StoredRehearsal:
    """A finished rehearsal in the store. `observed_until` is in its own, virtual time; `ended` in ours."""

    run: int
    pilot: str
    version: str
    process: str
    seed: int
    ended: datetime
    observed_until: datetime
    counts: dict[str, Any]
    metrics: dict[str, Any]


def store_rehearsal(
    database: Database, rehearsal: Rehearsal, *, clock: Callable[[], datetime], batch: int = BATCH,
    progress: Callable[[int], None] | None = None, alone_from: int = ALONE_FROM,
) -> int:  # fmt: skip
    """Simulate and store, `batch` cases in a transaction, so that memory stays flat; returns the number of the run.

    `progress` is told how many cases are stored so far. After `alone_from` cases another process writes the
    rows. Until the last case is in, the run has no end: a rehearsal that was interrupted is never listed, and
    `remove_rehearsal` clears it away.
    """
    pilot, process = rehearsal.definition.pilot, rehearsal.process.value
    run = begin_run(
        database, pilot.name, pilot.version, process, kind=KIND, flow_run=None, now=clock(), seed=rehearsal.seed
    )
    owner = Owner(pilot.name, pilot.version, pilot.lead.code, process, run)
    with PartWriter(database, owner, alone_from=alone_from) as writer:
        for part in _parts(rehearsal.cases(), batch):
            before = writer.stored
            writer.put(part)
            if progress is not None and writer.stored > before:
                progress(writer.stored)
        writer.finish()
        if progress is not None:
            progress(writer.stored)
    end_run(database, run, _counts(rehearsal), _metrics(rehearsal), clock())
    return run


def _parts(cases: Iterator[Simulated], size: int) -> Iterator[list[Simulated]]:
    while part := list(islice(cases, size)):
        yield part


def _counts(rehearsal: Rehearsal) -> dict[str, Any]:
    totals = rehearsal.totals
    return {
        "opened": totals.opened,
        "closed": totals.closed,
        "waiting": totals.still_open,
        "failed": totals.failed,
        "warm_up": totals.warm_up,
        "outcomes": dict(sorted(totals.outcomes.items())),
    }


def _metrics(rehearsal: Rehearsal) -> dict[str, Any]:
    usage = {
        code: {"officers": used.officers, "busy": round(used.share, 4)}
        for code, used in sorted(rehearsal.usage.items())
    }
    declared = declared_figures(rehearsal.definition.pilot.decision)
    figures = rehearsal.totals.figures.to_json(declared)
    found = {"observed_until": rehearsal.observed_until.isoformat(), "officers": usage}
    return {**found, "figures": figures} if figures else found


def finished_rehearsals(database: Database, pilot: str, process: str | None = None) -> list[StoredRehearsal]:
    """The rehearsals of a pilot that came to their end, newest first."""
    wanted = select(*RunRow.__table__.columns).where(
        RunRow.pilot == pilot, RunRow.kind == KIND, RunRow.ended.is_not(None)
    )
    if process is not None:
        wanted = wanted.where(RunRow.process == process)
    with database.read() as connection:
        return [_stored(row) for row in connection.execute(wanted.order_by(RunRow.id.desc()))]


def find_rehearsal(database: Database, run: int) -> StoredRehearsal:
    """One rehearsal. Raises NotFound, or NotAllowed where it never came to its end."""
    row = _run(database, run)
    if row.ended is None:
        raise NotAllowed(f"rehearsal {run} did not come to its end, so it says nothing; rehearse again")
    return _stored(row)


def unfinished_rehearsals(database: Database, pilot: str) -> list[int]:
    """Runs that were interrupted, or are still going on: a stored rehearsal has no other way to tell."""
    wanted = select(RunRow.id).where(RunRow.pilot == pilot, RunRow.kind == KIND, RunRow.ended.is_(None))
    with database.read() as connection:
        return list(connection.execute(wanted.order_by(RunRow.id)).scalars())


def remove_rehearsal(database: Database, run: int) -> int:
    """Delete a rehearsal, whole or interrupted, and everything of its cases; returns how many cases it had."""
    _run(database, run)
    removed = 0
    while ids := _some_cases(database, run):
        with database.write() as connection:
            for table, column in (("events", "case_id"), ("work", "case_id"), ("cases", "id")):
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} IN ({in_list(ids)})")
        removed += len(ids)
    with database.write() as connection:
        connection.execute(delete(RunRow).where(RunRow.id == run))
    return removed


def _some_cases(database: Database, run: int) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(CaseRow.id).where(CaseRow.rehearsal == run).limit(2_000)).scalars())


def _run(database: Database, run: int) -> Row[Any]:
    with database.read() as connection:
        row = connection.execute(select(*RunRow.__table__.columns).where(RunRow.id == run, RunRow.kind == KIND)).first()
    if row is None:
        raise NotFound(f"there is no rehearsal {run}; `perintis runs` lists them")
    return row


def _stored(row: Row[Any]) -> StoredRehearsal:
    return StoredRehearsal(
        row.id, row.pilot, row.version, row.process, row.seed, row.ended,
        datetime.fromisoformat(row.metrics["observed_until"]), row.counts, row.metrics,
    )  # fmt: skip
