"""OCEL in JSON: 1.0 (`ocel:events`, `ocel:objects`) and 2.0 (`events`, `objects`, `objectTypes`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perintis.doors.importers.attributes import OCEL_TYPES
from perintis.doors.importers.gzip_stream import Progress, open_log
from perintis.doors.importers.json_stream import JsonStream
from perintis.doors.importers.mapping import AttributeType
from perintis.doors.importers.ocel import OcelEvent, OcelObject, Value, changed_note
from perintis.words.errors import BadInput

OBJECTS_1, OBJECTS_2, TYPES_2 = "ocel:objects", "objects", "objectTypes"
EVENTS_1, EVENTS_2 = "ocel:events", "events"


class OcelJson:
    """One JSON file, streamed anew for its types, its objects and its events."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._path = path
        self._progress = progress
        self.notes: list[str] = []
        self.kinds: dict[tuple[str, str], AttributeType] = {}

    def objects(self) -> Iterator[OcelObject]:
        """All objects; of an attribute that changed over time the last value."""
        self._read_types()
        found = changed = 0
        for member, key, value in self._items(OBJECTS_1, OBJECTS_2):
            found += 1
            with_shape = _first_version if member == OBJECTS_1 else _second_version
            try:
                one, changes = with_shape(key, value)
            except (KeyError, TypeError, AttributeError) as error:
                raise self._unlike("object", found, error) from error
            changed += changes
            yield one
        if not found:
            raise BadInput(f"{self._path.name}: not an OCEL log, for it has no objects")
        self.notes += changed_note(changed)

    def events(self) -> Iterator[OcelEvent]:
        """All events in the order of the file."""
        for at, (member, _, value) in enumerate(self._items(EVENTS_1, EVENTS_2), start=1):
            try:
                yield _first_event(at, value) if member == EVENTS_1 else _second_event(at, value)
            except (KeyError, TypeError, AttributeError) as error:
                raise self._unlike("event", at, error) from error

    def _read_types(self) -> None:
        for member, _, value in self._items(TYPES_2, OBJECTS_2, OBJECTS_1):
            if member == TYPES_2:
                try:
                    declared = value.get("attributes") or ()
                    named = {(_name(value["name"]), _name(one["name"])): _name(one["type"]) for one in declared}
                except (KeyError, TypeError, AttributeError) as error:
                    raise self._unlike("object type", 1, error) from error
                self.kinds |= {key: OCEL_TYPES[kind] for key, kind in named.items() if kind in OCEL_TYPES}
            elif member == OBJECTS_1 or self.kinds:
                return

    def _items(self, *members: str) -> Iterator[tuple[str, str | None, Any]]:
        with open_log(self._path, self._progress) as stream:
            yield from JsonStream(stream, self._path.name).items(frozenset(members))

    def _unlike(self, what: str, number: int, error: Exception) -> BadInput:
        missing = f", for it has no {error.args[0]!r}" if isinstance(error, KeyError) else ""
        return BadInput(f"{self._path.name}: {what} {number} is not written as OCEL says{missing}")


def _first_version(key: str | None, value: Any) -> tuple[OcelObject, int]:
    return OcelObject(str(key), _name(value["ocel:type"]), _values(value.get("ocel:ovmap") or {})), 0


def _second_version(_: str | None, value: Any) -> tuple[OcelObject, int]:
    """An object, and how many of its attributes changed."""
    times: dict[str, str] = {}
    last: dict[str, Any] = {}
    changed: set[str] = set()
    for one in value.get("attributes") or ():
        name, time = _name(one["name"]), str(one.get("time") or "")
        if name in last and last[name] != one["value"]:
            changed.add(name)
        if name not in last or time >= times[name]:
            last[name], times[name] = one["value"], time
    return OcelObject(_name(value["id"]), _name(value["type"]), _values(last)), len(changed)


def _first_event(at: int, value: Any) -> OcelEvent:
    objects = value.get("ocel:omap") or ()
    ids = tuple(_name(one["ocel:oid"] if isinstance(one, dict) else one) for one in objects)
    activity, time = _text(value.get("ocel:activity")), _text(value.get("ocel:timestamp"))
    return OcelEvent(at, activity, time, _values(value.get("ocel:vmap") or {}), ids)


def _second_event(at: int, value: Any) -> OcelEvent:
    attributes = {_name(one["name"]): one["value"] for one in value.get("attributes") or ()}
    ids = tuple(_name(one["objectId"]) for one in value.get("relationships") or ())
    return OcelEvent(at, _text(value.get("type")), _text(value.get("time")), _values(attributes), ids)


def _name(value: Any) -> str:
    """An id or a name; some tools write ids as numbers."""
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("an id or a name is a text")
    return str(value)


def _text(value: Any) -> str | None:
    return None if value is None else _name(value)


def _values(attributes: dict[str, Any]) -> dict[str, Value]:
    """Attributes with what is no single value as JSON."""
    plain = str | int | float | None
    return {key: one if isinstance(one, plain) else json.dumps(one) for key, one in attributes.items()}
