"""Small logs in memory read into the two tables, so that a test shows the file and the rows that come out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from perintis.doors.importers.mapping import build_mapping
from perintis.doors.importers.read import LogRead, read_log

XES_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n'
XES_TAIL = "</log>\n"


@dataclass(frozen=True)
class Imported:
    """The tables of one import, its numbers and its rejects as (row, event, field, reason)."""

    cases: pl.DataFrame
    steps: pl.DataFrame
    read: LogRead
    rejects: list[tuple[str, ...]]

    def column(self, name: str) -> list[Any]:
        """A column of the step table."""
        return self.steps[name].to_list()

    def case(self, name: str) -> list[Any]:
        """A column of the case table."""
        return self.cases[name].to_list()


def import_file(path: Path, beside: Path, *, simple: bool = True, **mapping: Any) -> Imported:
    """Import a file with a mapping given as keywords; the tables go to a new folder in `beside`."""
    folder = beside / f"out-{len(list(beside.iterdir()))}"
    folder.mkdir()
    read = read_log(path, build_mapping(mapping), folder, simple=simple)
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as lines:
        rejects = [tuple(line) for line in csv.reader(lines)][1:]
    cases, steps = (pl.read_parquet(folder / f"{name}.parquet") for name in ("cases", "steps"))
    return Imported(cases, steps, read, rejects)


def import_text(folder: Path, name: str, text: str, *, simple: bool = True, **mapping: Any) -> Imported:
    """Write a file and import it."""
    return import_bytes(folder, name, text.encode(), simple=simple, **mapping)


def import_bytes(folder: Path, name: str, content: bytes, *, simple: bool = True, **mapping: Any) -> Imported:
    """Write a file of bytes and import it."""
    path = folder / name
    path.write_bytes(content)
    return import_file(path, folder, simple=simple, **mapping)


def xes(*traces: str, head: str = XES_HEAD) -> str:
    """A whole XES log around some traces."""
    return head + "\n".join(traces) + "\n" + XES_TAIL


def trace(name: str | None, *events: str, **attributes: str) -> str:
    """One trace; attributes are text, `startdate="2024-..."` style names work too."""
    own = "" if name is None else f'<string key="concept:name" value="{name}"/>'
    more = "".join(f'<string key="{key}" value="{value}"/>' for key, value in attributes.items())
    return f"<trace>{own}{more}{''.join(events)}</trace>"


def event(activity: str | None, at: str | None, *more: str) -> str:
    """One event; further attributes are given as `string org:group=Police`."""
    parts = [f"string concept:name={activity}"] if activity is not None else []
    parts += [f"date time:timestamp={at}"] if at is not None else []
    return "<event>" + "".join(_attribute(part) for part in (*parts, *more)) + "</event>"


def _attribute(part: str) -> str:
    kind, _, rest = part.partition(" ")
    key, _, value = rest.partition("=")
    return f'<{kind} key="{key}" value="{value}"/>'
