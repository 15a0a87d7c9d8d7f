"""Workbooks: which sheet and header, dates of both kinds, numbers as text, and rows that cannot be taken."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from polars.testing import assert_frame_equal

from perintis.words.errors import BadInput
from tests.doors.import_kit import Imported, import_file, import_text

HEADER = ("permit", "task", "when")
EVENTS = {"case": "permit", "activity": "task", "timestamp": "when", "timezone": "Asia/Jakarta"}
NO_TIME = "not a date and time (ISO 8601; or give date_format)"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def local(text: str) -> datetime:
    """A date and time as a sheet has it: without a zone."""
    return datetime.fromisoformat(text)


def write(path: Path, *rows: tuple[Any, ...], sheet: str = "Data", book: Workbook | None = None) -> Path:
    """A workbook with these rows from row 1 on; an empty tuple is an empty row; `#N/A` is an error cell."""
    book = book or Workbook()
    page = book.active if book.sheetnames == ["Sheet"] else book.create_sheet()
    page.title = sheet
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            cell = page.cell(number, place, value)
            if isinstance(value, str) and value.startswith("#"):
                cell.data_type = "e"
    book.save(path)
    return path


def read(folder: Path, *rows: tuple[Any, ...], **mapping: Any) -> Imported:
    """The rows of a sheet under the usual header, imported as an event log."""
    return import_file(write(folder / "log.xlsx", HEADER, *rows), folder, **(EVENTS | mapping))


def test_a_sheet_gives_the_same_tables_as_a_csv(tmp_path: Path) -> None:
    """Dates of the workbook stand for the same instants as dates written in a CSV."""
    sheet = read(
        tmp_path, ("A", "check", local("2024-03-01T09:30")), ("B", "check", date(2024, 3, 2)),
        ("A", "decide", local("2024-03-03T23:59:59")),
    )  # fmt: skip
    table = import_text(
        tmp_path, "log.csv",
        "permit,task,when\nA,check,2024-03-01T09:30:00\nB,check,2024-03-02\nA,decide,2024-03-03T23:59:59\n", **EVENTS,
    )  # fmt: skip
    assert_frame_equal(sheet.cases, table.cases)
    assert_frame_equal(sheet.steps, table.steps)
    assert sheet.read.tables == table.read.tables


def test_written_dates_and_dates_of_the_workbook_may_stand_in_one_column(tmp_path: Path) -> None:
    """`date_format` is for the written ones; a real date is never read by it, so day and month cannot swap."""
    log = read(
        tmp_path, ("A", "first", local("2024-02-01T08:00")), ("A", "second", "03/02/2024 08:00"),
        date_format="%d/%m/%Y %H:%M",
    )  # fmt: skip
    assert log.column("completed") == [at("2024-02-01T08:00+07:00"), at("2024-02-03T08:00+07:00")]
    swapped = read(tmp_path, ("A", "only", local("2024-03-01")), date_format="%Y-%d-%m")
    assert swapped.column("completed") == [at("2024-03-01T00:00+07:00")]


def test_workbooks_that_count_days_from_1904(tmp_path: Path) -> None:
    """Those of old Macs give the same dates."""
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    path = write(tmp_path / "mac.xlsx", HEADER, ("A", "check", local("2024-03-01T09:30")), book=book)
    assert import_file(path, tmp_path, **EVENTS).column("completed") == [at("2024-03-01T09:30+07:00")]


@pytest.mark.parametrize(
    ("when", "reject"),
    [
        (45352, ("3", "", "when", NO_TIME)),
        (45352.5, ("3", "", "when", NO_TIME)),
        (time(9, 30), ("3", "", "when", NO_TIME)),
        (True, ("3", "", "when", NO_TIME)),
        ("soon", ("3", "", "when", NO_TIME)),
        (None, ("3", "", "when", "missing")),
        ("#N/A", ("3", "", "row", "an error cell of the sheet (like #N/A)")),
        ("#REF!", ("3", "", "row", "an error cell of the sheet (like #N/A)")),
    ],
)
def test_what_is_no_date_rejects_its_row_by_the_number_the_workbook_shows(
    tmp_path: Path, when: Any, reject: tuple[str, ...]
) -> None:
    """A number is not taken for a date, nor a time of day for a day in 1899."""
    day = local("2024-03-01")
    log = read(tmp_path, ("A", "first", day), ("A", "bad", when), ("A", "last", day))
    assert log.rejects == [reject]
    assert log.column("step") == ["first", "last"]


def test_an_error_cell_in_a_column_that_is_not_mapped_does_no_harm(tmp_path: Path) -> None:
    """Only the columns that are read matter."""
    path = write(tmp_path / "log.xlsx", (*HEADER, "fee"), ("A", "check", local("2024-03-01"), "#DIV/0!"))
    assert import_file(path, tmp_path, **EVENTS).rejects == []


def test_numbers_and_numbers_stored_as_text_are_one_case(tmp_path: Path) -> None:
    """12, 12.0 and '12' name one case; '0012' keeps its zeros and is another."""
    day = local("2024-03-01")
    log = read(tmp_path, (12, "a", day), (12.0, "b", day), ("12", "c", day), ("0012", "d", day))
    assert [(case, log.column("case").count(case)) for case in log.case("case")] == [("12", 3), ("0012", 1)]


def test_the_header_is_found_below_a_title(tmp_path: Path) -> None:
    """It is the first row that has every column the mapping names; rows keep their numbers."""
    path = write(
        tmp_path / "log.xlsx", ("Permits of 2024",), (), (None, "permit", "task", "when"),
        (None, "A", "check", local("2024-03-01")), (None, "A", "check", "never"),
    )  # fmt: skip
    log = import_file(path, tmp_path, **EVENTS)
    assert (log.column("step"), log.rejects) == (["check"], [("5", "", "when", NO_TIME)])


def test_the_header_row_may_be_given(tmp_path: Path) -> None:
    """Where two rows could be it; a row beyond the sheet is refused."""
    path = write(tmp_path / "log.xlsx", HEADER, HEADER, ("A", "check", local("2024-03-01")))
    assert import_file(path, tmp_path, **EVENTS).read.rejected == 1
    assert import_file(path, tmp_path, **EVENTS, header_row=2).read.rejected == 0
    with pytest.raises(BadInput, match="no row 9 in sheet 'Data'"):
        import_file(path, tmp_path, **EVENTS, header_row=9)


def test_names_over_two_lines_of_a_cell_are_one_name(tmp_path: Path) -> None:
    """Line breaks in a header are spaces to whoever writes the mapping."""
    path = write(tmp_path / "log.xlsx", ("permit\nnumber ", "task", "when"), ("A", "check", local("2024-03-01")))
    assert import_file(path, tmp_path, **(EVENTS | {"case": "permit number"})).case("case") == ["A"]


def test_empty_rows_are_passed_over_and_merged_cells_rejected(tmp_path: Path) -> None:
    """A merged cell has its value in its first row only, and nothing is filled in below it."""
    book = Workbook()
    day = local("2024-03-01")
    path = write(tmp_path / "log.xlsx", HEADER, ("A", "x", day), (None, "y", day), (), ("B", "z", day), book=book)
    book["Data"].merge_cells("A2:A3")
    book.save(path)
    log = import_file(path, tmp_path, **EVENTS)
    assert log.rejects == [("3", "", "permit", "missing")]
    assert log.column("step") == ["x", "z"]


@pytest.mark.parametrize("totals", [("Total", None, 2), (None, None, 2), ("Total", "2 rows", None)])
def test_a_row_of_totals_is_no_case(tmp_path: Path, totals: tuple[Any, ...]) -> None:
    """It lacks a case, a step or a date, so it is rejected like any other row."""
    log = read(tmp_path, ("A", "check", local("2024-03-01")), totals)
    assert [reject[0] for reject in log.rejects] == ["3"]
    assert log.case("case") == ["A"]


def test_a_sheet_of_cases(tmp_path: Path) -> None:
    """One row a case; a bare due date lasts until its day ends, as in a CSV."""
    path = write(
        tmp_path / "cases.xlsx", ("n", "received", "decided", "by"),
        (1, date(2024, 3, 1), date(2024, 3, 8), date(2024, 3, 9)), (2, date(2024, 3, 2), None, None),
        ("Total", 2, 1, None),
    )  # fmt: skip
    log = import_file(path, tmp_path, layout="cases", case="n", opened="received", closed="decided", due="by")
    assert log.case("case") == ["1", "2"]
    assert log.case("closed") == [datetime(2024, 3, 8, tzinfo=UTC), None]
    assert log.case("due") == [datetime(2024, 3, 9, 23, 59, 59, 999999, tzinfo=UTC), None]
    assert log.rejects == [("4", "", "opened", "not a date (ISO 8601; or give date_format)")]


def test_the_sheet_is_the_one_named_or_the_first_that_holds_something(tmp_path: Path) -> None:
    """The others are named in a note; hidden sheets are not taken by themselves."""
    book = Workbook()
    path = tmp_path / "log.xlsx"
    write(path, sheet="Empty", book=book)
    write(path, HEADER, ("H", "hidden", local("2024-01-01")), sheet="Hidden", book=book)
    write(path, HEADER, ("A", "check", local("2024-03-01")), sheet="One", book=book)
    write(path, HEADER, ("B", "check", local("2024-03-01")), sheet="Two", book=book)
    book["Hidden"].sheet_state = "hidden"
    book.save(path)
    first = import_file(path, tmp_path, **EVENTS)
    assert first.case("case") == ["A"]
    assert "read from sheet 'One'; the workbook also has Empty, Hidden, Two" in first.read.notes
    assert import_file(path, tmp_path, **EVENTS, sheet="Two").case("case") == ["B"]
    with pytest.raises(BadInput, match="no sheet 'Three'; it has Empty, Hidden, One, Two"):
        import_file(path, tmp_path, **EVENTS, sheet="Three")
    with pytest.raises(BadInput, match="sheet 'Empty' is empty"):
        import_file(path, tmp_path, **EVENTS, sheet="Empty")


def test_unknown_columns_are_answered_with_those_of_the_likeliest_header(tmp_path: Path) -> None:
    """The row with the most names is shown."""
    path = write(tmp_path / "log.xlsx", ("Report",), ("id", "what", "when"), ("A", "check", local("2024-03-01")))
    with pytest.raises(BadInput, match="no column 'permit' for `case`; the file has the columns id, what, when"):
        import_file(path, tmp_path, **EVENTS)


@pytest.mark.parametrize("cut", [40, 2000, -30, -1])
def test_a_workbook_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    """Wherever it was cut."""
    path = write(tmp_path / "log.xlsx", HEADER, ("A", "check", local("2024-03-01")))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(BadInput, match=r"log\.xlsx: the workbook is cut off or damaged"):
        import_file(path, tmp_path, **EVENTS)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.xlsx", b"", "the file is empty"),
        ("log.xlsx", b"permit,task,when\n", "not a workbook"),
        ("log.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000), "protected by a password"),
        ("log.xls", b"PK\3\4 and so on", "not a workbook"),
        ("log.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000), "cut off or damaged"),
        ("log.xlsx.gz", b"\x1f\x8b", "unpack it first"),
    ],
)
def test_what_is_no_workbook_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """By what the file begins with."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=says):
        import_file(tmp_path / name, tmp_path, **EVENTS)


def test_an_open_document_sheet(tmp_path: Path) -> None:
    """An .ods is read in the same way."""
    cells = (
        "<table:table-row><table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>"
        "<table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>{}</table:table-row>"
    )
    when = "<table:table-cell office:value-type='date' office:date-value='2024-03-01T09:30:00'/>"
    name = "<table:table-cell office:value-type='string'><text:p>when</text:p></table:table-cell>"
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f"<office:document-content xmlns:office='{urn}:office:1.0' xmlns:table='{urn}:table:1.0' "
        f"xmlns:text='{urn}:text:1.0'><office:body><office:spreadsheet><table:table table:name='Data'>"
        f"{cells.format('permit', 'task', name)}{cells.format('A', 'check', when)}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "log.ods", "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", content)
    log = import_file(tmp_path / "log.ods", tmp_path, **EVENTS)
    assert log.steps.select("case", "step", "completed").rows() == [("A", "check", at("2024-03-01T09:30+07:00"))]
