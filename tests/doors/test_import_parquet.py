"""Parquet: typed columns, the same mapping as CSV, flat memory."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from perintis.words.errors import BadInput
from tests.doors.import_kit import import_file, import_text

EVENTS = {"case": "permit", "activity": "task", "timestamp": "when"}


def local(text: str) -> datetime:
    """A date and time as a column may have it: without a zone."""
    return datetime.fromisoformat(text)


def write(folder: Path, columns: dict[str, Any]) -> Path:
    """A Parquet file of these columns."""
    pl.DataFrame(columns).write_parquet(folder / "log.parquet")
    return folder / "log.parquet"


def test_parquet_gives_the_same_tables_as_a_csv(tmp_path: Path) -> None:
    """The same rows, as text in both."""
    text = "permit,task,when,case:nik\n1,check,2024-03-01T09:00:00+07:00,0012\n1,decide,2024-03-02T10:00Z,0012\n"
    table = import_text(tmp_path, "log.csv", text, **EVENTS)
    pl.read_csv(tmp_path / "log.csv", infer_schema=False).write_parquet(tmp_path / "log.parquet")
    log = import_file(tmp_path / "log.parquet", tmp_path, **EVENTS)
    assert_frame_equal(log.cases, table.cases)
    assert_frame_equal(log.steps, table.steps)
    assert log.read.tables == table.read.tables


@pytest.mark.parametrize(
    ("when", "zone", "at", "offset"),
    [
        (pl.Series([local("2024-03-01T23:30")]), "Asia/Jakarta", datetime(2024, 3, 1, 16, 30, tzinfo=UTC), 420),
        (pl.Series([local("2024-03-01T23:30")]), None, datetime(2024, 3, 1, 23, 30, tzinfo=UTC), 0),
        (pl.Series([date(2024, 3, 1)]), "Asia/Jakarta", datetime(2024, 2, 29, 17, 0, tzinfo=UTC), 420),
        (
            pl.Series([local("2024-03-01T23:30")]).dt.replace_time_zone("Asia/Tokyo"),
            "Asia/Jakarta",
            datetime(2024, 3, 1, 14, 30, tzinfo=UTC),
            540,
        ),
        (
            pl.Series([local("2024-03-01T23:30")]).dt.replace_time_zone("UTC"),
            "Asia/Jakarta",
            datetime(2024, 3, 1, 23, 30, tzinfo=UTC),
            420,
        ),
        (
            pl.Series([local("2024-03-01T23:30")]).cast(pl.Datetime("ns")),
            None,
            datetime(2024, 3, 1, 23, 30, tzinfo=UTC),
            0,
        ),
    ],
    ids=["bare time", "bare time, no zone", "date", "own zone", "stored in UTC", "nanoseconds"],
)
def test_typed_times(tmp_path: Path, when: pl.Series, zone: str | None, at: datetime, offset: int) -> None:
    """An instant is never moved; its local day is that of its own zone, or of the mapping's where it has none."""
    log = import_file(
        write(tmp_path, {"permit": ["A"], "task": ["x"], "when": when}), tmp_path, **EVENTS, timezone=zone
    )
    assert (log.column("completed"), log.column("offset")) == ([at], [offset])


def test_a_date_format_is_for_text_and_a_typed_date_stays_what_it_is(tmp_path: Path) -> None:
    """So one mapping fits a file of both kinds."""
    path = write(
        tmp_path, {"n": ["A"], "a": ["01/02/2024"], "b": [date(2024, 3, 4)], "c": [date(2024, 3, 5)]}
    )  # fmt: skip
    log = import_file(
        path, tmp_path, layout="cases", case="n", opened="a", closed="b", due="c", date_format="%d/%m/%Y"
    )  # fmt: skip
    assert log.case("opened") == [datetime(2024, 2, 1, tzinfo=UTC)]
    assert log.case("closed") == [datetime(2024, 3, 4, tzinfo=UTC)]
    assert log.case("due") == [datetime(2024, 3, 5, 23, 59, 59, 999999, tzinfo=UTC)]


def test_ids_keep_every_digit_and_attributes_their_types(tmp_path: Path) -> None:
    """Whole numbers kept as floats (as pandas does beside missing values) name the same case as integers."""
    columns = {
        "permit": [12.0, 12.0, 9007199254740991.0], "task": ["a", "b", "c"], "when": [date(2024, 3, 1)] * 3,
        "case:pages": [3, 3, None], "case:fee": [0.1, 0.1, None], "case:urgent": [True, True, False],
        "case:born": [date(1990, 1, 31)] * 3, "case:kind": pl.Series(["x", "x", "y"], dtype=pl.Categorical),
    }  # fmt: skip
    log = import_file(write(tmp_path, columns), tmp_path, **EVENTS)
    assert log.cases.select("case", pl.col("^case:.*$")).rows(named=True) == [
        {"case": "12", "case:born": date(1990, 1, 31), "case:fee": 0.1, "case:kind": "x", "case:pages": 3,
         "case:urgent": True},
        {"case": "9007199254740991", "case:born": date(1990, 1, 31), "case:fee": None, "case:kind": "y",
         "case:pages": None, "case:urgent": False},
    ]  # fmt: skip


def test_rows_are_rejected_by_their_number(tmp_path: Path) -> None:
    """Counted from 1, as there is no line to name."""
    path = write(tmp_path, {"permit": ["A", None, "A"], "task": ["x", "y", None], "when": [date(2024, 3, 1)] * 3})
    assert import_file(path, tmp_path, **EVENTS).rejects == [
        ("2", "", "permit", "missing"),
        ("3", "", "task", "missing"),
    ]


def test_a_column_of_lists_cannot_be_mapped(tmp_path: Path) -> None:
    """It may be there as long as nothing is read from it."""
    columns = {"permit": ["A"], "task": ["x"], "when": [date(2024, 3, 1)], "tags": [["a", "b"]]}
    path = write(tmp_path, columns)
    assert import_file(path, tmp_path, **EVENTS).case("case") == ["A"]
    with pytest.raises(BadInput, match="column 'tags' holds lists or bytes"):
        import_file(path, tmp_path, **EVENTS, agency="tags")


@pytest.mark.parametrize("cut", [0, 3, 300, -9, -1])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    """Wherever it was cut."""
    path = write(tmp_path, {"permit": ["A"] * 500, "task": ["x"] * 500, "when": [date(2024, 3, 1)] * 500})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(BadInput, match=r"log\.parquet: the (Parquet file is cut off or damaged|file is empty)"):
        import_file(path, tmp_path, **EVENTS)


def test_a_million_rows_are_imported_in_flat_memory(tmp_path: Path) -> None:
    """Of the whole process, start and libraries included, less than 350 megabytes."""
    rows = pl.select(number=pl.int_range(1_000_000, dtype=pl.Int64))
    log = rows.select(
        permit=pl.format("permit-{}", pl.col("number") % 50_000),
        task=pl.format("task {}", pl.col("number") // 50_000),
        when=pl.lit(local("2024-01-01")) + pl.duration(minutes=pl.col("number") // 50),
        note=pl.format("a text that nobody maps {}", pl.col("number") * 7919),
    )
    log.write_parquet(tmp_path / "log.parquet", row_group_size=100_000)
    program = (
        "import sys; from pathlib import Path;"
        "from perintis.doors.importers.mapping import build_mapping;"
        "from perintis.doors.importers.read import read_log;"
        "m = build_mapping({'case': 'permit', 'activity': 'task', 'timestamp': 'when'});"
        "read = read_log(Path(sys.argv[1]), m, Path(sys.argv[2]));"
        "print(read.tables.cases, read.events);"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "log.parquet"), str(tmp_path / "out")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    counted, peak = done.stdout.splitlines()
    assert counted == "50000 1000000"
    assert int(peak) < 350 * 1024
