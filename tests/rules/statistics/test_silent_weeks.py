"""Weeks in which a busy office recorded nothing are gaps; a ramp-up, a quiet office and a holiday are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from perintis.rules.metrics import Calendars, View
from perintis.rules.statistics.silent_weeks import SilentWeeks, silent_weeks
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, INSTANT, STEP_TYPES

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
WEEKS = 20


def log(*offices: list[int]) -> View:
    """By office, the number of cases opened in each week; each is closed two days later."""
    rows = [
        (f"{name}-{week}-{k}", f"office {name}", START + timedelta(weeks=week, hours=k))
        for name, weeks in enumerate(offices)
        for week, number in enumerate(weeks)
        for k in range(number)
    ]
    cases = pl.DataFrame(rows, schema={"case": pl.String, "office": pl.String, "opened": INSTANT}, orient="row")
    cases = cases.with_columns((pl.col("opened") + timedelta(days=2)).alias("closed"))
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in CASE_TYPES.items() if name not in cases.columns]
    read = START + timedelta(weeks=WEEKS + 2)
    return View(
        DataSet("log", cases.with_columns(missing), pl.DataFrame(schema=STEP_TYPES), read, Grade.MEASURED), Calendars()
    )


def test_a_growing_pilot_has_no_gaps() -> None:
    """From four cases a week to eighty: the number of open cases never is steady, and no week is silent."""
    ramp = [4 * (week + 1) for week in range(WEEKS)]
    assert silent_weeks(log(ramp, ramp)) == SilentWeeks(0, 2 * WEEKS, 2 * float(np.mean(ramp)))


def test_weeks_that_are_missing_from_one_office_are_counted() -> None:
    """Three weeks out of the middle of one of two offices."""
    gap = [20] * 8 + [0] * 3 + [20] * 9
    found = silent_weeks(log([20] * WEEKS, gap))
    assert found is not None
    assert (found.silent, found.judged) == (3, 2 * WEEKS)


def test_a_holiday_of_all_and_an_office_with_few_cases_are_not() -> None:
    """Where most offices are silent nobody worked; with four cases a week a silent one is chance."""
    eid = [20] * 8 + [0] + [20] * 11
    assert silent_weeks(log(eid, eid, eid)) == SilentWeeks(0, 3 * (WEEKS - 1), 3 * 19 * 40 / (3 * 20))
    assert silent_weeks(log([2, 0, 1, 0, 2], [1, 1, 1, 1, 1])) is None
    assert silent_weeks(log([])) is None
