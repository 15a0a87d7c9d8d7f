"""Calendars with every day off written out, so that figures can be computed again when libraries have changed.

A calendar by country takes its holidays from a library, and a decree that comes late changes them. An evaluation is
computed with the days off as they were known then; these go into its bundle.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

from perintis.rules.metrics import Calendars
from perintis.rules.officedays import days_off
from perintis.words.agency import Calendar, Hours


def fixed(calendar: Calendar, first_year: int, last_year: int) -> Calendar:
    """The same office hours in those years, with no reference to a library."""
    off = frozenset(calendar.extra_days_off)
    for year in range(first_year, last_year + 1):
        off |= days_off(calendar, year)
    return replace(calendar, country=None, subdivision=None, holidays=(), extra_days_off=off)


def fixed_all(calendars: Calendars, first_year: int, last_year: int) -> Calendars:
    """`fixed` for the case's and every agency's calendar."""
    return Calendars(
        case=None if calendars.case is None else fixed(calendars.case, first_year, last_year),
        agencies={code: fixed(c, first_year, last_year) for code, c in sorted(calendars.agencies.items())},
    )


def as_plain(calendars: Calendars) -> dict[str, Any]:
    """Plain values for JSON; calendars must be fixed ones."""
    return {
        "case": None if calendars.case is None else _calendar(calendars.case),
        "agencies": {code: _calendar(c) for code, c in sorted(calendars.agencies.items())},
    }


def from_plain(values: dict[str, Any]) -> Calendars:
    """What `as_plain` made."""
    return Calendars(
        case=None if values["case"] is None else _read(values["case"]),
        agencies={code: _read(c) for code, c in values["agencies"].items()},
    )


def _calendar(calendar: Calendar) -> dict[str, Any]:
    if calendar.country is not None:
        raise ValueError("only a fixed calendar can be kept; use `fixed` first")
    return {
        "timezone": calendar.timezone,
        "hours": {str(day): _hours(hours) for day, hours in sorted(calendar.hours.items())},
        "days_off": [day.isoformat() for day in sorted(calendar.extra_days_off)],
        "days_on": [day.isoformat() for day in sorted(calendar.extra_days_on)],
    }


def _hours(hours: Hours) -> list[str | None]:
    times = (hours.opens, hours.closes, hours.break_from, hours.break_to)
    return [None if t is None else t.isoformat() for t in times]


def _read(values: dict[str, Any]) -> Calendar:
    return Calendar(
        timezone=values["timezone"],
        hours={int(day): Hours(*(_time(t) for t in times)) for day, times in values["hours"].items()},  # type: ignore[arg-type]
        holidays=(),
        extra_days_off=frozenset(date.fromisoformat(day) for day in values["days_off"]),
        extra_days_on=frozenset(date.fromisoformat(day) for day in values["days_on"]),
    )


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)
