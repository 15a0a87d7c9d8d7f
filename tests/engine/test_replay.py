"""The driver: the same history gives the same requests, and an answer never lands in another step's slot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from perintis import Case, SentBack, all_of, any_of
from perintis.engine.replay import ProcessFunction
from perintis.words.errors import DefinitionError, Diverged
from tests.engine.replaying import (
    BACK,
    NO,
    START,
    YES,
    Answer,
    Application,
    asked,
    audit,
    check,
    key,
    pay,
    replayed,
    slots,
    start,
)

# -- one after another, loops, branches -------------------------------------------------------------------------------


async def three_in_a_row(case: Case[Application]) -> str:
    await check(case)
    await audit(case)
    await pay(case)
    return "done"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], ["check 1"]),
        ([("check 1", YES)], ["audit 1"]),
        ([("check 1", YES), ("audit 1", YES)], ["pay 1"]),
        ([("check 1", YES), ("audit 1", YES), ("pay 1", YES)], []),
    ],
)
def test_a_process_asks_for_one_step_after_another(history: list[tuple[str, Any]], expected: list[str]) -> None:
    """Each result recorded brings the request after it."""
    replay = replayed(three_in_a_row, *history)
    assert asked(replay) == expected
    assert replay.finished is (expected == [])


async def until_ok(case: Case[Application]) -> int:
    rounds = 1
    while not (await check(case)).ok:
        rounds += 1
    return rounds


def test_a_loop_counts_its_visits() -> None:
    """The nth call of a step is its nth visit."""
    assert asked(replayed(until_ok, ("check 1", NO), ("check 2", NO))) == ["check 3"]
    assert replayed(until_ok, ("check 1", NO), ("check 2", NO), ("check 3", YES)).decision == 3


async def two_branches(case: Case[Application]) -> tuple[str, str]:
    async def branch(name: str) -> str:
        first = await check(case)
        second = await check(case)
        return f"{name}:{first.ok}:{second.ok}"

    return await all_of(branch("left"), branch("right"))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["check 1", "check 3", "check 2", "check 4"], ("left:True:False", "right:False:False")),
        (["check 2", "check 3", "check 1", "check 4"], ("left:True:False", "right:False:False")),
    ],
)
def test_two_branches_that_call_the_same_step(order: list[str], expected: tuple[str, str]) -> None:
    """Visits are numbered in the order of asking, and that follows from the order in which answers were recorded.

    Only "check 1", the first request of the left branch, is answered with yes.
    """
    replay = replayed(two_branches, *((slot, Answer(ok=slot == "check 1")) for slot in order))
    assert replay.finished
    assert replay.decision == expected


def test_the_order_of_recording_decides_which_branch_asks_for_which_visit() -> None:
    """Whoever is answered first asks first, so "check 3" is the left branch's or the right one's: told by history."""
    left_first = replayed(two_branches, ("check 1", YES), ("check 3", NO))
    right_first = replayed(two_branches, ("check 2", YES), ("check 3", NO))
    assert asked(left_first) == ["check 2"]
    assert asked(right_first) == ["check 1"]


# -- code and history disagree ----------------------------------------------------------------------------------------


async def with_audit_in_front(case: Case[Application]) -> str:
    await audit(case)
    await check(case)
    return "done"


async def with_audit_behind(case: Case[Application]) -> str:
    await check(case)
    await audit(case)
    return "done"


async def only_check(case: Case[Application]) -> str:
    await check(case)
    return "done"


def test_an_answer_never_lands_in_a_step_inserted_before_it() -> None:
    """A step put in front of one that was answered: the answer has no slot, and the message names its step."""
    with pytest.raises(Diverged, match=r"office\.check \(visit 1\).*now asks for office\.audit \(visit 1\)"):
        replayed(with_audit_in_front, ("check 1", YES))


def test_open_work_is_not_forgotten_when_a_step_is_inserted_before_it() -> None:
    """The same while the step still waits: an officer works on something the code no longer asks for."""
    with pytest.raises(Diverged, match=r"office\.check \(visit 1\)"):
        start(with_audit_in_front).check_open([key("check 1")])


def test_a_case_goes_on_with_code_that_only_adds_behind() -> None:
    """Compatible change: what was answered and what waits is asked for in the same slots."""
    replay = replayed(with_audit_behind, ("check 1", YES))
    replay.check_open([key("audit 1")])
    assert asked(replay) == ["audit 1"]


def test_history_beyond_the_end_of_the_process_diverges() -> None:
    """The process returns earlier than it did when the history was written."""
    with pytest.raises(Diverged, match="now asks for nothing more"):
        replayed(only_check, ("check 1", YES), ("audit 1", YES))


def test_the_same_slot_is_not_answered_twice() -> None:
    """A second result for one slot is a divergence, not a second answer."""
    with pytest.raises(Diverged, match=r"office\.check \(visit 1\)"):
        replayed(three_in_a_row, ("check 1", YES), ("check 1", NO))


# -- side by side -----------------------------------------------------------------------------------------------------


async def nested(case: Case[Application]) -> Any:
    async def checked_then_audited() -> bool:
        return (await check(case)).ok and (await audit(case)).ok

    quick = any_of(pay(case), checked_then_audited())
    return await all_of(quick, check(case))


def test_nested_branches() -> None:
    """A race inside a conjunction: the race ends with its first branch, the conjunction with its last."""
    replay = start(nested)
    assert asked(replay) == ["pay 1", "check 1", "check 2"]
    replay = replayed(nested, ("check 1", YES), ("audit 1", YES))
    assert (asked(replay), slots(replay.abandoned)) == (["check 2"], ["pay 1"])
    replay = replayed(nested, ("check 1", YES), ("audit 1", YES), ("check 2", YES))
    first, second = replay.decision
    assert (first.index, first.value, second) == (1, True, YES)


def test_the_losers_of_a_race_are_not_asked_for_any_more_and_their_late_results_are_ignored() -> None:
    """`any_of` goes on with the first; what comes of the others later changes nothing."""

    async def race(case: Case[Application]) -> Any:
        first = await any_of(check(case), audit(case))
        await pay(case)
        return first.index

    replay = replayed(race, ("audit 1", YES))
    assert (asked(replay), slots(replay.abandoned)) == (["pay 1"], ["check 1"])
    replay.check_open([key("check 1")])  # the loser's work is still open: no divergence
    replay = replayed(race, ("audit 1", YES), ("check 1", NO), ("pay 1", YES))
    assert replay.decision == 1


def test_an_empty_conjunction_gives_an_empty_tuple() -> None:
    """Nothing to wait for is no wait."""

    async def none(case: Case[Application]) -> Any:
        branches: list[Awaitable[Answer]] = []
        return await all_of(*branches)

    assert start(none).decision == ()


def test_branches_that_end_at_once() -> None:
    """A branch may return without asking for anything; a race is over before later branches begin."""

    async def process(case: Case[Application]) -> Any:
        async def at_once() -> str:
            return "now"

        await all_of(at_once(), check(case))
        return (await any_of(at_once(), audit(case))).value

    replay = replayed(process, ("check 1", YES))
    assert (replay.decision, asked(replay), replay.abandoned) == ("now", [], set())


def test_an_error_in_one_branch_ends_the_others() -> None:
    """The error reaches the `await` of the conjunction; the other branches are given up."""

    async def process(case: Case[Application]) -> str:
        async def fails() -> None:
            await check(case)
            raise KeyError("inside")

        try:
            await all_of(fails(), audit(case))
        except KeyError:
            await pay(case)
        return "done"

    replay = replayed(process, ("check 1", YES))
    assert (asked(replay), slots(replay.abandoned)) == (["pay 1"], ["audit 1"])


def test_a_branch_that_is_given_up_may_put_things_away_but_not_wait() -> None:
    """`finally` runs in a branch that lost; awaiting a step there is an error that says so."""
    put_away: list[str] = []

    async def process(case: Case[Application], loser: Callable[[], Awaitable[None]]) -> str:
        await any_of(pay(case), loser())
        return "done"

    async def tidy(case: Case[Application]) -> str:
        async def loser() -> None:
            try:
                await check(case)
            finally:
                put_away.append("tidy")

        return await process(case, loser)

    async def greedy(case: Case[Application]) -> str:
        async def loser() -> None:
            try:
                await check(case)
            finally:
                await audit(case)

        return await process(case, loser)

    assert replayed(tidy, ("pay 1", YES)).finished
    assert put_away == ["tidy"]
    with pytest.raises(DefinitionError, match="given up"):
        replayed(greedy, ("pay 1", YES))


def test_letting_go_of_a_waiting_case_is_silent() -> None:
    """A replay is dropped whenever a case waits; a `finally` that awaits must not make Python print warnings."""

    async def process(case: Case[Application]) -> str:
        async def branch() -> None:
            try:
                await check(case)
            finally:
                await audit(case)

        await all_of(branch(), branch())
        return "done"

    start(process).close()


# -- sent back --------------------------------------------------------------------------------------------------------


def test_sent_back_is_raised_where_the_step_was_awaited() -> None:
    """The process can catch it, and ask again: the next visit."""

    reasons: set[str] = set()

    async def process(case: Case[Application]) -> str:
        while True:
            try:
                await check(case)
                return "done"
            except SentBack as back:
                reasons.add(back.reason)
                await audit(case)

    assert asked(replayed(process, ("check 1", BACK))) == ["audit 1"]
    assert asked(replayed(process, ("check 1", BACK), ("audit 1", YES))) == ["check 2"]
    assert replayed(process, ("check 1", BACK), ("audit 1", YES), ("check 2", YES)).finished
    assert reasons == {"a page is missing"}


def test_sent_back_and_not_caught_comes_out_of_the_process() -> None:
    """The driver hands the error on; the case is set aside by who drives it."""
    with pytest.raises(SentBack, match=r"office\.check"):
        replayed(three_in_a_row, ("check 1", BACK))


# -- time -------------------------------------------------------------------------------------------------------------


def test_now_is_the_time_of_what_was_recorded_last() -> None:
    """`case.now` is the same at every replay, whatever the clock says."""

    async def process(case: Case[Application]) -> list[datetime]:
        times = [case.now]
        for _ in range(2):
            await check(case)
            times.append(case.now)
        return times

    replay = replayed(process, ("check 1", YES), ("check 2", YES))
    assert replay.decision == [START, START + timedelta(minutes=1), START + timedelta(minutes=2)]


def test_waits_are_slots_like_any_other() -> None:
    """`case.wait` and the time-out of `any_of` are visits of "timer"."""

    async def process(case: Case[Application]) -> bool:
        await case.wait(timedelta(days=1))
        return (await any_of(check(case), within=timedelta(days=1))).timed_out

    assert asked(replayed(process, ("timer 1", START))) == ["check 1", "timer 2"]
    assert replayed(process, ("timer 1", START), ("timer 2", START)).decision is True
    assert replayed(process, ("timer 1", START), ("check 1", YES)).decision is False


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody can say when 08:00 is."""

    async def process(case: Case[Application]) -> None:
        await case.wait(datetime(2026, 1, 1, 8, 0))  # noqa: DTZ001

    with pytest.raises(ValueError, match="time zone"):
        start(process)


# -- what a process may not await -------------------------------------------------------------------------------------


async def awaits_the_event_loop(case: Case[Application]) -> None:
    await asyncio.sleep(0)


async def awaits_a_number(case: Case[Application]) -> None:
    await all_of(check(case), three_in_a_row(case), 3)  # type: ignore[call-overload]


async def awaits_asyncio_in_a_branch(case: Case[Application]) -> None:
    await all_of(asyncio.sleep(0), three_in_a_row(case))


@pytest.mark.parametrize(
    ("process", "message"),
    [
        (awaits_the_event_loop, "steps, all_of, any_of and case.wait, not NoneType"),
        (awaits_a_number, "not int"),
        (awaits_asyncio_in_a_branch, "steps, all_of, any_of and case.wait, not NoneType"),
    ],
)
def test_a_process_awaits_steps_and_nothing_else(process: ProcessFunction, message: str) -> None:
    """Anything else would not be the same at a replay."""
    with pytest.raises(DefinitionError, match=message):
        start(process)


def test_a_race_needs_a_branch() -> None:
    """`any_of()` would wait for ever."""

    async def process(case: Case[Application]) -> None:
        await any_of()

    with pytest.raises(ValueError, match="at least one branch"):
        start(process)
