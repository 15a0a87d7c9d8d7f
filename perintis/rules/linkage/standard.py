"""Whole columns in their standard form: the frame that is linked, and what could not be read, row by row.

Each column `name` becomes `cN` (N its place in the settings) and keys derived from it: `cN_sound`, `cN_start`,
`cN_year`. The names are ours, so that no name of an agency's column reaches a query. An impossible date and a NIK with
a wrong digit stay in `cN` as digits: they are no values, but two records with the same mistake, or one digit apart, are
likely one person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from perintis.rules.linkage.codes import postcode_area, standard_address, standard_postcode, standard_text
from perintis.rules.linkage.dates import AMBIGUOUS, order_shown, standard_date
from perintis.rules.linkage.names import sound_key, standard_name, words_key
from perintis.rules.linkage.numbers import (
    comparable_nik,
    standard_email,
    standard_nik,
    standard_number,
    standard_passport,
    standard_phone,
    standard_sex,
)
from perintis.rules.linkage.reading import EMPTY, Reading
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role
from perintis.words.errors import BadInput

SOURCE, RECORD, ROW = "source", "record", "row"
PROBLEMS = {SOURCE: pl.String, RECORD: pl.String, "column": pl.String, "reason": pl.String}

_READERS: dict[Role, Callable[[str | None], Reading[str]]] = {
    Role.GIVEN_NAME: standard_name,
    Role.FAMILY_NAME: standard_name,
    Role.FULL_NAME: standard_name,
    Role.SEX: standard_sex,
    Role.ADDRESS: standard_address,
    Role.HOUSE_NUMBER: standard_text,
    Role.POSTCODE: standard_postcode,
    Role.PLACE: standard_address,
    Role.NIK: standard_nik,
    Role.IDENTITY_NUMBER: standard_number,
    Role.PASSPORT: standard_passport,
    Role.PHONE: standard_phone,
    Role.EMAIL: standard_email,
    Role.OTHER: standard_text,
}
_KEYS: dict[Role, dict[str, Callable[[str], str | None]]] = {
    Role.NIK: {"valid": lambda digits: standard_nik(digits).value},
    Role.GIVEN_NAME: {"sound": sound_key, "start": lambda name: sound_key(name)[:3], "cross": str},
    Role.FAMILY_NAME: {"sound": sound_key, "start": lambda name: sound_key(name)[:4], "cross": str},
    Role.FULL_NAME: {"sound": words_key, "start": lambda name: words_key(name)[:5]},
    Role.DATE_OF_BIRTH: {"year": lambda text: text[:4]},
    Role.POSTCODE: {"start": postcode_area},
    Role.EMAIL: {"start": lambda address: address.split("@")[0]},
}


@dataclass(frozen=True, slots=True)
class Standardised:
    """The records to be linked (`row`, `source`, `record`, `cN`...) and the values that could not be read.

    `problems` has a line for each such value: source, record, column, reason; never the value.
    """

    records: pl.DataFrame
    problems: pl.DataFrame


def standardise(sources: Mapping[str, pl.DataFrame], linkage: Linkage) -> Standardised:
    """Reads every source's columns by role. A column that a source lacks is missing for all its records.

    Raises BadInput where a source has no record ids, has one twice, or has none of the columns.
    """
    if not sources:
        raise BadInput("there is no source to link; give at least one")
    parts = [_standardise(name, frame, linkage) for name, frame in sorted(sources.items())]
    records = pl.concat([records for records, _ in parts]).with_row_index(ROW)
    return Standardised(records, pl.concat([problems for _, problems in parts]))


def _standardise(source: str, frame: pl.DataFrame, linkage: Linkage) -> tuple[pl.DataFrame, pl.DataFrame]:
    _check(source, frame, linkage)
    frame = frame.with_columns(pl.col(linkage.record_id).cast(pl.String)).sort(linkage.record_id)
    out = frame.select(pl.lit(source).alias(SOURCE), pl.col(linkage.record_id).alias(RECORD))
    problems = [pl.DataFrame(schema=PROBLEMS)]
    for place, column in enumerate(linkage.columns):
        texts = frame[column.name].cast(pl.String) if column.name in frame.columns else pl.Series([None] * frame.height)
        read = _read(texts.cast(pl.String), column, f"c{place}")
        out = out.hstack(read.drop("reason"))
        bad = out.select(SOURCE, RECORD, pl.lit(column.name).alias("column"), reason=read["reason"])
        problems.append(bad.filter(pl.col("reason").is_not_null() & (pl.col("reason") != EMPTY)))
    return out, pl.concat(problems)


def _check(source: str, frame: pl.DataFrame, linkage: Linkage) -> None:
    if linkage.record_id not in frame.columns:
        raise BadInput(f"source {source!r} has no column {linkage.record_id!r}; name the column of its record numbers")
    ids = frame[linkage.record_id]
    if ids.null_count():
        raise BadInput(f"source {source!r} has records without a number in {linkage.record_id!r}; number them")
    if ids.n_unique() < ids.len():
        raise BadInput(f"source {source!r} has a record number twice in {linkage.record_id!r}; number each record once")
    if not {column.name for column in linkage.columns} & set(frame.columns):
        raise BadInput(f"source {source!r} has none of the columns to be linked; check their names in the settings")


def _read(texts: pl.Series, column: LinkedColumn, name: str) -> pl.DataFrame:
    """The standard form of a column, its keys and the reasons; each different text is read once."""
    different = texts.unique(maintain_order=True)
    values, reasons = _values(different.to_list(), column)
    keys = _KEYS.get(column.role, {})
    table = pl.DataFrame(
        {
            "text": different,
            name: values,
            **{f"{name}_{key}": [None if v is None else make(v) for v in values] for key, make in keys.items()},
            "reason": reasons,
        },
        schema_overrides={name: pl.String, "reason": pl.String, **{f"{name}_{key}": pl.String for key in keys}},
    )
    joined = texts.alias("text").to_frame().join(table, on="text", how="left", nulls_equal=True, maintain_order="left")
    return joined.drop("text")


def _values(texts: list[str | None], column: LinkedColumn) -> tuple[list[str | None], list[str | None]]:
    if column.role is Role.DATE_OF_BIRTH:
        order = column.date_order or order_shown(texts)
        dates = [standard_date(text, order) for text in texts]
        return [date.text for date in dates], [date.reason for date in dates]
    if column.role is Role.NIK:
        numbers = [standard_nik(text) for text in texts]
        return [comparable_nik(text) for text in texts], [number.reason for number in numbers]
    readings = [_READERS[column.role](text) for text in texts]
    return [reading.value for reading in readings], [reading.reason for reading in readings]


def ambiguous_dates(problems: pl.DataFrame) -> int:
    """How many dates of birth have two readings."""
    return problems.filter(pl.col("reason") == AMBIGUOUS).height
