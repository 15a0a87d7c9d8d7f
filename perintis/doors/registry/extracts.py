"""Reads an agency's extract (CSV or Excel) as rows of text, with the rows that do not fit told one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, cast

import polars as pl

from perintis.doors.importers.encoding import detect_encoding, is_damaged
from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.head import WORKBOOKS
from perintis.rules.registry.rows import FAULTS, LINE
from perintis.words.errors import BadInput

SEPARATORS = ";,\t|"
TEXT_FILES = (".csv", ".txt", ".tsv")


@dataclass(frozen=True, slots=True)
class ExtractRows:
    """`columns` as written, `rows` (line and a text a column, null if empty) and `rejected`: line, column, reason."""

    columns: tuple[str, ...]
    rows: pl.DataFrame
    rejected: pl.DataFrame

    @property
    def count(self) -> int:
        """How many rows were delivered, those that do not fit included."""
        return self.rows.height + self.rejected[LINE].n_unique()


def read_extract(path: Path, name: str) -> ExtractRows:
    """The rows of an extract; `name` is what its agency calls the file. Raises BadInput for the file as a whole."""
    try:
        return _read(path, name)
    except BadInput as error:
        told = str(error)
        raise BadInput(name + told.removeprefix(path.name) if told.startswith(f"{path.name}:") else told) from None


def _read(path: Path, name: str) -> ExtractRows:
    ending = Path(name).suffix.lower()
    if ending in WORKBOOKS:
        lines = _sheet_lines(path, name)
    elif ending in TEXT_FILES:
        lines = _text_lines(path, name)
    else:
        raise BadInput(f"{name}: an extract is a .csv or an .xlsx file; save it as one of these")
    header = next(lines, None)
    if header is None:
        raise BadInput(f"{name}: the file is empty; export it again")
    return _rows(name, [cell.strip() for cell in header[1]], lines)


def _rows(name: str, columns: list[str], lines: Iterator[tuple[int, list[str]]]) -> ExtractRows:
    kept: list[list[str]] = []
    numbers: list[int] = []
    rejected: list[tuple[int, str, str]] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            told = f"the row has {len(cells)} cells and the header {len(columns)}; look for a separator inside a value"
            rejected.append((number, "", told))
        elif any(map(is_damaged, cells)):
            at = next(column for column, cell in zip(columns, cells, strict=True) if is_damaged(cell))
            rejected.append((number, at, "has a byte that its encoding does not allow; save the file as UTF-8"))
        else:
            numbers.append(number)
            kept.append(cells)
    if not kept:
        raise BadInput(f"{name}: there is a header and no row that fits under it; export it again")
    unique = [column if columns.index(column) == at else f"{column} ({at + 1})" for at, column in enumerate(columns)]
    frame = pl.DataFrame(kept, schema=dict.fromkeys(unique, pl.String), orient="row")
    frame = frame.select(pl.Series(LINE, numbers, dtype=pl.Int64), pl.all().replace("", None))
    return ExtractRows(tuple(columns), frame, pl.DataFrame(rejected, schema=FAULTS, orient="row"))


def _text_lines(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    encoding = detect_encoding(path)
    with open_log(path) as stream:
        text = TextIOWrapper(cast(Any, stream.unpacked), encoding=encoding, errors="surrogateescape", newline="")
        try:
            first = text.readline()
            separator = max(SEPARATORS, key=first.count)
            yield 1, next(csv.reader([first], delimiter=separator), [])
            reader = csv.reader(text, delimiter=separator, strict=True)
            for cells in reader:
                yield reader.line_num + 1, cells
        except (UnicodeError, csv.Error):
            raise BadInput(f"{name}: cannot be read as {encoding} with {separator!r} between cells; "
                           "save it as CSV UTF-8") from None  # fmt: skip
        finally:
            text.detach()


def _sheet_lines(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    import fastexcel

    try:
        book = fastexcel.read_excel(path.read_bytes())
        cells = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, OSError):
        raise BadInput(f"{name}: cannot be read as a workbook; save it as .xlsx again") from None
    iso = cells.with_columns(pl.all().str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "${1}"))
    for number, row in enumerate(iso.iter_rows(), start=1):
        yield number, ["" if cell is None else str(cell) for cell in row]
