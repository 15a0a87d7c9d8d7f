"""Answers to the satisfaction survey from a CSV file: one row a respondent, with the case and U1 to U9."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from perintis.doors.baselines import baseline_folder, find_baseline, load_baseline
from perintis.doors.store.satisfaction import Answers, answer_columns
from perintis.words.errors import BadInput, NotAllowed, NotFound

if TYPE_CHECKING:
    import polars as pl

FILE = "satisfaction.parquet"
CODES = tuple(code.upper() for code in answer_columns())
CASE = ("case", "reference", "nomor", "nomor permohonan", "no permohonan")
LOWEST, HIGHEST = 1, 4


@dataclass(frozen=True)
class AnswerFile:
    """The rows that can be taken, by case, and the number of each other row with why not."""

    answers: tuple[tuple[str, Answers], ...]
    rejected: tuple[tuple[int, str], ...]


def read_answers(path: Path) -> AnswerFile:
    """Read the file; BadInput where it has no such columns at all. A blank cell is an answer that was left out."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{path} cannot be read as UTF-8 text; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    rows = csv.reader(StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    header = [name.strip().lower() for name in next(rows, [])]
    places = _places(header, path)
    answers: list[tuple[str, Answers]] = []
    rejected: list[tuple[int, str]] = []
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            rejected.append((number, f"has {len(row)} cells where the header has {len(header)}"))
            continue
        found = _row([row[place].strip() for place in places])
        if isinstance(found, str):
            rejected.append((number, found))
        else:
            answers.append(found)
    return AnswerFile(tuple(answers), tuple(rejected))


def _places(header: list[str], path: Path) -> list[int]:
    case = next((header.index(name) for name in CASE if name in header), None)
    missing = [code for code in CODES if code.lower() not in header]
    if case is None or missing:
        lacking = "case" if case is None else ", ".join(missing)
        raise BadInput(f"{path}: the header has no column {lacking}; it needs case and {CODES[0]} to {CODES[-1]}")
    return [case, *(header.index(code.lower()) for code in CODES)]


def _row(cells: list[str]) -> tuple[str, Answers] | str:
    case, *given = cells
    if not case:
        return "has no case"
    answers: dict[str, int | None] = {}
    for code, cell in zip(CODES, given, strict=True):
        if cell and not (cell.isascii() and cell.isdigit() and LOWEST <= int(cell) <= HIGHEST):
            return f"{code} is not a whole number from {LOWEST} to {HIGHEST}"
        answers[code] = int(cell) if cell else None
    return "has no answer" if all(a is None for a in answers.values()) else (case, answers)


def keep_for_baseline(home: Path, name: str, answers: AnswerFile) -> tuple[int, tuple[str, ...]]:
    """Keep answers beside a baseline; returns how many fit a case of it, and the cases that it does not have.

    NotAllowed where the baseline has answers already: they are as fixed as its cases.
    """
    import polars as pl

    manifest = find_baseline(home, name)
    folder = baseline_folder(home, manifest)
    if (folder / FILE).exists():
        raise NotAllowed(f"baseline {name} has satisfaction answers already")
    known = set(load_baseline(home, manifest.name).cases["case"])
    fitting = list(_first_each((case, given) for case, given in answers.answers if case in known))
    unknown = tuple(case for case, _ in answers.answers if case not in known)
    if fitting:
        table = pl.DataFrame(
            [(case, *(given[code] for code in CODES)) for case, given in fitting],
            schema={"case": pl.String, **dict.fromkeys(answer_columns(), pl.Int8)}, orient="row",
        )  # fmt: skip
        part = folder / (FILE + ".part")
        table.write_parquet(part)
        part.replace(folder / FILE)
    return len(fitting), unknown


def answers_of_baseline(home: Path, name: str) -> pl.DataFrame | None:
    """The answers kept beside a baseline, or None."""
    import polars as pl

    try:
        file = baseline_folder(home, find_baseline(home, name.partition(":")[0])) / FILE
    except NotFound:
        return None
    return pl.read_parquet(file) if file.is_file() else None


def _first_each(rows: Iterator[tuple[str, Answers]]) -> Iterator[tuple[str, Answers]]:
    seen = set()
    for case, given in rows:
        if case not in seen:
            seen.add(case)
            yield case, given
