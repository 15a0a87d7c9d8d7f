"""Officers of simulated agencies: they take work first come first served, and only while their office is open.

Work that is unfinished at closing time goes on at the next opening: its service time is counted in office time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from perintis.engine.rehearsal.cases import Job
from perintis.engine.rehearsal.plan import WHERE
from perintis.rules.assumptions import Assumptions
from perintis.rules.calendar import Timetable, timetable
from perintis.words.durations import WorkingTime
from perintis.words.errors import BadInput
from perintis.words.pilot import Pilot


@dataclass(frozen=True, slots=True)
class Usage:
    """How busy an agency's officers were: minutes of work, and minutes for which they were there in all."""

    officers: int
    busy_minutes: float
    open_minutes: float

    @property
    def share(self) -> float:
        """Busy part of the time; above about 0.9 queues grow long, at 1 they grow without end."""
        return self.busy_minutes / self.open_minutes if self.open_minutes else 0.0


class Desk:
    """The officers of one agency, or of one of its offices, and the work that waits for them."""

    __slots__ = ("_free", "_names", "_timetable", "busy_minutes", "waiting")

    def __init__(self, name: str, officers: int, hours: Timetable) -> None:
        self._names = [f"{name}/{n + 1}" for n in range(officers)]
        self._free = list(range(officers))  # in order, and so a heap
        self._timetable = hours
        self.waiting: deque[Job] = deque()
        self.busy_minutes = 0.0

    @property
    def officers(self) -> int:
        """How many work here."""
        return len(self._names)

    def next_job(self, at: datetime) -> Job | None:
        """Give the job that came first to a free officer: sets who does it, when it starts and when it ends.

        None while nobody is free or nothing waits.
        """
        while self._free and self.waiting:
            job = self.waiting.popleft()
            if job.over:
                continue
            job.server = heappop(self._free)
            job.officer = self._names[job.server]
            job.started = self._timetable.next_working_instant(at)
            job.ends = self._timetable.add(job.started, WorkingTime(hours=job.minutes / 60))
            return job
        return None

    def leave(self, job: Job, at: datetime) -> None:
        """The officer is done with a job, or lets go of it half-way: counts the time, and is free again.

        An officer who had not begun yet, because the office was closed, has spent nothing.
        """
        assert job.started is not None
        assert job.ends is not None
        assert job.server is not None
        if at <= job.started:
            job.minutes, job.started, job.officer = 0.0, None, None
        elif at < job.ends:
            job.minutes = self._timetable.working_minutes(job.started, at)
        self.busy_minutes += job.minutes
        heappush(self._free, job.server)
        job.server = None

    def open_minutes(self, start: datetime, end: datetime) -> float:
        """Minutes for which the office was open."""
        return self._timetable.working_minutes(start, end)


class Desks:
    """The desks of all agencies, by agency and, where officers are counted by office, by office."""

    def __init__(self, pilot: Pilot[Any], assumptions: Assumptions) -> None:
        self._desks: dict[tuple[str, str | None], Desk] = {}
        self._by_office: set[str] = set()
        for code, officers in assumptions.officers.items():
            hours = timetable(pilot.agency(code).calendar)
            if isinstance(officers.value, int):
                self._desks[code, None] = Desk(code, officers.value, hours)
                continue
            self._by_office.add(code)
            for office, number in officers.value.items():
                self._desks[code, office] = Desk(f"{code}/{office}", number, hours)

    def of(self, job: Job) -> Desk:
        """The desk that a job goes to; BadInput where its office has no officers."""
        code = job.plan.agency
        office = job.running.office if code in self._by_office else None
        found = self._desks.get((code, office))
        if found is None:
            raise BadInput(
                f"{WHERE}: officers/{code} has no entry for the office {office}; give its number of officers"
            )
        return found

    def usage(self, start: datetime, end: datetime, in_hand: Iterable[Job]) -> dict[str, Usage]:
        """How busy each agency was from `start` to `end`, work in hand at the end included."""
        busy: dict[str, float] = {}
        for job in in_hand:
            assert job.started is not None
            busy[job.plan.agency] = busy.get(job.plan.agency, 0.0) + self.of(job).open_minutes(job.started, end)
        found: dict[str, Usage] = {}
        for (code, _), desk in self._desks.items():
            known = found.get(code) or Usage(0, busy.get(code, 0.0), 0.0)
            found[code] = Usage(
                known.officers + desk.officers,
                known.busy_minutes + desk.busy_minutes,
                known.open_minutes + desk.officers * desk.open_minutes(start, end),
            )
        return found
