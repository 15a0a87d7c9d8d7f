"""Case attributes: text to the types that a log declares, or that a mapping declares for it."""

from __future__ import annotations

import polars as pl

from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import AttributeType, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
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
