"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a pilot may run in spite of it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be: where, and one sentence with what to do. `where` names a step or file."""

    where: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def warning(where: str, message: str) -> Problem:
    """A problem that does not keep a pilot from running."""
    return Problem(where, message, Severity.WARNING)
