"""Reads the cells of a workbook (.xlsx) of applications, with what its cells hold: text, a date or a number.

A number stays one. Where the application has text (an identity or passport number), its model refuses a number, as
it must: Excel keeps fifteen digits of a number and no leading zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from perintis.doors.importers.excel import DAMAGED, HEADER_WITHIN, IN_ERROR
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.sheet_errors import number_cells
from perintis.doors.importers.whole_sheet import read_sheet
from perintis.words.errors import BadInput

Value = str | int | float
Cells = list[Value]
MIDNIGHT = "T00:00:00"
"""How the time of a day without one is read."""

PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def sheet_cells(path: Path, known: Callable[[Sequence[str]], int]) -> Iterator[tuple[int, Cells, str | None]]:
    """The header, then each row that is not blank: its number in the sheet, its cells, and its fault or None.

    The first sheet that is not empty is read. Its header is the row in which most names are `known`, the first of
    them where several are equal. Raises BadInput for the file as a whole.
    """
    sheet = read_sheet(path, Mapping(header_row=1))
    above: list[tuple[int, Sequence[str | None]]] = [(1, sheet.header), *sheet.rows[:HEADER_WITHIN]]
    first, header = max(above, key=lambda row: known([cell or "" for cell in row[1]]))
    try:
        numbers = number_cells(path, sheet.name)
    except (KeyError, SyntaxError) as error:  # a part that is not there, or is not XML
        raise BadInput(f"{path.name}: {DAMAGED}") from error
    yield first, [cell or "" for cell in header], None
    wrong = dict.fromkeys((row for row in sheet.in_error if row > first), f"has {IN_ERROR}")
    rows = {
        row: [_value(cell, (row, sheet.left + at) in numbers) for at, cell in enumerate(cells)]
        for row, cells in sheet.rows
        if row > first
    }
    for row in sorted(rows.keys() | wrong.keys()):
        yield row, rows.get(row, []), wrong.get(row)


def _value(cell: str | None, is_number: bool) -> Value:
    text = (cell or "").removesuffix(MIDNIGHT)
    if not is_number or not PLAIN_NUMBER.fullmatch(text):
        return text
    return float(text) if not text.lstrip("-").isdigit() else int(text)
