"""A run in waves: claim cases, drive them, do their automatic steps in batches, feed the results, again.

Until nothing can move. What then waits for people, agencies or dates is recorded, and the lease is given back.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from perintis.engine.batches import BatchReport, Clock, Item, perform_batch, state_of
from perintis.engine.case import TIMER
from perintis.engine.changes import Change
from perintis.engine.definition import Definition
from perintis.engine.live import Live
from perintis.engine.ports import EngineStore, Recorded
from perintis.engine.standing import conclude, timer_due
from perintis.engine.steps import Request, Step
from perintis.words.errors import NotAgreed
from perintis.words.recorded import CaseStatus, Key, Lifecycle, Process, WorkKind, WorkStatus

_MANY = 500
"""Cases that are worth a lane of their own, and from which on sweeps of Python's memory are put off, until so many new
objects have come up:"""
_NEW_OBJECTS = 200_000


@dataclass(frozen=True)
class Batch:
    """One step asked for by many cases."""

    step: Step[Any]
    items: Sequence[Item]


class Executor(Protocol):
    """Where batches are done: here, or as Prefect task runs."""

    def perform(self, batches: Sequence[Batch], work: Callable[[Batch], BatchReport]) -> Iterable[BatchReport]:
        """Do every batch, by calling `work` on it here or by any other way that records the same."""
        ...


class InTurn:
    """Does batches one after another in this process."""

    def perform(self, batches: Sequence[Batch], work: Callable[[Batch], BatchReport]) -> Iterable[BatchReport]:
        """Do every batch by calling `work` on it."""
        return map(work, batches)


@dataclass(slots=True)
class Tally:
    """What a run did, in cases; `down` maps an agency that could not be reached to the number of cases left ready."""

    advanced: int = 0
    closed: int = 0
    waiting: int = 0
    failed: int = 0
    diverged: int = 0
    left_ready: int = 0
    refused: int = 0
    steps: int = 0
    down: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count what another part of the run did to this."""
        for name in ("advanced", "closed", "waiting", "failed", "diverged", "left_ready", "refused", "steps"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for agency, cases in other.down.items():
            self.down[agency] = self.down.get(agency, 0) + cases


class Waves:
    """Moves the runnable cases of one process as far as they can go.

    With more than one lane, that many lots of at most `claim_size` cases are worked on at once: while one waits for an
    agency or for the executor, another goes on. Each case is in one lane only.
    """

    def __init__(
        self,
        definition: Definition,
        process: Process,
        store: EngineStore,
        executor: Executor,
        clock: Clock,
        *,
        batch_size: int = 2_000,
        claim_size: int = 2_000,
        lanes: int = 1,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._definition = definition
        self._process = definition.process(process)
        self._store = store
        self._executor = executor
        self._clock = clock
        self._batch_size = batch_size
        self._claim_size = claim_size
        self._lanes = lanes
        self._progress = progress
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._down: set[str] = set()
        self.tally = Tally()

    def run(self, only: Sequence[int] | None = None) -> Tally:
        """Claim and move until no runnable case is left that this run has not seen."""
        self._stopping = threading.Event()
        with ExitStack() as stack:
            claims = self._claims(only, stack)
            if self._lanes == 1:
                self._work_off(claims)
                return self.tally
            pool = stack.enter_context(ThreadPoolExecutor(self._lanes, "perintis-lane"))
            stack.callback(self._stopping.set)  # runs before the pool waits for lanes that an error left behind
            # The context goes along: in a flow run it says to Prefect which one this is.
            lanes = [pool.submit(copy_context().run, self._work_off, claims) for _ in range(self._lanes)]
            for lane in wait(lanes, return_when=FIRST_EXCEPTION).done:
                lane.result()
        return self.tally

    def _claims(self, only: Sequence[int] | None, stack: ExitStack) -> Iterator[dict[int, Live]]:
        """Claim after claim, each behind the one before, until nothing is runnable; each is a lot for every lane."""
        after = 0
        while cases := self._store.claim(
            now=self._clock(), limit=self._claim_size * self._lanes, only=only, after=after
        ):
            after = cases[-1]
            if len(cases) >= _MANY and gc.get_threshold()[0] < _NEW_OBJECTS:
                stack.enter_context(_few_sweeps())
            for part in lots(cases, self._lanes, self._claim_size):
                lives = self._load(part)
                self.tally.refused += len(part) - len(lives)
                yield lives

    def _work_off(self, claims: Iterator[dict[int, Live]]) -> None:
        """One lane: take a lot when the one before is done with. Lanes take turns at claiming and at counting."""
        while not self._stopping.is_set():
            with self._turn:
                lives = next(claims, None)
            if lives is None:
                return
            tally = self._move(lives)
            with self._turn:
                self.tally.add(tally)
                if self._progress is not None:
                    self._progress(self.tally)

    def _move(self, lives: dict[int, Live]) -> Tally:
        """Drive claimed cases until nothing more can be done for any of them; returns what came of them."""
        lane = copy(self)  # its own counts; everything else is shared
        lane.tally = Tally()
        lane._drive(lives)
        return lane.tally

    def _drive(self, lives: dict[int, Live]) -> None:
        before = {live.id: live.seq for live in lives.values()}
        while lives and not self._stopping.is_set():
            self._fire_timers(lives)
            self._hold_against_agreement(lives.values())
            batches = list(self._batches(lives.values()))
            busy = {item.live.id for batch in batches for item in batch.items}
            self._conclude([live for live in lives.values() if live.id not in busy], lives, before)
            if batches:
                self._absorb(self._executor.perform(batches, self._perform), batches, lives)

    def _load(self, cases: Sequence[int]) -> dict[int, Live]:
        now = self._clock()
        return {h.case: Live(self._definition, self._process, h, now) for h in self._store.load(cases)}

    def _perform(self, batch: Batch) -> BatchReport:
        return perform_batch(self._definition, batch.step, batch.items, self._store, self._clock)

    def _batches(self, lives: Iterable[Live]) -> Iterator[Batch]:
        """Automatic work to do now, grouped by step and cut to size; an agency that is down is passed over."""
        now = self._clock()
        groups: dict[str, list[Item]] = {}
        for live in lives:
            for key, request in live.pending():
                step, known = request.step, live.work.get(key)
                later = known is not None and (known.retry_at is None or known.retry_at > now)
                if step.kind is not WorkKind.AUTOMATIC or later:
                    continue
                if step.agency.code in self._down:
                    self._leave_ready(live, Item(live, key, request))
                    continue
                groups.setdefault(step.name, []).append(Item(live, key, request))
        for name, items in groups.items():
            step = self._definition.steps.get(name, items[0].request.step)
            for start in range(0, len(items), self._batch_size):
                yield Batch(step, items[start : start + self._batch_size])

    def _hold_against_agreement(self, lives: Iterable[Live]) -> None:
        """Set cases aside that ask for what the agreement does not allow, before anything of them is sent."""
        agreed, now = self._definition.agreed, self._clock()
        if agreed is None:
            return
        for live in lives:
            if live.replay is None:
                continue
            try:
                for key, request in live.pending():
                    known = live.work.get(key)
                    if known is None or known.retry_at is not None:
                        agreed.ask(request.step, now, live.replay.case.opened)
            except NotAgreed as error:
                live.problem = str(error)

    def _leave_ready(self, live: Live, item: Item) -> None:
        agency = item.request.step.agency.code
        live.blocked.add(item.key)
        self.tally.down[agency] = self.tally.down.get(agency, 0) + 1

    def _absorb(self, reports: Iterable[BatchReport], batches: Sequence[Batch], lives: dict[int, Live]) -> None:
        """Feed what the batches recorded, each case in the order of its events; reload what others touched."""
        states = []
        reload: set[int] = set()
        for report, batch in zip(reports, batches, strict=True):
            if report.down is not None:
                self._down.add(batch.step.agency.code)  # what it did not do is left ready in the next round
            self.tally.steps += report.done
            if report.recorded is None:
                reload |= set() if report.down and not report.done else {item.live.id for item in batch.items}
                continue
            self._drop(report.recorded, lives)
            reload |= report.recorded.repeated
            states += report.states
        now = self._clock()
        if len(batches) > 1:  # those of one batch are in order
            states.sort(key=_by_event)
        for seq, live, state in states:
            if live.id in reload or live.id not in lives:
                continue
            if seq != live.seq + 1:  # somebody recorded something in between
                reload.add(live.id)
            else:
                live.feed(state, now)
        self._reload(reload, lives)

    def _drop(self, recorded: Recorded, lives: dict[int, Live]) -> None:
        for case in recorded.refused:
            if case in lives:
                lives.pop(case).close()
                self.tally.refused += 1

    def _reload(self, cases: set[int], lives: dict[int, Live]) -> None:
        again = sorted(cases & lives.keys())
        fences = {case: lives[case].fence for case in again}
        for case in again:
            lives.pop(case).close()
        mine = {case: live for case, live in self._load(again).items() if live.fence == fences[case]}
        self.tally.refused += len(again) - len(mine)  # another worker has those now
        lives.update(mine)

    def _fire_timers(self, lives: dict[int, Live]) -> None:
        """Complete the waits whose date has come, until no new ones come up."""
        while True:
            now = self._clock()
            changes = [
                self._fired(live, key, request, now)
                for live in lives.values()
                for key, request in live.pending()
                if request.step is TIMER and timer_due(self._definition, live, key, request) <= now
            ]
            if not changes:
                return
            heads = {c.case: (lives[c.case].fence, lives[c.case].seq) for c in changes}
            recorded = self._store.record(changes, (), heads=heads, now=now)
            self._drop(recorded, lives)
            for change in changes:
                if change.case in lives and change.case not in recorded.overtaken:
                    lives[change.case].feed(state_of(change), now)
            self._reload(set(recorded.overtaken), lives)

    def _fired(self, live: Live, key: Key, request: Request[Any], now: datetime) -> Change:
        known = live.work.get(key)
        due = timer_due(self._definition, live, key, request)
        return Change(
            live.id, key, Lifecycle.COMPLETE, now, WorkStatus.COMPLETED, WorkKind.TIMER, TIMER.agency.code,
            known is None, live.asked_at.get(key, now) if known is None else known.ready, due=due,
            result=TIMER.output.dump_json(now).decode(),
        )  # fmt: skip

    def _conclude(self, done: Sequence[Live], lives: dict[int, Live], before: dict[int, int]) -> None:
        """Record how cases stand with which nothing more can be done, and let go of them."""
        for start in range(0, len(done), self._batch_size):
            part = done[start : start + self._batch_size]
            now = self._clock()
            concluded = [conclude(self._definition, live, now) for live in part]
            changes = [change for found, _ in concluded for change in found]
            heads = {live.id: (live.fence, live.seq) for live in part}
            recorded = self._store.record(changes, [s for _, s in concluded], heads=heads, now=now)
            self._drop(recorded, lives)
            for live, (found, standing) in zip(part, concluded, strict=True):
                if live.id in lives and live.id not in recorded.overtaken:
                    self._count(standing.status, bool(found) or live.seq > before[live.id])
                    lives.pop(live.id).close()
            self._reload(set(recorded.overtaken), lives)

    def _count(self, status: CaseStatus, moved: bool) -> None:
        self.tally.advanced += moved
        self.tally.closed += status is CaseStatus.CLOSED
        self.tally.waiting += status is CaseStatus.WAITING
        self.tally.failed += status is CaseStatus.FAILED
        self.tally.diverged += status is CaseStatus.DIVERGED
        self.tally.left_ready += status is CaseStatus.READY


def lots(cases: Sequence[int], lanes: int, most: int) -> Iterator[Sequence[int]]:
    """Equal parts of at most so many cases, one for each lane, so that none is left over with the last; few cases stay
    together."""
    parts = max(-(-len(cases) // most), min(lanes, len(cases) // _MANY))
    size = -(-len(cases) // parts)
    for start in range(0, len(cases), size):
        yield cases[start : start + size]


@contextmanager
def _few_sweeps() -> Iterator[None]:
    """Keep Python from searching its memory for unused rings again and again while many cases are held.

    It would look at every case each time, a quarter of the whole run. Cases that are let go of leave no rings, and what
    other code leaves is looked for after two hundred thousand new objects instead of seven hundred.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, usual[1], usual[2])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _by_event(entry: tuple[int, Live, Any]) -> tuple[int, int]:
    return entry[1].id, entry[0]
