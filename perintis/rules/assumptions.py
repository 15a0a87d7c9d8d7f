"""The assumptions of a rehearsal (`rehearsal.yaml`): what simulated agencies are supposed to be like.

Every assumption is a named entry with a `value` and where it comes from: `source:` (a published reference), or
`assumption: true` with a `reason:`. Both processes of a pilot share one file, one set of officers and one set of
service times; `processes:` says where an activity itself differs (a courier between agencies, data typed again).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from perintis.rules.distributions import STRICT, Distribution, NotNegative, exactly_one
from perintis.words.errors import BadInput
from perintis.words.reasons import said
from perintis.words.recorded import Process

T = TypeVar("T")

Probability = Annotated[float, Field(ge=0, le=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hour = Annotated[int, Field(ge=0, le=23)]
Month = Annotated[int, Field(ge=1, le=12)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=0)]
_ROUNDING = 1e-9
ProcessName = Literal["as_is", "to_be"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Assumed(BaseModel, Generic[T]):
    """One number (or set of numbers) of the rehearsal, and why it is believed."""

    model_config = STRICT
    value: T
    source: str | None = None
    assumption: bool = False
    reason: str | None = None

    @model_validator(mode="after")
    def _founded(self) -> Self:
        if bool(self.source) == self.assumption or (self.assumption and not self.reason):
            raise ValueError("give either `source:`, or `assumption: true` with a `reason:`")
        return self


class Arrivals(BaseModel):
    """When applications are handed in: so many a day by weekday (and month), spread over the hours of the day.

    `on_working_days` closes the counter on days on which the lead agency does not work. `warm_up_days` of arrivals
    before `start` fill the queues and are not kept; `days` of arrivals are kept, and the cases are then watched for
    `follow_up_days` more. Dates and hours are local to the lead agency.
    """

    model_config = STRICT
    start: Assumed[date]
    days: Assumed[Annotated[int, Field(ge=1)]]
    warm_up_days: Assumed[Days]
    follow_up_days: Assumed[Days]
    per_day: Assumed[dict[Weekday, NotNegative]]
    by_hour: Assumed[dict[Hour, NotNegative]]
    by_month: Assumed[dict[Month, NotNegative]] | None = None
    on_working_days: Assumed[bool]

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not sum(self.per_day.value.values()) or not sum(self.by_hour.value.values()):
            raise ValueError("per_day and by_hour need at least one number above zero")
        return self


class Delay(BaseModel):
    """A length of time in exactly one unit; working time is that of the step's agency."""

    model_config = STRICT
    minutes: Distribution | None = None
    hours: Distribution | None = None
    days: Distribution | None = None
    working_hours: Distribution | None = None
    working_days: Distribution | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self)
        return self

    @property
    def unit(self) -> str:
        """The unit that is given."""
        return exactly_one(self)


class Answer(BaseModel):
    """What a field of a result says: yes with a probability (also by visit), one of several, or always the same.

    A bare number in a file is a probability. `by_visit` gives one for each visit of the step, the last for all later.
    `from_request` names the field of the request whose value comes back.
    """

    model_config = STRICT
    probability: Probability | None = None
    by_visit: Annotated[list[Probability], Field(min_length=1)] | None = None
    choice: dict[str, Probability] | None = None
    from_request: str | None = None
    always: Any = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, given: object) -> object:
        is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
        return {"probability": given} if is_number else given

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self)
        if self.choice is not None and abs(sum(self.choice.values()) - 1) > _ROUNDING:
            raise ValueError("the probabilities of a choice must add up to 1")
        return self


class Finding(BaseModel):
    """One way in which several fields of a result go together: `gives` their values.

    It is found `when` fields of the request have certain values, or else by chance, with a `share`.
    """

    model_config = STRICT
    when: dict[str, Any] | None = None
    share: Probability | None = None
    gives: dict[str, Any]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.when is None) == (self.share is None):
            raise ValueError("give either `when` or `share`")
        return self


def _shares_add_up(findings: list[Finding]) -> list[Finding]:
    if abs(sum(f.share for f in findings if f.share is not None) - 1) > _ROUNDING:
        raise ValueError("the shares of the findings without `when` must add up to 1")
    return findings


Findings = Annotated[list[Finding], AfterValidator(_shares_add_up)]
"""Tried in order: the first whose `when` holds; if none does, one of those with a share."""


class StepAssumptions(BaseModel):
    """How a simulated agency does one step.

    First `delay` passes (an appointment, an agency's system, the applicant), then an officer works for
    `service_minutes` of office time; of an automatic step `service_minutes` is machine time. `answers` is what comes
    out, by field; `findings` is the same for fields that hang together. `send_back` is the probability that the officer
    returns the work. `perform` lets an automatic step run its own function: only for one that computes and calls
    nobody. `draws` names another step whose chances this one shares: the same person is as fit in either process.
    """

    model_config = STRICT
    delay: Assumed[Delay] | None = None
    service_minutes: Assumed[Distribution] | None = None
    answers: dict[str, Assumed[Answer]] = Field(default_factory=dict)
    findings: Assumed[Findings] | None = None
    send_back: Assumed[Probability] | None = None
    perform: Assumed[bool] | None = None
    draws: str | None = None

    def changed_by(self, other: StepAssumptions) -> StepAssumptions:
        """This with what `other` says instead; answers are replaced one by one."""
        changes: dict[str, Any] = {name: getattr(other, name) for name in other.model_fields_set}
        changes["answers"] = {**self.answers, **other.answers}
        return self.model_copy(update=changes)


class Assumptions(BaseModel):
    """Everything a rehearsal supposes. Officers are so many in all, or so many by office."""

    model_config = STRICT
    currency: str
    arrivals: Arrivals
    officers: dict[str, Assumed[Count | dict[str, Count]]]
    cost_per_hour: dict[str, Assumed[NotNegative]] = Field(default_factory=dict)
    steps: dict[str, StepAssumptions]
    processes: dict[ProcessName, dict[str, StepAssumptions]] = Field(default_factory=dict)

    def of_step(self, name: str, process: Process) -> StepAssumptions | None:
        """What is supposed of a step in a process, or None if nothing is."""
        common, own = self.steps.get(name), self.processes.get(process.value, {}).get(name)
        if common is None or own is None:
            return own or common
        return common.changed_by(own)

    def named_steps(self) -> set[str]:
        """Every step that the file speaks of."""
        return set(self.steps).union(*self.processes.values())

    def entries(self) -> list[Entry]:
        """All assumptions as a flat list for people to read, in the order of the file."""
        return list(_entries(self, ()))


class Entry(NamedTuple):
    """One assumption: its path in the file, its value as plain data, and its source or reason."""

    path: str
    value: Any
    sourced: bool
    why: str


def _entries(found: Any, path: tuple[str, ...]) -> Iterator[Entry]:
    if isinstance(found, Assumed):
        value = found.model_dump(mode="json", exclude_none=True)["value"]
        yield Entry("/".join(path), value, found.source is not None, found.source or found.reason or "")
    elif isinstance(found, BaseModel):
        for name in type(found).model_fields:
            yield from _entries(getattr(found, name), (*path, name))
    elif isinstance(found, dict):
        for name, inner in found.items():
            yield from _entries(inner, (*path, str(name)))


def parse_assumptions(text: str, where: str = "rehearsal.yaml") -> Assumptions:
    """Read the text of a `rehearsal.yaml`; `where` names the file in errors.

    Raises BadInput with the path of each field that is missing, unknown or not valid.
    """
    from perintis.rules.yaml_text import load_yaml

    read = load_yaml(text, where)
    try:
        return Assumptions.model_validate(read)
    except ValidationError as error:
        told = "; ".join(f"{_place(e['loc'])}: {said(e)}" for e in error.errors()[:5])
        raise BadInput(f"{where}: {told}") from None


def _place(location: tuple[int | str, ...]) -> str:
    return "/".join(map(str, location)) or "the whole file"
