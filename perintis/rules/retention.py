"""Until when the data of a closed case are kept, by the purposes of the agreement.

The agreement's `retention` says for which purposes, and how long after a case was closed, the lead keeps what it holds
of the person. What is sealed is sealed as a whole, so it goes once the last of these periods has ended. The file of an
extract that was delivered to a registry has periods of its own. An agreement that says nothing of it lets nothing be
erased by time.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Hashable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from perintis.rules.agreement import Agreement
from perintis.rules.agreement.parts import Kept
from perintis.rules.agreement.wording import read_period
from perintis.words.agency import Calendar

Of = Literal["case", "extract"]
"""What is kept: the personal data of a case, or the file of an extract that was delivered."""


class Keeping(NamedTuple):
    """One purpose, and the instant at which its period ends for a case."""

    kept: Kept
    until: datetime


def kept_for(agreement: Agreement, closed: datetime, lead: Calendar, of: Of = "case") -> tuple[Keeping, ...]:
    """When the period of each purpose ends for a case closed at that instant, in the order of the agreement.

    The day of closing, by the lead's clock, does not count; the last day does, so data are kept to its midnight.
    """
    zone = ZoneInfo(lead.timezone)
    day = closed.astimezone(zone).date()
    return tuple(Keeping(kept, _end(day, kept.after, zone)) for kept in agreement.retention if kept.of == of)


def longest(agreement: Agreement, closed: datetime, lead: Calendar, of: Of = "case") -> Keeping | None:
    """The purpose that keeps the data of a case, or its extract, longest; None where the agreement says nothing."""
    return max(kept_for(agreement, closed, lead, of), key=lambda keeping: keeping.until, default=None)


class Touched(NamedTuple):
    """How many cases or extracts a new agreement keeps shorter or longer, and how many would go at once."""

    shorter: int
    longer: int
    due: int


def touched(
    before: Mapping[Hashable, datetime], after: Mapping[Hashable, datetime], at: datetime,
    kept_back: Collection[Hashable] = (),
) -> Touched:  # fmt: skip
    """Compare until when things are kept by two agreements; what stands in one of them alone has no end in the other.

    Due at once is what the new agreement does not keep at the instant `at`, the old one does, and nothing keeps back.
    """
    shorter = longer = due = 0
    for one in before.keys() | after.keys():
        old, new = before.get(one), after.get(one)
        shorter += new is not None and (old is None or new < old)
        longer += old is not None and (new is None or new > old)
        ends = new is not None and new <= at and (old is None or old > at)
        due += ends and one not in kept_back
    return Touched(shorter, longer, due)


def _end(closed: date, after: str, zone: ZoneInfo) -> datetime:
    amount, unit = read_period(after)
    return datetime.combine(_later(closed, amount, unit) + timedelta(days=1), time(0), zone)


def _later(day: date, amount: int, unit: str) -> date:
    """That much later; the last day of a month that is too short."""
    if unit == "day":
        return day + timedelta(days=amount)
    months = day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
