"""Satisfaction answers of a baseline: kept once beside its tables, for closed cases of it, and never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from perintis.doors.baselines import baseline_folder, find_baseline, import_baseline, load_baseline
from perintis.doors.importers.mapping import build_mapping
from perintis.doors.satisfaction_files import (
    UNKNOWN,
    answers_of_baseline,
    asked_of_baseline,
    keep_for_baseline,
)
from perintis.doors.store.satisfaction import OPEN, Recorded
from perintis.words.errors import BadInput, NotAllowed, NotFound

EXTRACT = """case,opened,closed,counter
A,2024-03-01,2024-03-05,north
B,2024-03-02,2024-03-09,south
C,2024-03-03,,south
"""
MAPPING = {
    "layout": "cases", "case": "case", "opened": "opened", "closed": {"column": "closed"}, "office": "counter",
    "timezone": "Asia/Jakarta",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The baseline "old" of pilot "small": A and B are closed, C is open."""
    (tmp_path / "old.csv").write_text(EXTRACT, "utf-8")
    import_baseline(tmp_path / "home", "small", tmp_path / "old.csv", "old", build_mapping(MAPPING))
    return tmp_path / "home"


def nine(answer: int) -> dict[str, int | None]:
    return {**dict.fromkeys([f"U{k}" for k in range(1, 10)], answer), "U9": None}


def test_answers_are_kept_beside_the_baseline_which_stays_what_it_was(home: Path) -> None:
    """The evaluation reads them by case; the baseline still fits its hash."""
    kept = keep_for_baseline(home, "small", "old", [("A", nine(3)), ("C", nine(3)), ("D", nine(3))])
    assert kept == Recorded(1, 0, (("C", OPEN), ("D", UNKNOWN)))
    table = answers_of_baseline(home, "old:any")
    assert table is not None
    assert table.rows() == [("A", *[3] * 8, None)]
    assert load_baseline(home, "old").cases.height == 3


def test_the_same_again_keeps_nothing_twice_and_others_are_refused(home: Path) -> None:
    """A baseline's answers are as fixed as its cases."""
    keep_for_baseline(home, "small", "old", [("A", nine(3)), ("B", nine(2))])
    assert keep_for_baseline(home, "small", "old", [("B", nine(2)), ("A", nine(3))]) == Recorded(0, 2, ())
    for others in ([("A", nine(4)), ("B", nine(2))], [("A", nine(3))], []):
        with pytest.raises(NotAllowed, match="baseline old has satisfaction answers already"):
            keep_for_baseline(home, "small", "old", others)
    kept = answers_of_baseline(home, "old")
    assert kept is not None
    assert kept.height == 2


def test_strict_keeps_nothing_where_one_is_refused(home: Path) -> None:
    """Also where a row of the file was refused before."""
    assert keep_for_baseline(home, "small", "old", [("A", nine(3)), ("C", nine(3))], strict=True).recorded == 0
    before = keep_for_baseline(home, "small", "old", [("A", nine(3))], strict=True, refused_before=True)
    assert before.recorded == 0
    assert answers_of_baseline(home, "old") is None


def test_another_pilots_baseline_or_none_is_refused(home: Path) -> None:
    """One sentence."""
    with pytest.raises(BadInput, match="baseline old is that of pilot small, not of other"):
        keep_for_baseline(home, "other", "old", [("A", nine(3))])
    with pytest.raises(NotFound, match="no baseline 'new' here"):
        keep_for_baseline(home, "small", "new", [("A", nine(3))])
    assert answers_of_baseline(home, "new") is None


def test_those_asked_are_its_closed_cases(home: Path) -> None:
    """With their office and without their name."""
    keep_for_baseline(home, "small", "old", [("B", nine(2))])
    assert list(asked_of_baseline(home, "old")) == [("north", None), ("south", nine(2))]


def test_nothing_half_written_counts(home: Path) -> None:
    """A part left by a crash is not read, and is written over."""
    folder = baseline_folder(home, find_baseline(home, "old"))
    (folder / "satisfaction.parquet.part").write_bytes(b"half")
    assert answers_of_baseline(home, "old") is None
    assert keep_for_baseline(home, "small", "old", [("A", nine(3))]).recorded == 1
