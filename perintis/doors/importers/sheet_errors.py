"""Where the error cells (#N/A, #REF!) of an .xlsx are: the sheet reader gives them as empty cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)/?>")
PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]+)(\d+)[\"']")
ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
READ = 1 << 20
ALPHABET = 26


def error_cells(path: Path, sheet: str) -> set[tuple[int, int]]:
    """Row (from 1) and column (from 0) of each error cell of a sheet of an .xlsx; empty where the sheet has none."""
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, sheet)
        return set() if part is None else set(_errors(book, part))


def _part_of(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The file within the workbook that holds a sheet."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
    ids = [one.get(RELATION) for one in sheets if one.tag.endswith("}sheet") and one.get("name") == sheet]
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = [one.get("Target", "") for one in relations if ids and one.get("Id") == ids[0]]
    return str(PurePosixPath("/xl") / targets[0]).lstrip("/") if targets else None


def _errors(book: zipfile.ZipFile, part: str) -> Iterator[tuple[int, int]]:
    rest = b""
    with book.open(part) as stream:
        while block := stream.read(READ):
            piece = rest + block
            end = piece.rfind(b">") + 1
            piece, rest = piece[:end], piece[end:]
            if ERROR.search(piece):
                yield from _errors_of(piece)


def _errors_of(piece: bytes) -> Iterator[tuple[int, int]]:
    for cell in CELL.finditer(piece):
        if ERROR.search(cell[1]) and (place := PLACE.search(cell[1])):
            yield int(place[2]), _number(place[1])


def _number(letters: bytes) -> int:
    """Column A is 0, Z 25, AA 26."""
    number = 0
    for letter in letters:
        number = number * ALPHABET + letter - ord("A") + 1
    return number - 1
