"""CSV logs and case extracts: rows to batches of text columns under the names of their roles."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

import polars as pl

from perintis.doors.importers.encoding import is_damaged
from perintis.doors.importers.gzip_stream import LogStream
from perintis.doors.importers.mapping import EXAMPLE, Layout, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
from perintis.words.errors import BadInput

BATCH_ROWS = 10_000
LONGEST_FIELD = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
FILTER = "only:"
CASE_PART = "case:part:"
REQUIRED = {Layout.EVENTS: ("activity", "timestamp"), Layout.CASES: ("opened",)}

Picked = tuple[int | str, ...]
"""The line on which a row begins, then the fields that matter."""


class CsvReader:
    """Reads the rows of a CSV as text; `row` is the line of the file on which a row begins.

    A row with too few or too many fields, or with bytes that the encoding does not allow, is rejected as a whole:
    its values could be in wrong columns.
    """

    def __init__(self, stream: LogStream, name: str, mapping: Mapping, encoding: str, rejects: Rejects) -> None:
        self._stream = stream
        self._name = name
        self._mapping = mapping
        self._rejects = rejects
        self._encoding = encoding
        self._case = ", ".join(mapping.case_parts)
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        self._text = io.TextIOWrapper(stream.unpacked, encoding=encoding, errors=errors, newline="")
        self.filtered = 0

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows as text, columns named by role, case attributes as `case:NAME`; empty fields are null."""
        csv.field_size_limit(LONGEST_FIELD)
        try:
            rows = self._open(self._text.readline())
            columns = self._columns(self._header)
            fields = self._fields(rows)
            while batch := list(islice(fields, BATCH_ROWS)):
                self._stream.report()
                yield self._frame(batch, columns)
        except UnicodeError as error:
            raise BadInput(f"{self._name}: not readable as {self._encoding}; save it as UTF-8") from error
        finally:
            self._text.detach()  # the file belongs to whoever opened it

    def _open(self, head: str) -> Iterator[list[str]]:
        """Read the header; the rows that follow it."""
        if not head.strip():
            raise BadInput(f"{self._name}: the first line is empty; it must name the columns")
        separator = self._mapping.separator or _separator(head)
        self._line = 0

        def lines() -> Iterator[str]:
            yield head
            yield from self._text

        self._reader = csv.reader(lines(), delimiter=separator, strict=True)
        try:
            self._header = [column.strip() for column in next(self._reader)]
        except csv.Error as error:
            raise BadInput(f"{self._name}: the header is not CSV ({error})") from error
        named = [column for column in self._header if column]
        for column in named:
            if named.count(column) > 1:
                raise BadInput(f"{self._name}: two columns are called {column!r}; rename one")
        return self._reader

    def _fields(self, rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
        width = len(self._header)
        while True:
            line = self._reader.line_num + 1
            try:
                fields = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                self._not_csv(line, error)
                continue
            if len(fields) == width:
                yield line, fields
            elif fields:
                self._rejects.add(line, "row", f"{len(fields)} fields where the header has {width}")

    def _not_csv(self, line: int, error: csv.Error) -> None:
        """Reject one line, or refuse the file where a quote swallows the lines that follow it."""
        if "end of data" in str(error) or self._reader.line_num > line:
            raise BadInput(f"{self._name}: the quote opened in line {line} is never closed") from error
        self._rejects.add(line, "row", "the quotation marks do not match")

    def _columns(self, header: list[str]) -> dict[str, int]:
        """Name in the batch -> place in the row."""
        mapping, place = self._mapping, {column: at for at, column in enumerate(header)}
        required = REQUIRED[mapping.layout]
        if mapping.layout is Layout.CASES and mapping.opened is None:
            raise BadInput(f"{self._name}: a case extract needs `opened`: {_seen(header)}")
        roles = {CASE_PART + column: column for column in mapping.case_parts} | mapping.case_columns()
        if mapping.layout is Layout.EVENTS:
            roles |= mapping.event_columns()
        found: dict[str, int] = {}
        for role, column in roles.items():
            if column in place:
                found[role] = place[column]
            elif (
                role.startswith(CASE_PART) or role in required or mapping.named(role) or role in mapping.case_columns()
            ):
                raise BadInput(
                    f"{self._name}: no column {column!r} for `{role.partition(':')[0]}`; {_seen(header)}. "
                    f"A mapping says which column is which, for example:\n{EXAMPLE}"
                )
        for column in (*mapping.only, *(mapping.attributes or ())):
            if column not in place:
                raise BadInput(f"{self._name}: no column {column!r}; {_seen(header)}")
        found |= {FILTER + column: place[column] for column in mapping.only}
        return found | {attribute_name(c): place[c] for c in header if c and mapping.keeps(c)}

    def _frame(self, batch: list[tuple[int, list[str]]], columns: dict[str, int]) -> pl.DataFrame:
        schema = pl.Schema({"row": pl.UInt32} | dict.fromkeys(columns, pl.String))
        places = tuple(columns.values())
        picked: list[Picked] = [(line, *(fields[place] for place in places)) for line, fields in batch]
        try:
            frame = pl.DataFrame(picked, schema=schema, orient="row")
        except UnicodeEncodeError:
            frame = pl.DataFrame(self._undamaged(picked), schema=schema, orient="row")
        text = pl.col(pl.String)
        frame = frame.with_columns(pl.when(text.str.strip_chars() == "").then(None).otherwise(text).name.keep())
        parts = [CASE_PART + column for column in self._mapping.case_parts]
        frame = frame.with_columns(case=pl.concat_str(parts, separator="/")).drop(parts)
        return self._rejects.drop(self._filter(frame), pl.col("case").is_null(), self._case, "missing")

    def _undamaged(self, rows: list[Picked]) -> list[Picked]:
        """The rows without bytes that the encoding does not allow; the others are rejected."""
        kept = []
        for row in rows:
            if any(is_damaged(field) for field in row if isinstance(field, str)):
                self._rejects.add(int(row[0]), "row", f"characters that are not {self._encoding}")
            else:
                kept.append(row)
        return kept

    def _filter(self, frame: pl.DataFrame) -> pl.DataFrame:
        only = self._mapping.only
        if not only:
            return frame
        wanted = pl.all_horizontal(pl.col(FILTER + column).is_in(values) for column, values in only.items())
        kept = frame.filter(wanted).drop(FILTER + column for column in only)
        self.filtered += frame.height - kept.height
        return kept


def _separator(head: str) -> str:
    """The separator that cuts the header into the most columns; a comma where none does."""
    return max(SEPARATORS, key=lambda separator: head.count(separator))


def _seen(header: list[str]) -> str:
    return "the file has the columns " + ", ".join(column for column in header if column)
