"""One small object-centric log, written in each of the OCEL formats."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

OBJECTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("P1", "permit", {"channel": "desk", "pages": 3, "fee": 2.5, "urgent": True, "filed": "2024-02-28T09:00:00+07:00"}),
    (
        "P2",
        "permit",
        {"channel": "post", "pages": 4, "fee": 1.0, "urgent": False, "filed": "2024-02-29T09:00:00+07:00"},
    ),
    ("ani", "officer", {}),
    ("budi", "officer", {}),
    ("C7", "company", {}),
)
EVENTS: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    ("check", "2024-03-01T09:00:00+07:00", {"department": "polri"}, ("P1", "ani")),
    ("hearing", "2024-03-02T09:00:00+07:00", {"department": "imigrasi"}, ("budi", "P1", "P2")),
    ("decide", "2024-03-03T09:00:00+07:00", {}, ("P2",)),
    ("decide", "2024-03-03T09:00:00+07:00", {}, ("P1", "C7")),
    ("audit", "2024-03-04T09:00:00+07:00", {}, ("C7", "ani")),
)
TYPES = {"channel": "string", "pages": "integer", "fee": "float", "urgent": "boolean", "filed": "time"}
CHANGE = ("P2", "channel", "internet", "2024-03-02T00:00:00Z")
"""An attribute that changes, in the formats that can say so."""


def json_1(path: Path) -> None:
    """OCEL 1.0 in JSON."""
    events = {
        f"e{at}": {"ocel:activity": name, "ocel:timestamp": time, "ocel:vmap": attributes, "ocel:omap": list(ids)}
        for at, (name, time, attributes, ids) in enumerate(EVENTS)
    }
    objects = {name: {"ocel:type": kind, "ocel:ovmap": attributes} for name, kind, attributes in OBJECTS}
    path.write_text(json.dumps({"ocel:global-log": {}, "ocel:events": events, "ocel:objects": objects}))


def json_2(path: Path) -> None:
    """OCEL 2.0 in JSON."""
    begin = "1970-01-01T00:00:00Z"
    objects: list[dict[str, Any]] = [
        {
            "id": name,
            "type": kind,
            "attributes": [{"name": k, "value": v, "time": begin} for k, v in attributes.items()],
        }
        for name, kind, attributes in OBJECTS
    ]
    objects[1]["attributes"].insert(0, {"name": CHANGE[1], "value": CHANGE[2], "time": CHANGE[3]})
    events = [
        {
            "id": f"e{at}", "type": name, "time": time,
            "attributes": [{"name": k, "value": v} for k, v in attributes.items()],
            "relationships": [{"objectId": one, "qualifier": "about"} for one in ids],
        }
        for at, (name, time, attributes, ids) in enumerate(EVENTS)
    ]  # fmt: skip
    types = [{"name": "permit", "attributes": [{"name": k, "type": v} for k, v in TYPES.items()]}]
    path.write_text(json.dumps({"objectTypes": types, "eventTypes": [], "objects": objects, "events": events}))


def xml_text(value: Any) -> str:
    """A value as XML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def xml_1(path: Path) -> None:
    """OCEL 1.0 in XML."""
    tags = {bool: "boolean", int: "int", float: "float", str: "string"}

    def values(attributes: dict[str, Any]) -> str:
        return "".join(
            f'<{"date" if k == "filed" else tags[type(v)]} key="{k}" value="{xml_text(v)}"/>'
            for k, v in attributes.items()
        )

    events = "".join(
        f'<event><string key="id" value="e{at}"/><string key="activity" value="{name}"/>'
        f'<date key="timestamp" value="{time}"/><list key="omap">'
        + "".join(f'<string key="object-id" value="{one}"/>' for one in ids)
        + f'</list><list key="vmap">{values(attributes)}</list></event>'
        for at, (name, time, attributes, ids) in enumerate(EVENTS)
    )
    objects = "".join(
        f'<object><string key="id" value="{name}"/><string key="type" value="{kind}"/>'
        f'<list key="ovmap">{values(attributes)}</list></object>'
        for name, kind, attributes in OBJECTS
    )
    path.write_text(f'<?xml version="1.0"?><log><events>{events}</events><objects>{objects}</objects></log>')


def xml_2(path: Path) -> None:
    """OCEL 2.0 in XML."""
    types = "".join(f'<attribute name="{k}" type="{v}"/>' for k, v in TYPES.items())

    def attribute(name: str, value: Any, time: str = "1970-01-01T00:00:00Z") -> str:
        return f'<attribute name="{name}" time="{time}">{xml_text(value)}</attribute>'

    objects = "".join(
        f'<object id="{name}" type="{kind}"><attributes>'
        + "".join(attribute(k, v) for k, v in attributes.items())
        + (attribute(CHANGE[1], CHANGE[2], CHANGE[3]) if name == CHANGE[0] else "")
        + "</attributes></object>"
        for name, kind, attributes in OBJECTS
    )
    events = "".join(
        f'<event id="e{at}" type="{name}" time="{time}"><attributes>'
        + "".join(f'<attribute name="{k}">{v}</attribute>' for k, v in attributes.items())
        + "</attributes><objects>"
        + "".join(f'<relationship object-id="{one}" qualifier="about"/>' for one in ids)
        + "</objects></event>"
        for at, (name, time, attributes, ids) in enumerate(EVENTS)
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><log><object-types><object-type name="permit"><attributes>'
        f"{types}</attributes></object-type></object-types><event-types/>"
        f"<objects>{objects}</objects><events>{events}</events></log>"
    )


def sqlite_2(path: Path) -> None:
    """OCEL 2.0 in SQLite."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as log, log:
        log.executescript(
            """
            CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
            CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
            CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
            CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
            CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT,
                PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
            CREATE TABLE object_Permit (ocel_id TEXT, ocel_time TIMESTAMP, channel TEXT, pages INTEGER, fee REAL,
                urgent BOOLEAN, filed TIMESTAMP, ocel_changed_field TEXT);
            """
        )
        for kind, table in (("permit", "Permit"), ("officer", "Officer"), ("company", "Company")):
            log.execute("INSERT INTO object_map_type VALUES (?, ?)", (kind, table))
            if table != "Permit":
                log.execute(f"CREATE TABLE object_{table} (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT)")
        for name, kind, attributes in OBJECTS:
            log.execute("INSERT INTO object VALUES (?, ?)", (name, kind))
            marks = ", ".join("?" * (len(attributes) + 3))
            row = (name, "1970-01-01 00:00:00", *attributes.values(), None)
            log.execute(f"INSERT INTO object_{kind.title()} VALUES ({marks})", row)
        log.execute(
            "INSERT INTO object_Permit (ocel_id, ocel_time, channel, ocel_changed_field) VALUES (?, ?, ?, 'channel')",
            (CHANGE[0], CHANGE[3], CHANGE[2]),
        )
        for name in sorted({event[0] for event in EVENTS}):
            log.execute("INSERT INTO event_map_type VALUES (?, ?)", (name, name.title()))
            log.execute(f"CREATE TABLE event_{name.title()} (ocel_id TEXT, ocel_time TIMESTAMP, department TEXT)")
        for at, (name, time, attributes, ids) in enumerate(EVENTS):
            log.execute("INSERT INTO event VALUES (?, ?)", (f"e{at}", name))
            row = (f"e{at}", time, attributes.get("department"))
            log.execute(f"INSERT INTO event_{name.title()} VALUES (?, ?, ?)", row)
            log.executemany("INSERT INTO event_object VALUES (?, ?, 'about')", [(f"e{at}", one) for one in ids])


FORMATS: dict[str, Callable[[Path], None]] = {
    "log.jsonocel": json_1, "log.json": json_2, "log.xmlocel": xml_1, "log.xml": xml_2, "log.sqlite": sqlite_2,
}  # fmt: skip
WITH_CHANGES = ("log.json", "log.xml", "log.sqlite")
