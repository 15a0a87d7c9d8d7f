"""What changed from one version of the registry to another: persons, links and values, by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

Values = Mapping[tuple[str, str], str]
"""The value of each (person, field) that has one."""
Links = Mapping[tuple[str, str], str]
"""The person of each (agency, record)."""


class Change(StrEnum):
    """What happened to a value."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class ValueChange(NamedTuple):
    """One value of one person, before and after."""

    person: str
    field: str
    change: Change
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """`persons_added` and `persons_removed` by id; `records_moved`: records that now belong to another person."""

    persons_added: frozenset[str]
    persons_removed: frozenset[str]
    records_added: int
    records_removed: int
    records_moved: int
    values: tuple[ValueChange, ...] = field(repr=False)

    def by_field(self) -> dict[str, dict[Change, int]]:
        """How many values of each field were added, changed and removed."""
        counts = Counter((change.field, change.change) for change in self.values)
        found: dict[str, dict[Change, int]] = {}
        for (name, change), number in sorted(counts.items()):
            found.setdefault(name, {})[change] = number
        return found


def difference(before: tuple[Values, Links], after: tuple[Values, Links]) -> Difference:
    """The differences between two versions, each given as its values and links."""
    values_before, links_before = before
    values_after, links_after = after
    persons_before, persons_after = set(links_before.values()), set(links_after.values())
    both = links_before.keys() & links_after.keys()
    return Difference(
        persons_added=frozenset(persons_after - persons_before),
        persons_removed=frozenset(persons_before - persons_after),
        records_added=len(links_after.keys() - links_before.keys()),
        records_removed=len(links_before.keys() - links_after.keys()),
        records_moved=sum(links_before[ref] != links_after[ref] for ref in both),
        values=tuple(_changes(values_before, values_after)),
    )


def _changes(before: Values, after: Values) -> Iterator[ValueChange]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        what = Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
        yield ValueChange(*key, what, old, new)
