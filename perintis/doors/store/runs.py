"""The run history: one row a run, with its counts and what the steps completed since the run before it took."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from statistics import median
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from perintis.doors.store.database import Database
from perintis.doors.store.models import RunRow
from perintis.doors.store.types import EPOCH, to_micros
from perintis.rules.counted import Figure, FigureSums

# Whose work it is, is asked of the row of each case. As a join, SQLite reads every case of the pilot first, and so does
# PostgreSQL while it has not counted its tables yet: 18 seconds instead of a quarter, for 10,000 cases of 12 steps.
COMPLETED_SINCE = text(
    "SELECT step, ready, started, completed, due FROM work "
    "WHERE status = 'completed' AND kind <> 'timer' AND completed > :since AND completed <= :until AND (SELECT "
    "cases.pilot = :pilot AND cases.process = :process AND cases.rehearsal IS NULL FROM cases WHERE cases.id = case_id)"
)

COUNTED_SINCE = text(
    "SELECT CAST(figures AS TEXT) FROM cases WHERE pilot = :pilot AND process = :process AND rehearsal IS NULL "
    "AND figures IS NOT NULL AND closed > :since AND closed <= :until"
)


def begin_run(
    database: Database, pilot: str, version: str, process: str, *, kind: str, flow_run: str | None, now: datetime,
    seed: int | None = None,
) -> int:  # fmt: skip
    """Write that a run has begun; returns its number. A run without an end was interrupted."""
    with database.write() as connection:
        made = connection.execute(
            insert(RunRow)
            .values(pilot=pilot, version=version, process=process, kind=kind, flow_run=flow_run, started=now,
                    counts={}, metrics={}, seed=seed)
            .returning(RunRow.id)
        )  # fmt: skip
        return int(made.scalar_one())


def end_run(database: Database, run: int, counts: dict[str, Any], metrics: dict[str, Any], now: datetime) -> None:
    """Write what a run did."""
    with database.write() as connection:
        connection.execute(update(RunRow).where(RunRow.id == run).values(ended=now, counts=counts, metrics=metrics))


def run_metrics(
    database: Database, pilot: str, process: str, run: int, until: datetime, declared: Sequence[Figure]
) -> dict[str, Any]:
    """What was done since the previous run ended: that of steps as `summarise_steps` says it, over the live steps that
    were completed; and `figures`, what was counted in the live cases that were closed, as `FigureSums`.

    There are no `figures` where nothing was counted, and nothing is asked of the store where a pilot declares none.
    """
    with database.read() as connection:
        since = _previous_end(connection, pilot, process, run)
        given = {"pilot": pilot, "process": process, "since": to_micros(since), "until": to_micros(until)}
        found = _step_metrics(connection, given)
        return {**found, **_figure_metrics(connection, given, declared)} if declared else found


def _step_metrics(connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    cursor = connection.execute(COMPLETED_SINCE, given).cursor  # the driver's own: SQLAlchemy's rows cost as much again
    return summarise_steps(chain.from_iterable(iter(lambda: cursor.fetchmany(10_000), [])))


def _figure_metrics(
    connection: Connection, given: Mapping[str, Any], declared: Sequence[Figure]
) -> dict[str, Any]:  # fmt: skip
    sums = FigureSums()
    for (figures,) in connection.execute(COUNTED_SINCE, given):
        sums.add(json.loads(figures))
    return {"figures": sums.to_json(declared)} if sums.sums else {}


def add_metrics(database: Database, run: int, metrics: dict[str, Any]) -> None:
    """Keep more of a run that has ended, beside what is kept of it already."""
    with database.write() as connection:
        kept = connection.execute(select(RunRow.metrics).where(RunRow.id == run)).scalar_one()
        connection.execute(update(RunRow).where(RunRow.id == run).values(metrics={**kept, **metrics}))


def summarise_steps(rows: Iterable[Any]) -> dict[str, Any]:
    """Medians of waiting and working minutes by step, and service levels met, from rows (step, ready, started,
    completed, due), in microseconds.

    Waiting is from ready to started; working is from started to completed. A step whose start was not recorded has
    neither; the figure is then null, and `completed` says how many steps there were.
    """
    waits, works = defaultdict(list), defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    promised = kept = 0
    for step, ready, started, completed, due in rows:
        count[step] += 1
        if started is not None:
            waits[step].append(started - ready)
            works[step].append(completed - started)
        if due is not None:
            promised += 1
            kept += completed <= due
    steps = {
        step: {
            "completed": count[step],
            "waiting_minutes_median": _minutes(waits[step]),
            "working_minutes_median": _minutes(works[step]),
        }
        for step in sorted(count)
    }
    return {"steps": steps, "service_levels": {"promised": promised, "met": kept}}


def _minutes(lengths: list[int]) -> float | None:
    """The median of lengths in microseconds, in minutes."""
    return round(median(lengths) / 60_000_000, 3) if lengths else None


def _previous_end(connection: Connection, pilot: str, process: str, run: int) -> datetime:
    ended = connection.execute(
        select(func.max(RunRow.ended)).where(
            RunRow.pilot == pilot,
            RunRow.process == process,
            RunRow.id < run,
            RunRow.kind.not_in(("rehearsal", "answer")),  # the move of one answered case is no run of the pilot
        )
    ).scalar()
    return ended or EPOCH
