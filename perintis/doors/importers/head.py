"""The head of a table in a file (CSV, workbook, Parquet): columns and first rows as text, before anything is mapped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from perintis.doors.importers.encoding import detect_encoding
from perintis.doors.importers.gzip_stream import open_log
from perintis.words.errors import BadInput

HEAD_ROWS = 2000
HEADER_WITHIN = 100
SEPARATORS = (",", ";", "\t", "|")
DECLARED = "sep="
NUL = "\0"
WORKBOOKS = (".xlsx", ".xls", ".ods")
ISO_DAY = r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)"


@dataclass(frozen=True)
class Head:
    """Columns by name and the first rows as text, None where a cell is empty. `whole` tells that these are all rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    whole: bool

    def values(self, column: str) -> list[str | None]:
        """The cells of a column."""
        at = self.columns.index(column)
        return [row[at] for row in self.rows]


def read_head(path: Path, separator: str | None = None, encoding: str | None = None, sheet: str | None = None) -> Head:
    """The head of a file; `BadInput` where it is no table that can be looked into."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the file of the log")
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        found = list(islice(_csv_rows(path, separator, encoding), HEAD_ROWS + 2))
    elif name.endswith(WORKBOOKS):
        found = _from_header(list(islice(_sheet_rows(path, sheet), HEADER_WITHIN + HEAD_ROWS + 2)))
    elif name.endswith(".parquet"):
        found = _parquet_rows(path)
    else:
        raise BadInput(
            f"{path.name}: only tables can be guessed at (.csv, {', '.join(WORKBOOKS)}, .parquet); XES and OCEL name"
            " their columns themselves"
        )
    return _head(path.name, found)


def _head(name: str, found: list[list[str | None]]) -> Head:
    header = [(cell or "").strip() for cell in found[0]] if found else []
    kept = [at for at, column in enumerate(header) if column]
    if not kept or len(found) < 2:
        raise BadInput(f"{name}: there is no header with rows under it, so nothing can be guessed")
    columns = tuple(header[at] for at in kept)
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise BadInput(f"{name}: two columns are called {twice!r}; rename one")
    rows = [row for row in found[1 : HEAD_ROWS + 1] if len(row) == len(header)]
    if not rows:
        raise BadInput(
            f"{name}: no row has the {len(header)} fields that the header has; look for a wrong separator, or a quote"
            " that is never closed"
        )
    cells = tuple(tuple(_cell(row[at]) for at in kept) for row in rows)
    return Head(name, columns, cells, whole=len(found) <= HEAD_ROWS + 1)


def _cell(text: str | None) -> str | None:
    return text.strip() or None if text is not None else None


def _csv_rows(path: Path, separator: str | None, encoding: str | None) -> Iterator[list[str | None]]:
    codec = encoding or detect_encoding(path)
    with open_log(path) as stream:
        text = io.TextIOWrapper(stream.unpacked, encoding=codec, errors="replace", newline="")
        try:
            first = text.readline()
            if NUL in first:
                raise BadInput(f"{path.name}: NUL bytes in the first line; save it as text in UTF-8")
            if first.lower().startswith(DECLARED) and len(first.strip()) == len(DECLARED) + 1:
                separator, first = separator or first.strip()[-1], text.readline()
            cut = separator or max(SEPARATORS, key=first.count)
            yield [*next(csv.reader([first], delimiter=cut), [])]
            for row in csv.reader(text, delimiter=cut):
                if row:
                    yield [*row]
        except (UnicodeError, csv.Error) as error:
            raise BadInput(f"{path.name}: cannot be read as CSV in {codec} ({error})") from error
        finally:
            text.detach()  # the file belongs to whoever opened it


def _sheet_rows(path: Path, wanted: str | None) -> Iterator[list[str | None]]:
    """The rows of the named sheet, or of the first that is visible and not empty; dates as ISO 8601."""
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        for name in [wanted] if wanted else book.sheet_names:
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            cells = sheet.to_polars()
            if cells.height and cells.width and (wanted or sheet.visible == "visible"):
                iso = cells.with_columns(pl.all().str.replace(ISO_DAY, "${1}T${2}"))
                yield from ([*row] for row in iso.iter_rows())
                return
    except (fastexcel.FastExcelError, OSError) as error:
        raise BadInput(f"{path.name}: cannot be read as a workbook; save it as .xlsx again") from error


def _from_header(rows: list[list[str | None]]) -> list[list[str | None]]:
    """The rows from the header on: the first row with the most names among those at the top."""
    if not rows:
        return []
    named = [sum(bool(cell) for cell in row) for row in rows[:HEADER_WITHIN]]
    return rows[named.index(max(named)) :]


def _parquet_rows(path: Path) -> list[list[str | None]]:
    try:
        table = pl.scan_parquet(path, glob=False).head(HEAD_ROWS + 1).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path.name}: the Parquet file is cut off or damaged; copy it again") from error
    flat = [name for name, kind in table.schema.items() if not kind.is_nested()]
    texts = table.select(
        pl.col(name).dt.to_string("iso:strict") if kind.is_temporal() else pl.col(name).cast(pl.String)
        for name, kind in table.schema.items()
        if name in flat
    )
    return [[*flat], *([*row] for row in texts.iter_rows())]
