"""Row by row: what of an extract can be taken, what goes back to the agency, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from perintis.rules.linkage.codes import CodeTable
from perintis.rules.linkage.numbers import ROUNDED
from perintis.rules.linkage.reading import EMPTY, given
from perintis.rules.registry.settings import PERIOD, RECORD, Column, Kind, RegistrySettings, Source
from perintis.rules.registry.values import standard_values, tables_of

LINE = "line"
_FIRST_OF_MONTH = re.compile(r"\d{4}-\d\d-01(?:[ T]00:00:00)?")
FAULTS = {LINE: pl.Int64, "column": pl.String, "reason": pl.String}


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """`accepted`: line, record and the fields in standard form. `rejected` and `set_aside`: line, column, reason.

    A rejected row goes back as a whole; of a row in `set_aside` only the named value was left out.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    set_aside: pl.DataFrame

    @property
    def rejected_rows(self) -> int:
        """How many rows go back."""
        return self.rejected[LINE].n_unique()


def check_rows(rows: pl.DataFrame, agency: str, settings: RegistrySettings, period: str) -> CheckedRows:
    """Checks rows of text (`line` and the agency's columns) by its columns, and reads them into the registry's form."""
    source = settings.sources[agency]
    tables = tables_of(settings.codes)
    accepted, faults = rows.select(LINE), [pl.DataFrame(schema=FAULTS)]
    rejecting = [pl.DataFrame(schema=FAULTS)]
    for name, column in source.columns.items():
        read = _read_column(rows, name, column, settings, tables, period)
        accepted = accepted.with_columns(read["value"].alias(column.fills))
        told = read.filter(pl.col("reason").is_not_null()).select(LINE, pl.lit(name).alias("column"), "reason")
        if column.required or column.fills in (RECORD, PERIOD):
            rejecting.append(told)
        else:
            rounded = pl.col("reason") == ROUNDED
            rejecting.append(told.filter(rounded))
            faults.append(told.filter(~rounded & (pl.col("reason") != EMPTY)))
    rejecting.append(_repeated(accepted, source))
    rejected = pl.concat(rejecting).sort(LINE, "column")
    left = accepted.join(rejected.select(LINE).unique(), on=LINE, how="anti", maintain_order="left").drop(PERIOD)
    left = left.with_columns(pl.lit(value).alias(field) for field, value in source.constant.items())
    set_aside = pl.concat(faults).join(rejected.select(LINE).unique(), on=LINE, how="anti").sort(LINE, "column")
    return CheckedRows(left, rejected, set_aside)


def _read_column(
    rows: pl.DataFrame, name: str, column: Column, settings: RegistrySettings, tables: Mapping[str, CodeTable],
    period: str,
) -> pl.DataFrame:  # fmt: skip
    """Line, value and reason of one column."""
    texts = rows[name].to_list()
    if column.fills in (RECORD, PERIOD):
        values: list[str | None] = [month_of(text) if column.fills == PERIOD else given(text) for text in texts]
        reasons = [EMPTY if value is None else None for value in values]
        if column.fills == PERIOD:
            told = f"is of another month than the extract, which is of {period}"
            reasons = [r or (told if v != period else None) for v, r in zip(values, reasons, strict=True)]
    else:
        field = settings.fields[column.fills]
        read = standard_values(texts, field.kind, tables.get(field.codes or ""), column.date_order)
        values, reasons = [r.value for r in read], [r.reason for r in read]
    return pl.DataFrame(
        {LINE: rows[LINE], "value": values, "reason": reasons},
        schema_overrides={"value": pl.String, "reason": pl.String},
    )


def _repeated(accepted: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Rows that have the record number of an earlier row."""
    name = source.column_of(RECORD)
    again = accepted.filter(pl.col(RECORD).is_not_null() & ~pl.col(RECORD).is_first_distinct())
    reason = pl.lit("has the number of an earlier row; number each record once")
    return again.select(LINE, pl.lit(name).alias("column"), reason.alias("reason"))


def wrong_month(rows: pl.DataFrame, source: Source, period: str) -> str | None:
    """The one other month that most rows are of, or None; then the extract as a whole is of another month."""
    name = source.column_of(PERIOD)
    assert name is not None
    months = pl.Series(name, [month_of(text) for text in rows[name].to_list()], dtype=pl.String)
    counted = months.value_counts(sort=True).drop_nulls()
    if not counted.height or counted[name][0] == period:
        return None
    return str(counted[name][0]) if counted["count"][0] * 2 > rows.height else None


def month_of(text: str | None) -> str | None:
    """A month as it was agreed, 2026-03, also where a spreadsheet made the first of the month of it."""
    written = given(text)
    return written[:7] if written and _FIRST_OF_MONTH.fullmatch(written) else written


def is_identity(kind: Kind) -> bool:
    """Whether a field of this kind is an identity number."""
    return kind in (Kind.NIK, Kind.PASSPORT)
