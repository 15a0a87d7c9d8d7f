"""P5: a worker that froze past its lease and woke up cannot write, and neither can one with a forged fence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.store import ProcessStore
from perintis.doors.store.verifying import verify_store
from perintis.engine.changes import Standing
from perintis.words.recorded import CaseStatus, Process
from tests.promises.crash_pilot import Ledger
from tests.promises.frozen import LEASE_SECONDS, now


def open_some(database: Database, count: int, name: str = "r") -> list[int]:
    new = [NewCase(f"{name}{i}", None, {}, json.dumps({"reference": f"{name}{i}"}), None) for i in range(count)]
    return open_cases(
        database, new, pilot="frozen", version="1", process="to_be", lead="tax", intake=None, now=now()
    ).cases


class Workers:
    """Worker processes on one store."""

    def __init__(self, repository: Path, url: str, folder: Path) -> None:
        self._repository = repository
        self._common = ["--url", url, "--folder", str(folder)]

    def start(self, process: str, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.promises.frozen", *self._common, "--process", process, *options],
            cwd=self._repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @staticmethod
    def finish(worker: subprocess.Popen[str]) -> dict[str, Any]:
        out, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
        tally: dict[str, Any] = json.loads(out)
        return tally

    @contextmanager
    def frozen(self, process: str, times: int, name: str, *options: str) -> Iterator[subprocess.Popen[str]]:
        """A worker that has frozen at a failpoint, its lease run out."""
        worker = self.start(process, "--freeze-at", str(times), name, *options)
        try:
            _, status = os.waitpid(worker.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), "the worker ended before it reached the failpoint"
            time.sleep(LEASE_SECONDS + 0.2)
            yield worker
        finally:
            worker.kill()
            worker.wait()


@pytest.fixture
def workers(repository: Path, store_url: str, tmp_path: Path) -> Workers:
    return Workers(repository, store_url, tmp_path)


def wrong(database: Database) -> list[str]:
    return [str(problem) for problem in verify_store(database)]


@pytest.mark.parametrize(
    ("times", "failpoint"),
    [(1, "claim:committed"), (1, "record:begin"), (2, "record:begin")],
    ids=["before the work", "between effect and record", "before the conclusion"],
)
@pytest.mark.parametrize("process", ["registered", "registered_and_checked"])
def test_a_worker_that_wakes_up_after_its_lease_is_refused(
    database: Database, tmp_path: Path, workers: Workers, process: str, times: int, failpoint: str
) -> None:
    """Another worker has finished meanwhile; the sleeper's recording is refused and nothing is doubled."""
    open_some(database, 5)
    with workers.frozen(process, times, failpoint) as sleeper:
        done = workers.finish(workers.start(process))
        sleeper.send_signal(signal.SIGCONT)
        woken = workers.finish(sleeper)
    assert done["closed"] + done["waiting"] == 5
    assert (woken["refused"], woken["closed"] + woken["waiting"]) == (5, 0)
    effects = Counter(what for _, what in Ledger(tmp_path / "ledger.jsonl").effects())
    assert effects == {f"register r{i}": 1 for i in range(5)}
    assert wrong(database) == []


@pytest.mark.parametrize("mutant", [(), ("--mutant", "nofence")], ids=["the program", "without a fence"])
def test_the_checker_finds_a_stale_worker_that_may_write(
    database: Database, workers: Workers, mutant: tuple[str, ...]
) -> None:
    """The mutant without a fence records an attempt that somebody else has recorded: the checker must see it."""
    open_some(database, 1)
    assert workers.finish(workers.start("tried_in_vain", *mutant))["failed"] == 1
    assert wrong(database) == []  # without a frozen worker the mutant looks right
    open_some(database, 1, "s")
    with workers.frozen("tried_in_vain", 2, "record:begin", *mutant) as sleeper:
        workers.finish(workers.start("tried_in_vain", *mutant))
        sleeper.send_signal(signal.SIGCONT)
        workers.finish(sleeper)
    assert bool(wrong(database)) is bool(mutant)


def test_eight_workers_share_a_thousand_cases_while_three_of_them_freeze(
    database: Database, tmp_path: Path, workers: Workers
) -> None:
    """Each case is concluded by exactly one worker; the frozen ones are refused what was taken over, and go on."""
    open_some(database, 1_000)
    sleepers = [
        workers.start("registered", "--claim", "20", "--freeze-at", str(times), name)
        for times, name in ((3, "record:begin"), (2, "claim:committed"), (4, "record:begin"))
    ]
    try:
        for sleeper in sleepers:
            _, status = os.waitpid(sleeper.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), "a worker ended before it froze"
        others = [workers.start("registered", "--claim", "20") for _ in range(5)]
        tallies = [workers.finish(worker) for worker in others]
        time.sleep(LEASE_SECONDS + 0.2)
        tallies.append(workers.finish(workers.start("registered", "--claim", "20")))
        for sleeper in sleepers:
            sleeper.send_signal(signal.SIGCONT)
        tallies += [workers.finish(sleeper) for sleeper in sleepers]
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
    assert sum(tally["closed"] for tally in tallies) == 1_000
    assert all(tally["refused"] == 20 for tally in tallies[-3:]), tallies
    effects = Counter(what for _, what in Ledger(tmp_path / "ledger.jsonl").effects())
    assert effects == {f"register r{i}": 1 for i in range(1_000)}
    assert wrong(database) == []


@pytest.mark.parametrize("fence", [-1, 1, 10**9])
def test_a_forged_fence_is_refused(database: Database, fence: int) -> None:
    """Only the number that the store gave out with the lease lets write; nothing changes otherwise."""
    cases = open_some(database, 2)
    store = ProcessStore(database, "frozen", Process.TO_BE, lease_seconds=60)
    assert store.claim(now=now(), limit=10) == cases
    true = {history.case: history.fence for history in store.load(cases)}
    heads = {case: (true[case] + fence, 1) for case in cases}
    standings = [Standing(case, CaseStatus.CLOSED, closed=now(), outcome="granted") for case in cases]
    recorded = store.record([], standings, heads=heads, now=now())
    assert recorded.refused == frozenset(cases)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT status, outcome FROM cases").all() == [("ready", None)]
    assert wrong(database) == []
