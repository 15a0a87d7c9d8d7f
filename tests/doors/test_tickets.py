"""A batch can be done by a process that shares nothing with the run but the store."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from perintis import Agency, Case, Pilot, all_of, step
from perintis.doors.store.store import ProcessStore
from perintis.doors.store.upgrading import open_database
from perintis.doors.tickets import Ticket, take_items, write_ticket
from perintis.engine.batches import Item
from perintis.engine.definition import Definition
from perintis.engine.live import Live
from perintis.words.errors import BadInput
from perintis.words.recorded import Key, Process
from tests.doors.pilot_elsewhere import MARK, SmallPilot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINISTRY = Agency("ministry", "Ministry")


class Request(BaseModel):
    name: str


class Answer(BaseModel):
    ok: bool = True


class Application(BaseModel):
    reference: str
    name: str
    kind: str


class Decision(BaseModel):
    outcome: str = "granted"


@step(MINISTRY)
def look(request: Request) -> Answer:
    """Look."""
    return Answer()


async def to_be(case: Case[Application]) -> Decision:
    """The same step asked for twice at once."""
    await all_of(look(case), look(case))
    return Decision()


PILOT = Pilot(
    name="small", title="Small", version="1", lead=MINISTRY, agencies=(MINISTRY,), application=Application,
    decision=Decision, office=None,
)  # fmt: skip
DEFINITION = Definition(PILOT, {Process.TO_BE: to_be}, {look.name: look})


@pytest.fixture
def small(tmp_path: Path) -> SmallPilot:
    """The small pilot in an empty folder."""
    return SmallPilot(tmp_path)


def claimed(store: ProcessStore) -> list[Item]:
    """Every request of every case, leased by this worker."""
    cases = store.claim(now=NOON, limit=100)
    lives = [Live(DEFINITION, to_be, history, NOON) for history in store.load(cases)]
    return [Item(live, key, request) for live in lives for key, request in live.pending()]


def test_ticket_names_the_very_requests_it_was_written_for(small: SmallPilot) -> None:
    """Case, visit and fence: two requests of one case for the same step are told apart."""
    small.open_cases(2)
    with closing(open_database(small.settings)) as database:
        store = ProcessStore(database, "small", Process.TO_BE)
        items = claimed(store)
        ticket = write_ticket("small", Process.TO_BE, look.name, [items[0], items[3]], NOON)
        assert ticket == Ticket("small", "to_be", "ministry.look", 2, "1.1.1,2.2.1", "2026-03-02T12:00:00+00:00")
        taken = take_items(DEFINITION, Process.TO_BE, store, ticket)
    assert [(i.live.id, i.key) for i in taken] == [(1, Key("ministry.look", 1)), (2, Key("ministry.look", 2))]
    assert {i.live.asked_at[i.key] for i in taken} == {NOON}


def test_ticket_of_a_case_taken_over_since_is_worth_nothing(small: SmallPilot) -> None:
    """A forged or outdated fence passes the case over."""
    small.open_cases(1)
    with closing(open_database(small.settings)) as database:
        store = ProcessStore(database, "small", Process.TO_BE)
        claimed(store)
        for cases, left in (("1.1.1", 1), ("1.1.0", 0), ("1.1.2", 0), ("1.9.1", 0), ("9.1.1", 0), ("", 0)):
            ticket = Ticket("small", "to_be", look.name, 1, cases, NOON.isoformat())
            assert len(take_items(DEFINITION, Process.TO_BE, store, ticket)) == left, cases


def test_ticket_that_cannot_be_read_is_refused(small: SmallPilot) -> None:
    """Without repeating what it says."""
    with closing(open_database(small.settings)) as database:
        store = ProcessStore(database, "small", Process.TO_BE)
        with pytest.raises(BadInput) as refused:
            take_items(DEFINITION, Process.TO_BE, store, Ticket("small", "to_be", look.name, 1, MARK, NOON.isoformat()))
    assert MARK not in str(refused.value)


def test_other_processes_do_the_same_as_this_one(tmp_path: Path) -> None:
    """A run whose batches are done by other processes ends in the same work and cases as a run in one process."""
    here, elsewhere = SmallPilot(tmp_path / "here"), SmallPilot(tmp_path / "elsewhere")
    work = "SELECT case_id, step, visit, kind, status, attempt, error IS NULL, answered FROM work ORDER BY 1, 2, 3"
    for pilot, program in ((here, "run_here.py"), (elsewhere, "run_elsewhere.py")):
        pilot.open_cases(16)
        pilot.run(program)
    assert here.statuses == elsewhere.statuses == {"closed": 4, "failed": 8, "waiting": 4}
    assert [row[:7] for row in here.rows(work)] == [row[:7] for row in elsewhere.rows(work)]
    assert len({process for process, _ in here.calls()}) == 1
    assert sorted(key.split("/", 1)[1] for _, key in here.calls()) == sorted(
        key.split("/", 1)[1] for _, key in elsewhere.calls()
    )
