"""Leases: one worker a case; a lease ends by itself, and at once when its holder is dead."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from perintis import Case
from perintis.doors.store.claims import Claims, is_dead, worker_name
from perintis.doors.store.database import Database
from tests.small_pilot import Application, Decision, Small, check, define

LEASE = timedelta(seconds=120)
MICROSECOND = timedelta(microseconds=1)


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


@pytest.fixture
def small(database: Database) -> Small:
    """Four cases, ready."""
    small = Small(database, define(checked))
    small.open("r", "s", "t", "u")
    return small


def test_a_case_is_leased_to_one_worker(small: Small) -> None:
    """Until it is given back, or the lease has ended."""
    first, second = small.worker(), small.worker()
    assert first.claim(now=small.now, limit=3) == [1, 2, 3]
    assert second.claim(now=small.now, limit=3) == [4]
    assert second.claim(now=small.now + LEASE, limit=9) == []
    first.release()
    assert second.claim(now=small.now, limit=9) == [1, 2, 3]
    assert second.claim(now=small.now + LEASE + MICROSECOND, limit=9) == [1, 2, 3, 4]


def test_a_lease_that_is_extended_does_not_end(small: Small) -> None:
    """While an agency is slow."""
    first, second = small.worker(), small.worker()
    first.claim(now=small.now, limit=9)
    first.extend(small.now + LEASE)
    assert second.claim(now=small.now + LEASE + MICROSECOND, limit=9) == []


def test_the_lease_of_a_dead_process_need_not_be_waited_for(small: Small) -> None:
    """On the same machine one can see that a process is gone."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    name = worker_name()
    dead = name.replace(f":{os.getpid()}:", f":{gone.pid}:")
    assert (is_dead(dead), is_dead(name), is_dead("another-host:1:x")) == (True, False, False)
    Claims(small.database, dead, lease_seconds=120).claim("small", "to_be", now=small.now, limit=9)
    assert small.worker().claim(now=small.now, limit=9) == [1, 2, 3, 4]


def test_each_claim_has_a_higher_fence(small: Small) -> None:
    """By which the store tells the present holder from all before."""
    for expected in (1, 2, 3):
        worker = small.worker()
        worker.claim(now=small.now, limit=9)
        assert {h.fence for h in worker.load([1, 2, 3, 4])} == {expected}
        worker.release()


def test_who_lost_a_case_before_loading_it_does_not_load_it(small: Small) -> None:
    """Else it would wake up with the fence of the worker that came after."""
    slow, other = small.worker(), small.worker()
    slow.claim(now=small.now, limit=2)
    other.claim(now=small.now + LEASE + MICROSECOND, limit=1)
    assert [h.case for h in slow.load([1, 2])] == [2]


@pytest.mark.parametrize(("only", "after", "expected"), [(None, 2, [3, 4]), ([1, 4], 0, [1, 4]), ([], 0, [])])
def test_a_choice_of_cases(small: Small, only: list[int] | None, after: int, expected: list[int]) -> None:
    """`after` goes on where a run has come to; `only` is for the one case an officer just answered."""
    assert small.worker().claim(now=small.now, limit=9, only=only, after=after) == expected


def test_what_waits_is_not_claimed_before_its_time(small: Small) -> None:
    """Waiting for an officer: never; for a date: from then on."""
    small.run()
    assert small.worker().claim(now=small.now + timedelta(days=999), limit=9) == []
    with small.database.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET wake_at = opened + 60000000 WHERE id = 3")
    assert small.worker().claim(now=small.now + timedelta(seconds=59), limit=9) == []
    assert small.worker().claim(now=small.now + timedelta(seconds=60), limit=9) == [3]


def test_two_workers_at_once_share_the_cases(small: Small) -> None:
    """None is driven by both: on PostgreSQL the second passes over what the first holds."""
    small.open(*(f"more{i}" for i in range(100)))
    claimed: list[list[int]] = []

    def work() -> None:
        worker, after = small.worker(), 0
        while cases := worker.claim(now=small.now, limit=10, after=after):
            claimed.append(cases)
            after = cases[-1]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [case for cases in claimed for case in cases]
    assert len(everything) == len(set(everything))
    assert set(everything) | set(small.worker().claim(now=small.now, limit=999)) == set(range(1, 105))


def test_runs_of_several_workers_at_once(small: Small) -> None:
    """Whole runs side by side: every case is driven once, none is refused."""
    small.open(*(f"more{i}" for i in range(60)))
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(small.run(batch_size=7))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(r.counts["waiting"] for r in reports) == 64
    assert sum(r.counts["refused"] for r in reports) == 0
    small.verify()
