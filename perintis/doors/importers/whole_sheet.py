"""A sheet of a workbook as it stands: a header and rows of text, for tables that are no log."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from perintis.doors.importers.columns import Columns, Places
from perintis.doors.importers.excel import ExcelRows
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.rejects import Rejects

Row = tuple[int, tuple[str | None, ...]]


@dataclass(frozen=True)
class Sheet:
    """The names of the columns, the rows with their number in the sheet, and the rows that hold an error cell.

    `name` is that of the sheet, and `left` the number of its first column that is used, from 0.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    in_error: tuple[int, ...]
    name: str
    left: int


class _EveryColumn(Columns):
    """Takes all columns by their place and leaves rows as they are."""

    header: tuple[str, ...] = ()

    def places(self, header: Sequence[str]) -> Places:
        self.header = tuple(header)
        return {str(place): place for place in range(len(header))}

    def by_role(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows


def read_sheet(path: Path, looked_for: Mapping) -> Sheet:
    """Read the sheet that `looked_for` names, or the first that is not empty; BadInput where it cannot be read.

    The header is the first row with the columns of `looked_for`, else the row with the most names.
    """
    with tempfile.TemporaryDirectory() as folder:
        refused = Path(folder) / "rejects.csv"
        with Rejects(refused) as rejects:
            columns = _EveryColumn(path.name, looked_for, rejects)
            reader = ExcelRows(path, looked_for, rejects, columns)
            batches = list(reader.batches())
        with refused.open(encoding="utf-8", newline="") as stream:
            in_error = tuple(int(line["row"]) for line in csv.DictReader(stream))
    rows = tuple((int(row), cells) for batch in batches for row, *rest in batch.iter_rows() if (cells := tuple(rest)))
    return Sheet(columns.header, rows, in_error, reader.sheet, reader.left)
