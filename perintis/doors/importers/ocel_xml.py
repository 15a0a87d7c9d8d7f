"""OCEL in XML: 1.0 (`.xmlocel`) and 2.0 (`.xml`), element by element."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from perintis.doors.importers.attributes import OCEL_TYPES
from perintis.doors.importers.gzip_stream import Progress, open_log
from perintis.doors.importers.mapping import AttributeType
from perintis.doors.importers.ocel import OcelEvent, OcelObject, Value, changed_note
from perintis.words.errors import BadInput


class OcelXml:
    """One XML file, streamed once for its objects and once for its events."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._path = path
        self._progress = progress
        self.notes: list[str] = []
        self.kinds: dict[tuple[str, str], AttributeType] = {}

    def objects(self) -> Iterator[OcelObject]:
        """All objects; of an attribute that changed over time the last value."""
        found = changed = 0
        for element in self._elements("object"):
            found += 1
            if element.get("id") is not None:
                one, changes = self._second_object(element)
                changed += changes
            else:
                one = self._first_object(element, found)
            yield one
        if not found:
            raise BadInput(f"{self._path.name}: not an OCEL log, for it has no objects")
        self.notes += changed_note(changed)

    def events(self) -> Iterator[OcelEvent]:
        """All events in the order of the file."""
        for at, element in enumerate(self._elements("event"), start=1):
            if element.get("id") is not None:
                values: dict[str, Value] = {one.get("name", ""): one.text for one in element.findall("attributes/*")}
                related = [one.get("object-id", "") for one in element.findall("objects/*")]
                yield OcelEvent(at, element.get("type"), element.get("time"), values, tuple(related))
            else:
                keys = _keys(element)
                values = {one.get("key", ""): one.get("value") for one in _inside(element, "vmap")}
                related = [one.get("value", "") for one in _inside(element, "omap")]
                yield OcelEvent(at, keys.get("activity"), keys.get("timestamp"), values, tuple(related))

    def _second_object(self, element: Element) -> tuple[OcelObject, int]:
        kind = element.get("type", "")
        times: dict[str, str] = {}
        last: dict[str, Value] = {}
        changed: set[str] = set()
        for one in element.findall("attributes/*"):
            name, time = one.get("name", ""), one.get("time", "")
            if name in last and last[name] != one.text:
                changed.add(name)
            if name not in last or time >= times[name]:
                last[name], times[name] = one.text, time
        return OcelObject(element.get("id", ""), kind, last), len(changed)

    def _first_object(self, element: Element, number: int) -> OcelObject:
        keys = _keys(element)
        if keys.get("id") is None or keys.get("type") is None:
            raise BadInput(f"{self._path.name}: object {number} is not written as OCEL says, for it has no id or type")
        inside = _inside(element, "ovmap")
        for one in inside:
            if one.tag in OCEL_TYPES:
                self.kinds[str(keys["type"]), one.get("key", "")] = OCEL_TYPES[one.tag]
        values: dict[str, Value] = {one.get("key", ""): one.get("value") for one in inside}
        return OcelObject(str(keys["id"]), str(keys["type"]), values)

    def _elements(self, wanted: str) -> Iterator[Element]:
        """The whole elements of one name that stand under `events` or `objects`; each is forgotten afterwards."""
        above: list[Element] = []
        try:
            with open_log(self._path, self._progress) as stream:
                for what, element in ElementTree.iterparse(stream, events=("start", "end")):
                    element.tag = element.tag.rpartition("}")[2]
                    if what == "start":
                        above.append(element)
                        continue
                    above.pop()
                    under = above[-1].tag if above else ""
                    if element.tag == "object-type" and wanted == "object":
                        self._declare(element)
                    if element.tag == wanted and under == f"{wanted}s" and len(above) == 2:
                        yield element
                    if len(above) == 2:
                        above[-1].clear()
        except (LookupError, ValueError) as error:
            raise BadInput(f"{self._path.name}: in an unknown encoding; save it as UTF-8") from error
        except ElementTree.ParseError as error:
            raise BadInput(
                f"{self._path.name}: cut off, or not XML (line {error.position[0]}); copy it again"
            ) from error

    def _declare(self, element: Element) -> None:
        for one in element.findall("attributes/*"):
            if one.get("type") in OCEL_TYPES:
                self.kinds[element.get("name", ""), one.get("name", "")] = OCEL_TYPES[one.get("type", "")]


def _keys(element: Element) -> dict[str, str | None]:
    """What an element of version 1.0 says of itself."""
    return {one.get("key", ""): one.get("value") for one in element if len(one) == 0}


def _inside(element: Element, key: str) -> list[Element]:
    return [inner for one in element if one.get("key") == key for inner in one]
