"""Exports carry pseudonyms for case references and officers, so that they cannot be joined to other lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perintis.doors.store.database import Database
from perintis.doors.vault.pseudonyms import pseudonyms

if TYPE_CHECKING:
    import polars as pl

    from perintis.words.tables import DataSet

NAMED = ("case", "officer")
"""The columns that lead to a person: a reference by way of the file it is the number of, an officer directly."""


def pseudonymous(database: Database, data: DataSet, agency: str, purpose: str) -> DataSet:
    """The data set with pseudonyms for an agency and a purpose. The same case has the same one in both tables."""
    import polars as pl

    with database.read() as connection:
        name = pseudonyms(connection, agency, purpose)

    def renamed(table: pl.DataFrame) -> pl.DataFrame:
        for column in NAMED:
            if column in table.columns:
                known = table.get_column(column).drop_nulls().unique().to_list()
                names = [name(f"{column}:{value}") for value in known]
                table = table.with_columns(pl.col(column).replace_strict(known, names, return_dtype=pl.String))
        return table

    return replace(data, cases=renamed(data.cases), steps=renamed(data.steps))
