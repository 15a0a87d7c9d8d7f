"""Case attributes: text to the types that a log declares, or that a mapping declares for it."""

from __future__ import annotations

import polars as pl

from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import AttributeType, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
from perintis.words.counted import figure_column, whole_column
from perintis.words.tables import ATTRIBUTE_PREFIX

TRUTH = {"true": True, "1": True, "false": False, "0": False}
XES_TYPES = {
    "string": AttributeType.TEXT, "id": AttributeType.TEXT, "int": AttributeType.INTEGER,
    "float": AttributeType.NUMBER, "boolean": AttributeType.BOOLEAN, "date": AttributeType.INSTANT,
}  # fmt: skip
OCEL_TYPES = XES_TYPES | {
    "time": AttributeType.INSTANT, "timestamp": AttributeType.INSTANT, "integer": AttributeType.INTEGER,
    "bool": AttributeType.BOOLEAN,
}  # fmt: skip
SQL_TYPES = {
    "TEXT": AttributeType.TEXT, "INTEGER": AttributeType.INTEGER, "REAL": AttributeType.NUMBER,
    "FLOAT": AttributeType.NUMBER, "BOOLEAN": AttributeType.BOOLEAN, "TIMESTAMP": AttributeType.INSTANT,
    "DATETIME": AttributeType.INSTANT,
}  # fmt: skip
"""Declared types of the columns of an OCEL 2.0 log in SQLite."""

REASONS = {
    AttributeType.INTEGER: "not a whole number",
    AttributeType.NUMBER: "not a number",
    AttributeType.BOOLEAN: "neither true nor false",
    AttributeType.INSTANT: "not a date and time",
    AttributeType.DATE: "not a date",
}
Kinds = dict[str, set[AttributeType]]
"""Column of a case attribute -> the types in which a log writes it."""

WRITTEN_INSTANT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d"


def typed(texts: pl.Series, kind: AttributeType, instants: InstantReader) -> pl.Series:
    """The column in its type; null where a text does not fit."""
    if kind is AttributeType.INTEGER:
        return texts.str.strip_chars().cast(pl.Int64, strict=False)
    if kind is AttributeType.NUMBER:
        return texts.str.strip_chars().cast(pl.Float64, strict=False).fill_nan(None)
    if kind is AttributeType.BOOLEAN:
        return texts.str.strip_chars().str.to_lowercase().replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
    if kind is AttributeType.INSTANT:
        return instants.read(texts)["at"]
    if kind is AttributeType.DATE:
        return texts.str.strip_chars().str.head(10).str.to_date("%Y-%m-%d", strict=False)
    return texts


def declared_types(cases: pl.DataFrame, mapping: Mapping, instants: InstantReader, rejects: Rejects) -> pl.DataFrame:
    """The cases with the attributes of a CSV in the types that the mapping names; what does not fit is nulled."""
    for column, kind in mapping.types.items():
        name = attribute_name(column)
        if name not in cases.columns or cases.schema[name] != pl.String:
            continue
        texts = cases[name]
        values = typed(texts, kind, instants)
        rejects.add_all(cases.filter(values.is_null() & texts.is_not_null()), column, REASONS[kind])
        cases = cases.with_columns(values.alias(name))
    return cases


def with_figures(cases: pl.DataFrame, mapping: Mapping, rejects: Rejects) -> pl.DataFrame:
    """The cases with their figures as numbers: those that the mapping names, and those that a column is headed as.

    What is no number is reported and null. A column that was read for a figure alone is kept under that name only.
    """
    sources = {name: (attribute_name(column), column) for name, column in mapping.figure_columns().items()}
    headed = [name for name in cases.columns if name.startswith((figure_column(""), whole_column("")))]
    sources = {name: (name, name) for name in headed} | sources
    for name, (source, told) in sources.items():
        if source not in cases.columns:
            continue
        given = cases[source]
        numbers = given.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
        finite = numbers.set(numbers.is_finite().fill_null(value=False).not_(), None)
        rejects.add_all(cases.filter(finite.is_null() & given.is_not_null()), told, REASONS[AttributeType.NUMBER])
        cases = cases.with_columns(finite.alias(name))
    read = {source for source, told in sources.values() if source not in sources and not mapping.keeps_as_it_is(told)}
    return cases.drop(read & set(cases.columns))


def texts_that_are_instants(cases: pl.DataFrame, instants: InstantReader) -> set[str]:
    """The attribute columns of text in which every value is a written date with a time of day."""
    found = set()
    for name, kind in cases.schema.items():
        if not name.startswith(ATTRIBUTE_PREFIX) or kind != pl.String:
            continue
        texts = cases[name].drop_nulls()
        looks = bool(texts.str.contains(WRITTEN_INSTANT).all())
        if looks and instants.read(texts)["at"].null_count() == 0:
            found.add(name)
    return found


def common_kind(kinds: set[AttributeType]) -> AttributeType:
    """One type for an attribute that a log writes in several: whole numbers fit into numbers, all else into text."""
    if len(kinds) == 1:
        return next(iter(kinds))
    numbers = {AttributeType.INTEGER, AttributeType.NUMBER}
    return AttributeType.NUMBER if kinds == numbers else AttributeType.TEXT
