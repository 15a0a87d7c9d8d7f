"""Any well-formed XES through the XML parser, one element at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pyexpat import ExpatError, ParserCreate, XMLParserType

import polars as pl

from perintis.doors.importers.xes_scan import XesBatch
from perintis.words.errors import BadInput

ATTRIBUTE_TAGS = frozenset({"string", "date", "int", "float", "boolean", "id"})
LOG_DEPTH, TRACE_DEPTH, EVENT_DEPTH = 1, 2, 3
BATCH_EVENTS = 20_000


class TraceParser:
    """Collects traces, their events and the attributes that belong to either directly.

    Nested attributes, lists and containers are passed over, as are the log's own attributes and the globals: those
    declare what a log may rely on, so a missing attribute stays missing. Elements may carry a namespace prefix.
    """

    def __init__(self, name: str, event_keys: frozenset[str]) -> None:
        self._name = name
        self._keys = event_keys
        self.parser: XMLParserType = ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._entity
        self.depth = 0
        self.root = ""
        self.traces = 0
        self.stray_events = 0
        self._lines_skipped = 0
        self._in_trace = False
        self._in_event = False
        self._event = 0
        self._full: list[XesBatch] = []
        self._clear()

    def feed(self, block: bytes, *, last: bool = False) -> None:
        """Parse the next bytes; raises `BadInput` where they are not well-formed XML."""
        try:
            self.parser.Parse(block, last)
        except ExpatError as error:
            line = error.lineno + self._lines_skipped
            what = str(error).partition(":")[0]
            raise BadInput(f"{self._name}: not well-formed XML near line {line} ({what})") from error
        except (LookupError, ValueError) as error:
            raise BadInput(f"{self._name}: declares an encoding that cannot be read; save it as UTF-8") from error

    def between_traces(self) -> bool:
        """Whether a trace may begin where the parser stands, found out by showing it an empty one."""
        before = self.traces
        self.feed(b"<trace></trace>")
        if self.traces == before:
            return False
        self.traces = before
        self._trace_numbers.pop()
        return self.depth == LOG_DEPTH

    def passed_over(self, traces: int, lines: int) -> None:
        """Count traces and lines that were read without the parser."""
        self.traces += traces
        self._lines_skipped += lines

    def take(self, *, all_of_it: bool = False) -> Iterator[XesBatch]:
        """The batches that are full, or with `all_of_it` whatever was collected; never half a trace."""
        if all_of_it and not self._in_trace:
            self._close_batch()
        full, self._full = self._full, []
        yield from full

    def _close_batch(self) -> None:
        if not self._trace_numbers:
            return
        batch = XesBatch(
            pl.DataFrame({"trace": self._trace_numbers}, schema={"trace": pl.UInt32}),
            pl.DataFrame(self._events, schema={"trace": pl.UInt32, "event": pl.UInt32}),
            pl.DataFrame(
                self._attributes,
                schema={
                    "trace": pl.UInt32, "eid": pl.UInt32,
                    "key": pl.String, "type": pl.String, "value": pl.String,
                },
            ),
        )  # fmt: skip
        self._full.append(batch)
        self._clear()

    def _clear(self) -> None:
        self._trace_numbers: list[int] = []
        self._events: tuple[list[int], list[int]] = ([], [])
        self._attributes: tuple[list[int], list[int | None], list[str], list[str], list[str]] = (
            [], [], [], [], [],
        )  # fmt: skip

    def _start(self, tag: str, found: dict[str, str]) -> None:
        self.depth += 1
        name = tag.rpartition(":")[2]
        if name in ATTRIBUTE_TAGS:
            self._attribute(name, found)
        elif name == "trace" and self.depth == TRACE_DEPTH:
            self._start_trace()
        elif name == "event":
            if self._in_trace and self.depth == EVENT_DEPTH:
                self._event += 1
                self._in_event = True
                self._events[0].append(self.traces)
                self._events[1].append(self._event)
            elif self.depth == TRACE_DEPTH:
                self.stray_events += 1
        elif self.depth == LOG_DEPTH:
            self.root = tag
            if name != "log":
                raise BadInput(f"{self._name}: not an XES log (its root element is <{name}>, expected <log>)")

    def _start_trace(self) -> None:
        self.traces += 1
        self._trace_numbers.append(self.traces)
        self._in_trace, self._event = True, 0

    def _attribute(self, kind: str, found: dict[str, str]) -> None:
        if not self._in_trace:
            return
        of_event = self.depth == EVENT_DEPTH + 1
        key, value = found.get("key"), found.get("value")
        if key is None or value is None or not (of_event or self.depth == TRACE_DEPTH + 1):
            return
        if of_event and (not self._in_event or key not in self._keys):
            return
        trace, eid, keys, kinds, values = self._attributes
        trace.append(self.traces)
        eid.append(len(self._events[0]) - 1 if of_event else None)
        keys.append(key)
        kinds.append(kind)
        values.append(value)

    def _end(self, tag: str) -> None:
        if self.depth == EVENT_DEPTH:
            self._in_event = False
        elif self.depth == TRACE_DEPTH and self._in_trace:
            self._in_trace = False
            if len(self._events[0]) >= BATCH_EVENTS or len(self._trace_numbers) >= BATCH_EVENTS:
                self._close_batch()
        self.depth -= 1

    def _entity(self, *_: object) -> None:
        raise BadInput(f"{self._name}: declares XML entities, which a log has no need of; nothing was stored")
