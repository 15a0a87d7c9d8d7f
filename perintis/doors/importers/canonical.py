"""A digest of the content of a table that depends on nothing but the content.

For each column: its name, its kind, and SHA-256 over (1) the lengths or presence of its values and (2) the values
themselves, in row order. How the rows were cut into pieces, which Parquet writer stored them and on which machine
make no difference. Numbers are little-endian 8-byte integers or IEEE doubles, instants microseconds since 1970 in
UTC, dates days since 1970, text UTF-8 with its length in bytes, lists their length and then their items.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import polars as pl

NULL_LENGTH = -1


class _ColumnDigest:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.shape = hashlib.sha256()
        self.values = hashlib.sha256()
        self.items: _ColumnDigest | None = None

    def add(self, column: pl.Series) -> None:
        kind = column.dtype
        if isinstance(kind, pl.List):
            self._add_list(column, kind)
        elif kind == pl.String:
            self._add_text(column)
        else:
            self.shape.update(_bytes(column.is_not_null().cast(pl.UInt8), "u1"))
            self.values.update(_numbers(column))

    def _add_text(self, column: pl.Series) -> None:
        lengths = column.str.len_bytes().cast(pl.Int64).fill_null(NULL_LENGTH)
        self.shape.update(_bytes(lengths, "<i8"))
        if column.null_count() < len(column):
            self.values.update(column.str.join("").item().encode())

    def _add_list(self, column: pl.Series, kind: pl.List) -> None:
        lengths = column.list.len().cast(pl.Int64).fill_null(NULL_LENGTH)
        self.shape.update(_bytes(lengths, "<i8"))
        self.items = self.items or _ColumnDigest(_kind(kind.inner))
        items = column.drop_nulls().filter(column.drop_nulls().list.len() > 0).explode()
        if len(items):
            self.items.add(items)

    def hexdigest(self) -> list[Any]:
        inner = self.items.hexdigest() if self.items else None
        return [self.kind, self.shape.hexdigest(), self.values.hexdigest(), inner]


class TableDigest:
    """Takes a table piece by piece; the columns and their types must be the same in each piece."""

    def __init__(self) -> None:
        self._columns: dict[str, _ColumnDigest] = {}
        self._rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows."""
        for name, kind in rows.schema.items():
            if name not in self._columns:
                self._columns[name] = _ColumnDigest(_kind(kind))
            self._columns[name].add(rows[name])
        self._rows += rows.height

    def hexdigest(self) -> str:
        """SHA-256 over the digests of the columns in their order."""
        content = [self._rows, [[name, column.hexdigest()] for name, column in self._columns.items()]]
        return digest_of(content)


def digest_of(values: object) -> str:
    """SHA-256 of plain values as JSON with sorted keys and no spaces."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _kind(kind: Any) -> str:
    if isinstance(kind, pl.List):
        return f"list of {_kind(kind.inner)}"
    if kind.is_integer():
        return "integer"
    if kind.is_float():
        return "number"
    names = {pl.String: "text", pl.Boolean: "boolean", pl.Date: "date", pl.Null: "nothing"}
    return "instant" if isinstance(kind, pl.Datetime) else names[kind.base_type()]


def _numbers(column: pl.Series) -> bytes:
    """The values with 0 for null, in 8 bytes each (1 for booleans)."""
    if column.dtype == pl.Boolean:
        return _bytes(column.cast(pl.UInt8).fill_null(0), "u1")
    if column.dtype.is_float():
        return _bytes(column.cast(pl.Float64).fill_null(0.0), "<f8")
    if column.dtype == pl.Null:
        return b""
    return _bytes(column.to_physical().cast(pl.Int64).fill_null(0), "<i8")


def _bytes(column: pl.Series, kind: str) -> bytes:
    return np.ascontiguousarray(column.to_numpy(), dtype=kind).tobytes()
