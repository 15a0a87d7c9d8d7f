"""What the sheet reader does not tell of the cells of an .xlsx: which are in error (#N/A, #REF!), which are numbers."""

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
NUMBER = re.compile(rb"^(?!.*\bt\s*=\s*[\"'](?!n[\"']))", re.DOTALL)
"""A cell without a type is a number, and so is a date: a number with a style."""
READ = 1 << 20
ALPHABET = 26


def error_cells(path: Path, sheet: str) -> set[tuple[int, int]]:
    """Row (from 1) and column (from 0) of each error cell of a sheet of an .xlsx; empty where the sheet has none."""
    return _cells(path, sheet, ERROR)


def number_cells(path: Path, sheet: str) -> set[tuple[int, int]]:
    """The same of each cell that is kept as a number, dates and cells with a style and no value among them."""
    return _cells(path, sheet, NUMBER)


def _cells(path: Path, sheet: str, kind: re.Pattern[bytes]) -> set[tuple[int, int]]:
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, sheet)
        return set() if part is None else set(_of_kind(book, part, kind))


def _part_of(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The file within the workbook that holds a sheet."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
    ids = [one.get(RELATION) for one in sheets if one.tag.endswith("}sheet") and one.get("name") == sheet]
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = [one.get("Target", "") for one in relations if ids and one.get("Id") == ids[0]]
    return str(PurePosixPath("/xl") / targets[0]).lstrip("/") if targets else None


def _of_kind(book: zipfile.ZipFile, part: str, kind: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    rest = b""
    with book.open(part) as stream:
        while block := stream.read(READ):
            piece = rest + block
            end = piece.rfind(b">") + 1
            piece, rest = piece[:end], piece[end:]
            if kind is not ERROR or ERROR.search(piece):
                yield from _places(piece, kind)


def _places(piece: bytes, kind: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    for cell in CELL.finditer(piece):
        if kind.search(cell[1]) and (place := PLACE.search(cell[1])):
            yield int(place[2]), _number(place[1])


def _number(letters: bytes) -> int:
    """Column A is 0, Z 25, AA 26."""
    number = 0
    for letter in letters:
        number = number * ALPHABET + letter - ord("A") + 1
    return number - 1
