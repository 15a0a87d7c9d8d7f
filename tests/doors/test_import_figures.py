"""A column of a baseline becomes a figure of the pilot where the mapping says so."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from perintis.doors.importers.mapping import build_mapping
from perintis.words.errors import BadInput
from tests.doors.import_kit import import_text

LEDGER = """number,received,decided,doubles,matched,rows
A,2026-01-05,2026-01-20,3,55,70
B,2026-01-06,2026-01-19,0,,40
C,2026-01-07,2026-01-21,many,20,30
"""
CASES = {"layout": "cases", "case": "number", "opened": "received", "closed": "decided"}
FIGURES = {"duplicates_found": "doubles", "records_linked": {"column": "matched", "of": "rows"}}


def test_columns_become_figures(tmp_path: Path) -> None:
    """A number is a number, an empty cell was not counted, and what is no number is reported with its row."""
    found = import_text(tmp_path, "ledger.csv", LEDGER, figures=FIGURES, **CASES)
    names = ("case:figure:duplicates_found", "case:figure:records_linked", "case:figure_of:records_linked")
    assert found.cases.select(names).rows() == [(3.0, 55.0, 70.0), (0.0, None, 40.0), (None, 20.0, 30.0)]
    assert found.rejects == [("4", "", "doubles", "not a number")]
    assert [name for name in found.cases.columns if name.startswith("case:")] == sorted(names)


def test_a_column_may_stay_an_attribute_too(tmp_path: Path) -> None:
    """Where the mapping keeps it under its own name as well."""
    found = import_text(tmp_path, "ledger.csv", LEDGER, figures={"n": "rows"}, attributes=["rows"], **CASES)
    assert (found.case("case:rows"), found.case("case:figure:n")) == (["70", "40", "30"], [70.0, 40.0, 30.0])


def test_one_column_may_be_two_figures(tmp_path: Path) -> None:
    """As when the whole of one share is a figure itself."""
    figures = {"rows": "rows", "linked": {"column": "matched", "of": "rows"}}
    found = import_text(tmp_path, "ledger.csv", LEDGER, figures=figures, **CASES)
    assert found.case("case:figure:rows") == found.case("case:figure_of:linked") == [70.0, 40.0, 30.0]


def test_infinity_is_no_figure(tmp_path: Path) -> None:
    """Nothing infinite and nothing that is no number is taken for one."""
    text = "number,received,decided,n\nA,2026-01-05,2026-01-20,inf\nB,2026-01-05,2026-01-20,nan\n"
    found = import_text(tmp_path, "ledger.csv", text, figures={"n": "n"}, **CASES)
    assert found.case("case:figure:n") == [None, None]
    assert [reject[3] for reject in found.rejects] == ["not a number", "not a number"]
    assert found.cases.schema["case:figure:n"] == pl.Float64


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A misspelt column is an error, not a figure that was never counted."""
    with pytest.raises(BadInput, match="no column 'doubled'"):
        import_text(tmp_path, "ledger.csv", LEDGER, figures={"duplicates_found": "doubled"}, **CASES)
    with pytest.raises(BadInput, match=r"figures\.n\.off: "):
        build_mapping({"figures": {"n": {"column": "a", "off": "b"}}})
