"""What is recorded of one simulated case: the same changes that a live case of the same course would have."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from perintis.engine.case import TIMER
from perintis.engine.changes import Change, Standing
from perintis.engine.rehearsal.plan import StepPlan
from perintis.engine.replay import Replay
from perintis.words.recorded import CASE_STEP, Key, Lifecycle, WorkKind, WorkStatus

if TYPE_CHECKING:
    from perintis.engine.rehearsal.officers import Desk

_AT = attrgetter("at")
_dump_instant = TIMER.output.serializer.to_json
_CASE = Key(CASE_STEP, 1)
# A member looked up in its class costs as much as a function call in Python 3.11; these are needed for every event.
_SCHEDULE, _START, _COMPLETE = Lifecycle.SCHEDULE, Lifecycle.START, Lifecycle.COMPLETE
_OPEN, _STARTED, _COMPLETED = WorkStatus.OPEN, WorkStatus.STARTED, WorkStatus.COMPLETED
_AUTOMATIC, _TIMER = WorkKind.AUTOMATIC, WorkKind.TIMER


class Job:
    """One step visit on its way: asked, perhaps waiting for a free officer, perhaps in hand, over.

    `minutes` of office time it takes; `server` is the number of the officer who has it in hand just now; `due` is its
    service level, or the date of a timer; `desk` is where it waits for an officer; `result` is what an automatic step
    that ran its own function gave.
    """

    __slots__ = ("desk", "due", "ended", "ends", "inputs", "key", "minutes", "officer", "over", "plan", "ready",
                 "result", "running", "server", "started")  # fmt: skip

    def __init__(
        self, running: Running, key: Key, plan: StepPlan, inputs: dict[str, object], ready: datetime,
        due: datetime | None,
    ) -> None:  # fmt: skip
        self.running = running
        self.key = key
        self.plan = plan
        self.inputs = inputs
        self.ready = ready
        self.due = due
        self.minutes = 0.0
        self.started: datetime | None = None
        self.ends: datetime | None = None
        self.ended: datetime | None = None
        self.officer: str | None = None
        self.server: int | None = None
        self.desk: Desk | None = None
        self.result: Any = None
        self.over = False


@dataclass(slots=True)
class Simulated:
    """A case as it stood when it was closed, or when the rehearsal ended.

    `changes` are in the order of their event numbers (the opening event comes before them); breaches are among them.
    `breached` maps step visits to the instant of their breach; the case itself has the key ("case", 1).
    """

    number: int
    reference: str
    office: str | None
    segments: dict[str, Any]
    opened: datetime
    due: datetime | None
    changes: list[Change]
    standing: Standing
    breached: dict[Key, datetime] = field(default_factory=dict)


class Running:
    """One open case: its replay, its jobs, and what was recorded so far. `problem` says why it was set aside."""

    __slots__ = ("application", "changes", "due", "jobs", "number", "office", "opened", "problem", "reference",
                 "replay", "withdrawn")  # fmt: skip

    def __init__(
        self, number: int, application: Any, reference: str, office: str | None, opened: datetime, due: datetime | None
    ) -> None:
        self.number = number
        self.application = application
        self.reference = reference
        self.office = office
        self.opened = opened
        self.due = due
        self.replay: Replay | None = None
        self.jobs: dict[Key, Job] = {}
        self.withdrawn: set[Key] = set()
        self.changes: list[Change] = []
        self.problem: str | None = None

    def schedule(self, job: Job, at: datetime) -> None:
        """Record that work was asked for and now waits."""
        self._record(job, _SCHEDULE, _OPEN, at, first=True)

    def start(self, job: Job) -> None:
        """Record that an officer took the work. This comes when the work ends; `finish` puts it in its place."""
        assert job.started is not None
        self._record(job, _START, _STARTED, job.started)

    def complete(self, job: Job, at: datetime, cost: float | None) -> None:
        """Record that the work was done; of an automatic step this is the first record."""
        job.ended = at
        self._record(job, _COMPLETE, _COMPLETED, at, job.plan.kind is _AUTOMATIC, cost)

    def send_back(self, job: Job, at: datetime, cost: float | None) -> None:
        """Record that the officer returned the work."""
        job.ended = at
        self._record(job, Lifecycle.ATE_ABORT, WorkStatus.SENT_BACK, at, False, cost)

    def withdraw(self, job: Job, at: datetime, cost: float | None) -> None:
        """Record that nobody needs the work any more; what was spent on it stays."""
        job.ended = at
        self._record(job, Lifecycle.WITHDRAW, WorkStatus.WITHDRAWN, at, False, cost)

    def fire(self, job: Job, at: datetime) -> None:
        """Record that a wait is over: a date that had come already was never scheduled."""
        job.ended = at
        self._record(
            job, _COMPLETE, _COMPLETED, at, job.ready == at, result=_dump_instant(at).decode()
        )  # fmt: skip

    def _record(
        self, job: Job, lifecycle: Lifecycle, status: WorkStatus, at: datetime, first: bool = False,
        cost: float | None = None, result: str | None = None,
    ) -> None:  # fmt: skip
        plan, begun = job.plan, lifecycle is not _SCHEDULE
        self.changes.append(
            Change(
                self.number, job.key, lifecycle, at, status, plan.kind, plan.agency, first, job.ready,
                job.started if begun else None, job.due, None, 1, job.officer if begun else None, cost, plan.keyed,
                result,
            )
        )  # fmt: skip

    def close(self, at: datetime, lead: str, outcome: str, figures: str | None = None) -> None:
        """Record that the case was decided, and what was counted in it."""
        self.changes.append(
            Change(
                self.number, _CASE, Lifecycle.COMPLETE, at, WorkStatus.COMPLETED, WorkKind.AUTOMATIC, lead, False, at,
                outcome=outcome, figures=figures,
            )
        )  # fmt: skip

    def let_go(self) -> None:
        """Drop the process and the jobs, which refer to one another, so that their memory is free at once."""
        if self.replay is not None:
            self.replay.close()
        self.replay = None
        self.jobs = {}

    def finish(self, until: datetime, segments: dict[str, Any], standing: Standing) -> Simulated:
        """The case as it is to be recorded, with the service levels that had passed unmet by `until`."""
        breached = self._breaches(until, standing.closed or until)
        for key, at in breached.items():
            agency = "" if key is _CASE else self.jobs[key].plan.agency
            self.changes.append(
                Change(self.number, key, Lifecycle.BREACH, at, WorkStatus.OPEN, WorkKind.HUMAN, agency, False, at)
            )
        self.changes.sort(key=_AT)  # stable: what was recorded first at one instant stays first
        return Simulated(
            self.number, self.reference, self.office, segments, self.opened, self.due, self.changes, standing, breached
        )

    def _breaches(self, until: datetime, closed: datetime) -> dict[Key, datetime]:
        """Due dates that passed before the work was over, and the case closed.

        An automatic step is recorded when it is done, so nothing is known of its breach before that.
        """
        late = {}
        for job in self.jobs.values():
            if job.due is None or job.due >= (job.ended or until) or job.plan.kind is _TIMER:
                continue
            if job.plan.kind is not _AUTOMATIC:
                late[job.key] = job.due
            elif job.ended is not None:
                late[job.key] = job.ended
        if self.due is not None and self.due < closed:
            late[_CASE] = self.due
        return late
