"""A pilot together with its process code and the steps that this code can ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any

from perintis.engine.agreed import Agreed
from perintis.engine.case import TIMER
from perintis.engine.replay import ProcessFunction
from perintis.engine.steps import Step
from perintis.rules.calendar import timetable
from perintis.words.agency import Calendar
from perintis.words.durations import Span
from perintis.words.errors import NotFound
from perintis.words.pilot import Pilot
from perintis.words.recorded import Process


@dataclass(frozen=True)
class Definition:
    """What is done in a pilot: its processes by name, its steps by name, and what its agreement allows.

    `agreed` None means that nobody is shown anything: in a rehearsal or a trial, where agencies and cases are made up.
    """

    pilot: Pilot[Any]
    processes: Mapping[Process, ProcessFunction]
    steps: Mapping[str, Step[Any]]
    agreed: Agreed | None = None

    def process(self, name: Process) -> ProcessFunction:
        """The process function of that name, or NotFound."""
        if name not in self.processes:
            raise NotFound(f"pilot {self.pilot.name} has no process {name.value} in its flow file")
        return self.processes[name]

    def step(self, name: str) -> Step[Any]:
        """The step of that name, or NotFound."""
        if name not in self.steps:
            raise NotFound(f"pilot {self.pilot.name} has no step {name!r}; it has {', '.join(sorted(self.steps))}")
        return self.steps[name]

    def calendar(self, step: Step[Any]) -> Calendar:
        """The calendar by which a step's time is counted; waits count by the lead agency's."""
        return self.pilot.lead.calendar if step is TIMER else step.agency.calendar

    def due(self, step: Step[Any], ready: datetime) -> datetime | None:
        """When a step that became ready then is due by its service level, or None if nothing was promised."""
        if step.service_level is None:
            return None
        return timetable(self.calendar(step)).add(ready, step.service_level.within)

    def timer_due(self, until: Span | datetime, now: datetime) -> datetime:
        """When a wait that began now is over."""
        return until if isinstance(until, datetime) else timetable(self.pilot.lead.calendar).add(now, until)

    def case_due(self, opened: datetime) -> datetime | None:
        """When a case opened then is due as a whole, or None."""
        promise = self.pilot.service_level
        return None if promise is None else timetable(self.pilot.lead.calendar).add(opened, promise.within)


def steps_in(namespace: Mapping[str, Any]) -> dict[str, Step[Any]]:
    """The steps that a flow file can ask for: those it names, and those of the task modules it names."""
    found: dict[str, Step[Any]] = {}
    for value in namespace.values():
        if isinstance(value, Step):
            found[value.name] = value
        elif isinstance(value, ModuleType) and value.__name__.startswith("tasks"):
            found.update(_own_steps(vars(value).values()))
    return dict(sorted(found.items()))


def _own_steps(values: Iterable[Any]) -> dict[str, Step[Any]]:
    return {value.name: value for value in values if isinstance(value, Step)}
