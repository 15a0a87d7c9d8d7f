"""The fast track from intake to decision: every transfer between agencies is in the record, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from perintis.doors.answered import answer_work
from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import load_definition
from perintis.doors.running import run_cases
from perintis.doors.store.answering import send_back_work
from perintis.doors.store.database import Database
from perintis.doors.store.models import EventRow, OutboxRow, WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.verifying import verify_store
from perintis.doors.store.workrows import read_work
from perintis.engine.definition import Definition
from perintis.rules.agreement import MARKS, answered_fields, shown_fields
from perintis.words.recorded import CASE_STEP, TIMER_STEP, Process

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CASES = 12
ANSWERS: dict[str, dict[str, Any]] = {
    "imigrasi.request_documents": {"documents": []},
    "imigrasi.correct_file": {"done": True},
    "imigrasi.decide": {"grant": True},
    "kemenkes.health_screening": {"fit": True},
    "polri.police_record": {"record_clear": True},
    "kemnaker.approve_work": {"work_approved": True},
}


@pytest.fixture
def definition(repository: Path) -> Definition:
    """The pilot with its own agreement."""
    return load_definition(repository, "fast-track")


def live(database: Database, definition: Definition, folder: Path) -> None:
    """Some cases from intake to decision; the health ministry returns the first file it gets."""
    pilot, now, returned = definition.pilot, START, False
    assert pilot.made_up is not None
    applications = [pilot.made_up(Random(number), number) for number in range(1, CASES + 1)]
    new = [NewCase(a.reference, a.office, {}, a.model_dump_json(), None) for a in applications]
    open_cases(database, new, pilot=pilot.name, version="1", process="to_be", lead="imigrasi", intake=None, now=now)
    for _ in range(12):
        run_cases(database, definition, Process.TO_BE, FolderConnector(folder), clock=partial(_same, now))
        with database.read() as connection:
            waiting = read_work(connection, WorkRow.kind == "human", WorkRow.status == "open")
            unpaid = connection.execute(select(OutboxRow.key).where(OutboxRow.status == "sent")).scalars().all()
        for work in waiting:
            if work.key.step == "kemenkes.health_screening" and not returned:
                returned = bool(send_back_work(database, work.id, "the name does not fit", officer="o", now=now))
                continue
            answer = dict(ANSWERS[work.key.step])
            if work.key.step == "imigrasi.request_documents":
                answer = {"documents": list(all_documents())}
            answer_work(database, definition, work, json.dumps(answer), officer="o", now=now)
        box = folder / "kemenkeu" / "in"
        box.mkdir(parents=True, exist_ok=True)
        for number, key in enumerate(unpaid):
            (box / f"{number}.json").write_text(json.dumps({"key": key, "answer": {"receipt_number": "N-1"}}))
        now += timedelta(hours=1)


def _same(at: datetime) -> datetime:
    return at


def all_documents() -> tuple[str, ...]:
    """Every kind of document there is."""
    from pilots.fast_track.application import REQUIRED_DOCUMENTS

    return tuple({document for documents in REQUIRED_DOCUMENTS.values() for document in documents})


def expected(definition: Definition, database: Database) -> list[tuple[int, int, str, str, str]]:
    """What each event discloses by the models of its step: case, event, from, to, field."""
    found = []
    with database.read() as connection:
        events = connection.execute(
            select(EventRow.case_id, EventRow.seq, EventRow.step, EventRow.lifecycle, EventRow.visit)
        ).all()
        kinds = {name: step.kind.value for name, step in definition.steps.items()}
    for case, seq, name, lifecycle, _ in events:
        if name in (CASE_STEP, TIMER_STEP) or (step := definition.step(name)).agency.code == "imigrasi":
            continue
        agency = step.agency.code
        if lifecycle == "schedule" or (lifecycle == "complete" and kinds[name] == "automatic"):
            found += [(case, seq, "imigrasi", agency, field) for field in shown_fields(step.input_model)]
        if lifecycle == "complete":
            found += [
                (case, seq, agency, "imigrasi", field)
                for field in answered_fields(step.output_type)
                if field not in MARKS
            ]
    return sorted(found)


def test_the_record_is_complete_from_intake_to_decision(
    database: Database, definition: Definition, tmp_path: Path
) -> None:
    """Field by field what the steps' own models say, on both databases; each by an article that lists it."""
    live(database, definition, tmp_path)
    assert definition.agreed is not None
    assert definition.agreed.agreement is not None
    listed = {t.article: t for t in definition.agreed.agreement.terms}
    recorded = []
    with database.read() as connection:
        assert set(connection.execute(text("SELECT status FROM cases")).scalars()) == {"closed"}
        rows = connection.execute(text(
            "SELECT d.case_id, d.seq, t.discloses, t.receives, t.fields, t.article FROM disclosures d "
            "JOIN disclosure_terms t ON t.id = d.term_id"
        ))  # fmt: skip
        for case, seq, discloses, receives, fields, article in rows:
            term = listed[article]
            assert (term.discloses, term.receives) == (discloses, receives)
            assert set(fields.split(",")) <= set(term.fields)
            recorded += [(case, seq, discloses, receives, field) for field in fields.split(",")]
    assert sorted(recorded) == expected(definition, database)
    assert len(recorded) > CASES * 20
    assert [str(problem) for problem in verify_store(database)] == []


def test_held_to_nothing_it_would_record_nothing(database: Database, definition: Definition, tmp_path: Path) -> None:
    """The test above can fail: without an agreement to hold to, the same cases leave no record."""
    with_nothing = replace(definition, agreed=None)
    live(database, with_nothing, tmp_path)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM disclosures")).scalar() == 0
