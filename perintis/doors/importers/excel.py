"""Sheets of a workbook (.xlsx, .xls, .ods): rows to batches of text columns under the names of their roles."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from perintis.doors.importers.columns import Columns, needed_columns
from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.sheet_errors import error_cells
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from fastexcel import ExcelReader

BATCH_ROWS = 20_000
HEADER_WITHIN = 100
"""Rows in which a header is looked for."""

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP_MAGIC = b"PK"
DATE = r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$"
TIME_ALONE = r"^(?:1899-12-3\d|1900-01-\d\d)T(\d\d:\d\d:\d\d)"
"""A time of day without a date, which a workbook keeps as a moment of its first day."""

DAMAGED = "the workbook is cut off or damaged; copy it again, nothing was stored"
PROTECTED = "protected by a password; save it without one"
IN_ERROR = "an error cell of the sheet (like #N/A)"


class ExcelRows:
    """Reads one sheet; `row` is the number of a row as the workbook shows it.

    A sheet is read whole: it has at most 1,048,576 rows. Dates of the workbook come as ISO 8601 with a T, so that
    `InstantReader` with `typed` knows them from written ones; a number that is no date stays a number and is
    rejected where a date should be. A merged cell has its value in its first row only. An error cell of an .xlsx
    in a column that is mapped rejects its row; in .xls and .ods such a cell is like an empty one.
    """

    def __init__(self, path: Path, mapping: Mapping, rejects: Rejects, columns: Columns) -> None:
        self._path = path
        self._mapping = mapping
        self._rejects = rejects
        self._columns = columns
        self.sheet = ""
        self.left = 0
        self.other_sheets: tuple[str, ...] = ()

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows as text by role; empty cells are null and empty rows are passed over."""
        cells, self.left = self._load()
        at, header = self._header(cells)
        places = self._columns.places(header)
        wrong = self._errors()
        rows = cells.with_row_index("row", offset=1).slice(at + 1)
        for batch in rows.iter_slices(BATCH_ROWS):
            texts = [_text(cells.columns[place]).alias(role) for role, place in places.items()]
            filled = batch.filter(~pl.all_horizontal(pl.col(cells.columns).is_null()))
            taken = filled.select(pl.col("row").cast(pl.UInt32), *texts)
            if wrong:
                within = {self.left + place for place in places.values()}
                named = [row for row, column in wrong if column in within]
                taken = self._rejects.drop(taken, pl.col("row").is_in(named), "row", IN_ERROR)
            yield self._columns.by_role(taken)

    def _load(self) -> tuple[pl.DataFrame, int]:
        """The cells of the chosen sheet as text from its first row, and the number of its first column, from 0."""
        import fastexcel

        self._recognise()
        try:
            book = fastexcel.read_excel(self._path)
            return self._choose(book)
        except fastexcel.FastExcelError as error:
            raise BadInput(f"{self._path.name}: {_why(error)}") from error

    def _recognise(self) -> None:
        """Refuse what is not a workbook of the kind its ending says."""
        with open_log(self._path) as stream:
            start = stream.read(len(OLE_MAGIC))
        old = self._path.suffix.lower() == ".xls"
        if start == OLE_MAGIC and not old:
            raise BadInput(f"{self._path.name}: protected by a password, or an old .xls; save it as .xlsx without one")
        if not start.startswith(OLE_MAGIC if old else ZIP_MAGIC):
            raise BadInput(f"{self._path.name}: not a workbook, whatever its ending says; save it as .xlsx again")
        if not old:
            self._check()

    def _check(self) -> None:
        """Hold every part of a packed workbook against its check sum, which the sheet reader does not."""
        try:
            with zipfile.ZipFile(self._path) as book:
                damaged = book.testzip()
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
            raise BadInput(f"{self._path.name}: {DAMAGED}") from error
        except RuntimeError as error:  # a part that is encrypted
            raise BadInput(f"{self._path.name}: {PROTECTED}") from error
        if damaged is not None:
            raise BadInput(f"{self._path.name}: {DAMAGED}")

    def _choose(self, book: ExcelReader) -> tuple[pl.DataFrame, int]:
        names = book.sheet_names
        wanted = self._mapping.sheet
        if wanted is not None and wanted not in names:
            raise BadInput(f"{self._path.name}: no sheet {wanted!r}; it has {', '.join(names)}")
        for name in [wanted] if wanted is not None else names:
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            if wanted is None and sheet.visible != "visible":
                continue
            cells = sheet.to_polars()
            if cells.select(pl.any_horizontal(pl.all().is_not_null()).any()).item() if cells.width else False:
                self.sheet = name
                self.other_sheets = tuple(other for other in names if other != name)
                return cells, sheet.available_columns()[0].absolute_index
        which = f"sheet {wanted!r} is empty" if wanted is not None else "every sheet is empty"
        raise BadInput(f"{self._path.name}: {which}; give the sheet with the rows as `sheet`")

    def _header(self, cells: pl.DataFrame) -> tuple[int, list[str]]:
        """Place and names of the header: the row that is given, or the first that has every column needed.

        Where none has, the first row with the most names, so that the message lists what people see as the header.
        """
        given = self._mapping.header_row
        if given is not None:
            if given > cells.height:
                raise BadInput(f"{self._path.name}: no row {given} in sheet {self.sheet!r} for `header_row`")
            return given - 1, _names(cells.row(given - 1))
        needed = set(needed_columns(self._mapping).values()) | set(self._mapping.case_columns().values())
        rows = [_names(row) for row in cells.head(HEADER_WITHIN).rows()]
        full = next((at for at, row in enumerate(rows) if needed <= set(row)), None)
        if full is None:
            full = max(range(len(rows)), key=lambda at: (sum(map(bool, rows[at])), -at))
        return full, rows[full]

    def _errors(self) -> set[tuple[int, int]]:
        if self._path.suffix.lower() != ".xlsx":
            return set()
        try:
            return error_cells(self._path, self.sheet)
        except (KeyError, SyntaxError) as error:  # a part that is not there, or is not XML
            raise BadInput(f"{self._path.name}: {DAMAGED}") from error


def _names(row: tuple[Any, ...]) -> list[str]:
    """Names of columns with the line breaks of their cells as spaces."""
    return ["" if cell is None else " ".join(str(cell).split()) for cell in row]


def _text(column: str) -> pl.Expr:
    """A column with the dates of the workbook in their form, and a time without a date as a time."""
    dated = pl.col(column).str.replace(DATE, "${1}T${2}")
    return dated.str.replace(TIME_ALONE, "${1}")


def _why(error: Exception) -> str:
    """One sentence for what the library says over many lines."""
    told = str(error).lower()
    if "password" in told or "encrypt" in told:
        return PROTECTED
    return DAMAGED
