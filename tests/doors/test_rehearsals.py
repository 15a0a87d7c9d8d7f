"""A rehearsal in the store: apart from live cases, whole or not at all, and recorded as a live run would be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from perintis import Case, SentBack, all_of, any_of
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import run_cases
from perintis.doors.store.answering import complete_work, start_work
from perintis.doors.store.breaches import record_breaches
from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, EventRow, PayloadRow, RunRow, WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.rehearsals import (
    find_rehearsal,
    finished_rehearsals,
    remove_rehearsal,
    store_rehearsal,
    unfinished_rehearsals,
)
from perintis.doors.store.verifying import verify_store
from perintis.doors.store.workrows import read_work
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.recorded import Lifecycle, Process, WorkKind
from tests.engine.rehearsing import (
    Application,
    Decision,
    analyse,
    assume,
    assumed,
    define,
    enquire,
    look_up,
    made_up,
    serve,
    serve_again,
    simulate,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


async def everything(case: Case[Application]) -> Decision:
    """Every way in which work can go: at once, in a queue, elsewhere, sent back, withdrawn, timed."""
    try:
        await serve(case)
    except SentBack:
        await serve_again(case)
    await all_of(look_up(case), any_of(analyse(case), enquire(case), within=timedelta(days=2)))
    await case.wait(timedelta(hours=3))
    return Decision()


VARIED = assume(
    a_day=100,
    follow_up=0,
    steps={
        "counter.serve": {
            "service_minutes": assumed({"exponential": 13}),
            "send_back": assumed(0.2),
            "answers": {"ok": assumed(1.0)},
        },
        "lab.analyse": {"service_minutes": assumed({"exponential": 60}), "answers": {"ok": assumed(1.0)}},
        "lab.enquire": {"delay": assumed({"days": {"exponential": 1}}), "answers": {"ok": assumed(1.0)}},
    },
    cost_per_hour={"counter": assumed(60), "lab": assumed(60)},
)


class Clock:
    """Ours: a minute passes at every look."""

    def __init__(self) -> None:
        self._minutes = itertools.count()

    def __call__(self) -> datetime:
        return NOW + timedelta(minutes=next(self._minutes))


def rehearsal(cases: int = 40, seed: int = 1) -> Rehearsal:
    return Rehearsal(define(everything), Process.TO_BE, VARIED, seed=seed, cases=cases)


def store(database: Database, *, cases: int = 40, seed: int = 1, batch: int = 7) -> int:
    """Store one rehearsal of the small pilot."""
    return store_rehearsal(database, rehearsal(cases, seed), clock=Clock(), batch=batch)


def rows(database: Database, model: Any, run: int) -> list[tuple[Any, ...]]:
    """The rows of a rehearsal without the numbers that depend on what else is stored."""
    with database.read() as connection:
        if model is CaseRow:
            chosen = [c for c in CaseRow.__table__.columns if c.name not in ("id", "rehearsal")]
            found = select(*chosen).where(CaseRow.rehearsal == run).order_by(CaseRow.reference)
        else:
            chosen = [c for c in model.__table__.columns if c.name not in ("id", "case_id")]
            order = (EventRow.seq,) if model is EventRow else (WorkRow.id,)
            found = (
                select(CaseRow.reference, *chosen)
                .join_from(model, CaseRow, CaseRow.id == model.case_id)
                .where(CaseRow.rehearsal == run)
                .order_by(CaseRow.reference, *order)
            )
        return [tuple(row) for row in connection.execute(found)]


def test_events_alone_rebuild_what_is_stored(database: Database) -> None:
    """The store's own check finds nothing: rows of cases and work are what their events say."""
    run = store(database, cases=120)
    assert verify_store(database) == []
    kinds = {event[5] for event in rows(database, EventRow, run)}
    assert kinds == {lifecycle.value for lifecycle in Lifecycle} - {"assign"}


def test_the_same_seed_stores_the_same_rows(database: Database) -> None:
    """However it is cut into transactions, and whatever else is in the store."""
    first, again, other = store(database), store(database, batch=1_000), store(database, seed=2)
    for model in (CaseRow, WorkRow, EventRow):
        assert rows(database, model, first) == rows(database, model, again)
        assert rows(database, model, first) != rows(database, model, other)


def test_a_rehearsal_is_marked_and_has_no_payload(database: Database) -> None:
    """Every case carries its run; nothing made up is stored as an application or an answer."""
    run = store(database)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(PayloadRow)).scalar() == 0
        marks = set(connection.execute(select(CaseRow.rehearsal)).scalars())
        results = select(WorkRow.result).where(WorkRow.kind != WorkKind.TIMER.value, WorkRow.result.is_not(None))
        assert connection.execute(results).all() == []
        row = connection.execute(select(RunRow.__table__).where(RunRow.id == run)).one()
    assert marks == {run}
    assert (row.kind, row.seed, row.process, row.flow_run) == ("rehearsal", 1, "to_be", None)
    assert (row.counts["opened"], row.counts["closed"] + row.counts["waiting"]) == (40, 40)
    assert row.counts["waiting"] > 0
    assert set(row.metrics["officers"]) == {"counter", "lab", "office"}


def test_live_cases_are_left_alone(database: Database) -> None:
    """A rehearsal may use a reference that a live case has, and no run ever claims one of its cases."""
    application = made_up(Random(1), 1)
    new = NewCase(application.reference, application.office, {"kind": "new"}, application.model_dump_json(), None)
    opened = open_cases(
        database, [new], pilot="small", version="1", process="to_be", lead="counter", intake=None, now=NOW
    )
    store(database)
    report = run_cases(
        database, define(everything), Process.TO_BE, FolderConnector(Path("/nonexistent")), clock=lambda: NOW
    )
    assert len(opened.cases) == 1
    assert report.counts["advanced"] == 1
    assert record_breaches(database, "small", NOW + timedelta(days=900)) == 1


class Stopped(Exception):
    """Stands for a power cut."""


def test_an_interrupted_rehearsal_is_never_listed_and_can_be_removed(database: Database) -> None:
    """A run without an end says nothing: it is told apart, refused as a data set, and cleared away whole."""
    whole, half = store(database), rehearsal()
    kept = half.cases

    def cut_short() -> Iterator[Simulated]:
        yield from itertools.islice(kept(), 15)
        raise Stopped

    half.cases = cut_short  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        store_rehearsal(database, half, clock=Clock(), batch=7)
    (left,) = unfinished_rehearsals(database, "small")
    assert [found.run for found in finished_rehearsals(database, "small")] == [whole]
    with pytest.raises(NotAllowed, match=f"rehearsal {left} did not come to its end"):
        find_rehearsal(database, left)
    before = rows(database, EventRow, whole)
    assert remove_rehearsal(database, left) == 14
    assert unfinished_rehearsals(database, "small") == []
    assert rows(database, EventRow, whole) == before
    assert remove_rehearsal(database, whole) == 40
    with database.read() as connection:
        for model in (CaseRow, WorkRow, EventRow, RunRow):
            assert connection.execute(select(func.count()).select_from(model)).scalar() == 0


def test_rehearsals_are_found_by_number_pilot_and_process(database: Database) -> None:
    """Newest first; a number that is no rehearsal's is told."""
    first, second = store(database), store(database, seed=2)
    assert [found.run for found in finished_rehearsals(database, "small")] == [second, first]
    assert [found.seed for found in finished_rehearsals(database, "small", "to_be")] == [2, 1]
    assert finished_rehearsals(database, "small", "as_is") == []
    assert finished_rehearsals(database, "large") == []
    found = find_rehearsal(database, first)
    again = rehearsal()
    assert len(list(again.cases())) == 40
    assert found.observed_until == again.observed_until
    with pytest.raises(NotFound, match="there is no rehearsal 99"):
        find_rehearsal(database, 99)


async def straight(case: Case[Application]) -> Decision:
    """An officer, a program, then two at once of whom the first counts."""
    await serve(case)
    await look_up(case)
    await any_of(analyse(case), enquire(case))
    return Decision()


def test_a_live_case_of_the_same_course_is_recorded_alike(database: Database, tmp_path: Path) -> None:
    """Officers who act live when the simulated ones did leave the same events and the same step visits."""
    supposed = assume(
        steps={
            "counter.look_up": {"answers": {"ok": assumed(1.0)}},
            "lab.enquire": {"delay": assumed({"hours": 1}), "answers": {"ok": assumed(1.0)}},
        },
    )
    (simulated,) = simulate(straight, supposed, cases=1)
    definition = define(straight)
    run = store_rehearsal(database, Rehearsal(definition, Process.TO_BE, supposed, seed=1, cases=1), clock=Clock())
    application = Application(reference=simulated.reference, name="applicant", office=simulated.office or "")
    new = NewCase(simulated.reference, simulated.office, simulated.segments, application.model_dump_json(), None)
    opened = open_cases(
        database, [new], pilot="small", version="1", process="to_be", lead="counter", intake=None, now=simulated.opened
    )
    (case,) = opened.cases
    connector = FolderConnector(tmp_path)
    for at in sorted({simulated.opened, *(c.at for c in simulated.changes)}):
        for change in (None, *(c for c in simulated.changes if c.at == at)):
            if change is not None:
                _act(database, case, change)
            run_cases(database, definition, Process.TO_BE, connector, clock=lambda at=at: at)
    assert _course(database, CaseRow.id == case) == _course(database, CaseRow.rehearsal == run)


def _act(database: Database, case: int, change: Any) -> None:
    """Do live what the simulated officer did."""
    if change.kind is not WorkKind.HUMAN or change.lifecycle not in (Lifecycle.START, Lifecycle.COMPLETE):
        return
    with database.read() as connection:
        (work,) = read_work(connection, WorkRow.case_id == case, WorkRow.step == change.key.step)
    if change.lifecycle is Lifecycle.START:
        start_work(database, work.id, officer=change.officer, now=change.at)
    else:
        result = '{"ok": true, "name": "applicant"}'
        complete_work(database, work.id, result, officer=change.officer, now=change.at, cost=change.cost)


def _course(database: Database, which: Any) -> tuple[list[Any], list[Any]]:
    """Events and work of one case: all columns but the numbers of rows, the results and the chain.

    A rehearsal holds nothing personal, so its events are neither committed to nor chained.
    """
    events = select(*(c for c in EventRow.__table__.columns if c.name not in ("case_id", "commitment", "hash")))
    work = select(*(c for c in WorkRow.__table__.columns if c.name not in ("id", "case_id", "result")))
    events = events.join_from(EventRow, CaseRow, CaseRow.id == EventRow.case_id).where(which).order_by(EventRow.seq)
    work = work.join_from(WorkRow, CaseRow, CaseRow.id == WorkRow.case_id).where(which).order_by(WorkRow.id)
    with database.read() as connection:
        return [tuple(r) for r in connection.execute(events)], [tuple(r) for r in connection.execute(work)]
