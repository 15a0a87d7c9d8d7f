"""P1 to P3, P5: whatever people, agencies, clocks and crashes do, in whatever order, the store stays right.

A machine of rules that Hypothesis plays in any order: submit, submit again, change the application; answer once, twice,
late, for another agency; time jumps forward and back; an agency that fails, times out after the effect, or sends
garbage; a crash at any failpoint; a worker that freezes and wakes up. After every rule the checker speaks; at the end
everything is answered, and every case must close.

`HYPOTHESIS_PROFILE=nightly` plays far more of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from perintis import Case, Retry, SentBack, all_of, any_of, exchange_step, step
from perintis.doors.store import failpoints
from perintis.doors.store.answering import complete_work, send_back_work, start_work
from perintis.doors.store.database import Database
from perintis.doors.store.ending import resolve_doubt, retry_case
from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.store.store import ProcessStore
from perintis.doors.store.workrows import WorkRecord, read_work
from perintis.engine.ports import History
from perintis.engine.steps import Message
from perintis.engine.waves import InTurn, Waves
from perintis.words.errors import NotAllowed
from perintis.words.recorded import Process
from tests.databases import new_sqlite
from tests.small_pilot import NO, POST, TAX, YES, Answer, Application, Asked, Decision, Small, audit, check, define

settings.register_profile(
    "every commit", max_examples=25, stateful_step_count=30, deadline=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
settings.register_profile(
    "nightly", max_examples=2_000, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE") or "every commit")
JUMPS = [timedelta(seconds=1), timedelta(minutes=2), timedelta(days=1), timedelta(days=30), timedelta(hours=-1)]


class Killed(BaseException):
    """A SIGKILL, as far as one process can play it: no handler of the program catches it."""


class Agencies:
    """Two agencies' systems; `mood` is how the next calls go. `told` counts what they did, by key."""

    def __init__(self) -> None:
        self.mood = "well"
        self.told: dict[str, int] = {}

    def _do(self, key: str, *, recognises_repeats: bool) -> None:
        if self.mood == "500":
            raise ConnectionError("500")
        if not (recognises_repeats and key in self.told):
            self.told[key] = self.told.get(key, 0) + 1
        if self.mood == "time-out after the effect":
            raise TimeoutError

    def register(self, requests: Sequence[Asked], keys: Sequence[str]) -> list[Answer]:
        for key in keys:
            self._do(key, recognises_repeats=True)
        garbage: list[Any] = ["garbage"] * len(requests)
        return garbage if self.mood == "garbage" else [Answer() for _ in requests]

    def send_to_tax(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._do(message.key, recognises_repeats=True)

    def send_to_post(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._do(message.key, recognises_repeats=False)


agencies = Agencies()


@step(TAX, retries=Retry(times=2, first=timedelta(minutes=1)))
def register(requests: Sequence[Asked], keys: Sequence[str]) -> list[Answer]:
    """Register."""
    return agencies.register(requests, keys)


@exchange_step(TAX, within=timedelta(days=3), send=lambda messages: agencies.send_to_tax(messages))
def pay(request: Asked) -> Answer:
    """Pay."""


@exchange_step(POST, send=lambda messages: agencies.send_to_post(messages))
def notify(request: Asked) -> Answer:
    """Notify."""


async def process(case: Case[Application]) -> Decision:
    """A bit of everything."""
    await register(case)
    while True:
        try:
            if (await check(case)).ok:
                break
        except SentBack:
            await audit(case)
    await all_of(pay(case), notify(case))
    first = await any_of(audit(case), register(case), case.wait(timedelta(days=2)))
    return Decision(outcome=f"by {first.index}")


DEFINITION = define(process, [register, check, audit, pay, notify], within=timedelta(days=5))


class Everything(RuleBasedStateMachine):
    """The rules. A list of work items is drawn from by number, modulo its length."""

    @initialize()
    def begin(self) -> None:
        agencies.__init__()  # type: ignore[misc]
        self.folder = Path(mkdtemp(prefix="perintis-machine-"))
        self.url = new_sqlite(self.folder / "perintis.db")
        self.small = Small(Database(self.url), DEFINITION, self.folder / "exchange")
        self.asleep: tuple[ProcessStore, list[History]] | None = None
        self.submitted = 0
        self.submit(3)
        self.small.run()

    def teardown(self) -> None:
        self.small.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- applicants

    @rule(count=st.integers(1, 3))
    def submit(self, count: int) -> None:
        references = [f"r{self.submitted + i}" for i in range(count)]
        assert len(self.small.open(*references).cases) == count
        self.submitted += count

    @rule()
    def submit_again(self) -> None:
        opened = self.small.open(*(f"r{i}" for i in range(self.submitted)))
        assert (opened.cases, opened.already_open) == ([], self.submitted)

    @rule()
    def change_the_application(self) -> None:
        assert self.small.open("r0", name="somebody else").conflicts == {"r0": ["name"]}

    # -- the program

    @rule()
    def run(self) -> None:
        self.small.run()

    @rule(at=st.integers(1, 16), which=st.integers(0, 50))
    def crash(self, at: int, which: int) -> None:
        """The program dies at some failpoint, with something to do in its hands, and starts again."""
        self.submit(1)
        self.answer(which, YES, twice=False)
        reached = 0

        def hook(name: str) -> None:
            nonlocal reached
            reached += 1
            if reached == at:
                raise Killed

        failpoints.hook = hook
        try:
            self.small.run()
        except Killed:
            pass
        finally:
            failpoints.hook = None
        self.small.database.close()
        self.small.database = Database(self.url)
        self._bury()

    def _bury(self) -> None:
        """Everybody can see that the crashed worker is gone, as they could with another process."""
        with self.small.database.write() as connection:
            for table in ("cases", "outbox"):
                connection.exec_driver_sql(f"UPDATE {table} SET worker = 'elsewhere:1:x' WHERE worker IS NOT NULL")
            connection.exec_driver_sql("UPDATE cases SET lease_until = 0 WHERE worker IS NOT NULL")
            connection.exec_driver_sql("UPDATE outbox SET next_at = 0 WHERE status = 'sending'")

    @precondition(lambda self: self.asleep is None)
    @rule()
    def freeze(self) -> None:
        """A worker claims and loads what it can, and falls asleep."""
        self.submit(1)
        store = self.small.worker()
        self.asleep = store, store.load(store.claim(now=self.small.now, limit=100))
        self.small.now += timedelta(seconds=121)

    @precondition(lambda self: self.asleep is not None)
    @rule()
    def wake(self) -> None:
        """It goes on as if nothing had been; whatever was taken over meanwhile is refused."""
        assert self.asleep is not None
        store, histories = self.asleep
        self.asleep = None
        waves = Waves(DEFINITION, Process.TO_BE, _Remembering(store, histories), InTurn(), lambda: self.small.now)
        waves.run()

    # -- officers

    @rule(which=st.integers(0, 50), answer=st.sampled_from([YES, YES, NO]), twice=st.booleans())
    def answer(self, which: int, answer: str, twice: bool) -> None:
        for work in self._pick("human", which):
            complete_work(self.small.database, work.id, answer, officer="o", now=self.small.now)
            if twice:
                self._refused(work)

    @rule(which=st.integers(0, 50))
    def answer_and_run(self, which: int) -> None:
        self.answer(which, YES, twice=False)
        self.small.run()

    @rule(which=st.integers(0, 50))
    def take(self, which: int) -> None:
        for work in self._pick("human", which):
            start_work(self.small.database, work.id, officer="o", now=self.small.now)

    @rule(which=st.integers(0, 50))
    def send_back(self, which: int) -> None:
        for work in self._pick("human", which):
            if work.key.step == "office.check":
                send_back_work(self.small.database, work.id, "why", officer="o", now=self.small.now)

    @rule(which=st.integers(0, 50))
    def answer_late(self, which: int) -> None:
        done = [w for w in self._work(WorkRow.status.in_(("completed", "sent_back", "withdrawn"))) if w.kind == "human"]
        for work in done[which % len(done) : which % len(done) + 1] if done else ():
            self._refused(work)

    def _refused(self, work: WorkRecord) -> None:
        with pytest.raises(NotAllowed):
            complete_work(self.small.database, work.id, NO, officer="late", now=self.small.now)

    # -- agencies and time

    @rule(which=st.integers(0, 50), twice=st.booleans(), agency=st.sampled_from(["own", "own", "own", "another"]),
          what=st.sampled_from([{"ok": True}, {"ok": True}, {"ok": "perhaps"}, [1]]))  # fmt: skip
    def agency_answers(self, which: int, twice: bool, agency: str, what: Any) -> None:
        asked = [w for w in self._pick("exchange", which) if self._told(w)]
        for work in asked:
            sender = work.agency if agency == "own" else {"tax": "post", "post": "tax"}[work.agency]
            for copy in range(1 + twice):
                slot = f"{work.key.step} {work.key.visit}"
                path = self.small.hand_in_answer(work.case, slot, what, agency=sender, file=f"{work.id}-{copy}")
                assert json.loads(path.read_text())

    def _told(self, work: WorkRecord) -> bool:
        return self.small.key(work.case, f"{work.key.step} {work.key.visit}") in agencies.told

    @rule(mood=st.sampled_from(["well", "well", "500", "time-out after the effect", "garbage"]))
    def mood(self, mood: str) -> None:
        agencies.mood = mood

    @rule(by=st.sampled_from(JUMPS))
    def time_passes(self, by: timedelta) -> None:
        self.small.now += by
        self.small.run()

    @rule()
    def put_right(self) -> None:
        """Somebody looks after doubts and failures; a doubt is resolved by what really happened."""
        for work in self._work(WorkRow.status == "in_doubt"):
            resolve_doubt(self.small.database, work.id, sent=self._told(work), officer="o", now=self.small.now)
        with self.small.database.read() as connection:
            failed = list(connection.execute(select(CaseRow.id).where(CaseRow.status == "failed")).scalars())
        for case in failed:
            retry_case(self.small.database, case, now=self.small.now)

    # -- the checker

    @invariant()
    def the_store_verifies(self) -> None:
        if hasattr(self, "small"):
            self.small.verify()

    @invariant()
    def nobody_was_told_twice(self) -> None:
        assert [key for key, times in agencies.told.items() if times > 1] == []

    def _work(self, *conditions: Any) -> list[WorkRecord]:
        with self.small.database.read() as connection:
            return read_work(connection, *conditions)

    def _pick(self, kind: str, which: int) -> list[WorkRecord]:
        found = self._work(WorkRow.kind == kind, WorkRow.status.in_(("open", "started")))
        return [found[which % len(found)]] if found else []


class _Remembering:
    """The store in the hands of a worker that claimed and loaded before it fell asleep."""

    def __init__(self, store: ProcessStore, histories: list[History]) -> None:
        self._store = store
        self._histories = histories
        self.record, self.release, self.key = store.record, store.release, store.key

    def claim(self, **_: Any) -> list[int]:
        cases, self._claimed = [h.case for h in self._histories], True
        self._histories, self._loaded = [], self._histories
        return cases

    def load(self, cases: Sequence[int]) -> list[History]:
        if self._loaded:
            found, self._loaded = self._loaded, []
            return found
        return self._store.load(cases)


def finish(machine: Everything) -> None:
    """Everything is answered and every clock runs on: every case must close."""
    agencies.mood = "well"
    for _ in range(40):
        machine.put_right()
        for work in machine._work(WorkRow.status.in_(("open", "started"))):
            if work.kind == "human":
                complete_work(machine.small.database, work.id, YES, officer="o", now=machine.small.now)
            elif work.kind == "exchange" and machine._told(work):
                slot = f"{work.key.step} {work.key.visit}"
                machine.small.hand_in_answer(work.case, slot, agency=work.agency, file=f"end-{work.id}")
        machine.small.run()
        machine.small.now += timedelta(hours=2)
    with machine.small.database.read() as connection:
        left = connection.execute(select(CaseRow.id, CaseRow.status, CaseRow.problem).where(CaseRow.closed.is_(None)))
        assert left.all() == []
    machine.the_store_verifies()
    machine.nobody_was_told_twice()


class EverythingAndThenTheEnd(Everything):
    """The same, and at the end every case must close."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "small"):
                finish(self)
        finally:
            super().teardown()


TestEverything = EverythingAndThenTheEnd.TestCase
TestEverything.settings = PROFILE
