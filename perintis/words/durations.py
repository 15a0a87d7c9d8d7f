"""Durations with their unit in the type: calendar time, or working time of an agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """So many working days and working hours of an agency, by its own calendar and office hours.

    A working day counts as one full day of office hours of that agency, whatever its length.
    """

    days: float = 0
    hours: float = 0

    def __str__(self) -> str:
        parts = []
        if self.days:
            parts.append(f"{self.days:g} working day{'s' if self.days != 1 else ''}")
        if self.hours:
            parts.append(f"{self.hours:g} working hour{'s' if self.hours != 1 else ''}")
        return " ".join(parts) or "0 working days"


Span = timedelta | WorkingTime
"""A length of time: `timedelta` is calendar time, `WorkingTime` is office time."""


def working(*, days: float = 0, hours: float = 0) -> WorkingTime:
    """So many working days and hours of the agency concerned: `working(days=2)`."""
    if days < 0 or hours < 0 or not (days or hours):
        raise ValueError("working() takes a positive number of days or hours")
    return WorkingTime(days=days, hours=hours)
