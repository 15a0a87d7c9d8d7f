"""Which column of a table plays which role, and rows of text to rows by role: the same for CSV, sheets and Parquet."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from perintis.doors.importers.mapping import EXAMPLE, Layout, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
from perintis.words.errors import BadInput

FILTER = "only:"
CASE_PART = "case:part:"
MILESTONE, MILESTONE_START = "milestones:", "milestones.start:"

Places = dict[str, int]
"""Name in the batch (a role, or `case:NAME` of an attribute) -> place of the column in the file."""


def named_once(columns: Sequence[str], name: str) -> None:
    """Raises `BadInput` where two columns have one name: nobody can say which of them is meant."""
    seen: set[str] = set()
    for column in columns:
        if column and column in seen:
            raise BadInput(f"{name}: two columns are called {column!r}; rename one")
        seen.add(column)


def needed_columns(mapping: Mapping) -> dict[str, str]:
    """Role -> column, for what a file cannot be read without."""
    roles = {CASE_PART + column: column for column in mapping.case_parts}
    if mapping.layout is Layout.EVENTS:
        return roles | {"activity": mapping.activity, "timestamp": mapping.timestamp}
    return roles | _of_milestones(mapping)


class Columns:
    """Finds the columns that a mapping names, and brings batches of text to their roles."""

    def __init__(self, name: str, mapping: Mapping, rejects: Rejects) -> None:
        self._name = name
        self._mapping = mapping
        self._rejects = rejects
        self._case = ", ".join(mapping.case_parts)
        self.filtered = 0

    def places(self, header: Sequence[str]) -> Places:
        """Where each role and each case attribute stands; raises `BadInput` where a column is missing or double."""
        mapping, place = self._mapping, {column: at for at, column in enumerate(header)}
        named_once(header, self._name)
        needed = needed_columns(mapping)
        if mapping.layout is Layout.CASES and mapping.opened is None and not mapping.milestones:
            raise BadInput(f"{self._name}: a case extract needs `opened`: {_seen(header)}")
        own = mapping.case_columns()
        others = mapping.event_columns() if mapping.layout is Layout.EVENTS else {}
        found: Places = {}
        for role, column in (needed | own | others).items():
            if column in place:
                found[role] = place[column]
            elif role in needed or role in own or mapping.named(role):
                raise BadInput(
                    f"{self._name}: no column {column!r} for `{role.partition(':')[0]}`; {_seen(header)}. "
                    "A mapping says which column is which; --guess proposes one. For another file it could "
                    f"be:\n{EXAMPLE}"
                )
        for column in (*mapping.only, *(mapping.attributes or ()), *mapping.figure_columns().values()):
            if column not in place:
                raise BadInput(f"{self._name}: no column {column!r}; {_seen(header)}")
        found |= {FILTER + column: place[column] for column in mapping.only}
        return found | {attribute_name(c): place[c] for c in header if c and mapping.keeps(c)}

    def by_role(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of text under the names of `places`, with `row`: empty is null, `case` is joined, the filter applied."""
        text = pl.col(pl.String)
        rows = rows.with_columns(pl.when(text.str.strip_chars() == "").then(None).otherwise(text).name.keep())
        parts = [CASE_PART + column for column in self._mapping.case_parts]
        rows = rows.with_columns(case=pl.concat_str(parts, separator="/")).drop(parts)
        return self._rejects.drop(self._filter(rows), pl.col("case").is_null(), self._case, "missing")

    def _filter(self, rows: pl.DataFrame) -> pl.DataFrame:
        only = self._mapping.only
        if not only:
            return rows
        wanted = pl.all_horizontal(pl.col(FILTER + column).is_in(values) for column, values in only.items())
        kept = rows.filter(wanted).drop(FILTER + column for column in only)
        self.filtered += rows.height - kept.height
        return kept


def _of_milestones(mapping: Mapping) -> dict[str, str]:
    found = {MILESTONE + column: column for column in mapping.milestones}
    starts = {MILESTONE_START + column: one.start for column, one in mapping.milestones.items()}
    return found | {role: start for role, start in starts.items() if start is not None}


def _seen(header: Sequence[str]) -> str:
    named = [column for column in header if column]
    if len(named) == 1:
        return f"the file has one column, {named[0]!r}, so the `separator` may be another"
    return "the file has the columns " + ", ".join(named)
