"""Requests to agencies' systems: each is sent under one key, and nobody is told twice without anyone knowing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis import AgencyUnavailable, Case, any_of
from perintis.doors.store import failpoints
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case, resolve_doubt
from perintis.engine.steps import Message, exchange_step
from perintis.words.errors import NotAllowed
from perintis.words.recorded import Outcome
from tests.small_pilot import POST, TAX, Answer, Application, Asked, Decision, Small, audit, define

MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """What a SIGKILL is, for a program that lives on in this test process."""


class Line:
    """The line to an agency, and what arrived at its other end."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.error: BaseException | None = None

    def __call__(self, messages: Sequence[Message]) -> None:
        if isinstance(self.error, AgencyUnavailable):
            raise self.error
        self.arrived += [m.key for m in messages]
        if self.error is not None:
            raise self.error


@pytest.fixture
def line() -> Line:
    return Line()


def asking(line: Line, *, recognises_repeats: bool) -> Any:
    """A pilot that asks an agency once and waits for the answer."""

    @exchange_step(TAX if recognises_repeats else POST, send=line)
    def ask(request: Asked) -> Answer:
        """Ask."""

    async def process(case: Case[Application]) -> Decision:
        await ask(case)
        return Decision()

    return define(process, [ask])


def crash_at(name: str, small: Small) -> None:
    """Run until that failpoint, and no further; the worker is then taken for dead."""

    def hook(here: str) -> None:
        if here == name:
            raise Killed

    failpoints.hook = hook
    try:
        with pytest.raises(Killed):
            small.run()
    finally:
        failpoints.hook = None
    with small.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET worker = 'elsewhere:1:gone' WHERE worker IS NOT NULL")
    small.now += 6 * MINUTE  # nobody can tell whether that worker lives; it has been silent long enough


def test_a_request_is_sent_once(database: Database, tmp_path: Path, line: Line) -> None:
    """However often the pilot runs."""
    small = Small(database, asking(line, recognises_repeats=True), tmp_path)
    small.open("r", "s")
    assert small.run().counts["sent"] == 2
    assert small.run().counts["sent"] == 0
    assert line.arrived == [small.key(1, "tax.ask 1"), small.key(2, "tax.ask 1")]
    small.verify()


@pytest.mark.parametrize("name", ["outbox:taken", "outbox:sent"])
def test_an_agency_that_recognises_repeats_gets_the_same_key_again(
    database: Database, tmp_path: Path, line: Line, name: str
) -> None:
    """After a crash between marking and recording it is sent again, and the agency sees that it is the same."""
    small = Small(database, asking(line, recognises_repeats=True), tmp_path)
    small.open("r")
    crash_at(name, small)
    assert small.run().counts["sent"] == 1
    assert set(line.arrived) == {small.key(1, "tax.ask 1")}
    assert len(line.arrived) == (1 if name == "outbox:taken" else 2)
    small.verify()


@pytest.mark.parametrize("name", ["outbox:taken", "outbox:sent"])
def test_an_agency_that_does_not_is_never_told_again_by_itself(
    database: Database, tmp_path: Path, line: Line, name: str
) -> None:
    """The work is in doubt, an officer finds out, and only then is it sent again."""
    small = Small(database, asking(line, recognises_repeats=False), tmp_path)
    small.open("r")
    crash_at(name, small)
    told = list(line.arrived)
    assert small.run().counts["in_doubt"] == 1
    small.run()
    assert (line.arrived, small.slots(1), small.outbox(1)) == (
        told, {"post.ask 1": "in_doubt"}, {"post.ask 1": "in_doubt"},
    )  # fmt: skip
    work = small.work(1, "post.ask 1").id
    with pytest.raises(NotAllowed, match=f"run `perintis resolve {work}`"):
        small.answer(1, "post.ask 1")
    small.verify()
    resolve_doubt(database, work, sent=name == "outbox:sent", officer="o", now=small.now)
    small.run()
    assert line.arrived == [small.key(1, "post.ask 1")]
    assert (small.slots(1), small.outbox(1)) == ({"post.ask 1": "open"}, {"post.ask 1": "sent"})
    with pytest.raises(NotAllowed, match="is open, not in doubt"):
        resolve_doubt(database, work, sent=True, officer="o", now=small.now)
    small.verify()


def test_an_answer_ends_the_doubt(database: Database, tmp_path: Path, line: Line) -> None:
    """Who answers has the request: nobody needs to find out any more."""
    small = Small(database, asking(line, recognises_repeats=False), tmp_path)
    small.open("r")
    crash_at("outbox:sent", small)
    small.run()
    small.hand_in_answer(1, "post.ask 1", agency="post")
    small.run()
    assert (small.case(1).status, small.outbox(1)) == ("closed", {"post.ask 1": "sent"})
    small.verify()


@pytest.mark.parametrize(
    ("recognises_repeats", "error", "expected"),
    [
        (True, TimeoutError(), "queued"),
        (True, AgencyUnavailable(), "queued"),
        (False, TimeoutError(), "in_doubt"),
        (False, AgencyUnavailable(), "queued"),
    ],
)
def test_an_error_of_unknown_outcome(
    database: Database, tmp_path: Path, line: Line, recognises_repeats: bool, error: Exception, expected: str
) -> None:
    """`AgencyUnavailable` says that nothing arrived; after any other error nobody knows."""
    small = Small(database, asking(line, recognises_repeats=recognises_repeats), tmp_path)
    small.open("r")
    line.error = error
    agency = "tax" if recognises_repeats else "post"
    assert small.run().counts["down"] == {agency: 1}
    assert small.outbox(1) == {f"{agency}.ask 1": expected}
    small.verify()


def test_sending_waits_longer_after_each_failure(database: Database, tmp_path: Path, line: Line) -> None:
    """Half a minute, one, two, ... up to an hour; and it goes on for months."""
    small = Small(database, asking(line, recognises_repeats=True), tmp_path)
    small.open("r")
    line.error = AgencyUnavailable("closed")
    for seconds in (30, 60, 120):
        small.run()
        with database.read() as connection:
            next_at = connection.exec_driver_sql("SELECT next_at - queued FROM outbox").scalar_one()
        assert next_at == (small.now + timedelta(seconds=seconds) - small.case(1).opened) // timedelta(microseconds=1)
        small.now += timedelta(seconds=seconds)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET attempt = 5000")
    small.run()
    line.error = None
    small.now += timedelta(hours=1)
    assert small.run().counts["sent"] == 1
    small.verify()


def test_what_ended_while_the_line_was_down_is_not_sent(database: Database, tmp_path: Path, line: Line) -> None:
    """A request of a withdrawn case is called back, wherever it is on its way."""
    small = Small(database, asking(line, recognises_repeats=True), tmp_path)
    queued, taken = small.open("r", "s").cases
    line.error = AgencyUnavailable("closed")
    small.run()
    end_case(database, queued, Outcome.WITHDRAWN, "x", officer=None, now=small.now)
    small.now += MINUTE
    line.error = None
    crash_at("outbox:taken", small)
    end_case(database, taken, Outcome.WITHDRAWN, "x", officer=None, now=small.now)
    small.now += MINUTE
    small.run()
    assert line.arrived == []
    assert [small.outbox(case) for case in (queued, taken)] == [{"tax.ask 1": "withdrawn"}] * 2
    small.verify()


def test_a_loser_that_was_not_sent_yet_is_not_sent(database: Database, tmp_path: Path, line: Line) -> None:
    """The same for a race."""

    @exchange_step(TAX, send=line)
    def ask(request: Asked) -> Answer:
        """Ask."""

    async def race(case: Case[Application]) -> Decision:
        await any_of(ask(case), audit(case))
        return Decision()

    small = Small(database, define(race, [ask, audit]), tmp_path)
    small.open("r")
    line.error = AgencyUnavailable("closed")
    small.run()
    small.answer(1, "office.audit 1")
    line.error = None
    small.now += MINUTE
    small.run()
    assert (line.arrived, small.outbox(1)) == ([], {"tax.ask 1": "withdrawn"})
    small.verify()
