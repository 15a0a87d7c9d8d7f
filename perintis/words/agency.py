"""An agency, where its offices are and when they work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum


class HolidayRule(StrEnum):
    """Which days off a calendar takes from the `holidays` library."""

    NATIONAL = "public"
    COLLECTIVE_LEAVE = "government"


@dataclass(frozen=True, slots=True)
class Hours:
    """Office hours of one weekday; the break is unpaid time in which nobody works."""

    opens: time
    closes: time
    break_from: time | None = None
    break_to: time | None = None


MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Calendar:
    """When an agency works: hours by weekday (Monday is 0), days off, and the zone they are meant in.

    `country` is a code of the `holidays` library ("ID"); `extra_days_off` and `extra_days_on` are the agency's own
    decrees on top of it (for instance a regional election).
    """

    timezone: str
    hours: Mapping[int, Hours]
    country: str | None = None
    subdivision: str | None = None
    holidays: tuple[HolidayRule, ...] = (HolidayRule.NATIONAL, HolidayRule.COLLECTIVE_LEAVE)
    extra_days_off: frozenset[date] = frozenset()
    extra_days_on: frozenset[date] = frozenset()

    @classmethod
    def weekdays(
        cls,
        timezone: str,
        opens: str = "08:00",
        closes: str = "16:00",
        *,
        break_from: str | None = None,
        break_to: str | None = None,
        country: str | None = None,
    ) -> Calendar:
        """The same hours from Monday to Friday, written "08:00"."""
        day = Hours(
            time.fromisoformat(opens),
            time.fromisoformat(closes),
            time.fromisoformat(break_from) if break_from else None,
            time.fromisoformat(break_to) if break_to else None,
        )
        return cls(timezone=timezone, hours=dict.fromkeys(MONDAY_TO_FRIDAY, day), country=country)


ALWAYS_OPEN = Calendar(timezone="UTC", hours={d: Hours(time(0), time.max) for d in range(7)})
"""A system that answers day and night; used where an agency is a machine."""


@dataclass(frozen=True)
class Agency:
    """A public body that takes part in a pilot.

    `code` is short, lower-case and stable ("kemenkes"): it names inboxes, tags and columns.
    `deduplicates` says whether its system recognises a message sent twice by its key; where it does not, a message
    whose outcome is unknown becomes `in_doubt` and an officer decides, and it is never sent again by itself.
    """

    code: str
    name: str
    calendar: Calendar = field(default=ALWAYS_OPEN)
    deduplicates: bool = True

    def __post_init__(self) -> None:
        if not self.code.isidentifier() or self.code != self.code.lower():
            raise ValueError(f"agency code {self.code!r}: use lower-case letters, digits and underscores")

    def __str__(self) -> str:
        return self.code
