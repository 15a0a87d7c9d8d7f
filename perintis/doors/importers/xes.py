"""XES logs, packed or not: plain pieces by the fast scanner, all others by the XML parser, in one pass."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from perintis.doors.importers.gzip_stream import LogStream
from perintis.doors.importers.xes_parser import TraceParser
from perintis.doors.importers.xes_scan import NotSimple, SimpleScanner, XesBatch, merged
from perintis.words.errors import BadInput

TRACE_OPENS, TRACE_CLOSES = b"<trace>", b"</trace>"
READ = 3 << 19
LONGEST_PIECE = 16 << 20
"""A trace, or a head, of more bytes than this goes through the parser, which needs no whole trace in memory."""

BATCH_ATTRIBUTES = 40_000
"""Pieces are handed over together until they hold so many attributes: each hand-over has a fixed cost."""

FAILURES_AT_MOST = 3
ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
OTHER_VERSION = re.compile(rb"<\?xml[^>]*?version\s*=\s*[\"']1\.[1-9]")


class XesReader:
    """Reads the traces of one XES stream as batches.

    `event_keys` are the keys of event attributes that matter; all attributes of traces are read. `simple=False`
    sends everything through the XML parser, which gives the same batches more slowly.
    """

    def __init__(
        self, stream: LogStream, name: str, event_keys: frozenset[str], *, simple: bool = True, block: int = READ
    ) -> None:
        self._blocks = stream.blocks(block)
        self._name = name
        self._parser = TraceParser(name, event_keys)
        self._scanner = SimpleScanner(event_keys)
        self._simple = simple

    @property
    def stray_events(self) -> int:
        """Events that stood outside of any trace."""
        return self._parser.stray_events

    def batches(self) -> Iterator[XesBatch]:
        """All traces in file order; raises `BadInput` where the file is not an XES log."""
        held: list[XesBatch] = []
        for batch in self._pieces():
            held.append(batch)
            if sum(one.attributes.height for one in held) >= BATCH_ATTRIBUTES:
                yield merged(held)
                held.clear()
        if held:
            yield merged(held)

    def _pieces(self) -> Iterator[XesBatch]:
        rest = self._head() if self._simple else None
        if rest is not None:
            rest = yield from self._scan(rest)
        yield from self._parse(rest or b"")
        if not self._parser.traces:
            raise BadInput(f"{self._name}: no case in it (no <trace> element)")

    def _head(self) -> bytes | None:
        """Parse what comes before the first trace; what follows, or None when all is already with the parser."""
        head, start = b"", -1
        for block in self._blocks:
            head += block
            start = head.find(TRACE_OPENS)
            if start >= 0 or len(head) > LONGEST_PIECE:
                break
        if start < 0 or not _plain(head[:start]):
            self._parser.feed(head)
            return None
        self._parser.feed(head[:start])
        if self._parser.root == "log" and self._parser.between_traces():
            return head[start:]
        self._parser.feed(head[start:])
        return None

    def _scan(self, rest: bytes) -> Generator[XesBatch, None, bytes]:
        """Scan piece by piece; returns what is left for the parser."""
        failures = 0
        while True:
            end = rest.rfind(TRACE_CLOSES) + len(TRACE_CLOSES)
            if end >= len(TRACE_CLOSES):
                piece, rest = rest[:end], rest[end:]
                batch = self._scanned(piece)
                if batch is not None:
                    yield batch
                else:
                    failures += 1
                    yield from self._parsed(piece)
                    if failures >= FAILURES_AT_MOST or not self._parser.between_traces():
                        return rest
            block = next(self._blocks, b"")
            rest += block
            if not block or len(rest) > LONGEST_PIECE:
                return rest

    def _scanned(self, piece: bytes) -> XesBatch | None:
        try:
            batch = self._scanner.scan(piece, self._parser.traces)
        except NotSimple:
            return None
        self._parser.passed_over(batch.traces.height, piece.count(b"\n"))
        return batch

    def _parsed(self, piece: bytes) -> Iterator[XesBatch]:
        self._parser.feed(piece)
        yield from self._parser.take(all_of_it=True)

    def _parse(self, rest: bytes) -> Iterator[XesBatch]:
        """Parse what is left, to the end of the file."""
        self._parser.feed(rest)
        for block in self._blocks:
            self._parser.feed(block)
            yield from self._parser.take()
        self._parser.feed(b"", last=True)
        yield from self._parser.take(all_of_it=True)


def _plain(head: bytes) -> bool:
    """Whether what the head declares leaves the scanner free to go on: UTF-8, XML 1.0, no document type."""
    encoding = ENCODING.search(head)
    if encoding is not None and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        return False
    return b"<!DOCTYPE" not in head and not OTHER_VERSION.search(head)
