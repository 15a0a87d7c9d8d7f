"""When applications arrive: a Poisson process whose rate changes by month, weekday and hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from perintis.engine.rehearsal.draws import generator
from perintis.rules.assumptions import WEEKDAYS, Arrivals
from perintis.rules.calendar import timetable
from perintis.rules.officedays import zone_of
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput

_MOST_EMPTY_DAYS = 400


def first_day(arrivals: Arrivals) -> date:
    """The day on which the first application of the warm-up may arrive."""
    return arrivals.start.value - timedelta(days=arrivals.warm_up_days.value)


def start_of(arrivals: Arrivals, calendar: Calendar) -> datetime:
    """The instant from which on cases are kept: midnight of the start, local to the lead agency."""
    return datetime.combine(arrivals.start.value, time(0), tzinfo=zone_of(calendar)).astimezone(UTC)


def arrival_instants(arrivals: Arrivals, calendar: Calendar, seed: int) -> Iterator[datetime]:
    """Instants at which applications arrive, in order and without end, warm-up first.

    Each day has a generator of its own, so a day's arrivals do not depend on what was asked for before.
    """
    day, empty = first_day(arrivals), 0
    while True:
        found = _of_day(arrivals, calendar, day, generator(seed, f"arrivals {day.isoformat()}"))
        yield from found
        empty = 0 if found else empty + 1
        if empty > _MOST_EMPTY_DAYS:
            raise BadInput(
                f"rehearsal.yaml: no application arrives in {_MOST_EMPTY_DAYS} days from "
                f"{day - timedelta(days=_MOST_EMPTY_DAYS)} on; raise arrivals/per_day, or look at the lead's calendar"
            )
        day += timedelta(days=1)


def _of_day(arrivals: Arrivals, calendar: Calendar, day: date, chance: Random) -> list[datetime]:
    mean = arrivals.per_day.value.get(WEEKDAYS[day.weekday()], 0.0)
    if arrivals.by_month is not None:
        mean *= arrivals.by_month.value.get(day.month, 1.0)
    if not mean or (arrivals.on_working_days.value and not timetable(calendar).is_working_day(day)):
        return []
    zone = zone_of(calendar)
    hours, weights = zip(*sorted(arrivals.by_hour.value.items()), strict=True)
    chosen = chance.choices(hours, weights, k=_poisson(mean, chance))
    clock = sorted(hour * 3600 + chance.random() * 3600 for hour in chosen)
    midnight = datetime.combine(day, time(0))
    local = (midnight + timedelta(microseconds=round(seconds * 1e6)) for seconds in clock)
    return sorted(moment.replace(tzinfo=zone).astimezone(UTC) for moment in local)


def _poisson(mean: float, chance: Random) -> int:
    """How many exponential gaps of mean one fit into `mean`."""
    count, passed = 0, chance.expovariate(1.0)
    while passed <= mean:
        count += 1
        passed += chance.expovariate(1.0)
    return count
