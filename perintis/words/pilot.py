"""A pilot as it was promised: who takes part, what they promise, and what an application looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar

from pydantic import BaseModel

from perintis.words.agency import Agency
from perintis.words.durations import Span

ApplicationT = TypeVar("ApplicationT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sla:
    """A service level: a promised length of time and the rule that promises it."""

    within: Span
    reference: str = ""


@dataclass(frozen=True)
class Pilot(Generic[ApplicationT]):
    """What was promised for one pilot.

    `reference` names the field of the application that identifies it to people (a registration number: never an
    identity or passport number, for it is shown in lists and file names). `office` and `segments` name fields that
    are facts for finding and grouping; they are stored in clear, so none of them may be personal.
    `made_up` makes one application for a rehearsal from a seeded generator and a running number. `samples` names a file
    beside the pilots whose applications a demonstration opens; without one it opens made-up ones.
    """

    name: str
    title: str
    version: str
    lead: Agency
    agencies: tuple[Agency, ...]
    application: type[ApplicationT]
    decision: type[BaseModel]
    reference: str = "reference"
    office: str | None = "office"
    segments: tuple[str, ...] = ()
    service_level: Sla | None = None
    currency: str = "IDR"
    made_up: Callable[[Random, int], ApplicationT] | None = field(default=None, compare=False)
    samples: str | None = None

    def __post_init__(self) -> None:
        for name in (self.reference, self.office, *self.segments):
            if name is not None and name not in self.application.model_fields:
                raise ValueError(f"pilot {self.name}: the application has no field {name!r}")
        if self.lead not in self.agencies:
            raise ValueError(f"pilot {self.name}: the lead {self.lead.code} is not among its agencies")

    @property
    def module(self) -> str:
        """The name of its folder in `pilots/` and of its file in `flows/`."""
        return self.name.replace("-", "_")

    def agency(self, code: str) -> Agency:
        """The agency of that code, or KeyError."""
        return {a.code: a for a in self.agencies}[code]
