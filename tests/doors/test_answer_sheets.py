"""Files of satisfaction answers: good rows are taken, bad ones come back with row and field and never with a value."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from perintis.doors.answer_sheets import AnswerSheet, Reject, read_answers
from perintis.words.errors import BadInput

HEADER = "case,U1,U2,U3,U4,U5,U6,U7,U8,U9"
GOOD = "A-1,4,4,3,4,4,3,4,4,3"


def read(folder: Path, *lines: str, name: str = "answers.csv") -> AnswerSheet:
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return read_answers(folder / name)


@pytest.mark.parametrize("given", ["0", "5", "4.0", "-1", "four", "44", "٣", "1e0"])
def test_anything_but_a_whole_number_from_1_to_4_is_refused(tmp_path: Path, given: str) -> None:
    """Row 3 is refused with its field; row 2 is taken; the reason says no value."""
    sheet = read(tmp_path, HEADER, GOOD, f"A-2,4,4,3,4,4,3,{given},4,3")
    assert [r.case for r in sheet.respondents] == ["A-1"]
    assert sheet.rejected == (Reject(3, "U7", "is not a whole number from 1 to 4"),)


def test_a_blank_is_an_answer_left_out_and_a_row_of_blanks_is_no_answer(tmp_path: Path) -> None:
    """The others count; somebody who said nothing is counted apart and is no fault."""
    sheet = read(tmp_path, HEADER, "A-1,4,,3,4, ,3,4,4,3", "A-2,,,,,,,,,", ",,,,,,,,,")
    (one,) = sheet.respondents
    assert [code for code, answer in one.answers.items() if answer is None] == ["U2", "U5"]
    assert (sheet.silent, sheet.rejected) == (1, ())


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (HEADER.replace(",U7", ""), "no column U7; it needs case and U1 to U9"),
        (HEADER.replace("case", "name"), "no column case"),
        (HEADER.replace("U2", "U1"), "no column U2"),
        (HEADER + ",u3", "two columns 'u3'"),
    ],
)
def test_a_file_without_a_column_is_refused_as_a_whole(tmp_path: Path, header: str, told: str) -> None:
    """One sentence that names what is missing."""
    with pytest.raises(BadInput, match=told):
        read(tmp_path, header, GOOD)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (",4,4,3,4,4,3,4,4,3", "case", "is missing"),
        ("A-2,4,4,3", "", "has 4 cells and the header 10"),
        ("A-2,4,4,3,4,4,3,4,4,3,1", "", "has 11 cells and the header 10"),
        ('A-2,"4,4,3,4,4,3,4,4,3', "", "a quotation mark is opened and not closed"),
        ("A-1,1,4,3,4,4,3,4,4,3", "case", "is also on row 2, with other answers"),
    ],
)
def test_a_bad_row_does_not_spoil_the_others(tmp_path: Path, line: str, field: str, reason: str) -> None:
    """The first row stays."""
    sheet = read(tmp_path, HEADER, GOOD, line)
    assert len(sheet.respondents) == 1
    (rejected,) = sheet.rejected
    assert (rejected.row, rejected.field) == (3, field)
    assert reason in rejected.reason


def test_the_same_answers_twice_in_one_file_are_one(tmp_path: Path) -> None:
    """Counted as repeated."""
    sheet = read(tmp_path, HEADER, GOOD, GOOD)
    assert (len(sheet.respondents), sheet.repeated, sheet.rejected) == (1, 1, ())


def test_columns_may_stand_in_any_order_with_others_between_and_semicolons(tmp_path: Path) -> None:
    """As spreadsheets in Indonesia save them, with Excel's own first line; rows are counted as the file has them."""
    header = "U9;Nomor Permohonan;Loket;U1;U2;U3;U4;U5;U6;U7;U8"
    sheet = read(tmp_path, "sep=;", header, "1;A-1;3;4;4;4;4;4;4;4;4", "9;A-2;3;4;4;4;4;4;4;4;4")
    assert sheet.respondents[0].answers == {**{f"U{k}": 4 for k in range(1, 9)}, "U9": 1}
    assert [(r.row, r.field) for r in sheet.rejected] == [(4, "U9")]


def test_a_workbook_reads_like_the_csv(tmp_path: Path) -> None:
    """Whole numbers, however the cell is typed; text "4.0", a half and an error cell are refused with their row."""
    book = openpyxl.Workbook()
    for row in (
        ["Survey of March"],
        HEADER.split(","),
        ["A-1", 4, 4, 3, 4.0, "4", 3, 4, 4, None],
        ["A-2", 4, 4, 3, 4, 4, 3, "4.0", 4, 3],
        ["A-3", 3.5, 4, 3, 4, 4, 3, 4, 4, 3],
        ["A-4", "#N/A", 4, 3, 4, 4, 3, 4, 4, 3],
    ):
        book.active.append(row)  # type: ignore[union-attr]
    book.active["B6"].data_type = "e"  # type: ignore[index, union-attr]
    book.save(tmp_path / "answers.xlsx")
    sheet = read_answers(tmp_path / "answers.xlsx")
    (one,) = sheet.respondents
    assert (one.case, one.row, one.answers["U4"], one.answers["U5"], one.answers["U9"]) == ("A-1", 3, 4, 4, None)
    assert [(r.row, r.field) for r in sheet.rejected] == [(4, "U7"), (5, "U1"), (6, "")]


@pytest.mark.parametrize(
    ("name", "told"), [("none.csv", "no such file"), ("answers.docx", "read from .csv and .xlsx"), (".", "is a folder")]
)
def test_a_file_that_cannot_be_read_at_all(tmp_path: Path, name: str, told: str) -> None:
    """One sentence."""
    with pytest.raises(BadInput, match=told):
        read_answers(tmp_path / name)


def test_the_sample_is_a_good_file(repository: Path) -> None:
    """Every respondent of the sample is an applicant of the sample of applications."""
    sheet = read_answers(repository / "samples" / "satisfaction.csv")
    applicants = (repository / "samples" / "applications.csv").read_text("utf-8")
    assert (len(sheet.respondents), sheet.rejected) == (76, ())
    assert all(f"\n{r.case}," in applicants for r in sheet.respondents)
