"""Freezing a data set: the same content again, a hash that notices changes, no officer's name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from perintis.doors.frozen import CASES_FILE, content_hash, freeze, thaw, without_officers
from perintis.rules.calendar import timetable
from perintis.rules.fixed_calendars import as_plain, fixed, fixed_all, from_plain
from perintis.rules.metrics import Calendars
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput
from tests.rules.small_tables import data_set

DATA = data_set(
    """
    case  office  opened   closed   outcome
    a     north   1/08:00  3/08:00  granted
    b     north   1/08:00  -        -
    """,
    """
    case  step    visit  officer  completed
    a     check   1      siti     2/08:00
    a     decide  1      budi     3/08:00
    b     check   1      siti     3/09:00
    """,
)


def test_what_was_frozen_comes_back_the_same(tmp_path: Path) -> None:
    """Tables, facts and hash survive."""
    facts = freeze(DATA, tmp_path / "frozen")
    again = thaw(tmp_path / "frozen")

    assert again.cases.equals(DATA.cases)
    assert again.steps.equals(DATA.steps)
    assert again.observed_until == DATA.observed_until
    assert content_hash(again) == facts.hash == content_hash(DATA)


def test_a_changed_value_is_noticed(tmp_path: Path) -> None:
    """One office renamed in the file: refused."""
    freeze(DATA, tmp_path / "frozen")
    DATA.cases.with_columns(pl.lit("south").alias("office")).write_parquet(tmp_path / "frozen" / CASES_FILE)

    with pytest.raises(BadInput, match="frozen was changed after it was frozen"):
        thaw(tmp_path / "frozen")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """Half a folder is refused, not read."""
    freeze(DATA, tmp_path / "frozen")
    (tmp_path / "frozen" / CASES_FILE).unlink()

    with pytest.raises(BadInput, match="not a whole frozen data set"):
        thaw(tmp_path / "frozen")


def test_officers_are_numbers_that_still_tell_them_apart() -> None:
    """The same officer keeps the same number; no name stays."""
    assert without_officers(DATA).steps["officer"].to_list() == ["officer 2", "officer 1", "officer 2"]


def test_a_fixed_calendar_counts_the_same_without_the_library() -> None:
    """Eid 2024 (evaluation of working time over national holidays and collective leave) counts 180 minutes."""
    jakarta = Calendar.weekdays("Asia/Jakarta", break_from="12:00", break_to="13:00", country="ID")
    start, end = datetime(2024, 4, 5, 8, tzinfo=UTC), datetime(2024, 4, 16, 3, tzinfo=UTC)  # 15:00 and 10:00 there

    kept = from_plain(as_plain(fixed_all(Calendars(case=jakarta, agencies={"front": jakarta}), 2023, 2025)))

    assert kept.case is not None
    assert kept.case.country is None
    assert timetable(kept.case).working_minutes(start, end) == 180 == timetable(jakarta).working_minutes(start, end)
    assert kept.agencies["front"] == fixed(jakarta, 2023, 2025)
