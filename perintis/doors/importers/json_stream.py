"""The items of the large lists and objects of a JSON file, one by one, without holding the file in memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from perintis.doors.importers.gzip_stream import LogStream
from perintis.words.errors import BadInput

BLOCK = 1 << 18
LONGEST_ITEM = 64 << 20
SPACE = " \t\r\n"
AFTER_VALUE = ",:]}" + SPACE
PIECE_OF_NUMBER = 4
"""A number whose rest is still to be read (1.5e-3 after 1) is followed by fewer letters than this."""

CLOSES = {"[": "]", "{": "}"}


class JsonStream:
    """Walks the members of the outermost object of one JSON text in UTF-8, in the order of the file."""

    def __init__(self, stream: LogStream, name: str) -> None:
        self._blocks = stream.blocks(BLOCK)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._name = name
        self._text = ""
        self._at = 0
        self._ended = False

    def items(self, wanted: frozenset[str]) -> Iterator[tuple[str, str | None, Any]]:
        """(member, key, value) for each item of the wanted members; the key is None where a member is a list.

        Members that are not wanted are passed over in the same way. Raises `BadInput` where the text is no JSON
        object or ends too early.
        """
        self._expect("{")
        if self._peek() == "}":
            return
        while True:
            member = self._key()
            if self._peek() in CLOSES:
                for key, value in self._inner():
                    if member in wanted:
                        yield member, key, value
            else:
                self._value()
            if self._expect(",}") == "}":
                break
        if self._peek(at_end=True):
            raise self._bad()

    def _inner(self) -> Iterator[tuple[str | None, Any]]:
        opened = self._expect("[{")
        closes = CLOSES[opened]
        if self._peek() == closes:
            self._at += 1
            return
        while True:
            key = self._key() if opened == "{" else None
            yield key, self._value()
            if self._expect("," + closes) == closes:
                return

    def _key(self) -> str:
        key = self._value()
        if not isinstance(key, str):
            raise self._bad()
        self._expect(":")
        return key

    def _value(self) -> Any:
        """The next value; more is read until it is whole."""
        self._peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or len(self._text) - self._at > LONGEST_ITEM:
                    raise self._bad(cut=self._ended and self._breaks_off(error.pos)) from error
            except RecursionError as error:
                raise BadInput(f"{self._name}: nested too deeply for a log") from error
            else:
                after = self._text[end : end + PIECE_OF_NUMBER]
                if (after[:1] in AFTER_VALUE and after) or len(after) == PIECE_OF_NUMBER:
                    self._at = end
                    return value
                if self._ended:
                    raise self._bad(cut=True)
            self._more(double=True)

    def _expect(self, letters: str) -> str:
        letter = self._peek()
        if letter not in letters:
            raise self._bad()
        self._at += 1
        return letter

    def _peek(self, *, at_end: bool = False) -> str:
        """The next letter that is no space; empty at the end, which is an error unless `at_end`."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in SPACE:
                    return self._text[self._at]
                self._at += 1
            if self._ended:
                if at_end:
                    return ""
                raise self._bad(cut=True)
            self._more()

    def _more(self, *, double: bool = False) -> None:
        """Read on; with `double` as much again as is held, so that a long value is not tried too often."""
        rest = self._text[self._at :]
        wanted, parts = (len(rest) if double else 1), []
        try:
            while wanted > 0 and not self._ended:
                block = next(self._blocks, b"")
                self._ended = not block
                parts.append(self._decoder.decode(block, final=self._ended))
                wanted -= len(parts[-1])
        except UnicodeDecodeError as error:
            raise BadInput(f"{self._name}: not UTF-8, which JSON must be; export it again") from error
        self._text, self._at = rest + "".join(parts), 0

    def _breaks_off(self, at: int) -> bool:
        """Whether a text that cannot be read from `at` on ends in the midst of something."""
        written = self._text.rstrip(SPACE)
        return at >= len(written) or not written.endswith("}")

    def _bad(self, *, cut: bool = False) -> BadInput:
        if cut:
            return BadInput(f"{self._name}: the file is cut off; copy it again, nothing was stored")
        return BadInput(f"{self._name}: not JSON of an event log; export it again")
