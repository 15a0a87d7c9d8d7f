"""Object-centric logs: objects of one type become the cases, and the events that name them their events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from perintis.doors.importers.attributes import REASONS, Kinds, typed
from perintis.doors.importers.events import EventReader
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import AttributeType, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.spool import Spool
from perintis.doors.importers.table_rows import Pieces
from perintis.words.errors import BadInput
from perintis.words.tables import ATTRIBUTE_PREFIX

BATCH = 10_000
MOST_NAMED = 5
FIXED = ("activity", "timestamp")
Value = str | int | float | bool | None


class OcelObject(NamedTuple):
    """One object: its id, its type, and its attributes as they were last."""

    id: str
    type: str
    attributes: MappingType[str, Value]


class OcelEvent(NamedTuple):
    """One event, its number in the file from 1, and the ids of the objects it belongs to."""

    number: int
    activity: str | None
    at: str | None
    attributes: MappingType[str, Value]
    objects: tuple[str, ...]


class OcelSource(Protocol):
    """A log of one of the OCEL formats, which can be read more than once."""

    notes: list[str]
    kinds: dict[tuple[str, str], AttributeType]
    """(type of object, attribute) -> declared type, where the format declares any; complete after `objects`."""

    def objects(self) -> Iterator[OcelObject]:
        """All objects, in the order of the file."""

    def events(self) -> Iterator[OcelEvent]:
        """All events, in any order."""


class OcelCases:
    """Reads a source twice: its objects for the cases, then its events.

    A role that the mapping names is an attribute of the event or else a type of object, of which the event's first
    object counts (`officer: resource`). Roles of the case are attributes of its object.
    """

    def __init__(
        self, source: OcelSource, path: Path, mapping: Mapping, instants: InstantReader, rejects: Rejects, kinds: Kinds
    ) -> None:
        self._source = source
        self._name = path.name
        self._mapping = mapping
        self._instants = instants
        self._rejects = rejects
        self._kinds = kinds
        self._roles = {role: column for role, column in mapping.event_columns().items() if role not in FIXED}
        self._codes: dict[str, int] = {}
        self._types: Counter[str] = Counter()
        self._others: dict[str, str] = {}
        self._without: Counter[str] = Counter()
        self._outside: set[str] = set()
        self._shared = self._extra = 0

    @property
    def filtered(self) -> int:
        """Objects of the type that the filter `only` leaves out."""
        return len(self._outside)

    def pieces(self, reader: EventReader, folder: Path) -> Pieces:
        """Cases with their events, in the order of the objects in the file."""
        cases, events = Spool(folder, name="cases"), Spool(folder)
        objects = self._objects_of_the_case()
        while batch := list(islice(objects, BATCH)):
            cases.add(self._case_frame(batch))
        self._check_type()
        self._forget_texts()
        rows = self._events_of_cases()
        empty = None
        while taken := list(islice(rows, BATCH)):
            frame = reader.read(self._event_frame(taken))
            empty = frame.clear()
            events.add(frame)
        if empty is None:
            raise BadInput(f"{self._name}: no event belongs to an object of type {self._mapping.object_type!r}")
        yield from _side_by_side(cases, events, empty)

    def notes(self) -> Iterator[str]:
        """What a reader should know of objects and events that do not fit one case each."""
        yield from self._source.notes
        kind = self._mapping.object_type
        if self._shared:
            yield (
                f"{self._shared} events belong to several objects of type {kind} and count for each of them "
                f"({self._extra} steps more than events)"
            )
        if self._without:
            named = ", ".join(f"{activity} {count}" for activity, count in self._without.most_common(MOST_NAMED))
            more = f" and {len(self._without) - MOST_NAMED} more kinds" if len(self._without) > MOST_NAMED else ""
            yield f"{self._without.total()} events without an object of type {kind} are left out: {named}{more}"

    def _objects_of_the_case(self) -> Iterator[tuple[int, OcelObject]]:
        wanted = set(self._roles.values())
        number = 0
        for one in self._source.objects():
            number += 1
            self._types[one.type] += 1
            if one.type in wanted:
                self._others[one.id] = one.type
            if one.type != self._mapping.object_type:
                continue
            if one.id in self._codes:
                self._rejects.add(number, "object", "an earlier object of this type has this id")
            elif self._wanted(one):
                self._codes[one.id] = len(self._codes)
                yield number, one

    def _wanted(self, one: OcelObject) -> bool:
        texts = {attribute_name(key): _text(value) for key, value in one.attributes.items()}
        fits = all(texts.get(attribute_name(column)) in values for column, values in self._mapping.only.items())
        if not fits:
            self._outside.add(one.id)
        return fits

    def _check_type(self) -> None:
        kind = self._mapping.object_type
        counts = ", ".join(f"{name} ({count:,})" for name, count in self._types.most_common())
        if kind is None:
            raise BadInput(f"{self._name}: name the type of object that is the case as `object_type`; it has {counts}")
        if not self._types[kind]:
            raise BadInput(f"{self._name}: no object of type {kind!r}; it has {counts or 'no objects'}")

    def _case_frame(self, batch: list[tuple[int, OcelObject]]) -> pl.DataFrame:
        """Cases (key, row, case, roles as text, attributes as text)."""
        columns: dict[str, list[str | None]] = {}
        for at, (_, one) in enumerate(batch):
            for key, value in one.attributes.items():
                column = columns.setdefault(key.removeprefix(ATTRIBUTE_PREFIX), [None] * len(batch))
                column[at] = _text(value) or None
                self._note_kind(one.type, key, value)
        cases = pl.DataFrame(
            {
                "key": [self._codes[one.id] for _, one in batch],
                "row": [number for number, _ in batch],
                "case": [one.id for _, one in batch],
            },
            schema={"key": pl.UInt32, "row": pl.UInt32, "case": pl.String},
        )
        for role, named in self._mapping.case_columns().items():
            found = columns.get(named.removeprefix(ATTRIBUTE_PREFIX), [None] * len(batch))
            cases = cases.with_columns(pl.Series(role, found, dtype=pl.String))
        for key, values in columns.items():
            name = attribute_name(key)
            if self._mapping.keeps(name) or self._mapping.keeps(key):
                cases = cases.with_columns(pl.Series(name, values, dtype=pl.String))
                self._report_misfits(cases, key)
        return cases

    def _note_kind(self, kind: str, key: str, value: Value) -> None:
        declared = self._source.kinds.get((kind, key))
        if value is not None:
            self._kinds.setdefault(attribute_name(key), set()).add(declared or _kind(value))

    def _forget_texts(self) -> None:
        """Leave attributes of nothing but text to the writer, which knows instants among them."""
        for name in [name for name, kinds in self._kinds.items() if kinds == {AttributeType.TEXT}]:
            del self._kinds[name]

    def _report_misfits(self, cases: pl.DataFrame, key: str) -> None:
        name = attribute_name(key)
        kinds = self._kinds.get(name, set())
        if len(kinds) == 1 and (kind := next(iter(kinds))) is not AttributeType.TEXT:
            wrong = typed(cases[name], kind, self._instants).is_null() & cases[name].is_not_null()
            self._rejects.add_all(cases.filter(wrong).select("row"), key, REASONS[kind])

    def _events_of_cases(self) -> Iterator[tuple[int, OcelEvent]]:
        """(number of the case, event), once for each case the event belongs to."""
        for event in self._source.events():
            codes = {self._codes[one]: None for one in event.objects if one in self._codes}
            if not codes and self._outside.isdisjoint(event.objects):
                self._without[event.activity or "(no activity)"] += 1
            if len(codes) > 1:
                self._shared += 1
                self._extra += len(codes) - 1
            for code in codes:
                yield code, event

    def _event_frame(self, taken: list[tuple[int, OcelEvent]]) -> pl.DataFrame:
        """Events (key, row, roles as text)."""
        known = {name for _, event in taken for name in event.attributes} | set(self._others.values())
        roles = {role: column for role, column in self._roles.items() if column in known}
        texts = {role: [self._of_role(column, event) for _, event in taken] for role, column in roles.items()}
        fixed: dict[str, list[str | None]] = {
            "activity": [event.activity or None for _, event in taken],
            "timestamp": [event.at or None for _, event in taken],
        }
        numbers = {"key": [key for key, _ in taken], "row": [event.number for _, event in taken]}
        schema = dict.fromkeys(numbers, pl.UInt32) | dict.fromkeys(fixed | texts, pl.String)
        return pl.DataFrame(numbers | fixed | texts, schema=pl.Schema(schema))

    def _of_role(self, column: str, event: OcelEvent) -> str | None:
        value = _text(event.attributes.get(column))
        return value or next((one for one in event.objects if self._others.get(one) == column), None)


def changed_note(changed: int) -> list[str]:
    """A note where attributes of objects have more than one value over time."""
    return [f"{changed} attributes of objects changed over time; the last value is taken"] if changed else []


def _side_by_side(cases: Spool, events: Spool, empty: pl.DataFrame) -> Pieces:
    """Buckets of cases with the events of the same cases, in the order of the file within a case."""
    waiting = events.numbered_buckets()
    upcoming = next(waiting, None)
    for number, some in cases.numbered_buckets():
        if upcoming is not None and upcoming[0] == number:
            yield some, upcoming[1].sort("key", "row", maintain_order=True)
            upcoming = next(waiting, None)
        else:
            yield some, empty


def _text(value: Value) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(value: Value) -> AttributeType:
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if isinstance(value, int):
        return AttributeType.INTEGER
    return AttributeType.NUMBER if isinstance(value, float) else AttributeType.TEXT
