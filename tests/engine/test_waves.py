"""A run in waves: one bad case or one silent agency stops nobody else, and every run leaves a store that verifies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis import AgencyUnavailable, Case, Retry, all_of, any_of, step
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case, retry_case
from perintis.engine.steps import Step
from perintis.engine.waves import Batch
from perintis.words.recorded import Outcome
from tests.small_pilot import (
    TAX,
    Answer,
    Application,
    Asked,
    Decision,
    Small,
    audit,
    check,
    define,
    look_up,
    pay,
)

MINUTE = timedelta(minutes=1)
ThisCase = Case[Application]


def asking(asked: Step[Any], **inputs: object) -> Any:
    async def process(case: ThisCase) -> Decision:
        await asked(case, **inputs)
        return Decision()

    return process


# -- retries ----------------------------------------------------------------------------------------------------------


class Moody:
    """An agency's system that fails when told so."""

    def __init__(self) -> None:
        self.bad: set[str] = set()
        self.down = False
        self.calls: list[list[str]] = []

    def __call__(self, requests: Sequence[Asked]) -> list[Answer]:
        self.calls.append([r.name for r in requests])
        if self.down:
            raise AgencyUnavailable("the system of the tax office is closed for the night")
        if self.bad & {r.name for r in requests}:
            raise RuntimeError("no such person")
        return [Answer() for _ in requests]


@pytest.fixture
def moody() -> Moody:
    return Moody()


def batch_step(moody: Moody, retries: Retry) -> Step[Answer]:
    @step(TAX, retries=retries)
    def ask(requests: Sequence[Asked]) -> list[Answer]:
        """Ask."""
        return moody(requests)

    return ask


def single_step(moody: Moody) -> Step[Answer]:
    @step(TAX)
    def ask_one(request: Asked) -> Answer:
        """Ask about one."""
        return moody([request])[0]

    return ask_one


def open_named(small: Small, *names: str) -> list[int]:
    return [small.open(name, name=name).cases[0] for name in names]


def test_a_failed_case_is_tried_again_with_growing_waits_and_does_not_stop_its_batch(
    database: Database, moody: Moody
) -> None:
    """First wait, then twice as long, then set aside; the others of the batch went on at once."""
    ask = batch_step(moody, Retry(times=2, first=MINUTE, factor=2))
    small = Small(database, define(asking(ask), [ask]))
    good, bad, fine = open_named(small, "good", "bad", "fine")
    moody.bad = {"bad"}
    assert small.run().counts["closed"] == 2
    assert moody.calls == [["good", "bad", "fine"], ["good"], ["bad"], ["fine"]]
    for wait, attempt in ((MINUTE, 2), (2 * MINUTE, 3)):
        record = small.work(bad, "tax.ask 1")
        assert (record.status.value, record.attempt) == ("retrying", attempt - 1)
        assert small.case(bad).wake_at == small.now + wait
        small.now += wait - timedelta(microseconds=1)
        assert small.run().counts["steps"] == 0
        small.now += timedelta(microseconds=1)
        small.run()
    assert (small.case(bad).status, small.slots(bad)) == ("failed", {"tax.ask 1": "failed"})
    assert small.case(bad).problem == (
        f"tax.ask (visit 1) failed and was tried often enough; put it right and run `perintis retry {bad}`"
    )
    moody.bad = set()
    retry_case(database, bad, now=small.now)
    small.run()
    assert [small.case(case).status for case in (good, bad, fine)] == ["closed"] * 3
    small.verify()


def test_a_function_of_one_record_is_called_once_for_each(database: Database, moody: Moody) -> None:
    """One record that fails does not make the program ask again about the others."""
    ask = single_step(moody)
    small = Small(database, define(asking(ask), [ask]))
    open_named(small, "good", "bad", "fine")
    moody.bad = {"bad"}
    assert small.run().counts["failed"] == 1
    assert moody.calls == [["good"], ["bad"], ["fine"]]
    small.verify()


def test_the_recorded_error_holds_no_value(database: Database) -> None:
    """The kind of error and its line; the text may name a person."""

    @step(TAX)
    def ask(request: Asked) -> Answer:
        """Ask."""
        raise ValueError(f"{request.name} is not known")

    small = Small(database, define(asking(ask), [ask]))
    (case,) = open_named(small, "Siti")
    small.run()
    with database.read() as connection:
        error = connection.exec_driver_sql("SELECT error FROM work").scalar_one()
    assert error.startswith("ValueError in test_waves.py line")
    assert "Siti" not in error + small.case(case).problem
    small.verify()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([], "tax.ask gave 0 results for 1 request"),
        ([Answer(), Answer()], "tax.ask gave 2 results for 1 request"),
        ([{"ok": "perhaps"}], "the result of tax.ask is not valid: ok"),
        ([None], "the result of tax.ask is not valid: NoneType"),
        (3, "tax.ask gave int instead of a list with one result for each request"),
        (None, "tax.ask gave NoneType instead of a list with one result for each request"),
        ({"ok": True}, "tax.ask gave dict instead of a list with one result for each request"),
    ],
)
def test_wrong_results_fail_the_case_and_say_why(database: Database, result: Any, message: str) -> None:
    """As many results as requests, each of the declared type."""

    @step(TAX)
    def ask(requests: Sequence[Asked]) -> list[Answer]:
        """Ask."""
        given: list[Answer] = result
        return given

    small = Small(database, define(asking(ask), [ask]))
    open_named(small, "one")
    small.run()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT error FROM work").scalar_one() == message


def test_one_invalid_result_does_not_spoil_the_batch(database: Database) -> None:
    """The others are recorded as they came, and nobody is asked twice."""
    calls = []
    spoilt = Answer().model_copy(update={"ok": "perhaps"})

    @step(TAX)
    def ask(requests: Sequence[Asked]) -> list[Answer]:
        """Ask."""
        calls.append(len(requests))
        return [Answer() if r.name != "bad" else spoilt for r in requests]

    small = Small(database, define(asking(ask), [ask]))
    open_named(small, "good", "bad", "fine")
    counts = small.run().counts
    assert (counts["closed"], counts["failed"], calls) == (2, 1, [3])


# -- an agency that is down -------------------------------------------------------------------------------------------


def test_a_batch_whose_agency_is_down_leaves_its_cases_ready_and_says_so(database: Database, moody: Moody) -> None:
    """No attempt is counted; the next run takes them up; steps of other agencies went on."""
    ask = batch_step(moody, Retry())

    async def both(case: ThisCase) -> Decision:
        await all_of(ask(case), look_up(case))
        return Decision()

    small = Small(database, define(both, [ask, look_up]))
    cases = open_named(small, "one", "two")
    moody.down = True
    counts = small.run().counts
    assert (counts["down"], counts["left_ready"], counts["closed"]) == ({"tax": 2}, 2, 0)
    assert [small.case(case).status for case in cases] == ["ready", "ready"]
    assert small.slots(cases[0]) == {"office.look_up 1": "completed"}
    assert len(moody.calls) == 1  # not once more for each case
    moody.down = False
    assert small.run().counts["closed"] == 2
    assert small.work(cases[0], "tax.ask 1").attempt == 1
    small.verify()


def test_what_was_done_before_the_agency_went_down_is_kept(database: Database, moody: Moody) -> None:
    """Else an agency that answers so many requests a minute would be asked the same ones for ever."""

    @step(TAX)
    def ask_one(request: Asked) -> Answer:
        """Ask about one."""
        moody.down = len(moody.calls) >= 2
        return moody([request])[0]

    small = Small(database, define(asking(ask_one), [ask_one]))
    open_named(small, "a", "b", "c", "d")
    counts = small.run().counts
    assert (counts["closed"], counts["left_ready"], counts["down"]) == (2, 2, {"tax": 2})
    assert moody.calls == [["a"], ["b"], ["c"]]
    moody.calls.clear()
    assert small.run().counts["closed"] == 2
    assert moody.calls == [["c"], ["d"]]
    small.verify()


# -- cases touched by others meanwhile --------------------------------------------------------------------------------


class Meddling:
    """An executor that lets something happen before each batch is done."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def perform(self, batches: Sequence[Batch], work: Any) -> Any:
        for batch in batches:
            self.act()
            yield work(batch)


async def checked_beside_lookups(case: ThisCase) -> Decision:
    async def looked_up() -> None:
        await look_up(case)
        await look_up(case)

    await all_of(check(case), looked_up())
    return Decision()


def test_an_answer_that_comes_during_a_run_is_seen_by_it(database: Database, moody: Moody) -> None:
    """The case was overtaken: it is read again, nothing is lost, and the run goes on with both results."""
    ask = batch_step(moody, Retry(times=1, first=MINUTE))

    async def both(case: ThisCase) -> Decision:
        await all_of(check(case), ask(case))
        return Decision()

    small = Small(database, define(both, [check, ask]))
    (case,) = open_named(small, "bad")
    moody.bad = {"bad"}
    small.run()
    moody.bad = set()
    small.now += MINUTE
    small.run(executor=Meddling(lambda: small.answer(case, "office.check 1")))
    assert small.events(case)[-3:] == ["office.check 1 complete", "tax.ask 1 complete", "case 1 complete"]
    small.verify()


def test_a_case_withdrawn_during_a_run_is_let_go(database: Database) -> None:
    """The worker's results are refused, and nothing more is recorded of it."""
    small = Small(database, define(checked_beside_lookups))
    kept, gone = small.open("r", "s").cases
    ended: list[int] = []

    def act() -> None:
        if not ended:
            ended.append(gone)
            end_case(database, gone, Outcome.WITHDRAWN, "moved away", officer=None, now=small.now)

    counts = small.run(executor=Meddling(act)).counts
    assert (counts["refused"], small.case(gone).outcome, small.case(kept).status) == (1, "withdrawn", "waiting")
    assert small.events(gone) == ["case 1 start", "case 1 withdraw"]
    small.verify()


def test_a_batch_done_twice_under_one_claim_is_recorded_once(database: Database) -> None:
    """A task that was run again after a crash changes nothing; the case goes on from what was recorded."""

    class Twice:
        def perform(self, batches: Sequence[Batch], work: Any) -> Any:
            for batch in batches:
                work(batch)
                yield work(batch)

    small = Small(database, define(checked_beside_lookups))
    (case,) = small.open("r").cases
    small.run(executor=Twice())
    assert [e for e in small.events(case) if "look_up" in e] == [
        "office.look_up 1 complete",
        "office.look_up 2 complete",
    ]
    small.answer(case, "office.check 1")
    assert small.run().counts["closed"] == 1
    small.verify()


# -- races, timers, work sent back ------------------------------------------------------------------------------------


def test_the_losers_of_a_race_are_withdrawn(database: Database, tmp_path: Path) -> None:
    """Their work disappears from inboxes, and a request not sent yet is not sent."""

    async def race(case: ThisCase) -> Decision:
        first = await any_of(check(case), audit(case), pay(case), within=timedelta(days=1))
        return Decision(outcome="lapsed" if first.timed_out else f"by {first.index}")

    small = Small(database, define(race), tmp_path)
    by_officer, by_time = small.open("r", "s").cases
    small.run()
    small.answer(by_officer, "office.audit 1")
    small.run()
    assert small.slots(by_officer) == {
        "office.check 1": "withdrawn", "office.audit 1": "completed", "tax.pay 1": "withdrawn", "timer 1": "withdrawn",
    }  # fmt: skip
    small.now += timedelta(days=1)
    small.run()
    assert [small.case(c).outcome for c in (by_officer, by_time)] == ["by 1", "lapsed"]
    small.verify()


def test_a_wait_ends_when_its_date_comes_and_not_before(database: Database) -> None:
    """A wait is a due date; the sweep that comes after it moves the case on."""

    async def process(case: ThisCase) -> Decision:
        await case.wait(timedelta(hours=1))
        await case.wait(case.opened - timedelta(days=1))  # long past: no wait
        return Decision(outcome="waited" if case.now > case.opened else "no")

    small = Small(database, define(process))
    (case,) = small.open("r").cases
    small.run()
    small.now += timedelta(hours=1) - timedelta(microseconds=1)
    assert small.run().counts["advanced"] == 0
    small.now += timedelta(microseconds=1)
    small.run()
    assert small.case(case).outcome == "waited"
    small.verify()


# -- a run that stops -------------------------------------------------------------------------------------------------


class Broken:
    """An executor that stops in the middle of a run."""

    def perform(self, batches: Sequence[Batch], work: Any) -> Any:
        """Do the first batch, then fail as a program does."""
        work(batches[0])
        raise RuntimeError("no more room in memory")


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_run_that_stops_gives_its_cases_back(database: Database, lanes: int) -> None:
    """The next run need not wait for the end of the leases, and goes on from what was recorded."""
    small = Small(database, define(asking(look_up)))
    small.open("r", "s", "t")
    with pytest.raises(RuntimeError, match="no more room"):
        small.run(executor=Broken(), lanes=lanes)
    assert [(small.case(i).worker, small.case(i).lease_until) for i in (1, 2, 3)] == [(None, None)] * 3
    assert small.run().tally.closed == 3
    assert small.events(1).count("office.look_up 1 complete") == 1
    small.verify()
