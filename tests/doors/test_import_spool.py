"""Events of one case come together from anywhere in a file, and the digest of a table sees only its content."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.doors.importers.canonical import TableDigest
from perintis.doors.importers.spool import Spool
from tests.doors.import_kit import import_text

TABLE = pl.DataFrame(
    {
        "text": ["a", None, "", "ab", "c"],
        "number": [1, None, 0, -5, 2**40],
        "share": [0.5, None, 0.0, -1e300, 3.0],
        "truth": [True, None, False, True, True],
        "day": [date(2024, 3, 1), None, date(1970, 1, 1), date(1900, 1, 1), date(2024, 3, 2)],
        "at": [datetime(2024, 3, 1, tzinfo=UTC), None, *[datetime(1970, 1, 1, tzinfo=UTC)] * 3],
        "keyed": [["nik", "name"], None, [], [""], ["x"]],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


def digest(*pieces: pl.DataFrame) -> str:
    whole = TableDigest()
    for piece in pieces:
        whole.add(piece)
    return whole.hexdigest()


@given(st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_how_a_table_is_cut_makes_no_difference(first: int, second: int) -> None:
    """Row groups are the writer's affair."""
    low, high = sorted((first, second))
    assert digest(TABLE[:low], TABLE[low:high], TABLE[high:]) == digest(TABLE)


def test_storing_a_table_makes_no_difference(tmp_path: Path) -> None:
    """Parquet of any compression gives the same digest back; so do narrower integers."""
    for compression in ("zstd", "lz4", "uncompressed"):
        TABLE.write_parquet(tmp_path / "t.parquet", compression=compression)
        assert digest(pl.read_parquet(tmp_path / "t.parquet")) == digest(TABLE)
    small = TABLE.select(pl.lit(7, dtype=pl.Int64).alias("n"))
    assert digest(small) == digest(small.cast(pl.Int8))


@pytest.mark.parametrize("column", TABLE.columns)
def test_every_value_counts(column: str) -> None:
    """A null is not an empty or zero value, and no value can move to another row."""
    turned = TABLE.with_columns(pl.col(column).reverse())
    nothing = TABLE.with_columns(pl.lit(None, dtype=TABLE.schema[column]).alias(column))
    renamed = TABLE.rename({column: "other"})
    filled = TABLE.with_columns(pl.col(column).forward_fill())
    assert len({digest(table) for table in (TABLE, turned, nothing, renamed, filled)}) == 5


def test_text_cannot_move_between_neighbours() -> None:
    """The lengths are part of the digest."""
    one, other = (pl.DataFrame({"t": texts}) for texts in (["ab", "c"], ["a", "bc"]))
    assert digest(one) != digest(other)


@pytest.mark.parametrize("held", [1, 7, 10_000])
def test_rows_come_back_by_case_in_their_order(tmp_path: Path, held: int) -> None:
    """Whether they were held or written away in between."""
    spool = Spool(tmp_path, held_rows=held, bucket_cases=2)
    keys = [0, 1, 0, 2, 1, 3, 4, 0, 4, 2]
    for place, key in enumerate(keys):
        spool.add(pl.DataFrame({"key": [key], "place": [place]}, schema={"key": pl.UInt32, "place": pl.Int64}))
    found = pl.concat(list(spool.buckets()))
    assert found.rows() == sorted(zip(keys, range(len(keys)), strict=True), key=lambda row: row[0])


def test_a_shuffled_log_gives_the_same_tables(tmp_path: Path) -> None:
    """A log with its cases interleaved equals the log sorted by case, apart from the order of the cases."""
    rows = [f"C{case},s{n},2024-03-{1 + n:02}T{case % 24:02}:00Z" for case in range(9_000) for n in range(9)]
    header = "case:concept:name,concept:name,time:timestamp"
    by_case = import_text(tmp_path, "by-case.csv", "\n".join([header, *rows]) + "\n")
    random.Random(1).shuffle(rows)
    shuffled = import_text(tmp_path, "shuffled.csv", "\n".join([header, *rows]) + "\n")
    order = ["case", "completed"]
    assert by_case.steps.sort(order).equals(shuffled.steps.sort(order))
    assert by_case.cases.sort("case").equals(shuffled.cases.sort("case"))
    assert not list(tmp_path.glob("out-*/spool-*"))
