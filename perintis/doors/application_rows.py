"""Reads applications from a file, row by row, as fields by name; what the fields mean is the application model's."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from perintis.doors.importers.encoding import detect_encoding, is_damaged
from perintis.doors.importers.gzip_stream import open_log
from perintis.rules.headers import named_or_placed
from perintis.words.errors import BadInput

SEPARATORS = ",;\t"
WORKBOOK, OTHER_SHEETS = ".xlsx", (".xls", ".xlsm", ".ods")
PACKED = b"PK\x03\x04"
"""How a workbook begins, whatever its ending says."""

CSV, JSON_LINES = (".csv", ".txt", ".tsv"), (".jsonl", ".ndjson")
LONGEST_CELL = 131_072
UNREADABLE = (
    "cannot be read from here on: a quotation mark is opened and not closed, "
    f"or a cell is longer than {LONGEST_CELL:,} characters"
)


@dataclass(frozen=True)
class FileRow:
    """One row: its line in the file (from 1), the fields given, and a fault (`where`: its field) if it is no row."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    fault: str | None = None


def read_rows(path: Path, model: type[BaseModel]) -> Iterator[FileRow]:
    """The rows of a CSV file, a workbook or JSON lines with fields of `model`; an empty cell is a field not given.

    Raises BadInput for the file as a whole.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the file with the applications")
    ending = path.suffix.lower()
    if ending == WORKBOOK:
        return _sheet_rows(path, model)
    if ending in OTHER_SHEETS:
        raise BadInput(f"{path.name} is a spreadsheet of another kind; choose Save As, then Excel Workbook (.xlsx)")
    if ending not in CSV + JSON_LINES:
        raise BadInput(f"{path.name}: applications are read from .xlsx, .csv and .jsonl files; save it as one of these")
    return _csv_rows(path, model) if ending in CSV else _json_rows(path)


def _sheet_rows(path: Path, model: type[BaseModel]) -> Iterator[FileRow]:
    from perintis.doors.application_sheets import sheet_cells  # late: reading sheets takes polars

    found = sheet_cells(path, lambda cells: len(model.model_fields.keys() & set(_names(cells))))
    names = _header(path, [str(cell) for cell in next(found)[1]], model)
    for row, cells, fault in found:
        beyond = any(str(cell).strip() for cell in cells[len(names) :])
        if fault is not None or beyond:
            yield FileRow(row, fault=fault or f"has a cell to the right of the {len(names)} columns: take it out")
            continue
        given = {name: cell for name, cell in zip(names, cells, strict=False) if str(cell).strip()}
        yield FileRow(row, given)


def _csv_rows(path: Path, model: type[BaseModel]) -> Iterator[FileRow]:
    with open_log(path) as stream:
        if stream.read(len(PACKED)) == PACKED:
            raise BadInput(f"{path.name} is a workbook, whatever its ending says; name it .xlsx")
    encoding = detect_encoding(path)
    with open_log(path) as stream:
        text = TextIOWrapper(cast(Any, stream.unpacked), encoding=encoding, errors="surrogateescape", newline="")
        first, begins = text.readline(), 2
        if first.lower().startswith("sep="):  # Excel's own mark of the separator
            first, begins = text.readline(), 3
        separator = max(SEPARATORS, key=first.count)
        names = _header(path, next(csv.reader([first], delimiter=separator), []), model)
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(text, delimiter=separator, strict=True)
        header = begins
        while True:
            try:
                cells = next(reader, None)
            except csv.Error:
                yield FileRow(begins, fault=UNREADABLE)
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield _row(begins, cells, names, model)
            begins = header + reader.line_num


def _header(path: Path, cells: Sequence[str], model: type[BaseModel]) -> list[str]:
    """The names of the columns, or BadInput saying which are wrong."""
    names = _names(cells)
    while names and not names[-1]:
        names.pop()
    fields = model.model_fields
    if not set(names) & fields.keys():
        raise BadInput(
            f"{path.name}: the first line does not name the columns, with a comma, semicolon or tab between them; "
            f"it has to have {', '.join(fields)}"
        )
    unknown = next((i for i, name in enumerate(names) if name not in fields), None)
    if unknown is not None:
        column = named_or_placed(cells[unknown].strip(), unknown + 1, fields)
        raise BadInput(
            f"{path.name}: column {column} is not a field of the application; the fields are {', '.join(fields)}"
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadInput(f"{path.name}: there are two columns {twice[0]!r}; take one of them out")
    missing = [name for name, info in fields.items() if info.is_required() and name not in names]
    if missing:
        what = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
        raise BadInput(f"{path.name}: {what} missing; every application has to have a value there")
    return names


def _names(cells: Sequence[str]) -> list[str]:
    """Names of columns as fields are named: capitals and spaces do not matter."""
    return ["_".join(cell.lower().split()) for cell in cells]


def _row(line: int, cells: Sequence[str], names: Sequence[str], model: type[BaseModel]) -> FileRow:
    if any(cell.strip() for cell in cells[len(names) :]):
        return FileRow(line, fault=f"has {len(cells)} cells and the header {len(names)}: is a separator in the text?")
    if len(cells) < len(names):
        return FileRow(line, fault=f"has only {len(cells)} cells and the header {len(names)}: is the line cut off?")
    given = dict(zip(names, cells, strict=False))
    damaged = [name for name, cell in given.items() if is_damaged(cell)]
    if damaged:
        return FileRow(line, where=damaged[0], fault="has characters that cannot be read: save the file as UTF-8")
    return FileRow(line, {name: cell for name, cell in given.items() if cell.strip()})


def _json_rows(path: Path) -> Iterator[FileRow]:
    encoding = detect_encoding(path)
    with open_log(path) as stream:
        text = TextIOWrapper(cast(Any, stream.unpacked), encoding=encoding, errors="surrogateescape")
        for line, row in enumerate(text, start=1):
            if not row.strip():
                continue
            try:
                values = json.loads(row)
            except ValueError:
                yield FileRow(line, fault="is not JSON: one application is one line like {...}")
                continue
            if not isinstance(values, dict):
                yield FileRow(line, fault="is not one application: write one line like {...} for each")
            elif is_damaged(row):
                yield FileRow(line, fault="has characters that cannot be read: save the file as UTF-8")
            else:
                yield FileRow(line, values)
