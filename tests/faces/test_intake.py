"""`perintis run PILOT FILE`: good rows open cases, bad rows come back with line and field and never with a value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.faces.office import Office, application, write_csv

BAD = [
    ({"nik": "3.17301E+15"}, "nik", "rounded by a spreadsheet"),
    ({"nik": "31730145079"}, "nik", "16 digits"),
    ({"born": "05/07/1990"}, "born", "year-month-day"),
    ({"office": "west"}, "office", "'north' or 'south'"),
    ({"full_name": ""}, "full_name", "missing"),
    ({"reference": "3173014507900001"}, "reference", "identity number"),
]


@pytest.mark.parametrize(("change", "field", "reason"), BAD)
def test_a_bad_row_is_refused_with_its_line_and_field_while_good_ones_are_taken(
    office: Office, change: dict[str, Any], field: str, reason: str
) -> None:
    """Line 3 of the file is bad; lines 2 and 4 open cases. The value itself is nowhere in what is said."""
    file = write_csv(office.folder / "a.csv", [application(1), application(2, **change), application(3)])
    answer = office.done("run", "small", file, "--without-prefect", "--json")
    assert (answer.json["opened"], answer.json["rejected"]) == (2, 1)
    (rejected,) = answer.json["rejects"]
    assert (rejected["row"], rejected["field"]) == (3, field)
    assert reason in rejected["reason"]
    for value in filter(None, change.values()):
        assert f"{value}" not in answer.out + answer.err or field == "office"


def test_the_same_file_again_opens_nothing(office: Office) -> None:
    """Taking a file twice counts its cases as already open."""
    rows = [application(n) for n in range(1, 6)]
    assert office.opened(*rows).json["opened"] == 5
    again = office.opened(*rows).json
    assert (again["opened"], again["already_open"], again["rejected"]) == (0, 5, 0)


def test_a_reference_with_other_content_is_refused_and_names_the_fields_that_differ(office: Office) -> None:
    """The case that is open stays as it is."""
    office.opened(application(1))
    answer = office.opened(application(1, full_name="Somebody Else", office="south"))
    (rejected,) = answer.json["rejects"]
    assert rejected["field"] == "reference"
    assert "full_name, office" in rejected["reason"]
    assert "Somebody" not in answer.out + answer.err


def test_a_reference_twice_in_one_file_is_one_case_if_equal_and_refused_if_not(office: Office) -> None:
    """The first of them counts."""
    answer = office.opened(application(1), application(1), application(1, office="south")).json
    assert (answer["opened"], answer["already_open"], answer["rejected"]) == (1, 1, 1)
    assert answer["rejects"][0] == {
        "row": 4, "field": "reference", "reason": "is also on line 2 of this file, with another office",
    }  # fmt: skip


def test_strict_opens_nothing_if_one_row_is_bad(office: Office) -> None:
    """Also where the fault is a case opened earlier; the status is not zero."""
    office.opened(application(1))
    file = write_csv(office.folder / "b.csv", [application(2), application(1, office="south")])
    refused = office("run", "small", file, "--strict", "--without-prefect", "--json")
    assert refused.status == 1
    assert (refused.json["opened"], refused.json["rejected"]) == (0, 1)
    assert "no case was opened" in refused.err
    assert len(office.done("status", "--json").json) == 1


def test_all_reasons_are_in_a_file_beside_and_go_away_when_all_is_well(office: Office) -> None:
    """`<file>.rejected.csv` has row, field and reason; a later try without faults removes it."""
    file = write_csv(office.folder / "a.csv", [application(n, office="west") for n in range(1, 13)])
    answer = office.done("run", "small", file, "--without-prefect")
    report = office.folder / "a.csv.rejected.csv"
    lines = report.read_text("utf-8-sig").splitlines()
    assert lines[0] == "row,field,reason"
    assert len(lines) == 13
    assert answer.err.count("line ") == 10
    assert "2 more" in answer.err
    write_csv(file, [application(1)])
    office.done("run", "small", file, "--without-prefect")
    assert not report.exists()


def test_cases_go_on_where_the_reasons_cannot_be_written(office: Office) -> None:
    """A folder of that name stands in the way; the good rows are taken and moved, and the note says what to do."""
    file = write_csv(office.folder / "a.csv", [application(1), application(2, office="west")])
    (office.folder / "a.csv.rejected.csv").mkdir()
    answer = office.done("run", "small", file, "--without-prefect", "--json")
    assert (answer.json["opened"], answer.json["advanced"], answer.json["rejected_file"]) == (1, 1, None)
    assert "line 3: office" in answer.err
    assert "copy the file to another folder" in answer.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_files_are_read_however_a_spreadsheet_saves_them(office: Office, encoding: str, separator: str) -> None:
    """Separators, byte order marks and Windows' own encoding."""
    file = write_csv(office.folder / "a.csv", [application(1, full_name="Rosé Müller")], separator)
    file.write_bytes(file.read_text("utf-8").encode(encoding))
    office.done("run", "small", file, "--without-prefect")
    shown = office.done("case", "A-001", "--personal", "--json").json
    assert shown["application"]["full_name"] == "Rosé Müller"


def test_line_numbers_are_those_of_the_file(office: Office) -> None:
    """Blank lines, line breaks inside quotes and Excel's `sep=` line count as lines."""
    good, bad = application(1, note='"two\nlines"'), application(2, office="west")
    file = write_csv(office.folder / "a.csv", [good, bad], ";")
    text = file.read_text("utf-8")
    file.write_text("sep=;\n" + text.replace("A-002", "\nA-002"), "utf-8")
    answer = office.done("run", "small", file, "--without-prefect", "--json").json
    assert answer["opened"] == 1
    assert answer["rejects"][0]["row"] == 6


def test_json_lines_are_taken_too(office: Office) -> None:
    """One application a line; a number where text has to be is refused, for its zeros may be lost."""
    file = office.folder / "a.jsonl"
    rows = [application(1, note=None), application(2, note=None, nik=3173014507900002), {"reference": "A-3", "x": 1}]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n[1]\n", "utf-8")
    answer = office.done("run", "small", file, "--without-prefect", "--json").json
    assert answer["opened"] == 1
    assert {(r["row"], r["field"]) for r in answer["rejects"]} >= {(2, "nik"), (3, "x"), (3, "nik"), (4, ""), (5, "")}


def write_sheet(path: Path, header: Sequence[str], *rows: Sequence[object]) -> Path:
    """A workbook with an empty first sheet and the rows under a title in the second."""
    book = Workbook()
    sheet = book.create_sheet("Applications")
    for row in (["Applications of one week"], header, *rows):
        sheet.append(row)
    book.save(path)
    return path


HEADER = ("Reference", "Office", "Full Name", "NIK", "Born")
GOOD = ("A-001", "north", "Siti Aminah", "3173014507900001", date(1990, 7, 5))


def test_a_workbook_is_taken_as_it_is(office: Office) -> None:
    """The first sheet with something in it, a title above the header, a date that Excel keeps as a date."""
    file = write_sheet(office.folder / "a.xlsx", HEADER, GOOD, (None,) * 5)
    answer = office.done("run", "small", file, "--without-prefect", "--json").json
    assert (answer["opened"], answer["rejected"]) == (1, 0)
    shown = office.done("case", "A-001", "--personal", "--json").json
    assert shown["application"]["born"] == "1990-07-05"
    assert shown["application"]["nik"] == "3173014507900001"


CELLS: list[tuple[int, object, str, str]] = [
    (3, 3173014507900001, "nik", "is a number, but a NIK is text"),  # Excel keeps fifteen of its sixteen digits
    (0, 1001, "reference", "is a number, but a registration number is text"),
    (4, "5/7/1990", "born", "year-month-day"),
    (2, "#N/A", "", "error cell"),
    (5, "extra", "", "to the right of the 5 columns"),
]


@pytest.mark.parametrize(("at", "cell", "field", "reason"), CELLS)
def test_a_bad_row_of_a_workbook_is_refused_with_its_row_in_the_sheet(
    office: Office, at: int, cell: object, field: str, reason: str
) -> None:
    """Row 4 is bad: the good one above it opens a case. A number where text has to be has lost digits, or may have."""
    bad: list[object] = ["A-002", *GOOD[1:], None]
    bad[at] = cell
    file = write_sheet(office.folder / "a.xlsx", HEADER, GOOD, bad)
    answer = office.done("run", "small", file, "--without-prefect", "--json").json
    assert answer["opened"] == 1
    (rejected,) = answer["rejects"]
    assert (rejected["row"], rejected["field"]) == (4, field)
    assert reason in rejected["reason"]


FILES = [
    ("a.xlsx", b"PK", "damaged"),
    ("a.xlsx", b"reference,office\n", "not a workbook"),
    ("a.xls", b"x", "Excel Workbook (.xlsx)"),
    ("a.csv", b"PK\x03\x04", "name it .xlsx"),
    ("a.csv", b"reference|office\n", "comma, semicolon or tab"),
    ("a.pdf", b"x", ".xlsx, .csv and .jsonl"),
    ("a.csv", b"", "empty"),
    ("a.csv", b"Nama;Alamat\nx;y\n", "first line does not name the columns"),
    ("a.csv", b"Nama;NIK\nx;y\n", "column number 1 (A in a spreadsheet) is not a field"),
    ("a.csv", b"reference,office,full_name,nik,born,religion\n", "column number 6 (F in a spreadsheet) is not a field"),
    ("a.csv", b"reference,office,full_name,born\n", "column nik is missing"),
    ("a.csv", b"reference,reference,office,full_name,nik,born\n", "two columns 'reference'"),
    ("a.csv", b"reference,office,full_name,nik,born\n", "no applications in it"),
    ("a.csv", b"reference,office\n", "the columns full_name, nik, born are missing"),
    ("missing.csv", None, "no such file"),
    (".", None, "is a folder"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), FILES)
def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(
    office: Office, name: str, content: bytes | None, sentence: str
) -> None:
    """The sentence says what to do; nothing is opened."""
    file: Path = office.folder / name
    if content is not None:
        file.write_bytes(content)
    answer = office("run", "small", file, "--without-prefect")
    assert answer.status == 1
    assert answer.err.startswith("error: ")
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


ROWS = [
    ("A-1,north,Siti,3173014507900001\n", "cut off"),
    ("A-1,north,Siti,3173014507900001,1990-07-05,extra\n", "separator"),
    ('A-1,north,"Siti,3173014507900001,1990-07-05\n', "quotation mark"),
    (f"A-1,north,{'x' * 200_000},3173014507900001,1990-07-05\n", "a cell is longer than 131,072 characters"),
]


@pytest.mark.parametrize(("row", "reason"), ROWS)
def test_a_row_that_is_none_is_refused_as_a_whole(office: Office, row: str, reason: str) -> None:
    """Too few cells, too many, an open quotation mark."""
    file = office.folder / "a.csv"
    file.write_text("reference,office,full_name,nik,born\n" + row, "utf-8")
    (rejected,) = office.done("run", "small", file, "--without-prefect", "--json").json["rejects"]
    assert (rejected["row"], rejected["field"]) == (2, "")
    assert reason in rejected["reason"]


def test_an_identity_number_in_the_name_of_the_file_is_not_kept(office: Office) -> None:
    """The store has the name of each file in clear."""
    file = write_csv(office.folder / "siti-3173014507900001.csv", [application(1)])
    office.done("run", "small", file, "--without-prefect")
    with closing(sqlite3.connect(next(office.folder.rglob("perintis.db")))) as store:
        assert store.execute("SELECT source FROM intakes").fetchall() == [("siti-(number).csv",)]
