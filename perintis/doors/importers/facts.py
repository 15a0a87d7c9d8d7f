"""What the values of each column of a head are like: how many, how often repeated, dates or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from perintis.doors.importers.head import Head
from perintis.doors.importers.written_dates import WrittenDates, has_month_names, written_dates

MOSTLY = 0.9


@dataclass(frozen=True)
class Facts:
    """One column: its values in row order (None: empty), how many are there and differ, and what they look like."""

    column: str
    values: tuple[str | None, ...]
    filled: int
    distinct: int
    dates: WrittenDates | None
    month_names: bool
    numbers: bool

    @property
    def unique(self) -> bool:
        """No value twice, and hardly any missing."""
        return self.filled > 1 and self.distinct == self.filled and self.filled >= MOSTLY * len(self.values)

    @property
    def repeats(self) -> bool:
        """Values occur twice and more on average."""
        return 1 < self.distinct <= self.filled / 2

    def constant_within(self, case: Facts) -> bool:
        """Whether all rows of a case have one value here."""
        seen: dict[str, str | None] = {}
        return all(seen.setdefault(name, value) == value for name, value in zip(case.values, self.values) if name)  # noqa: B905


@dataclass(frozen=True)
class Table:
    """The facts of all columns of a head."""

    head: Head

    @cached_property
    def facts(self) -> Mapping[str, Facts]:
        """Column -> facts, in the order of the file."""
        return {column: _facts(column, self.head.values(column)) for column in self.head.columns}

    @cached_property
    def rows(self) -> int:
        """Rows looked at."""
        return len(self.head.rows)


def _facts(column: str, values: list[str | None]) -> Facts:
    texts = [value for value in values if value is not None]
    return Facts(
        column=column,
        values=tuple(values),
        filled=len(texts),
        distinct=len(set(texts)),
        dates=written_dates(texts),
        month_names=has_month_names(texts),
        numbers=bool(texts) and sum(map(_is_number, texts)) >= MOSTLY * len(texts),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
