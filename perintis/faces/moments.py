"""Times as people say them: in the zone of the office, in short words, never in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from perintis.words.agency import Calendar

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
THIS_WEEK = 6


def moment(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """A time near to now in words: "today 16:00", "Thu 16:00" within six days, "12 Mar 16:00", "12 Mar 2025".

    `zone` None means the zone of this computer.
    """
    here, today = at.astimezone(zone), now.astimezone(zone).date()
    apart = (here.date() - today).days
    clock = f"{here:%H:%M}"
    if apart in NEAR:
        return f"{NEAR[apart]} {clock}"
    if 0 < apart <= THIS_WEEK:
        return f"{DAY_NAMES[here.weekday()]} {clock}"
    day = f"{here.day} {MONTHS[here.month - 1]}"
    return f"{day} {clock}" if here.year == today.year else f"{day} {here.year}"


def exactly(at: datetime, zone: tzinfo | None) -> str:
    """A time for a record: "Thu 12 Mar 2026 16:00"."""
    here = at.astimezone(zone)
    return f"{DAY_NAMES[here.weekday()]} {here.day} {MONTHS[here.month - 1]} {here.year} {here:%H:%M}"


def due_words(due: datetime | None, now: datetime, calendar: Calendar | None) -> str:
    """When something is due, or how late it is by the office hours of its agency; "" where nothing was promised."""
    if due is None:
        return ""
    if due >= now:
        return f"due {moment(due, now, zone_of(calendar))}"
    return f"{lateness(due, now, calendar)} late"


def lateness(due: datetime, now: datetime, calendar: Calendar | None) -> str:
    """How long ago a due date passed: in working days or hours, for it is the office that is late."""
    if calendar is None:
        return _counted((now - due) / timedelta(days=1), (now - due) / timedelta(minutes=1), "")
    from perintis.rules.calendar import timetable  # late: it brings the tables of holidays

    table = timetable(calendar)
    return _counted(table.working_days(due, now), table.working_minutes(due, now), "working ")


def zone_of(calendar: Calendar | None) -> tzinfo | None:
    """The zone that a calendar's hours are meant in; None, this computer's, where there is no calendar."""
    return None if calendar is None else ZoneInfo(calendar.timezone)


def zone_name(zone: tzinfo | None, now: datetime) -> str:
    """What a zone is called at this time of year: "WIB"."""
    return now.astimezone(zone).tzname() or "local time"


def span_words(minutes: float) -> str:
    """A length of time, roughly: "8 seconds", "40 minutes", "3.5 hours", "2.1 days"."""
    if minutes < 1.5:
        return _plural(max(1, round(minutes * 60)), "second")
    if minutes < 90:
        return _plural(round(minutes), "minute")
    if minutes < 36 * 60:
        return f"{minutes / 60:.1f} hours"
    return f"{minutes / 1440:.1f} days"


def _counted(days: float, minutes: float, kind: str) -> str:
    if days >= 1:
        return _plural(int(days), f"{kind}day")
    if minutes >= 60:
        return _plural(int(minutes // 60), f"{kind}hour")
    return "less than a working hour" if kind else "less than an hour"


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
