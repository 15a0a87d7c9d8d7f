"""What goes on the screen: plain tables that fit the terminal, JSON for programs, and yes-or-no questions."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from perintis.words.errors import BadInput

NARROWEST = 8
WIDEST_TEXT = 100
GAP = "  "


def say(text: str = "") -> None:
    """A line on the screen."""
    typer.echo(text)


def paragraph(text: str, *, hanging: str = "") -> str:
    """Text broken at words where a terminal would break it anywhere; `hanging` begins all lines but the first."""
    if not sys.stdout.isatty():
        return text
    room = min(shutil.get_terminal_size().columns, WIDEST_TEXT)
    return "\n".join(textwrap.wrap(text, room, subsequent_indent=hanging, break_on_hyphens=False))


def note(text: str) -> None:
    """A line that is no part of the answer: on standard error, so that it never gets into a pipe."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """Data for a program: keys as documented, instants in ISO 8601 with their offset."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """A table without lines or colour. Columns numbered in `right` are aligned right.

    Where the terminal is too narrow the widest columns are cut, with an ellipsis; elsewhere (a file, a pipe) nothing
    is cut.
    """
    cells = [["" if c is None else str(c) for c in row] for row in rows]
    if not cells:
        return ""
    widths = [max(_width(row[i]) for row in (headings, *cells)) for i in range(len(headings))]
    if sys.stdout.isatty():
        widths = _fitted(widths, shutil.get_terminal_size().columns)
    rule = ["-" * w for w in widths]
    return "\n".join(
        GAP.join(_cell(row[i], widths[i], i in right) for i in range(len(headings))).rstrip()
        for row in (headings, rule, *cells)
    )


def is_narrow(columns: int) -> bool:
    """Whether this is a terminal with fewer columns than that."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < columns


def _fitted(widths: list[int], room: int) -> list[int]:
    fitted = list(widths)
    while sum(fitted) + len(GAP) * (len(fitted) - 1) > room and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cell(text: str, width: int, right: bool) -> str:
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    space = " " * (width - _width(text))
    return space + text if right else text + space


def count(number: int, word: str, plural: str | None = None) -> str:
    """A number with its word: "1 case", "1,204 cases"."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Words as a list: "a, b and c"."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def value_words(value: object) -> str:
    """A value of a form or an application as people read it: yes and no, lists parted by semicolons."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone; without a person to ask, `--yes` must have been given."""
    if yes:
        return
    if not is_interactive():
        raise BadInput("this cannot be undone; add --yes to say that you mean it")
    with _leaving():
        agreed = typer.confirm(question)
    if not agreed:
        raise typer.Exit(1)


@contextmanager
def _leaving() -> Iterator[None]:
    """Whoever leaves a question open has interrupted the command, as anywhere else."""
    try:
        yield
    except typer.Abort:
        raise KeyboardInterrupt from None


def ask(question: str, read: Callable[[str], Any], default: str | None = None) -> Any:
    """Ask until the answer can be read; `read` raises BadInput with the reason where it cannot."""
    while True:
        with _leaving():
            given = typer.prompt(question, default=default, show_default=bool(default))
        try:
            return read(str(given))
        except BadInput as error:
            note(f"  {error}")
