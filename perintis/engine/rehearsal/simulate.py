"""A rehearsal: one process of a pilot under simulated agencies, event by event in virtual time.

The process function itself runs, one `Replay` a case, exactly as in a live run; only the answers are made up. Cases
contend for officers, who serve first come first served in office hours. Memory holds the open cases only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from perintis.engine.case import Case
from perintis.engine.changes import Standing
from perintis.engine.definition import Definition
from perintis.engine.live import where
from perintis.engine.rehearsal.agencies import Agencies, Agenda
from perintis.engine.rehearsal.arrivals import arrival_instants, start_of
from perintis.engine.rehearsal.cases import Job, Running, Simulated
from perintis.engine.rehearsal.draws import draws, generator
from perintis.engine.rehearsal.officers import Usage
from perintis.engine.rehearsal.plan import compile_plan
from perintis.engine.replay import Replay
from perintis.rules.assumptions import Assumptions
from perintis.rules.counted import FigureSums, figures_json
from perintis.words.errors import BadInput, DefinitionError, PerintisError, SentBack
from perintis.words.recorded import CaseStatus, Process, WorkKind


@dataclass(slots=True)
class Totals:
    """What came of a rehearsal, in kept cases; `outcomes` counts those that were decided, `problem` is the first.

    `figures` adds up what was counted in them.
    """

    opened: int = 0
    closed: int = 0
    still_open: int = 0
    failed: int = 0
    warm_up: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problem: str | None = None
    figures: FigureSums = field(default_factory=FigureSums)


class Rehearsal:
    """One rehearsal. Go through `cases()` once; after that `observed_until`, `totals` and `usage` hold.

    `usage` is by agency, from the first arrival to the last.

    `cases` are kept, or as many as arrive in the days of the assumptions. They are watched until the follow-up days
    are over, and those still open then stay open; `until_closed` goes on until none is.
    Raises BadInput where the assumptions do not fit the pilot: on construction as far as that can be seen then.
    """

    def __init__(
        self, definition: Definition, process: Process, assumptions: Assumptions, *, seed: int,
        cases: int | None = None, until_closed: bool = False,
    ) -> None:  # fmt: skip
        if cases is not None and cases < 1:
            raise BadInput(f"a rehearsal needs at least one case, not {cases}")
        if definition.pilot.made_up is None:
            raise BadInput(
                f"pilot {definition.pilot.name} has no `made_up`, which makes an application for a rehearsal"
            )
        self.definition = definition
        self.process = process
        self.seed = seed
        self._made_up = definition.pilot.made_up
        self._function = definition.process(process)
        self._limit = cases
        self._until_closed = until_closed
        self._arrivals_like = assumptions.arrivals
        self._start = start_of(assumptions.arrivals, definition.pilot.lead.calendar)
        self._arrivals = arrival_instants(assumptions.arrivals, definition.pilot.lead.calendar, seed)
        self._agenda = Agenda()
        draw = draws(seed)
        plan = compile_plan(definition, process, assumptions, draw)
        self._agencies = Agencies(plan, self._agenda, draw, self._answered)
        self._numbers = count(1)
        self._open: dict[int, Running] = {}
        self._done: list[Simulated] = []
        self._began = self._start
        self._horizon: datetime | None = None
        self.totals = Totals()
        self.observed_until = self._start
        self.usage: dict[str, Usage] = {}

    def cases(self) -> Iterator[Simulated]:
        """Kept cases: each as soon as it is closed, then those that stayed open, by number."""
        self._began = self._expect_arrival(self._start)
        while (at := self._agenda.next(self._horizon)) is not None:
            self.observed_until = at
            if self._done:
                yield from self._done
                self._done.clear()
        self.observed_until = self._horizon or self.observed_until
        for job in self._in_hand(self.observed_until):
            job.running.start(job)
        for running in self._open.values():
            self._finish(running, self._standing(running))
        yield from self._done

    def _expect_arrival(self, latest: datetime) -> datetime:
        """Put the next arrival on the agenda, or, when all have come, the end; returns the instant of the arrival."""
        at = next(self._arrivals)
        closing = self._start + timedelta(days=self._arrivals_like.days.value)
        if at < closing if self._limit is None else self.totals.opened < self._limit:
            self._agenda.put(at, self._arrive)
            return at
        last = closing if self._limit is None else latest
        self.usage = self._agencies.desks.usage(self._began, latest, self._in_hand(latest))
        if not self._until_closed:
            self._horizon = last + timedelta(days=self._arrivals_like.follow_up_days.value)
        return at

    def _in_hand(self, at: datetime) -> list[Job]:
        """Jobs that an officer has begun by then and not ended."""
        return self._agencies.in_hand((job for running in self._open.values() for job in running.jobs.values()), at)

    def _arrive(self, at: datetime, _job: Job | None) -> None:
        number, pilot = next(self._numbers), self.definition.pilot
        if at >= self._start:
            self.totals.opened += 1
        else:
            self.totals.warm_up += 1
        application = self._made_up(generator(self.seed, f"application {number}"), number)
        office = None if pilot.office is None else getattr(application, pilot.office)
        running = Running(
            number, application, str(getattr(application, pilot.reference)), None if office is None else str(office),
            at, self.definition.case_due(at),
        )  # fmt: skip
        self._open[number] = running
        self._guarded(running, at, self._begin, running)
        self._expect_arrival(at)

    def _begin(self, running: Running) -> None:
        case = Case(
            case_id=running.number, reference=running.reference, office=running.office, opened=running.opened,
            application=running.application,
        )  # fmt: skip
        running.replay = Replay(self._function, case)

    def _answered(self, job: Job, result: Any, at: datetime) -> None:
        running = job.running
        assert running.replay is not None
        self._guarded(running, at, running.replay.feed, job.key, result, at)

    def _guarded(self, running: Running, at: datetime, act: Callable[..., None], *of: Any) -> None:
        """Process code that stops sets its own case aside, as in a live run; a wrong assumption stops everything."""
        try:
            act(*of)
            self._advance(running, at)
        except BadInput:
            raise
        except SentBack as error:
            self._set_aside(running, at, f"{error.step} was sent back and the process does not catch SentBack")
        except PerintisError as error:
            self._set_aside(running, at, str(error))
        except Exception as error:  # noqa: BLE001  # as in a live run: its text may hold data of the application
            self._set_aside(running, at, f"the process code stopped with {where(error)}")

    def _set_aside(self, running: Running, at: datetime, problem: str) -> None:
        running.problem = problem
        for job in running.jobs.values():
            if self._agencies.drop(job, at) and job.officer is not None:
                running.start(job)

    def _advance(self, running: Running, at: datetime) -> None:
        """Withdraw what nobody needs, close the case when its process has returned, else ask for what is new."""
        replay, jobs = running.replay, running.jobs
        assert replay is not None
        if len(replay.abandoned) > len(running.withdrawn):
            self._withdraw(running, at)
        if replay.finished:
            self._close(running, at)
            return
        for key in [key for key in replay.outstanding if key not in jobs]:
            self._agencies.ask(running, key, replay.outstanding[key], at)

    def _withdraw(self, running: Running, at: datetime) -> None:
        assert running.replay is not None
        running.withdrawn = set(running.replay.abandoned)
        for key, job in running.jobs.items():  # in the order asked, which a set does not keep
            if key not in running.withdrawn or job.over:
                continue
            begun = self._agencies.drop(job, at)
            if job.plan.kind is not WorkKind.AUTOMATIC:
                if begun:
                    running.start(job)
                running.withdraw(job, at, job.plan.cost(job.minutes) if begun else None)

    def _close(self, running: Running, at: datetime) -> None:
        assert running.replay is not None
        decision, pilot = running.replay.decision, self.definition.pilot
        if not isinstance(decision, pilot.decision):
            raise DefinitionError(
                f"the process returned {type(decision).__name__} instead of {pilot.decision.__name__}"
            )
        outcome = str(getattr(decision, "outcome"))  # noqa: B009  # every decision model has it
        figures = figures_json(decision)
        running.close(at, pilot.lead.code, outcome, figures)
        del self._open[running.number]
        standing = Standing(running.number, CaseStatus.CLOSED, closed=at, outcome=outcome, figures=figures)
        self._finish(running, standing)

    def _standing(self, running: Running) -> Standing:
        if running.problem is not None:
            return Standing(running.number, CaseStatus.FAILED, problem=running.problem)
        waiting = [job for job in running.jobs.values() if not job.over]
        if any(job.plan.kind is WorkKind.AUTOMATIC for job in waiting):
            return Standing(running.number, CaseStatus.READY)
        times = [job.due for job in waiting if job.due is not None and job.plan.kind is WorkKind.TIMER]
        return Standing(running.number, CaseStatus.WAITING, wake_at=min(times, default=None))

    def _finish(self, running: Running, standing: Standing) -> None:
        """Hand a case out, unless it belongs to the warm-up; count it."""
        if running.opened < self._start:
            running.let_go()
            return
        totals = self.totals
        totals.closed += standing.status is CaseStatus.CLOSED
        totals.failed += standing.status is CaseStatus.FAILED
        totals.still_open += standing.status in (CaseStatus.WAITING, CaseStatus.READY)
        if standing.outcome is not None:
            totals.outcomes[standing.outcome] += 1
        if standing.figures is not None:
            totals.figures.add(json.loads(standing.figures))
        totals.problem = totals.problem or standing.problem
        names = self.definition.pilot.segments
        segments = running.application.model_dump(mode="json", include=set(names)) if names else {}
        self._done.append(running.finish(self.observed_until, {name: segments[name] for name in names}, standing))
        running.let_go()
