"""A published service standard: how long a case or a step is promised to take, and by which rule. It has no cases."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from perintis.words.durations import Span, WorkingTime


class Strict(BaseModel):
    """Frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeUnit(StrEnum):
    """In what a promise counts; calendar time unless it says working."""

    DAYS = "days"
    HOURS = "hours"
    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"


class PromisedTime(Strict):
    """So many of a unit."""

    number: float = Field(gt=0, allow_inf_nan=False)
    unit: TimeUnit

    @property
    def span(self) -> Span:
        """The same as a length of time."""
        match self.unit:
            case TimeUnit.DAYS:
                return timedelta(days=self.number)
            case TimeUnit.HOURS:
                return timedelta(hours=self.number)
            case TimeUnit.WORKING_DAYS:
                return WorkingTime(days=self.number)
            case TimeUnit.WORKING_HOURS:
                return WorkingTime(hours=self.number)

    def __str__(self) -> str:
        unit = self.unit.value
        return f"{self.number:g} {unit.removesuffix('s') if self.number == 1 else unit}"


class Promise(Strict):
    """The time promised for the whole case (`step` is null) or for one step, in the words of the pilot's vocabulary.

    `share` is the share of cases for which it is promised, where the rule says so ("95 % within ..."). Working time is
    counted by the calendar of `agency`; by the lead agency's for a whole case.
    """

    step: str | None = None
    agency: str | None = None
    within: PromisedTime
    share: float | None = Field(default=None, gt=0, le=1)
    article: str = ""
    starts: str = Field(default="", description="words: what starts the clock")
    stops: str = Field(default="", description="words: what stops it")

    @field_validator("within", mode="before")
    @classmethod
    def _in_short(cls, value: object) -> object:
        """`15 working days` for {number: 15, unit: working days}."""
        if not isinstance(value, str):
            return value
        number, _, unit = value.strip().partition(" ")
        unit = unit.strip()
        try:
            return {"number": float(number), "unit": unit if unit.endswith("s") else unit + "s"}
        except ValueError:
            raise ValueError("write it like `15 working days`, `10 days` or `4 working hours`") from None

    @property
    def what(self) -> str:
        """What is promised, for people."""
        return "the whole case" if self.step is None else self.step


class Source(Strict):
    """The rule that promises: its name, where it is published, of which date, and on which day it was read."""

    rule: str = Field(min_length=1)
    url: str = ""
    article: str = ""
    issued: date | None = None
    read: date


class Standard(Strict):
    """A service standard with its source and the period in which it is valid, open at an end that is not given."""

    title: str = Field(min_length=1)
    source: Source
    valid_from: date | None = None
    valid_until: date | None = None
    promises: tuple[Promise, ...] = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Standard:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        whats = [promise.step for promise in self.promises]
        twice = next((what for what in whats if whats.count(what) > 1), "")
        if twice or whats.count(None) > 1:
            raise ValueError(f"{twice or 'the whole case'} is promised twice; one promise each")
        return self

    @property
    def validity(self) -> str:
        """The period in words."""
        ends = [f"{word} {day}" for word, day in (("from", self.valid_from), ("to", self.valid_until)) if day]
        return f"valid {' '.join(ends)}" if ends else "validity not said"

    @property
    def whole_case(self) -> Promise | None:
        """The promise for the whole case, if there is one."""
        return next((promise for promise in self.promises if promise.step is None), None)
