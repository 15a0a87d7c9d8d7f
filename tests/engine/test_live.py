"""One case and its process: what goes wrong sets this case aside and no other, and new code meets old history."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from perintis import Case, Retry, SentBack, all_of, any_of, step
from perintis.doors.store.answering import send_back_work
from perintis.doors.store.database import Database
from perintis.doors.store.ending import retry_case
from perintis.words.errors import NotFound
from tests.small_pilot import NO, OFFICE, Answer, Application, Asked, Decision, Small, audit, check, define, look_up

ThisCase = Case[Application]


async def only_looks_up(case: ThisCase) -> Decision:
    await look_up(case)
    return Decision()


async def never_catches(case: ThisCase) -> Decision:
    await check(case)
    return Decision()


async def returns_something_else(case: ThisCase) -> Decision:
    return {"outcome": "granted"}  # type: ignore[return-value]


async def fails_itself(case: ThisCase) -> Decision:
    raise KeyError(case.application.name)


async def fails_in_a_library(case: ThisCase) -> Decision:
    json.loads(case.application.name)
    return Decision()


async def sleeps(case: ThisCase) -> Decision:
    await asyncio.sleep(1)
    return Decision()


async def yields_to_an_event_loop(case: ThisCase) -> Decision:
    await asyncio.sleep(0)
    return Decision()


async def asks_with_wrong_input(case: ThisCase) -> Decision:
    await check(case, name=["not", "text"])
    return Decision()


@pytest.mark.parametrize(
    ("process", "problem"),
    [
        (returns_something_else, "the process returned dict instead of Decision"),
        (fails_itself, "the process code stopped with KeyError in test_live.py line"),
        (fails_in_a_library, "the process code stopped with JSONDecodeError in test_live.py line"),
        (sleeps, ": a process may await steps, all_of, any_of and case.wait"),
        (yields_to_an_event_loop, "a process may await steps, all_of, any_of and case.wait, not NoneType"),
        (asks_with_wrong_input, "office.check cannot be asked: name is missing or not valid"),
    ],
)
def test_a_process_that_goes_wrong_sets_its_own_case_aside(database: Database, process: Any, problem: str) -> None:
    """The problem is told without a personal value, and a retry takes the case up with the code as it is then."""

    async def one_of_two(case: ThisCase) -> Decision:
        decision: Decision = await (process(case) if case.reference == "r" else only_looks_up(case))
        return decision

    small = Small(database, define(one_of_two))
    bad, good = small.open("r", "s").cases
    small.run()
    assert (small.case(bad).status, small.case(good).status) == ("failed", "closed")
    assert problem in small.case(bad).problem
    assert "applicant" not in small.case(bad).problem
    small.definition = define(only_looks_up)
    retry_case(database, bad, now=small.now)
    small.run()
    assert small.case(bad).status == "closed"
    small.verify()


def test_sent_back_and_not_caught_sets_the_case_aside(database: Database) -> None:
    """The message says what the process should have said."""
    small = Small(database, define(never_catches))
    (case,) = small.open("r").cases
    small.run()
    send_back_work(database, small.work(case, "office.check 1").id, "blurred", officer="o", now=small.now)
    small.run()
    assert small.case(case).problem == (
        "office.check was sent back and the process does not say what happens then (catch SentBack)"
    )
    small.verify()


# -- an open case and new code ----------------------------------------------------------------------------------------


async def first_version(case: ThisCase) -> Decision:
    await check(case)
    await audit(case)
    return Decision()


async def compatible(case: ThisCase) -> Decision:
    try:
        good = (await check(case)).ok
    except SentBack:
        good = False
    await audit(case)
    if not good:
        await look_up(case)
    return Decision(outcome="looked up" if not good else "granted")


async def incompatible(case: ThisCase) -> Decision:
    await look_up(case)
    await audit(case)
    return Decision()


async def race_first(case: ThisCase) -> Decision:
    await all_of(any_of(check(case), audit(case)), audit(case))
    return Decision()


async def conjunction_now(case: ThisCase) -> Decision:
    await all_of(check(case), audit(case), audit(case))
    return Decision()


def test_an_open_case_goes_on_with_compatible_code(database: Database) -> None:
    """What is recorded fits; what comes after it is the new code's."""
    small = Small(database, define(first_version))
    (case,) = small.open("r").cases
    small.run()
    small.answer(case, "office.check 1", NO)
    small.run()
    small.definition = define(compatible)
    small.answer(case, "office.audit 1")
    small.run()
    assert small.case(case).outcome == "looked up"
    small.verify()


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (first_version, incompatible, "office.check (visit 1)"),
        (race_first, conjunction_now, "office.check (visit 1), which was withdrawn"),
    ],
)
def test_a_case_that_does_not_fit_the_code_is_set_aside_and_untouched(
    database: Database, before: Any, after: Any, named: str
) -> None:
    """Diverged names the step; with the right code the case goes on as if nothing had been."""
    small = Small(database, define(before))
    (case,) = small.open("r").cases
    small.run()
    small.answer(case, "office.audit 1" if before is race_first else "office.check 1")
    if before is race_first:
        small.run()
    recorded = small.slots(case), small.events(case)
    right, small.definition = small.definition, define(after)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET status = 'ready'")
    assert small.run().counts["diverged"] == 1
    assert named in small.case(case).problem
    assert (small.slots(case), small.events(case)) == recorded
    small.definition = right
    retry_case(database, case, now=small.now)
    small.run()
    assert small.case(case).status == "waiting"
    small.verify()


def test_a_step_that_became_another_kind_of_work_diverges(database: Database) -> None:
    """What an officer has in the inbox cannot become a call to a system under the same slot."""

    @step(OFFICE, retries=Retry())
    def audit(request: Asked) -> Answer:
        """Audit by machine."""
        return Answer()

    small = Small(database, define(first_version))
    (case,) = small.open("r").cases
    small.run()
    small.answer(case, "office.check 1")
    small.run()

    async def by_machine(case: ThisCase) -> Decision:
        await check(case)
        await audit(case)
        return Decision()

    small.definition = define(by_machine, [check, audit])
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET status = 'ready'")
    assert small.run().counts["diverged"] == 1
    assert "was recorded as human work and is automatic work now" in small.case(case).problem


def test_a_result_that_no_longer_fits_its_type_diverges(database: Database) -> None:
    """An answer is read with the present model; where it does not fit, the message says what to do."""
    small = Small(database, define(first_version))
    (case,) = small.open("r").cases
    small.run()
    small.answer(case, "office.check 1", '{"no such field": 1, "ok": "perhaps"}')
    small.run()
    assert small.case(case).status == "diverged"
    assert "office.check (visit 1) does not fit" in small.case(case).problem
    assert small.slots(case) == {"office.check 1": "completed"}


def test_a_definition_names_what_it_has() -> None:
    """An unknown step or process is answered with the known ones."""
    definition = define(first_version)
    with pytest.raises(NotFound, match=r"it has office\.audit, office\.check"):
        definition.step("office.nothing")
