"""The simulated agencies: they take requests, let time pass, and answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

from perintis.engine.case import TIMER
from perintis.engine.rehearsal.answers import Asked
from perintis.engine.rehearsal.cases import Job, Running
from perintis.engine.rehearsal.draws import Draw
from perintis.engine.rehearsal.officers import Desk, Desks
from perintis.engine.rehearsal.plan import TIMER_PLAN, WHERE, Plan
from perintis.engine.steps import Request
from perintis.words.errors import BadInput, SentBack
from perintis.words.recorded import Key, WorkKind

MOST_VISITS = 1_000
CHECKED_REQUESTS = 100
"""Requests of each step that are put together and checked as for a live agency: they fail early or not at all."""

_MINUTE = timedelta(minutes=1)

_AUTOMATIC = WorkKind.AUTOMATIC

Action = Callable[[datetime, Job | None], None]
Answered = Callable[[Job, Any, datetime], None]
"""Told of every answer: a result, or a `SentBack`."""


class Agenda:
    """What will happen and when. Things of the same instant happen in the order in which they were put down."""

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Action, Job | None]] = []
        self._order = count()

    def put(self, at: datetime, action: Action, job: Job | None = None) -> None:
        """Let `action` happen at that instant, unless its job is over by then."""
        heappush(self._heap, (at, next(self._order), action, job))

    def next(self, until: datetime | None) -> datetime | None:
        """Let the next thing happen and return its instant; None when there is none up to and including `until`."""
        heap = self._heap
        while heap and (until is None or heap[0][0] <= until):
            at, _, action, job = heappop(heap)
            if job is None or not job.over:
                action(at, job)
                return at
        return None


class Agencies:
    """Does the work of all agencies of a plan. `answered` is called back with what they say."""

    def __init__(self, plan: Plan, agenda: Agenda, draw: Draw, answered: Answered) -> None:
        self._plan = plan
        self._agenda = agenda
        self._draw = draw
        self._answered = answered
        self._checked: Counter[str] = Counter()
        self.desks = Desks(plan.definition.pilot, plan.assumptions)

    def ask(self, running: Running, key: Key, request: Request[Any], at: datetime) -> None:
        """Take a new request of a case."""
        if request.step is TIMER:
            self._ask_timer(running, key, request, at)
            return
        if key.visit > MOST_VISITS:
            raise BadInput(
                f"{WHERE}: {key.step} was asked {MOST_VISITS} times in one case; its answers never let it end"
            )
        plan, step = self._plan.step(key.step), request.step
        job = running.jobs[key] = Job(running, key, plan, request.inputs, at, plan.due(at))
        body = None
        if plan.answer is None or self._checked[key.step] < CHECKED_REQUESTS:
            self._checked[key.step] += 1
            body = step.build_input(running.application, request.inputs)
        if plan.service is not None:
            job.minutes = plan.service(self._draw(running.number, plan.stream, key.visit, "service"))
        if plan.kind is _AUTOMATIC:
            job.started = at
            result = self._perform(job, body) if plan.answer is None else None
            job.result = result
            self._agenda.put(at + job.minutes * _MINUTE, self._performed, job)
            return
        running.schedule(job, at)
        if plan.delay is not None:
            after = plan.delay(at, self._draw(running.number, plan.stream, key.visit, "delay"))
            self._agenda.put(after, self._reach, job)
        else:
            self._reach(at, job)

    def _performed(self, at: datetime, job: Job | None) -> None:
        assert job is not None
        self._finish(at, job, job.result)

    def _ask_timer(self, running: Running, key: Key, request: Request[Any], at: datetime) -> None:
        due = self._plan.definition.timer_due(request.span, at)
        job = running.jobs[key] = Job(running, key, TIMER_PLAN, request.inputs, at, due)
        if due > at:
            running.schedule(job, at)
        self._agenda.put(max(due, at), self._fire, job)

    def _fire(self, at: datetime, job: Job | None) -> None:
        assert job is not None
        job.over = True
        job.running.fire(job, at)
        self._answered(job, at, at)

    @staticmethod
    def _perform(job: Job, body: Any) -> Any:
        """Let an automatic step that only computes run its own function."""
        step = job.plan.step
        assert step.perform is not None
        (result,) = step.perform([body], [f"rehearsal/{job.running.number}/{job.key.step}/{job.key.visit}"])
        return step.output.validate_python(result)

    def _reach(self, at: datetime, job: Job | None) -> None:
        """The request has arrived: an officer will take it, or it answers at once."""
        assert job is not None
        if job.plan.service is None:
            job.started = at  # nobody of ours works on it: the answer is registered as it comes in
            self._finish(at, job, None)
            return
        desk = job.desk = self.desks.of(job)
        desk.waiting.append(job)
        self._serve(desk, at)

    def _serve(self, desk: Desk, at: datetime) -> None:
        while (job := desk.next_job(at)) is not None:
            assert job.ends is not None
            self._agenda.put(job.ends, self._served, job)

    def _served(self, at: datetime, job: Job | None) -> None:
        assert job is not None
        desk = job.desk
        assert desk is not None
        desk.leave(job, at)
        self._finish(at, job, None)
        self._serve(desk, at)

    def _finish(self, at: datetime, job: Job, result: Any) -> None:
        job.over = True
        plan, running, visit = job.plan, job.running, job.key.visit
        cost = plan.cost(job.minutes)
        if job.officer is not None:
            running.start(job)
        if plan.send_back and self._draw(running.number, plan.stream, visit, "send back") < plan.send_back:
            running.send_back(job, at, cost)
            self._answered(job, SentBack(plan.step.name, "made up"), at)
            return
        running.complete(job, at, cost)
        if plan.answer is not None:
            result = plan.answer(Asked(job.inputs, running.application, running.number, visit, at))
        self._answered(job, result, at)

    def drop(self, job: Job, at: datetime) -> bool:
        """Let nothing more happen to a job and free its officer; whether an officer had begun with it."""
        if job.over:
            return False
        job.over = True
        if job.server is not None:
            desk = self.desks.of(job)
            desk.leave(job, at)
            self._serve(desk, at)
        return job.started is not None and job.started <= at

    def in_hand(self, jobs: Iterable[Job], at: datetime) -> list[Job]:
        """Those jobs that an officer has begun by then and not ended."""
        return [job for job in jobs if job.server is not None and job.started is not None and job.started <= at]
