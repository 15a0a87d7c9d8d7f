"""How the cases of a data set were picked, read from its dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from perintis.use.evaluation.selection import Picked, picked
from perintis.words.tables import DataSet, Grade

START = datetime(2025, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")


def log(*, first: int, last: int, typical: float = 20, seed: int = 1) -> pl.DataFrame:
    """Ten cases a day opened from day `first` to day `last`, with lognormal times around `typical` days."""
    random = np.random.default_rng(seed)
    opened = np.sort(random.uniform(first, last, 10 * (last - first)))
    closed = opened + typical * np.exp(random.normal(0, 0.8, len(opened)))
    at = [[START + timedelta(days=float(d)) for d in days] for days in (opened, closed)]
    return pl.DataFrame({"opened": at[0], "closed": at[1]}, schema={"opened": INSTANT, "closed": INSTANT})


def read(cases: pl.DataFrame, day: int) -> DataSet:
    """The data set read on that day: what closes later is open."""
    at = START + timedelta(days=day)
    seen = pl.when(pl.col("closed") <= at).then("closed").alias("closed")
    return DataSet("log", cases.with_columns(seen), pl.DataFrame(), at, Grade.MEASURED)


def test_a_log_by_date_of_opening_is_as_it_should_be() -> None:
    """Complete, or read while it goes on."""
    assert picked(read(log(first=0, last=200), 900)) is None
    assert picked(read(log(first=0, last=200), 200)) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_year_of_decisions_is_by_closing(seed: int) -> None:
    """Opened long before the window, decided in it."""
    cases = log(first=0, last=400, seed=seed)
    window = pl.col("closed").is_between(START + timedelta(days=200), START + timedelta(days=350))
    assert picked(read(cases.filter(window), 350)) is Picked.BY_CLOSING


def test_closed_cases_alone_of_a_running_process_are_told() -> None:
    """Open ones were left out of the export: a tenth took longer than the youngest have been there."""
    seen = read(log(first=0, last=200), 200)
    only = DataSet("log", seen.cases.drop_nulls("closed"), seen.steps, seen.observed_until, Grade.MEASURED)
    assert picked(only) is Picked.CLOSED_ONLY


def test_few_cases_say_nothing() -> None:
    """Below fifty cases nothing is told."""
    assert picked(read(log(first=0, last=4), 5)) is None
