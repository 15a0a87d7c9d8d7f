"""CSV logs and case extracts: rows to batches of text columns under the names of their roles."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

import polars as pl

from perintis.doors.importers.columns import Columns, Places
from perintis.doors.importers.encoding import is_damaged
from perintis.doors.importers.gzip_stream import LogStream
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.rejects import Rejects
from perintis.words.errors import BadInput

BATCH_ROWS = 10_000
LONGEST_FIELD = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
DECLARED = "sep="
"""What Excel writes as a line of its own before the header of a CSV."""

NUL = "\0"
NOT_A_ROW = "the quotation marks do not match"
SWALLOWED = "its lines look like rows of their own, so a quotation mark was left open"

Picked = tuple[int | str, ...]
"""The line on which a row begins, then the fields that matter."""


class CsvReader:
    """Reads the rows of a CSV as text; `row` is the line of the file on which a row begins.

    A row is rejected as a whole where its values could be in wrong columns: too few or too many fields, quotation
    marks that do not match or swallow the next rows, bytes that the encoding does not allow, NUL bytes.
    """

    def __init__(
        self, stream: LogStream, name: str, mapping: Mapping, encoding: str, rejects: Rejects, columns: Columns
    ) -> None:
        self._stream = stream
        self._name = name
        self._separator: str | None = mapping.separator
        self._rejects = rejects
        self._encoding = encoding
        self._columns = columns
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        self._text = io.TextIOWrapper(stream.unpacked, encoding=encoding, errors=errors, newline="")
        self._record: list[str] = []
        self._before_header = 0

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows as text, columns named by role, case attributes as `case:NAME`; empty fields are null."""
        csv.field_size_limit(LONGEST_FIELD)
        try:
            self._open()
            places = self._columns.places(self._header)
            fields = self._fields()
            while batch := list(islice(fields, BATCH_ROWS)):
                self._stream.report()
                yield self._columns.by_role(self._frame(batch, places))
        except UnicodeError as error:
            raise BadInput(f"{self._name}: not readable as {self._encoding}; save it as UTF-8") from error
        finally:
            self._text.detach()  # the file belongs to whoever opened it

    def _open(self) -> None:
        """Read the header."""
        head, declared = self._text.readline(), None
        if head.lower().startswith(DECLARED) and head.strip()[len(DECLARED) :] in SEPARATORS:
            declared, self._before_header = head.strip()[len(DECLARED) :], 1
            head = self._text.readline()
        if not head.strip():
            raise BadInput(f"{self._name}: the first line is empty; it must name the columns")
        if NUL in head:
            raise BadInput(f"{self._name}: NUL bytes in the first line; save it as text in UTF-8")
        separator = self._separator = self._separator or declared or _separator(head)
        self._rows = csv.reader(self._lines(head), delimiter=separator, strict=True)
        try:
            self._header = [column.strip() for column in next(self._rows)]
        except csv.Error as error:
            raise BadInput(f"{self._name}: the header is not CSV ({error})") from error

    def _lines(self, head: str) -> Iterator[str]:
        """The lines of the file; those of the row being read are kept in `_record`."""
        yield head
        for line in self._text:
            self._record.append(line)
            yield line

    def _fields(self) -> Iterator[tuple[int, list[str]]]:
        width = len(self._header)
        while True:
            self._record.clear()
            line = self._rows.line_num + 1 + self._before_header
            try:
                fields = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                self._not_csv(line, error)
                continue
            if len(fields) != width:
                if fields:
                    self._rejects.add(line, "row", f"{len(fields)} fields where the header has {width}")
            elif len(self._record) > 1 and self._swallowed(width):
                self._rejects.add(line, "row", SWALLOWED)
            else:
                yield line, fields

    def _swallowed(self, width: int) -> bool:
        """Whether the first and the last line of a row over several lines have the fields of rows themselves.

        A field with a line break never looks so, unless it holds separators too, and as many as are missing.
        """
        return all(self._record[at].count(str(self._separator)) == width - 1 for at in (0, -1))

    def _not_csv(self, line: int, error: csv.Error) -> None:
        """Reject one line, or refuse the file where a quote swallows the lines that follow it."""
        if "field limit" in str(error):
            raise BadInput(f"{self._name}: line {line} has a field of more than a megabyte; is it a CSV?") from error
        if "end of data" in str(error) or len(self._record) > 1:
            raise BadInput(f"{self._name}: the quote opened in line {line} is never closed") from error
        self._rejects.add(line, "row", NOT_A_ROW)

    def _frame(self, batch: list[tuple[int, list[str]]], columns: Places) -> pl.DataFrame:
        schema = pl.Schema({"row": pl.UInt32} | dict.fromkeys(columns, pl.String))
        places = tuple(columns.values())
        picked: list[Picked] = [(line, *(fields[place] for place in places)) for line, fields in batch]
        try:
            frame = pl.DataFrame(picked, schema=schema, orient="row")
        except UnicodeEncodeError:
            frame = pl.DataFrame(self._undamaged(picked), schema=schema, orient="row")
        holds_nul = pl.any_horizontal(pl.col(pl.String).str.contains(NUL, literal=True))
        return self._rejects.drop(frame, holds_nul, "row", "a NUL byte in it")

    def _undamaged(self, rows: list[Picked]) -> list[Picked]:
        """The rows without bytes that the encoding does not allow; the others are rejected."""
        kept = []
        for row in rows:
            if any(is_damaged(field) for field in row if isinstance(field, str)):
                self._rejects.add(int(row[0]), "row", f"characters that are not {self._encoding}")
            else:
                kept.append(row)
        return kept


def _separator(head: str) -> str:
    """The separator that cuts the header into the most columns; a comma where none does."""
    return max(SEPARATORS, key=lambda separator: head.count(separator))
