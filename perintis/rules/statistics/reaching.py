"""When cases will have been followed for long enough: the day to wait for, where follow-up is too short today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import NotComparable

if TYPE_CHECKING:
    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Floats
    from perintis.rules.statistics.risk_sets import RiskSets

SHORTER_TAU = "a shorter tau by an amendment"
MOST_DAYS = 360
"""Nobody is told to wait for longer than a year, and office hours are known for no longer."""


def too_short(view: View, risk: RiskSets, tau: float, unit: str, *, working: bool) -> NotComparable:
    """Why a time cannot be read up to `tau` (in `unit`), with the day from which it can, where that can be told."""
    longest = _told_below(risk.last, tau)
    day = reached_on(view, tau, working=working)
    return NotComparable(
        f"no case was followed for {tau:g} {unit}; the longest was {longest} {unit}, and some were still open",
        SHORTER_TAU if day is None else f"data read on {day.isoformat()} or later, or {SHORTER_TAU}",
    )


def reached_on(view: View, tau: float, *, working: bool, share: float = 0.0) -> date | None:
    """The day by whose end the oldest open case, or so large a share of all cases, will have entered tau ago.

    None where no case is open, or that lies more than a year ahead.
    """
    opened = view.cases["opened"] if share else view.cases.filter(~view.cases["ended"])["opened"]
    if not len(opened) or (working and view.calendars.case is None):
        return None
    at = opened.sort()[int(share * (len(opened) - 1))]
    assert isinstance(at, datetime)
    if not working:
        found = (at + timedelta(days=tau)).date()
        return found if found <= view.read.date() + timedelta(days=MOST_DAYS) else None
    hours = _hours_ahead(view, at)
    enough = np.flatnonzero(hours >= tau)
    return view.read.date() + timedelta(days=int(enough[0])) if enough.size else None


def _hours_ahead(view: View, opened: datetime) -> Floats:
    """How many working hours old a case will be at the end of today and of each day that follows."""
    import polars as pl

    instant = pl.Datetime("us", "UTC")
    midnight = view.read.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = pl.Series([midnight + timedelta(days=k) for k in range(1, MOST_DAYS + 1)], dtype=instant)
    start = pl.Series([opened], dtype=instant).new_from_index(0, len(ends))
    found: Floats = view.minutes(start, ends).fill_null(0).to_numpy() / 60
    return found


def _told_below(value: float, limit: float) -> str:
    """Two significant digits, or as many more as show that it is below the limit."""
    return next((text for digits in (2, 3, 4) if float(text := f"{value:.{digits}g}") < limit), f"{value:g}")
