"""Extracts as they come: encodings, rows that do not fit, workbooks; each fault is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from perintis.doors.registry.extracts import read_extract
from perintis.words.errors import BadInput


def written(folder: Path, content: bytes, name: str = "kutipan.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_row_with_too_many_cells_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    """By line of the file; a separator inside a value is what usually makes it."""
    path = written(tmp_path, b"no,nama\nA1,Budi\nA2,Siti,Aminah\nA3,Agus\n")
    read = read_extract(path, path.name)
    assert read.rows["no"].to_list() == ["A1", "A3"]
    [(line, _, reason)] = read.rejected.rows()
    assert line == 3
    assert "the row has 3 cells and the header 2" in reason
    assert read.count == 3


@pytest.mark.parametrize("content", ["no;nama\nA1;José\n".encode("windows-1252"), "\ufeffno;nama\nA1;José\n".encode()])
def test_windows_and_utf_8_files_are_read_alike(tmp_path: Path, content: bytes) -> None:
    """With semicolons as well as with commas, with a byte order mark or without."""
    path = written(tmp_path, content)
    assert read_extract(path, path.name).rows["nama"].to_list() == ["José"]


def test_a_damaged_byte_goes_back_with_its_row(tmp_path: Path) -> None:
    """A file that is UTF-8 elsewhere and broken in one row loses that row only."""
    path = written(tmp_path, "no,nama\nA1,José\nA2,".encode() + b"Jos\xe9\n")
    read = read_extract(path, path.name)
    assert read.rows.height == 1
    assert "has a byte that its encoding does not allow" in read.rejected["reason"][0]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "kutipan.csv", "the file is empty"),
        (b"no,nama\n", "kutipan.csv", "no row that fits"),
        ("no,nama\nA1,Budi\n".encode("utf-32"), "kutipan.csv", "written in UTF-32; save it as UTF-8"),
        (b"no,nama\nA1,Budi\n", "kutipan.xlsx", "cannot be read as a workbook"),
        (b"%PDF", "kutipan.pdf", "an extract is a .csv or an .xlsx file"),
    ],
)
def test_a_file_that_is_no_extract_is_refused(tmp_path: Path, content: bytes, name: str, told: str) -> None:
    """One sentence with the file's name."""
    path = written(tmp_path, content, "kept")
    with pytest.raises(BadInput, match=told) as refused:
        read_extract(path, name)
    assert str(refused.value).startswith(name)


def test_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    """A number that Excel kept as a number comes as Excel has it, so that its rows can be told."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["no", "nik"], ["A1", "3174012304909001"], ["A2", 3.17401e15]):
        sheet.append(row)
    path = tmp_path / "kutipan.xlsx"
    book.save(path)
    read = read_extract(path, path.name)
    assert read.rows["nik"][0] == "3174012304909001"
    assert read.rows["nik"][1] is not None
