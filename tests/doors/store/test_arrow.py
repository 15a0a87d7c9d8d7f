"""Columns come out of the store as they are in it, however they travel."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.full_store import READ, fill_store
from benchmarks.made_up_log import made_up
from benchmarks.waiting import PILOT
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.arrow_child import FIRST, packed
from perintis.doors.store.database import Database
from perintis.words.recorded import Process

SAME = ("case", "step", "visit", "agency", "officer", "ready", "started", "completed", "outcome", "cost")


def test_many_rows_come_out_as_they_were_put_in(tmp_path: Path) -> None:
    """2,000 step visits, whose texts travel as numbers: every value is the one inserted, and texts are texts."""
    url = f"sqlite:///{tmp_path}/perintis.db"
    fill_store(url, 200)
    database = Database(url)
    found = pilot_dataset(database, PILOT, process=Process.TO_BE, until=READ).steps
    database.close()
    given = made_up(200, pilot=True, seed=5).steps

    assert found.height == given.height > FIRST
    assert found.select(SAME).equals(given.select(SAME))
    assert found.schema["step"] == pl.String


def test_only_texts_that_repeat_travel_as_numbers() -> None:
    """Agencies repeat and are packed; references do not, and are not."""
    table = pl.DataFrame({"agency": ["a", "b"] * FIRST, "reference": [str(k) for k in range(2 * FIRST)]})

    assert packed(table)["agency"].dtype == pl.Categorical
    assert packed(table)["reference"].dtype == pl.String
    assert packed(table.head(10)).schema == table.schema
