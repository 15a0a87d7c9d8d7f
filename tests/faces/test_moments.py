"""Times as people say them: in the zone of the office, and never in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from perintis.faces.moments import due_words, exactly, moment, span_words, zone_name
from perintis.words.agency import Calendar

WIB = ZoneInfo("Asia/Jakarta")
OFFICE = Calendar.weekdays("Asia/Jakarta", "08:00", "16:00")
NOW = datetime(2026, 3, 12, 3, tzinfo=UTC)  # a Thursday, 10:00 in Jakarta


def at(day: int, hour: int, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=WIB)


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (at(12, 16), "today 16:00"),
        (at(13, 16), "tomorrow 16:00"),
        (at(11, 9), "yesterday 09:00"),
        (at(16, 16), "Mon 16:00"),
        (at(19, 16), "19 Mar 16:00"),
        (at(2, 16), "2 Mar 16:00"),
        (at(12, 16, year=2025), "12 Mar 2025"),
        (datetime(2026, 3, 12, 18, tzinfo=UTC), "tomorrow 01:00"),
    ],
)
def test_a_time_near_to_now_is_said_in_words(instant: datetime, words: str) -> None:
    """Days are those of the office, not of UTC."""
    assert moment(instant, NOW, WIB) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (at(13, 16), "due tomorrow 16:00"),
        (at(12, 9), "1 working hour late"),
        (at(10, 10), "2 working days late"),
        (at(6, 16), "3 working days late"),
        (at(12, 8), "2 working hours late"),
        (datetime(2026, 3, 12, 9, 40, tzinfo=WIB), "less than a working hour late"),
    ],
)
def test_a_due_date_that_passed_is_counted_in_the_offices_working_time(due: datetime, words: str) -> None:
    """From Friday's closing to Thursday 10:00 the office worked three days and two hours."""
    assert due_words(due, NOW, OFFICE) == words


def test_nothing_promised_is_nothing_said() -> None:
    """A step without a service level has no due date."""
    assert due_words(None, NOW, OFFICE) == ""


def test_without_a_calendar_lateness_is_plain_time() -> None:
    """A pilot that is not here has no calendar."""
    assert due_words(at(10, 10), NOW, None) == "2 days late"


def test_a_record_has_the_whole_date() -> None:
    """A timeline is read years later."""
    assert exactly(at(12, 16), WIB) == "Thu 12 Mar 2026 16:00"
    assert zone_name(WIB, NOW) == "WIB"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0.01, "1 second"), (1, "60 seconds"), (40, "40 minutes"), (210, "3.5 hours"), (3024, "2.1 days")],
)
def test_a_length_of_time_is_said_roughly(minutes: float, words: str) -> None:
    """As precise as a person needs it."""
    assert span_words(minutes) == words
