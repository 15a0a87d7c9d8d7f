"""Stores rehearsals: runs whose cases are made up, apart from real ones and marked as such in every row.

What a simulated officer answered and what a made-up application says is not stored: it is nobody's data and can be
made again from the seed. Events and work are those a live case of the same course would have, so the same pages,
exports and metrics read them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from perintis.doors.store.database import Database, in_list, insert_rows
from perintis.doors.store.lateness import Slot, breach_event
from perintis.doors.store.models import CaseRow, EventRow, RunRow, WorkRow
from perintis.doors.store.opening import opening_event, reserve_ids
from perintis.doors.store.recording import EVENT_COLUMNS, WORK_COLUMNS, event_row, work_row
from perintis.doors.store.runs import begin_run, end_run
from perintis.doors.store.types import micros_or_none, to_micros
from perintis.engine.changes import Change
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.pilot import Pilot
from perintis.words.recorded import CASE_STEP, Key, Lifecycle

KIND = "rehearsal"
BATCH = 500
_CASE = Key(CASE_STEP, 1)
_CASE_COLUMNS = (
    "id", "pilot", "version", "process", "reference", "rehearsal", "office", "segments", "status", "opened", "closed",
    "due", "breached", "outcome", "problem", "last_seq", "wake_at", "fence",
)  # fmt: skip
_WORK_COLUMNS = (*WORK_COLUMNS, "breached")


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
    progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """Simulate and store, `batch` cases in a transaction, so that memory stays flat; returns the number of the run.

    `progress` is told how many cases are stored so far. Until the last case is in, the run has no end: a rehearsal
    that was interrupted is never listed, and `remove_rehearsal` clears it away.
    """
    pilot, process = rehearsal.definition.pilot, rehearsal.process.value
    run = begin_run(
        database, pilot.name, pilot.version, process, kind=KIND, flow_run=None, now=clock(), seed=rehearsal.seed
    )
    stored = 0
    # One part is written while the next is simulated: the database works outside Python's lock.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="perintis-rehearsal") as writer:
        pending: Future[int] | None = None
        for part in chain(_parts(rehearsal.cases(), batch), [None]):
            if pending is not None:
                stored += pending.result()
                if progress is not None:
                    progress(stored)
            if part is not None:
                pending = writer.submit(_store_part, database, part, pilot, process, run)
    end_run(database, run, _counts(rehearsal), _metrics(rehearsal), clock())
    return run


def _parts(cases: Iterator[Simulated], size: int) -> Iterator[list[Simulated]]:
    while part := list(islice(cases, size)):
        yield part


def _store_part(database: Database, part: Sequence[Simulated], pilot: Pilot[Any], process: str, run: int) -> int:
    with database.write() as connection:
        _write(connection, part, pilot, process, run)
    return len(part)


def _write(connection: Connection, part: Sequence[Simulated], pilot: Pilot[Any], process: str, run: int) -> None:
    cases: list[tuple[Any, ...]] = []
    work: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for number, case in zip(reserve_ids(connection, len(part)), part, strict=True):
        cases.append(_case_row(number, case, pilot, process, run))
        events.append(opening_event(number, to_micros(case.opened), pilot.lead.code))
        _rows(number, case, work, events)
    insert_rows(connection, CaseRow, _CASE_COLUMNS, cases)
    insert_rows(connection, WorkRow, _WORK_COLUMNS, work)
    insert_rows(connection, EventRow, EVENT_COLUMNS, events)


def _case_row(number: int, case: Simulated, pilot: Pilot[Any], process: str, run: int) -> tuple[Any, ...]:
    standing = case.standing
    return (
        number, pilot.name, pilot.version, process, case.reference, run, case.office, json.dumps(case.segments),
        standing.status.value, to_micros(case.opened), micros_or_none(standing.closed), micros_or_none(case.due),
        micros_or_none(case.breached.get(_CASE)), standing.outcome, standing.problem, 1 + len(case.changes),
        micros_or_none(standing.wake_at), 0,
    )  # fmt: skip


def _rows(number: int, case: Simulated, work: list[tuple[Any, ...]], events: list[tuple[Any, ...]]) -> None:
    """Add the events of a case, and the last state of each of its step visits in the order in which they came up."""
    last: dict[Key, tuple[Change, int]] = {}
    for seq, change in enumerate(case.changes, start=2):
        if change.lifecycle is Lifecycle.BREACH:
            events.append(breach_event(Slot(number, change.key), seq, change.agency, change.at))
            continue
        events.append((number, *event_row(change, seq)[1:]))
        last[change.key] = (change, seq)
    last.pop(_CASE, None)
    for key, (change, seq) in last.items():
        work.append((number, *work_row(change, seq)[1:], micros_or_none(case.breached.get(key))))


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
    return {"observed_until": rehearsal.observed_until.isoformat(), "officers": usage}


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
