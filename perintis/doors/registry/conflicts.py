"""Conflicts that no rule decides: what officers are shown of them, and what becomes of their choices.

A choice holds for later versions until a record brings a value that the officer did not see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from perintis.doors.registry.history import Ref, State, Value
from perintis.doors.registry.registry import Registry
from perintis.rules.linkage.dates import DateOrder
from perintis.rules.linkage.standard import RECORD, SOURCE
from perintis.rules.linkage.survivorship import PERSON
from perintis.rules.registry.settings import Kind
from perintis.rules.registry.values import standard_values, tables_of

CHOSEN, KEYED = "chosen by an officer", "keyed by an officer"


@dataclass(frozen=True, slots=True)
class Source:
    """One record's value in a conflict: when the agency recorded it, and the version it came with (None: this one)."""

    ref: Ref
    value: str
    recorded: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of one person in which records disagree, with every record that has a value; `codes` that it may have."""

    field: str
    kind: Kind
    codes: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What an officer decided of a conflict: the value of `record`, or one that was keyed; `shown` are its records."""

    field: str
    shown: frozenset[Ref]
    record: Ref | None
    keyed: str | None
    reason: str


class Settled(NamedTuple):
    """The values that officers chose, by person and field, and the conflicts of this delivery that are open."""

    values: dict[Ref, Value]
    conflicts: tuple[Conflict, ...]


def settle(
    registry: Registry, undecided: pl.DataFrame, records: pl.DataFrame, own: int, before: State,
    choices: Sequence[Choice],
) -> Settled:  # fmt: skip
    """Applies choices, old and new, to undecided conflicts (`person`, `field`).

    `records` have their person and delivery; `own` is the delivery that this version is made of. Only conflicts with a
    record of it are shown: the others were shown before.
    """
    values: dict[Ref, Value] = {}
    conflicts: list[Conflict] = []
    versions = {int(d["id"]): d["version"] for d in registry.standardised()}
    rows = _by_person(records, undecided)
    for person, field in undecided.select(PERSON, "field").iter_rows():
        there = [row for row in rows[person] if row[field] is not None]
        made = next(_made(registry, field, there, choices), None) or _kept(before, person, field, there, own)
        if made is not None:
            values[person, field] = made
        elif any(row["delivery"] == own for row in there):
            conflicts.append(_conflict(registry, field, there, versions))
    return Settled(values, tuple(conflicts))


def _by_person(records: pl.DataFrame, undecided: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in records.join(undecided.select(PERSON).unique(), on=PERSON, how="semi").iter_rows(named=True):
        found.setdefault(row[PERSON], []).append(row)
    return found


def _ref(row: Mapping[str, Any]) -> Ref:
    return row[SOURCE], row[RECORD]


def _made(
    registry: Registry, field: str, there: Sequence[Mapping[str, Any]], choices: Sequence[Choice]
) -> Iterator[Value]:  # fmt: skip
    """The value by a choice about these records; a record that was not shown has to agree with it."""
    by_ref = {_ref(row): row for row in there}
    for choice in reversed(choices):
        if choice.field != field or not choice.shown & by_ref.keys():
            continue
        if choice.keyed is not None:
            value = read_keyed(registry, field, choice.keyed)
            found = None if value is None else Value(value, "", "", f"{KEYED}: {choice.reason}")
        elif choice.record in by_ref:
            found = Value(by_ref[choice.record][field], *choice.record, f"{CHOSEN}: {choice.reason}")
        else:
            found = None
        if found and all(row[field] == found.value for ref, row in by_ref.items() if ref not in choice.shown):
            yield found


def _kept(before: State, person: str, field: str, there: Sequence[Mapping[str, Any]], own: int) -> Value | None:
    """What an officer chose for an earlier version, while every record is as it was or agrees with it."""
    value = before.values.get((person, field))
    if value is None or not value.rule.startswith((CHOSEN, KEYED)):
        return None
    news = (row for row in there if row["delivery"] == own or before.links.get(_ref(row), ("",))[0] != person)
    return value if all(row[field] == value.value for row in news) else None


def _conflict(
    registry: Registry, field: str, there: Sequence[Mapping[str, Any]], versions: Mapping[int, int | None]
) -> Conflict:  # fmt: skip
    dated = next((c.column for f in registry.settings.fields.values() for c in f.survives if c.column), None)
    described = registry.settings.fields[field]
    return Conflict(
        field=field,
        kind=described.kind,
        codes=tuple(registry.settings.codes[described.codes]) if described.codes else (),
        sources=tuple(
            Source(_ref(row), row[field], row[dated] if dated else None, versions[row["delivery"]]) for row in there
        ),
    )


def read_keyed(registry: Registry, field: str, text: str) -> str | None:
    """A keyed value in the registry's form, or None where it has none."""
    described = registry.settings.fields[field]
    table = tables_of(registry.settings.codes)[described.codes] if described.codes else None
    order = DateOrder.YEAR_FIRST if described.kind is Kind.DATE else None
    return standard_values([text], described.kind, table, order)[0].value
