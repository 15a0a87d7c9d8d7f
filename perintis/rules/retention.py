"""Until when the data of a closed case are kept, by the purposes of the agreement.

A term's `retention` counts as a length where its English text is a number with a unit (`5 years`, `6 months`,
`90 days`); anything else is prose, from which no day follows. A term without retention keeps nothing longer.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from perintis.rules.agreement import Agreement, Term
from perintis.words.agency import Calendar

_LENGTH = re.compile(r"(\d+) (year|month|day)s?")


@dataclass(frozen=True, slots=True)
class Kept:
    """What one term keeps: `until` is the instant at which its retention ends; None where none follows, and why."""

    term: Term
    until: datetime | None
    why_not: str | None


def kept_by_term(agreement: Agreement, closed: datetime, lead: Calendar) -> tuple[Kept, ...]:
    """When the retention of each term ends for a case closed at that instant.

    The day of closing, by the lead's clock, does not count; the last day does, so data are kept to its midnight.
    """
    zone = ZoneInfo(lead.timezone)
    return tuple(_kept(term, closed.astimezone(zone).date(), zone) for term in agreement.terms)


def case_kept(agreement: Agreement, closed: datetime, lead: Calendar) -> datetime | str:
    """When a case may go as a whole: at the end of the longest retention; else the reason why it never falls due."""
    kept = [k for k in kept_by_term(agreement, closed, lead) if k.term.retention is not None]
    if not kept:
        return f"no term of agreement {agreement.citation} says how long data are kept"
    for one in kept:
        if one.why_not is not None:
            return one.why_not
    return max(one.until for one in kept if one.until is not None)


def _kept(term: Term, closed: date, zone: ZoneInfo) -> Kept:
    if term.retention is None:
        return Kept(term, None, f"{term.article} names no retention; it keeps nothing longer than other terms do")
    found = _LENGTH.fullmatch(term.retention.en)
    if found is None:
        return Kept(term, None, f"{term.article} keeps data {term.retention.en!r}; write a length, like `5 years`")
    try:
        last = _later(closed, int(found[1]), found[2])
        return Kept(term, datetime.combine(last + timedelta(days=1), time(0), zone), None)
    except (OverflowError, ValueError):
        return Kept(term, None, f"{term.article} keeps data {term.retention.en}, beyond the year 9999")


def _later(day: date, amount: int, unit: str) -> date:
    """That much later; the last day of a month that is too short."""
    if unit == "day":
        return day + timedelta(days=amount)
    months = day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
