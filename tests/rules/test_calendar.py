"""Working time, told by small calendars and by the law of the function itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.rules.calendar import add, timetable
from perintis.words.agency import ALWAYS_OPEN, Calendar, HolidayRule, Hours
from perintis.words.durations import WorkingTime, working
from perintis.words.errors import BadInput, DefinitionError

JAKARTA = Calendar.weekdays("Asia/Jakarta", break_from="12:00", break_to="13:00", country="ID")
PLAIN = Calendar.weekdays("Asia/Jakarta")  # 08:00 to 16:00, no break, no holidays
SHORT_FRIDAY = replace(PLAIN, hours={**PLAIN.hours, 4: Hours(time(8), time(12))})
BERLIN_NIGHT = Calendar(timezone="Europe/Berlin", hours=dict.fromkeys(range(7), Hours(time(0), time(6))))
CALENDARS = (JAKARTA, PLAIN, SHORT_FRIDAY, BERLIN_NIGHT, ALWAYS_OPEN)

YEARS = timedelta(days=7 * 365)
instants = st.timedeltas(timedelta(0), YEARS).map(lambda t: datetime(2019, 6, 1, tzinfo=UTC) + t)
unhurried = settings(deadline=None)
calendars = st.sampled_from(CALENDARS)


def at(text: str, zone: str = "Asia/Jakarta") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("calendar", "minutes"),
    [
        (replace(JAKARTA, country=None), 2700),
        (replace(JAKARTA, holidays=(HolidayRule.NATIONAL,)), 1860),
        (JAKARTA, 180),
    ],
    ids=["no holidays: 45 h", "national holidays only: 31 h", "with collective leave: 3 h"],
)
def test_eid_2024_takes_three_working_hours(calendar: Calendar, minutes: float) -> None:
    """From Friday 2024-04-05 15:00 to Tuesday 2024-04-16 10:00; known answer T1, a hand count."""
    assert timetable(calendar).working_minutes(at("2024-04-05 15:00"), at("2024-04-16 10:00")) == minutes


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2024-03-04 09:00", "2024-03-04 11:30", 150),
        ("2024-03-04 11:30", "2024-03-04 12:30", 30),  # the second half of it is the break
        ("2024-03-04 12:10", "2024-03-04 12:50", 0),
        ("2024-03-04 15:00", "2024-03-05 09:00", 120),
        ("2024-03-02 10:00", "2024-03-03 10:00", 0),  # a weekend
        ("2024-02-28 08:00", "2024-03-01 08:00", 840),  # 28 and 29 February of a leap year
        ("2023-12-29 15:00", "2024-01-02 09:00", 120),  # over New Year
        ("2024-03-04 11:30", "2024-03-04 09:00", -150),
    ],
)
def test_only_office_hours_count(start: str, end: str, minutes: float) -> None:
    """Nights, breaks, weekends and holidays take no working time."""
    assert timetable(JAKARTA).working_minutes(at(start), at(end)) == minutes


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2024-03-04 08:00", working(days=1), "2024-03-04 16:00"),
        ("2024-03-04 10:00", working(days=1), "2024-03-05 10:00"),
        ("2024-03-04 16:00", working(days=1), "2024-03-05 16:00"),
        ("2024-03-04 20:00", working(days=1), "2024-03-05 16:00"),  # handed in at night: counts from the morning
        ("2024-03-08 10:00", working(days=2), "2024-03-14 10:00"),  # over a weekend, Nyepi and its leave
        ("2024-03-04 15:00", working(hours=3), "2024-03-05 10:00"),
        ("2024-03-04 11:00", working(hours=2), "2024-03-04 14:00"),  # over the break
        ("2024-03-04 10:00", working(days=1, hours=2), "2024-03-05 12:00"),
        ("2024-03-04 08:00", working(days=0.5), "2024-03-04 11:30"),
        ("2024-02-28 10:00", working(days=1), "2024-02-29 10:00"),
        ("2024-12-31 10:00", working(days=1), "2025-01-02 10:00"),
        ("2024-03-09 10:00", timedelta(days=1), "2024-03-10 10:00"),  # calendar time asks no office
    ],
)
def test_a_due_date_is_when_the_span_is_used_up(start: str, span: WorkingTime | timedelta, due: str) -> None:
    """Counted from the next opening; a span used up at closing time is due at that closing."""
    assert add(JAKARTA, at(start), span) == at(due)


def test_a_working_day_is_a_full_day_whatever_its_length() -> None:
    """From half-way through a long Thursday one day leads half-way through a short Friday."""
    assert add(SHORT_FRIDAY, at("2024-03-07 12:00"), working(days=1)) == at("2024-03-08 10:00")
    assert timetable(SHORT_FRIDAY).working_days(at("2024-03-07 08:00"), at("2024-03-08 12:00")) == 2


@pytest.mark.parametrize(("zone", "opening_in_utc"), [("Asia/Jakarta", 1), ("Asia/Makassar", 0), ("Asia/Jayapura", 23)])
def test_offices_open_by_their_own_clock(zone: str, opening_in_utc: int) -> None:
    """08:00 is another instant in western, central and eastern Indonesia (WIB, WITA, WIT)."""
    opening = timetable(Calendar.weekdays(zone)).next_working_instant(at("2024-03-05 00:00", zone))
    assert opening == at("2024-03-05 08:00", zone)
    assert opening.hour == opening_in_utc
    assert opening.tzinfo is UTC


@pytest.mark.parametrize(("day", "hours"), [("2024-03-30", 6), ("2024-03-31", 5), ("2024-10-27", 7)])
def test_a_day_on_which_clocks_change_has_its_true_length(day: str, hours: float) -> None:
    """Midnight to six in Berlin: five hours in spring, seven in autumn."""
    start = at(f"{day} 00:00", "Europe/Berlin")
    end = at(f"{day} 12:00", "Europe/Berlin")
    assert timetable(BERLIN_NIGHT).working_minutes(start, end) == hours * 60


def test_an_office_that_opens_in_the_skipped_hour_opens_after_it() -> None:
    """Hours 02:30 to 04:00 on the night when 02:00 becomes 03:00 last from 03:30 of the new clock."""
    calendar = Calendar("Europe/Berlin", dict.fromkeys(range(7), Hours(time(2, 30), time(4))))
    night = at("2024-03-31 00:00", "Europe/Berlin"), at("2024-03-31 12:00", "Europe/Berlin")
    assert timetable(calendar).working_minutes(*night) == 30


def test_decrees_change_single_days() -> None:
    """An election takes a day off; a make-up Saturday works the hours of the week's first day."""
    election, saturday = date(2024, 3, 6), date(2024, 3, 9)
    decreed = replace(PLAIN, extra_days_off=frozenset({election}), extra_days_on=frozenset({saturday}))
    assert not timetable(decreed).is_working_day(election)
    assert timetable(decreed).is_working_day(saturday)
    assert timetable(decreed).working_minutes(at("2024-03-09 00:00"), at("2024-03-10 00:00")) == 480


def test_working_days_and_openings() -> None:
    """Collective leave is no working day; closed offices open next at the following working morning."""
    table = timetable(JAKARTA)
    assert [table.is_working_day(date(2024, 4, d)) for d in (5, 6, 8, 10, 15, 16)] == [1, 0, 0, 0, 0, 1]
    assert table.next_working_instant(at("2024-04-05 16:00")) == at("2024-04-16 08:00")
    assert table.next_working_instant(at("2024-04-05 12:00")) == at("2024-04-05 13:00")
    assert table.next_working_instant(at("2024-04-05 09:17")) == at("2024-04-05 09:17")


def test_a_country_without_collective_leave_has_its_public_holidays() -> None:
    """Kinds of holiday that a country does not know are left out, not refused."""
    table = timetable(Calendar.weekdays("Europe/Amsterdam", country="NL"))
    assert not table.is_working_day(date(2024, 12, 25))
    assert table.is_working_day(date(2024, 12, 24))


def test_open_day_and_night() -> None:
    """For a machine working time is calendar time."""
    table = timetable(ALWAYS_OPEN)
    assert table.working_minutes(at("2024-02-28 12:34"), at("2024-03-01 12:34")) == 2880
    assert table.add(at("2024-02-28 12:34"), working(days=2)) == at("2024-03-01 12:34")


def test_columns_are_measured_like_single_intervals() -> None:
    """Row by row the same minutes; null where an end is missing or cannot be meant."""
    start = pl.Series("s", [at("2024-04-05 15:00"), at("2024-03-04 09:00"), None, at("2024-03-04 09:00")])
    end = pl.Series("e", [at("2024-04-16 10:00"), None, at("2024-03-04 09:00"), at("9024-03-04 09:00")])
    start, end = (s.dt.convert_time_zone("UTC") for s in (start, end))
    assert timetable(JAKARTA).minutes_between(start, end).to_list() == [180, None, None, None]


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: add(PLAIN, datetime(2024, 1, 1), working(days=1)), "has no time zone"),  # noqa: DTZ001
        (lambda: add(PLAIN, at("2024-01-01"), working(days=90_000)), "beyond the year 2199"),
        (lambda: add(PLAIN, at("1823-01-01"), working(days=1)), "the year 1823 is outside"),
        (lambda: timetable(PLAIN).minutes_between(pl.Series([1]), pl.Series([2])), "not instants"),
    ],
)
def test_impossible_instants_are_refused(mistake: object, words: str) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(BadInput, match=words):
        mistake()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        (Calendar("Asia/Jakarta", {}), "at least one weekday"),
        (Calendar.weekdays("Asia/Jakarta", "16:00", "08:00"), "must follow each other"),
        (Calendar.weekdays("Asia/Jakarta", break_from="12:00"), "must follow each other"),
        (Calendar.weekdays("Asia/Atlantis"), "no time zone 'Asia/Atlantis'"),
        (Calendar.weekdays("Asia/Jakarta", country="XX"), "no country 'XX'"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(calendar: Calendar, words: str) -> None:
    """The message names what to put right."""
    with pytest.raises(DefinitionError, match=words):
        timetable(calendar).is_working_day(date(2024, 1, 1))


@unhurried
@given(calendar=calendars, start=instants, minutes=st.integers(1, 20_000))
def test_what_is_added_can_be_measured(calendar: Calendar, start: datetime, minutes: int) -> None:
    """Adding so much office time and then measuring gives it back, and no earlier instant would do."""
    table = timetable(calendar)
    end = table.add(start, WorkingTime(hours=minutes / 60))
    assert table.working_minutes(start, end) == pytest.approx(minutes, abs=1e-6)
    assert table.working_minutes(start, end - timedelta(seconds=1)) < minutes


@unhurried
@given(calendar=calendars, start=instants, days=st.integers(1, 60))
def test_added_days_can_be_counted(calendar: Calendar, start: datetime, days: int) -> None:
    """Adding working days and then counting them gives their number."""
    table = timetable(calendar)
    assert table.working_days(start, table.add(start, working(days=days))) == pytest.approx(days, abs=1e-6)


@unhurried
@given(calendar=calendars, moments=st.tuples(instants, instants, instants).map(sorted))
def test_working_time_adds_up(calendar: Calendar, moments: list[datetime]) -> None:
    """Two neighbouring stretches together are the whole; none is negative or longer than the clock."""
    a, b, c = moments
    table = timetable(calendar)
    first, second, whole = (table.working_minutes(*pair) for pair in ((a, b), (b, c), (a, c)))
    assert first + second == pytest.approx(whole, abs=1e-6)
    assert 0 <= first <= (b - a) / timedelta(minutes=1)


@unhurried
@given(calendar=calendars, a=instants, b=instants, days=st.integers(1, 40))
def test_later_work_is_due_no_earlier(calendar: Calendar, a: datetime, b: datetime, days: int) -> None:
    """Due dates keep the order in which work came in."""
    early, late = sorted((a, b))
    table = timetable(calendar)
    assert table.add(early, working(days=days)) <= table.add(late, working(days=days))


@settings(deadline=None, max_examples=25)
@given(calendar=calendars, pairs=st.lists(st.tuples(instants, instants), min_size=1, max_size=40))
def test_columns_and_single_values_agree(calendar: Calendar, pairs: list[tuple[datetime, datetime]]) -> None:
    """The fast road for millions of rows gives what the slow road gives."""
    table = timetable(calendar)
    start, end = (pl.Series(name, list(column)) for name, column in zip("se", zip(*pairs, strict=True), strict=True))
    single = [table.working_minutes(a, b) for a, b in pairs]
    assert table.minutes_between(start, end).to_list() == pytest.approx(single, abs=1e-6)


def test_no_library_is_loaded_before_it_is_needed() -> None:
    """Commands that only show a help text must not wait for NumPy, Polars or holidays."""
    code = "import sys, perintis.rules.calendar; print({'numpy', 'polars', 'holidays'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@unhurried
@given(calendars, st.lists(instants, min_size=1, max_size=4), st.integers(1, 100_000))
def test_a_column_of_due_dates_is_that_of_each_instant(
    calendar: Calendar, starts: list[datetime], minutes: int
) -> None:
    """`minutes_later` of a column gives what `add` gives for one instant of working time."""
    column = pl.Series("start", starts, dtype=pl.Datetime("us", "UTC"))
    found = timetable(calendar).minutes_later(column, minutes).to_list()
    assert found == [add(calendar, start, WorkingTime(hours=minutes / 60)) for start in starts]
