"""Officers of a rehearsal are servers in a queue: first come first served, and only in office hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import factorial
from statistics import fmean, stdev
from typing import Any

import pytest

from perintis import Case, SentBack, all_of, any_of
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.rules.calendar import timetable
from perintis.words.errors import BadInput
from perintis.words.recorded import Key, Lifecycle, Process, WorkStatus
from tests.engine.rehearsing import (
    OFFICE,
    Application,
    Decision,
    analyse,
    assume,
    assumed,
    define,
    enquire,
    examine,
    look_up,
    serve,
    serve_again,
    serve_only,
    simulate,
    story,
)  # fmt: skip

TEN_MINUTES = timedelta(minutes=10)
SLOW = {"service_minutes": assumed(60), "answers": {"ok": assumed(1.0)}}


def starts(cases: list[Simulated], step: str) -> list[tuple[datetime, datetime, str]]:
    """When each visit of a step was asked for, when it began, and who began it; in the order asked."""
    found = [
        (c.ready, c.at, c.officer or "")
        for case in cases
        for c in case.changes
        if c.lifecycle is Lifecycle.START and c.key.step == step
    ]
    return sorted(found)


def waiting_minutes(cases: list[Simulated]) -> list[float]:
    """Minutes each case waited for the counter."""
    return [(at - ready).total_seconds() / 60 for ready, at, _ in starts(cases, "counter.serve")]


def erlang_c(servers: int, load: float) -> float:
    """The probability of having to wait in M/M/c (Erlang 1917); `load` is arrival rate times mean service time."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (3, 0.7)])
def test_waiting_agrees_with_erlang(servers: int, busy: float) -> None:
    """With random arrivals and exponential service the mean wait is C(c, a) / (c / s - rate), as Erlang found."""
    service = 20.0
    rate = busy * servers / service
    expected = erlang_c(servers, busy * servers) / (servers / service - rate)
    exponential = {"service_minutes": assumed({"exponential": service}), "answers": {"ok": assumed(1.0)}}
    cases = simulate(
        serve_only,
        assume(a_day=rate * 1440, warm_up=2, officers={"counter": servers}, steps={"counter.serve": exponential}),
        cases=8_000,
    )
    waits = waiting_minutes(cases)
    batches = [fmean(waits[k : k + 400]) for k in range(0, 8_000, 400)]
    standard_error = stdev(batches) / len(batches) ** 0.5
    assert abs(fmean(waits) - expected) < 3 * standard_error
    assert standard_error < expected / 6


def test_one_officer_obeys_lindley() -> None:
    """With one officer each case waits max(0, wait + service of the one before - the time between them), exactly."""
    exponential = {"service_minutes": assumed({"exponential": 20}), "answers": {"ok": assumed(1.0)}}
    cases = simulate(serve_only, assume(a_day=60, steps={"counter.serve": exponential}), cases=500)
    waits = [timedelta(minutes=wait) for wait in waiting_minutes(cases)]
    services = [
        next(c.at - c.started for c in case.changes if c.lifecycle is Lifecycle.COMPLETE and c.started)
        for case in cases
    ]
    assert waits[0] == timedelta(0)
    for k, (before, case) in enumerate(pairwise(cases)):
        expected = max(timedelta(0), waits[k] + services[k] - (case.opened - before.opened))
        assert abs(waits[k + 1] - expected) < timedelta(milliseconds=1)


def test_officers_serve_first_come_first_served() -> None:
    """Who asked earlier is begun earlier, however many officers there are; none does two things at once."""
    cases = simulate(serve_only, assume(a_day=250, officers={"counter": 2}), cases=200)
    begun = starts(cases, "counter.serve")
    assert [at for _, at, _ in begun] == sorted(at for _, at, _ in begun)
    for officer in ("counter/1", "counter/2"):
        own = [at for _, at, who in begun if who == officer]
        assert all(b - a >= TEN_MINUTES for a, b in pairwise(own))
    assert any(at > ready for ready, at, _ in begun)


def test_offices_do_not_share_officers() -> None:
    """Where officers are counted by office, a case is served in its own office only."""
    cases = simulate(serve_only, assume(a_day=200, officers={"counter": {"north": 2, "south": 1}}), cases=100)
    for case in cases:
        (change,) = (c for c in case.changes if c.lifecycle is Lifecycle.COMPLETE and c.key.step == "counter.serve")
        assert change.officer is not None
        assert change.officer.startswith(f"counter/{case.office}/")


def test_an_office_without_officers_is_told() -> None:
    """A case of an office that the file does not know stops the rehearsal with the place to put it right."""
    with pytest.raises(BadInput, match="officers/counter has no entry for the office south"):
        simulate(serve_only, assume(officers={"counter": {"north": 2}}), cases=20)


def test_work_rests_while_the_office_is_closed() -> None:
    """Work begins in office hours, and what is unfinished at closing goes on at the next opening."""

    async def process(case: Case[Application]) -> Decision:
        await examine(case)
        return Decision()

    hours = timetable(OFFICE.calendar)
    cases = simulate(process, assume(a_day=24, officers={"office": 9}, steps={"office.examine": SLOW}), cases=100)
    overnight = 0
    for case in cases:
        started, ended = (
            next(c.at for c in case.changes if c.lifecycle is step and c.key.step == "office.examine")
            for step in (Lifecycle.START, Lifecycle.COMPLETE)
        )
        assert hours.next_working_instant(started) == started
        assert hours.working_minutes(started, ended) == pytest.approx(60)
        overnight += ended - started > timedelta(hours=2)
    assert overnight > 0


async def one_after_another(case: Case[Application]) -> Decision:
    await serve(case)
    await analyse(case)
    await look_up(case)
    return Decision()


async def side_by_side(case: Case[Application]) -> Decision:
    await all_of(serve(case), analyse(case))
    return Decision()


@pytest.mark.parametrize(
    ("process", "minutes"),
    [(serve_only, 10), (one_after_another, 10 + 60 + 0.5), (side_by_side, 60)],
)
def test_without_contention_lead_time_is_service_time(process: Any, minutes: float) -> None:
    """With officers to spare, steps in a row add up and steps side by side take as long as the longest."""
    machine = {"service_minutes": assumed(0.5), "answers": {"ok": assumed(1.0)}}
    steps = {"lab.analyse": SLOW, "counter.look_up": machine}
    cases = simulate(process, assume(officers={"counter": 99, "lab": 99}, steps=steps), cases=50)
    for case in cases:
        assert case.standing.closed is not None
        assert case.standing.closed - case.opened == timedelta(minutes=minutes)


async def first_of_two(case: Case[Application]) -> Decision:
    await any_of(serve(case), analyse(case))
    return Decision()


def test_a_branch_that_is_not_needed_leaves_the_queue() -> None:
    """The loser of an `any_of` is withdrawn, and the officer is free for the next case at that moment."""
    cases = simulate(first_of_two, assume(a_day=24, steps={"lab.analyse": SLOW}), cases=30)
    ends = {case.number: case.standing.closed for case in cases}
    for case in cases:
        assert case.changes[-2].key == Key("lab.analyse", 1)
        assert case.changes[-2].status is WorkStatus.WITHDRAWN
        assert case.changes[-2].at == ends[case.number]
    assert all(at - ready < timedelta(hours=1) for ready, at, _ in starts(cases, "lab.analyse"))


def test_work_withdrawn_before_it_began_was_never_started() -> None:
    """What still lay in the queue when it was withdrawn has no officer, no start and no cost."""

    async def process(case: Case[Application]) -> Decision:
        await any_of(serve(case), examine(case))
        return Decision()

    cost = {"cost_per_hour": {"office": assumed(60), "counter": assumed(60)}}
    cases = simulate(process, assume(officers={"counter": 9}, steps={"office.examine": SLOW}, **cost), cases=200)
    withdrawn = [c for case in cases for c in case.changes if c.lifecycle is Lifecycle.WITHDRAW]
    begun = [c for c in withdrawn if c.started is not None]
    assert withdrawn
    assert begun
    assert all(c.cost == pytest.approx((c.at - c.started).total_seconds() / 60, abs=0.01) for c in begun if c.started)
    assert all((c.officer, c.cost) == (None, None) for c in withdrawn if c.started is None)


def test_a_time_limit_ends_the_wait_for_an_answer() -> None:
    """`any_of(..., within=...)` withdraws the request when its time is over, as in a live case."""

    async def process(case: Case[Application]) -> Decision:
        reply = await any_of(enquire(case), within=timedelta(days=1))
        return Decision(outcome="lapsed" if reply.timed_out else "granted")

    late = {"delay": assumed({"days": 2}), "answers": {"ok": assumed(1.0)}}
    in_time = {"delay": assumed({"hours": 2}), "answers": {"ok": assumed(1.0)}}
    (case,) = simulate(process, assume(steps={"lab.enquire": late}), cases=1)
    assert case.standing.outcome == "lapsed"
    assert story(case) == [
        "enquire 1 schedule", "timer 1 schedule", "timer 1 complete", "enquire 1 withdraw", "case 1 complete",
    ]  # fmt: skip
    (case,) = simulate(process, assume(steps={"lab.enquire": in_time}), cases=1)
    assert story(case)[2:] == ["enquire 1 complete", "timer 1 withdraw", "case 1 complete"]


def test_work_that_is_sent_back_is_done_again() -> None:
    """An officer returns work with the probability assumed; the process gets `SentBack` there."""

    async def process(case: Case[Application]) -> Decision:
        try:
            await serve(case)
        except SentBack as back:
            await serve_again(case)
            return Decision(outcome=f"mended {back.step}")
        return Decision()

    returned = {**SLOW, "send_back": assumed(1.0)}
    (case,) = simulate(process, assume(steps={"counter.serve": returned}), cases=1)
    assert story(case) == [
        "serve 1 schedule", "serve 1 start", "serve 1 ate_abort",
        "serve_again 1 schedule", "serve_again 1 start", "serve_again 1 complete", "case 1 complete",
    ]  # fmt: skip
    assert case.changes[2].status is WorkStatus.SENT_BACK
    assert case.standing.outcome == "mended counter.serve"


def test_a_promise_not_kept_is_breached_once_when_it_is_due() -> None:
    """A step promised in two hours that takes three is late at two hours, and not twice."""
    three_hours = {"service_minutes": assumed(180), "answers": {"ok": assumed(1.0)}}
    (case,) = simulate(serve_only, assume(steps={"counter.serve": three_hours}), cases=1)
    assert story(case) == [
        "serve 1 schedule", "serve 1 start", "serve 1 breach", "serve 1 complete", "case 1 complete",
    ]  # fmt: skip
    assert case.breached == {Key("counter.serve", 1): case.opened + timedelta(hours=2)}


def test_open_cases_stay_open_when_the_rehearsal_ends() -> None:
    """A case that waits at the end of the watch is not closed, and its work shows what was under way."""
    days = {"delay": assumed({"days": 10}), "answers": {"ok": assumed(1.0)}}
    long = {"service_minutes": assumed(60 * 24 * 10), "answers": {"ok": assumed(1.0)}}

    async def process(case: Case[Application]) -> Decision:
        await all_of(enquire(case), serve(case))
        return Decision()

    rehearsal = Rehearsal(
        define(process), Process.TO_BE, assume(follow_up=2, steps={"lab.enquire": days, "counter.serve": long}),
        seed=1, cases=2,
    )  # fmt: skip
    first, second = rehearsal.cases()
    assert story(first) == ["enquire 1 schedule", "serve 1 schedule", "serve 1 start", "serve 1 breach"]
    assert story(second) == ["enquire 1 schedule", "serve 1 schedule", "serve 1 breach"]
    assert {case.standing.status.value for case in (first, second)} == {"waiting"}
    assert rehearsal.observed_until == second.opened + timedelta(days=2)
    assert (rehearsal.totals.opened, rehearsal.totals.still_open) == (2, 2)


def test_the_warm_up_fills_the_queues_and_is_not_kept() -> None:
    """Cases from before the start compete for officers; only those from the start on come out."""
    kept = simulate(serve_only, assume(a_day=130, warm_up=3), cases=20)
    cold = simulate(serve_only, assume(a_day=130), cases=20)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert len(kept) == 20
    assert all(case.opened >= start for case in kept)
    assert fmean(waiting_minutes(kept)) > fmean(waiting_minutes(cold))


def test_usage_says_how_busy_officers_were() -> None:
    """Ten minutes of work for each of 72 cases a day keep one officer busy half of the time."""
    rehearsal = Rehearsal(define(serve_only), Process.TO_BE, assume(a_day=72), seed=1, cases=2_000)
    assert len(list(rehearsal.cases())) == 2_000
    used = rehearsal.usage["counter"]
    assert used.officers == 1
    assert used.share == pytest.approx(0.5, abs=0.03)
    assert rehearsal.usage["lab"].share == 0
