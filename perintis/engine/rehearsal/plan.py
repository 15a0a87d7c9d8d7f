"""The assumptions put together with the steps of a process, checked, and compiled for speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from perintis.engine.case import TIMER
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.answers import MakeAnswer, answer_maker
from perintis.engine.rehearsal.draws import Draw
from perintis.engine.steps import Step
from perintis.rules.assumptions import Assumptions, Delay, StepAssumptions
from perintis.rules.calendar import Timetable, timetable
from perintis.rules.distributions import Sampler
from perintis.words.durations import Span, WorkingTime
from perintis.words.errors import BadInput
from perintis.words.recorded import Process, WorkKind

Later = Callable[[datetime, float], datetime]
"""An instant and a draw in; the instant at which a delay that began then is over."""

WHERE = "rehearsal.yaml"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step of one process as it is simulated."""

    step: Step[Any]
    kind: WorkKind
    agency: str
    keyed: tuple[str, ...]
    stream: str
    delay: Later | None = None
    service: Sampler | None = None
    answer: MakeAnswer | None = None
    send_back: float = 0.0
    hourly: float | None = None
    within: Span | None = None
    hours: Timetable | None = None

    def due(self, ready: datetime) -> datetime | None:
        """When a visit that became ready then is due by the step's service level; `Definition.due`, looked up once."""
        return None if self.within is None or self.hours is None else self.hours.add(ready, self.within)

    def cost(self, minutes: float) -> float | None:
        """What a visit costs: officer time by the hour, and what the step costs each time; None if neither is known."""
        if self.hourly is None:
            return self.step.cost
        return round(self.hourly * minutes / 60 + (self.step.cost or 0.0), 2)


TIMER_PLAN = StepPlan(TIMER, WorkKind.TIMER, TIMER.agency.code, (), TIMER.name)


@dataclass(frozen=True)
class Plan:
    """Everything a simulation needs to know, for one process."""

    definition: Definition
    process: Process
    assumptions: Assumptions
    steps: Mapping[str, StepPlan] = field(repr=False)

    def step(self, name: str) -> StepPlan:
        """How a step is simulated, or BadInput where the file says nothing of it for this process."""
        found = self.steps.get(name)
        if found is None:
            raise BadInput(f"{WHERE}: {self.process.value} asks for {name}; give it an entry under steps")
        return found


def compile_plan(definition: Definition, process: Process, assumptions: Assumptions, draw: Draw) -> Plan:
    """Check the assumptions against the pilot's steps; raises BadInput, listing everything that is missing."""
    _check(definition, assumptions)
    steps = {}
    for name, step in definition.steps.items():
        supposed = assumptions.of_step(name, process)
        if supposed is not None:
            steps[name] = _step_plan(definition, step, supposed, assumptions, draw)
    return Plan(definition, process, assumptions, steps)


def _check(definition: Definition, assumptions: Assumptions) -> None:
    pilot, named = definition.pilot, assumptions.named_steps()
    if assumptions.currency != pilot.currency:
        raise BadInput(f"{WHERE}: currency is {assumptions.currency}, but {pilot.name} counts in {pilot.currency}")
    if missing := sorted(definition.steps.keys() - named):
        raise BadInput(f"{WHERE}: no entry under steps for {', '.join(missing)}; say how long each takes")
    if unknown := sorted(named - definition.steps.keys()):
        raise BadInput(f"{WHERE}: pilot {pilot.name} has no step {', '.join(unknown)}; correct or remove the entry")
    codes = {agency.code for agency in pilot.agencies}
    if strange := sorted((assumptions.officers.keys() | assumptions.cost_per_hour.keys()) - codes):
        raise BadInput(f"{WHERE}: pilot {pilot.name} has no agency {', '.join(strange)}; correct or remove the entry")


def _step_plan(
    definition: Definition, step: Step[Any], supposed: StepAssumptions, assumptions: Assumptions, draw: Draw
) -> StepPlan:
    _check_step(step, supposed, assumptions)
    stream = supposed.draws or step.name
    performs = supposed.perform is not None and supposed.perform.value
    hourly = assumptions.cost_per_hour.get(step.agency.code)
    has_officer = step.kind is not WorkKind.AUTOMATIC and supposed.service_minutes is not None
    return StepPlan(
        step,
        step.kind,
        step.agency.code,
        step.keyed,
        stream,
        None if supposed.delay is None else _later(supposed.delay.value, timetable(step.agency.calendar)),
        None if supposed.service_minutes is None else supposed.service_minutes.value.sampler(),
        None if performs else answer_maker(step, definition.pilot.application, supposed, draw),
        0.0 if supposed.send_back is None else supposed.send_back.value,
        hourly.value if has_officer and hourly is not None else None,
        None if step.service_level is None else step.service_level.within,
        timetable(definition.calendar(step)),
    )


def _check_step(step: Step[Any], supposed: StepAssumptions, assumptions: Assumptions) -> None:
    place = f"{WHERE}: steps/{step.name}"
    automatic = step.kind is WorkKind.AUTOMATIC
    if not automatic and supposed.delay is None and supposed.service_minutes is None:
        raise BadInput(f"{place} needs service_minutes (an officer's time) or delay")
    if not automatic and supposed.service_minutes is not None and step.agency.code not in assumptions.officers:
        raise BadInput(f"{place} has service_minutes, but officers says nothing of {step.agency.code}")
    if supposed.perform is not None and not automatic:
        raise BadInput(f"{place} has perform, but {step.name} is done by people; give answers instead")
    if supposed.send_back is not None and not step.may_send_back:
        raise BadInput(f"{place} has send_back, but the step is declared without may_send_back")


def _later(delay: Delay, calendar: Timetable) -> Later:
    unit = delay.unit
    sample: Sampler = getattr(delay, unit).sampler()
    if unit == "working_days":
        return lambda at, u: calendar.add(at, WorkingTime(days=sample(u)))
    if unit == "working_hours":
        return lambda at, u: calendar.add(at, WorkingTime(hours=sample(u)))
    one = timedelta(**{unit: 1})
    return lambda at, u: at + one * sample(u)
