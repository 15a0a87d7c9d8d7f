"""A mapping that is proposed for a table: the guesses with their reasons and doubts, and what a person has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perintis.doors.importers.mapping import Layout


@dataclass(frozen=True)
class Guess:
    """One column with its meaning: why it is thought so, and what speaks against it or is not known."""

    role: str
    column: str
    why: str
    unsure: str | None = None


@dataclass(frozen=True)
class Pilot:
    """What a guess may use of the pilot: its steps, its agencies (code -> name) and the time zone of its lead."""

    steps: Sequence[str] = ()
    agencies: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


@dataclass(frozen=True)
class Proposal:
    """A mapping that is proposed (`values`), with everything that a person needs to judge it.

    `question` is set where the order of day and month must be said by a person; `problems` keep the file from being
    imported at all. `left_out` gives columns without a meaning and why.
    """

    layout: Layout
    layout_why: str
    guesses: tuple[Guess, ...]
    left_out: tuple[tuple[str, str], ...]
    unsure: tuple[str, ...]
    question: str | None
    problems: tuple[str, ...]
    values: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values; no cell of the file is in it, but the date that a question is about."""
        return {
            "layout": self.layout.value,
            "layout_why": self.layout_why,
            "guesses": [vars(guess) for guess in self.guesses],
            "left_out": [{"column": column, "why": why} for column, why in self.left_out],
            "unsure": list(self.unsure),
            "question": self.question,
            "problems": list(self.problems),
            "mapping": self.values,
        }
