"""Which characters the bytes of a text file mean."""

from __future__ import annotations

import codecs
from pathlib import Path

from perintis.doors.importers.gzip_stream import open_log
from perintis.words.errors import BadInput

SAMPLE = 1 << 20
UNDEFINED_IN_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
MANY = 0.1
FIRST_NON_ASCII = "\x80"
ESCAPED_FROM, ESCAPED_TO = "\udc80", "\udcff"
"""Where Python puts bytes that the encoding does not allow, so that their row can be named."""


def is_damaged(text: str) -> bool:
    """Whether the text holds a byte that its encoding does not allow."""
    return not text.isascii() and any(ESCAPED_FROM <= letter <= ESCAPED_TO for letter in text)


def detect_encoding(path: Path) -> str:
    """The codec for a text file, by its byte order mark or by the first megabyte; UTF-8 where both fit.

    Windows-1252 is taken only when no byte sequence of the sample is UTF-8 beyond ASCII.
    """
    with open_log(path) as stream:
        sample = stream.read(SAMPLE)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise BadInput(f"{path.name}: written in UTF-32; save it as UTF-8")
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sample.count(0) > MANY * len(sample):
        raise BadInput(f"{path.name}: looks like UTF-16 without a mark; save it as UTF-8 or map encoding: utf-16")
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)
    beyond = [letter for letter in text if letter >= FIRST_NON_ASCII]
    damaged = [letter for letter in beyond if ESCAPED_FROM <= letter <= ESCAPED_TO]
    if not damaged or len(damaged) < len(beyond):
        return "utf-8"
    if any(byte in sample for byte in UNDEFINED_IN_1252):
        raise BadInput(f"{path.name}: neither UTF-8 nor Windows-1252; save it as UTF-8")
    return "windows-1252"
