"""What an officer does with one work item: each act once, in one transaction, and the case goes on from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from perintis import Case, SentBack
from perintis.doors.store.answering import complete_work, send_back_work, start_work
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case, retry_case
from perintis.doors.vault.vault import NOTE, vault_of
from perintis.words.errors import BadInput, NotAllowed, NotFound
from perintis.words.recorded import Outcome
from tests.small_pilot import NO, YES, Application, Decision, Small, audit, check, define, look_up, pay

HOUR = timedelta(hours=1)


async def checked(case: Case[Application]) -> Decision:
    while True:
        try:
            answer = await check(case)
            return Decision(outcome="granted" if answer.ok else "refused")
        except SentBack as back:
            await audit(case, name=back.reason)


@pytest.fixture
def small(database: Database, tmp_path: Path) -> Small:
    """One case that waits for `office.check`, due in two days."""
    small = Small(database, define(checked), tmp_path)
    small.open("r")
    small.run()
    return small


def test_an_answer_wakes_the_case(small: Small) -> None:
    """Answered, the case is ready; the next run decides it."""
    small.now += HOUR
    small.answer(1, "office.check 1", NO)
    assert small.case(1).status == "ready"
    small.run()
    assert (small.case(1).status, small.case(1).outcome) == ("closed", "refused")
    small.verify()


def test_the_first_answer_stands(small: Small) -> None:
    """Answering twice changes nothing and says when it was answered."""
    small.answer(1, "office.check 1", NO)
    small.now += HOUR
    with pytest.raises(NotAllowed, match=r"already answered on 02 March 2026 at 01:00 UTC; nothing was changed"):
        small.answer(1, "office.check 1", YES, officer="somebody else")
    small.run()
    assert small.case(1).outcome == "refused"
    assert small.events(1).count("office.check 1 complete") == 1
    small.verify()


def test_taking_work(small: Small) -> None:
    """Taking it again is harmless; a colleague may not take it, but may answer it, and is recorded as who did."""
    work = small.work(1, "office.check 1").id
    start_work(small.database, work, officer="first", now=small.now + HOUR)
    start_work(small.database, work, officer="first", now=small.now + 2 * HOUR)
    with pytest.raises(NotAllowed, match="already taken by another officer"):
        start_work(small.database, work, officer="second", now=small.now)
    small.verify()
    complete_work(small.database, work, YES, officer="second", now=small.now + 3 * HOUR)
    record = small.work(1, "office.check 1")
    assert (record.officer, record.started, record.completed) == ("second", small.now + HOUR, small.now + 3 * HOUR)
    assert small.events(1)[-2:] == ["office.check 1 start", "office.check 1 complete"]
    small.verify()


def test_when_it_began_and_what_it_cost_can_be_told_with_the_answer(small: Small) -> None:
    """For work that was not taken first."""
    work = small.work(1, "office.check 1").id
    began = small.now + HOUR
    complete_work(small.database, work, YES, officer="o", now=began + HOUR, started=began, cost=12.5)
    record = small.work(1, "office.check 1")
    assert (record.started, record.cost) == (began, 12.5)
    small.verify()


def test_sending_back_counts_as_rework(small: Small) -> None:
    """The process gets the reason, asks somebody, and asks again: visit 2."""
    work = small.work(1, "office.check 1").id
    with pytest.raises(BadInput, match="say why"):
        send_back_work(small.database, work, "  ", officer="o", now=small.now)
    send_back_work(small.database, work, "page 2 is missing", officer="o", now=small.now)
    with pytest.raises(NotAllowed, match="already sent back"):
        complete_work(small.database, work, YES, officer="o", now=small.now)
    small.run()
    small.answer(1, "office.audit 1")
    small.run()
    assert small.slots(1) == {"office.check 1": "sent_back", "office.audit 1": "completed", "office.check 2": "open"}
    small.verify()


@pytest.mark.parametrize("act", [complete_work, send_back_work], ids=["answer", "send back"])
def test_work_of_a_case_that_ended_is_withdrawn(small: Small, act: Callable[..., object]) -> None:
    """A late answer is refused and says so."""
    end_case(small.database, 1, Outcome.WITHDRAWN, "moved away", officer="o", now=small.now)
    with pytest.raises(NotAllowed, match="already withdrawn on 02 March 2026"):
        act(small.database, small.work(1, "office.check 1").id, YES, officer="o", now=small.now)
    with pytest.raises(NotAllowed, match="case 1 was closed on 02 March 2026"):
        end_case(small.database, 1, Outcome.CANCELLED, "again", officer="o", now=small.now)
    assert (small.case(1).outcome, small.case(1).closed) == ("withdrawn", small.now)
    assert small.run().counts["advanced"] == 0
    small.verify()


def test_ending_needs_a_reason_and_a_case(small: Small) -> None:
    """The reason is kept with the personal data of the case, for it may name somebody."""
    with pytest.raises(BadInput, match="say why"):
        end_case(small.database, 1, Outcome.WITHDRAWN, "", officer=None, now=small.now)
    with pytest.raises(NotFound, match="there is no case 99"):
        end_case(small.database, 99, Outcome.WITHDRAWN, "x", officer=None, now=small.now)
    with pytest.raises(NotFound, match="there is no work item 99"):
        complete_work(small.database, 99, YES, officer="o", now=small.now)
    end_case(small.database, 1, Outcome.CANCELLED, "double entry", officer="o", now=small.now)
    with small.database.read() as connection:
        sealed = connection.exec_driver_sql("SELECT note FROM payloads").scalar_one()
        assert vault_of(connection).keys(connection, [1])[1].open(NOTE, sealed) == "double entry"


def test_only_what_was_set_aside_can_be_retried(small: Small) -> None:
    """A case that goes its way needs no retry."""
    with pytest.raises(NotAllowed, match="case 1 is waiting, not failed or diverged"):
        retry_case(small.database, 1, now=small.now)


def test_what_the_program_does_cannot_be_answered_by_hand(database: Database) -> None:
    """An automatic step that failed is retried, not answered."""

    async def process(case: Case[Application]) -> Decision:
        await look_up(case, name=1)
        return Decision()

    small = Small(database, define(process))
    small.open("r")
    small.run()
    with pytest.raises(NotAllowed, match=r"office\.look_up is done by the program"):
        small.answer(1, "office.look_up 1")


def test_an_exchange_answered_by_hand_is_not_sent_any_more(database: Database, tmp_path: Path) -> None:
    """The agency wrote a letter before its system got the request."""

    async def process(case: Case[Application]) -> Decision:
        await pay(case)
        return Decision()

    small = Small(database, define(process), tmp_path / "no such folder")
    (tmp_path / "no such folder").write_text("a file, so that nothing can be sent")
    small.open("r")
    assert small.run().counts["down"] == {"tax": 1}
    small.answer(1, "tax.pay 1")
    assert small.outbox(1) == {"tax.pay 1": "withdrawn"}
    small.now += timedelta(days=1)
    small.run()
    assert small.case(1).outcome == "granted"
    small.verify()
