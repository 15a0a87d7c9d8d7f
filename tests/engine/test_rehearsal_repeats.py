"""The same seed gives the same rehearsal, to the last digit; both processes of a pilot meet the same luck."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from perintis import Calendar, Case, all_of, any_of
from perintis.engine.rehearsal.arrivals import arrival_instants
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.draws import draws
from perintis.rules.assumptions import Arrivals
from perintis.rules.calendar import timetable
from perintis.words.errors import BadInput
from perintis.words.recorded import Lifecycle
from tests.engine.rehearsing import (
    Application,
    Decision,
    analyse,
    assume,
    assumed,
    enquire,
    examine,
    look_up,
    serve,
    serve_only,
    simulate,
)

JAKARTA = Calendar.weekdays("Asia/Jakarta", "08:00", "16:00", country="ID")


async def everything(case: Case[Application]) -> Decision:
    """Joins, a loop, withdrawals and a timer, so that every kind of order could show."""
    while not (await serve(case)).ok:
        await case.wait(timedelta(hours=1))
    await all_of(look_up(case), any_of(analyse(case), enquire(case), examine(case)))
    return Decision()


VARIED = assume(
    a_day=60,
    warm_up=1,
    steps={
        "counter.serve": {"service_minutes": assumed({"exponential": 15}), "answers": {"ok": assumed(0.7)}},
        "lab.enquire": {
            "delay": assumed({"hours": {"uniform": {"low": 0, "high": 2}}}),
            "answers": {"ok": assumed(1.0)},
        },
    },
)


def digest(cases: list[Simulated]) -> str:
    """A hash over everything that would be recorded."""
    told = [
        (c.number, c.reference, c.office, c.opened, c.changes, c.standing, sorted(c.breached.items())) for c in cases
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_the_same_seed_gives_the_same_rehearsal() -> None:
    """Nothing of it depends on the clock, on what ran before, or on anything but the seed."""
    assert digest(simulate(everything, VARIED, cases=60)) == digest(simulate(everything, VARIED, cases=60))
    assert digest(simulate(everything, VARIED, cases=60)) != digest(simulate(everything, VARIED, cases=60, seed=2))


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_pythons_hash_seed_changes_nothing(hash_seed: str, repository: Path) -> None:
    """Python orders sets of text differently in every process; a rehearsal must not."""
    code = "from tests.engine.test_rehearsal_repeats import *\nprint(digest(simulate(everything, VARIED, cases=60)))"
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == digest(simulate(everything, VARIED, cases=60))


def test_more_cases_leave_the_first_ones_alone() -> None:
    """A longer rehearsal begins like a shorter one: each case and each day has chances of its own."""
    short, longer = (simulate(serve_only, assume(a_day=60), cases=n) for n in (20, 60))
    assert [(c.reference, c.opened) for c in short] == [(c.reference, c.opened) for c in longer[:20]]


def test_two_processes_meet_the_same_applications_with_the_same_luck() -> None:
    """With one seed, both processes have the same arrivals, applications, service times and answers."""

    async def other(case: Case[Application]) -> Decision:
        await analyse(case)
        await serve(case)
        return Decision()

    supposed = assume(
        officers={"counter": 99},
        steps={"counter.serve": {"service_minutes": assumed({"exponential": 9}), "answers": {"ok": assumed(0.5)}}},
    )
    one, two = simulate(serve_only, supposed, cases=50), simulate(other, supposed, cases=50)

    def luck(cases: list[Simulated]) -> list[tuple[str, datetime, timedelta]]:
        return [
            (case.reference, case.opened, c.at - c.started)
            for case in cases
            for c in case.changes
            if c.key.step == "counter.serve" and c.lifecycle is Lifecycle.COMPLETE and c.started
        ]

    assert luck(one) == luck(two)
    assert len(luck(one)) == 50


def test_draws_lie_strictly_between_zero_and_one_and_fill_the_space() -> None:
    """A draw depends on all that it is drawn for, and draws spread evenly."""
    draw = draws(1)
    drawn = [draw(case, "step", 1, "service") for case in range(10_000)]
    assert all(0 < u < 1 for u in drawn)
    assert sum(drawn) / len(drawn) == pytest.approx(0.5, abs=0.01)
    assert len({draw(1, "a", 1, "x"), draw(2, "a", 1, "x"), draw(1, "b", 1, "x"), draw(1, "a", 2, "x"),
                draw(1, "a", 1, "y"), draws(2)(1, "a", 1, "x")}) == 6  # fmt: skip


def test_arrivals_follow_weekday_hour_and_month() -> None:
    """About as many come on a day as assumed, in the hours assumed, and none on days that have no number."""
    supposed = assume(
        arrivals={
            "per_day": assumed({"mon": 40, "tue": 10}),
            "by_hour": assumed({9: 3, 14: 1}),
            "by_month": assumed({3: 1, 4: 2}),
        }
    ).arrivals
    local = [at.astimezone(timetable(JAKARTA).zone) for at in take_until(supposed, date(2026, 4, 26))]
    assert local == sorted(local)
    march, april = ([at for at in local if at.month == month] for month in (3, 4))
    assert {at.weekday() for at in local} == {0, 1}
    assert {at.hour for at in local} == {9, 14}
    assert len([at for at in march if at.weekday() == 0]) / 5 == pytest.approx(40, rel=0.2)
    assert len([at for at in march if at.weekday() == 1]) / 5 == pytest.approx(10, rel=0.4)
    assert len([at for at in april if at.weekday() == 0]) / 3 == pytest.approx(80, rel=0.2)
    assert sum(at.hour == 9 for at in local) / len(local) == pytest.approx(0.75, abs=0.05)


def test_nobody_comes_to_a_closed_counter() -> None:
    """With `on_working_days` there are no arrivals on holidays and collective leave: here the days of Eid 2026."""
    supposed = assume(a_day=20, arrivals={"on_working_days": assumed(True)}).arrivals
    days = {at.astimezone(timetable(JAKARTA).zone).date() for at in take_until(supposed, date(2026, 4, 1))}
    assert days
    assert all(timetable(JAKARTA).is_working_day(day) for day in days)


def test_arrivals_that_never_come_are_told() -> None:
    """A rehearsal in which nobody ever arrives stops with a sentence."""
    supposed = assume(arrivals={"per_day": assumed({"sun": 20}), "on_working_days": assumed(True)}).arrivals
    with pytest.raises(BadInput, match="no application arrives in 400 days"):
        next(arrival_instants(supposed, JAKARTA, 1))


def take_until(supposed: Arrivals, last: date) -> list[datetime]:
    """Arrivals before that day."""
    end = datetime(last.year, last.month, last.day, tzinfo=UTC)
    found = []
    for at in arrival_instants(supposed, JAKARTA, 7):
        if at >= end:
            return found
        found.append(at)
    return found
