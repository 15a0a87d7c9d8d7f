"""Parquet: typed columns to batches of text columns under the names of their roles, in one pass of flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from perintis.doors.importers.attributes import Kinds
from perintis.doors.importers.columns import Columns
from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.mapping import AttributeType, Mapping
from perintis.words.errors import BadInput
from perintis.words.tables import ATTRIBUTE_PREFIX

BATCH_ROWS = 20_000
EXACT_IN_FLOAT = 2**53
UTC_NAMES = ("UTC", "Etc/UTC", "+00:00", "Z")
DAMAGED = "the Parquet file is cut off or damaged; copy it again, nothing was stored"


class ParquetRows:
    """Reads the columns that the mapping names; `row` is the number of the row in the file, from 1.

    Instants keep their offset; those that the file stores in UTC get that of the mapping's time zone where it names
    one, so that their local days are right. Types of attributes are put into `kinds`.
    """

    def __init__(self, path: Path, mapping: Mapping, columns: Columns, kinds: Kinds) -> None:
        self._path = path
        self._mapping = mapping
        self._columns = columns
        self._kinds = kinds

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows as text by role, some row groups at a time; a digit is never lost."""
        with open_log(self._path):  # refuses a file that is empty or absent
            pass
        try:
            scan = pl.scan_parquet(self._path, glob=False)
            schema = scan.collect_schema()
            names = schema.names()
            places = self._columns.places([name.strip() for name in names])
            texts = [self._text(names[at], schema[names[at]]).alias(role) for role, at in places.items()]
            for role, at in places.items():
                if role.startswith(ATTRIBUTE_PREFIX) and schema[names[at]] not in (pl.String, pl.Categorical, pl.Enum):
                    self._kinds[role] = {_kind(schema[names[at]])}
            rows = scan.with_row_index("row", offset=1).select(pl.col("row").cast(pl.UInt32), *texts)
            for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True, lazy=True):
                yield self._columns.by_role(batch)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise BadInput(f"{self._path.name}: {DAMAGED}") from error

    def _text(self, name: str, kind: pl.DataType) -> pl.Expr:
        column = pl.col(name)
        if isinstance(kind, pl.Datetime):
            zone = self._mapping.timezone if kind.time_zone in UTC_NAMES else None
            moved = column.dt.convert_time_zone(zone) if zone is not None else column
            offset = "%:z" if kind.time_zone is not None else ""
            return moved.dt.cast_time_unit("us").dt.strftime(f"%Y-%m-%dT%H:%M:%S%.6f{offset}")
        if kind == pl.Date:
            return column.dt.strftime("%Y-%m-%dT00:00:00")
        if kind.is_float():
            whole = (column == column.floor()) & (column.abs() < EXACT_IN_FLOAT)
            numbers = pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String))
            return numbers.otherwise(column.fill_nan(None).cast(pl.String))
        if kind.is_nested() or kind in (pl.Binary, pl.Object):
            raise BadInput(
                f"{self._path.name}: column {name!r} holds lists or bytes; write its values as text or dates"
            )
        return column.cast(pl.String)


def _kind(kind: pl.DataType) -> AttributeType:
    """The type of an attribute by that of its column."""
    if kind.is_integer():
        return AttributeType.INTEGER
    if kind.is_float():
        return AttributeType.NUMBER
    if isinstance(kind, pl.Datetime):
        return AttributeType.INSTANT
    plain = {pl.Boolean: AttributeType.BOOLEAN, pl.Date: AttributeType.DATE}
    return plain.get(kind.base_type(), AttributeType.TEXT)
