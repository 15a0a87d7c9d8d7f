"""Answers to the satisfaction survey from a table, CSV or a workbook: one row a respondent, with the case and U1 to U9.

Good rows are taken, bad ones come back with their row and field, and no reason repeats a value.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, cast

from perintis.doors.importers.encoding import detect_encoding, is_damaged
from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.store.satisfaction import Answers, answer_columns
from perintis.words.errors import BadInput

CODES = tuple(code.upper() for code in answer_columns())
CASE = ("case", "reference", "nomor", "nomor permohonan", "no permohonan")
ENDINGS, WORKBOOKS = (".csv", ".txt", ".tsv"), (".xlsx", ".xls", ".ods")
SEPARATORS = ",;\t"
ANSWERS = {"1": 1, "2": 2, "3": 3, "4": 4}
LONGEST_CELL = 131_072
NOT_AN_ANSWER = "is not a whole number from 1 to 4"

Cells = Sequence[str | None]


class Reject(NamedTuple):
    """A row that is refused: its row in the file, the field, and why. Never a value."""

    row: int
    field: str
    reason: str


class Respondent(NamedTuple):
    """The answers to one case, and the row they stand in."""

    row: int
    case: str
    answers: Answers


@dataclass(frozen=True)
class AnswerSheet:
    """The rows that can be taken, one a case; `repeated` rows say the same again, `silent` rows have no answer."""

    respondents: tuple[Respondent, ...]
    rejected: tuple[Reject, ...]
    repeated: int = 0
    silent: int = 0


def read_answers(path: Path) -> AnswerSheet:
    """Read a file of answers; a blank cell is an answer that was left out.

    Raises BadInput where the file as a whole cannot be read, or has no column for the case or for an element.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the file with the answers")
    if path.suffix.lower() not in ENDINGS + WORKBOOKS:
        raise BadInput(f"{path.name}: answers are read from .csv and .xlsx files; save it as one of these")
    rows = _workbook(path) if path.suffix.lower() in WORKBOOKS else _csv(path)
    places = _places(path, next(rows, (1, [], None))[1])
    found: dict[str, Respondent] = {}
    rejected: list[Reject] = []
    repeated = silent = 0
    for row, cells, fault in rows:
        taken = Reject(row, "", fault) if fault else _respondent(row, cells, places)
        if taken is None:
            silent += 1
        elif isinstance(taken, Reject):
            rejected.append(taken)
        elif (before := found.setdefault(taken.case, taken)).row != row:
            if before.answers == taken.answers:
                repeated += 1
            else:
                rejected.append(Reject(row, "case", f"is also on row {before.row}, with other answers"))
    return AnswerSheet(tuple(found.values()), tuple(rejected), repeated, silent)


def _places(path: Path, header: Cells) -> dict[str, int]:
    """Where the case and each element stand; BadInput where one does not, or stands there twice."""
    names = [" ".join((name or "").lower().split()) for name in header]
    case = next((name for name in CASE if name in names), None)
    missing = [code for code in CODES if code.lower() not in names]
    if case is None or missing:
        lacking = ", ".join((["case"] if case is None else []) + missing)
        raise BadInput(f"{path.name}: no column {lacking}; it needs case and {CODES[0]} to {CODES[-1]}, one row a case")
    wanted = {"case": case, **{code: code.lower() for code in CODES}}
    twice = [name for name in wanted.values() if names.count(name) > 1]
    if twice:
        raise BadInput(f"{path.name}: there are two columns {twice[0]!r}; take one of them out")
    return {field: names.index(name) for field, name in wanted.items()}


def _respondent(row: int, cells: Cells, places: dict[str, int]) -> Respondent | Reject | None:
    """One row; None where no question was answered."""
    given = {field: (cells[place] or "").strip() for field, place in places.items()}
    case = given.pop("case")
    if is_damaged(case):
        return Reject(row, "case", "has characters that cannot be read: save the file as UTF-8")
    answers: dict[str, int | None] = {}
    for code, cell in given.items():
        try:
            answers[code] = read_answer(cell)
        except BadInput:
            return Reject(row, code, NOT_AN_ANSWER)
    if all(answer is None for answer in answers.values()):
        return None
    return Respondent(row, case, answers) if case else Reject(row, "case", "is missing")


def read_answer(text: str) -> int | None:
    """One answer: a whole number from 1 to 4, or None where there is nothing; BadInput for anything else."""
    if not text.strip():
        return None
    if (answer := ANSWERS.get(text.strip())) is None:
        raise BadInput(NOT_AN_ANSWER)
    return answer


def _csv(path: Path) -> Iterator[tuple[int, Cells, str | None]]:
    """The header, then each row that is not blank with its line and, if it is no row, its fault."""
    encoding = detect_encoding(path)
    with open_log(path) as stream:
        text = TextIOWrapper(cast(Any, stream.unpacked), encoding=encoding, errors="surrogateescape", newline="")
        first, line = text.readline(), 1
        if first.lower().startswith("sep="):  # Excel's own mark of the separator
            first, line = text.readline(), 2
        separator = max(SEPARATORS, key=first.count)
        header = next(csv.reader([first], delimiter=separator), [])
        yield line, header, None
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(text, delimiter=separator, strict=True)
        begins = line + 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error:
                yield begins, [], "cannot be read from here on: a quotation mark is opened and not closed"
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                same = len(cells) == len(header)
                yield begins, cells, None if same else f"has {len(cells)} cells and the header {len(header)}"
            begins = line + 1 + reader.line_num


def _workbook(path: Path) -> Iterator[tuple[int, Cells, str | None]]:
    """The same from the first sheet that is not empty; an error cell (#N/A) makes its row a fault."""
    from perintis.doors.importers.excel import IN_ERROR
    from perintis.doors.importers.mapping import Mapping
    from perintis.doors.importers.whole_sheet import read_sheet

    sheet = read_sheet(path, Mapping(case=CASE[0], activity=CODES[0], timestamp=CODES[1]))
    yield 1, sheet.header, None
    yield from ((row, cells, None) for row, cells in sheet.rows)
    yield from ((row, [], f"has {IN_ERROR}") for row in sheet.in_error)
