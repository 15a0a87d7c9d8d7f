"""A data set as XES 1.0: schedule, start and complete events of each step visit, paired by `concept:instance`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from xml.sax.saxutils import escape

import polars as pl

from perintis.doors.exporters.table import iso
from perintis.words.tables import ATTRIBUTE_PREFIX, DataSet

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="" xmlns="http://www.xes-standard.org/">
\t<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
\t<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
\t<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
\t<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
\t<extension name="Cost" prefix="cost" uri="http://www.xes-standard.org/cost.xesext"/>
\t<global scope="trace">
\t\t<string key="concept:name" value=""/>
\t</global>
\t<global scope="event">
\t\t<string key="concept:name" value=""/>
\t\t<string key="concept:instance" value=""/>
\t\t<string key="lifecycle:transition" value="complete"/>
\t\t<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
\t</global>
\t<classifier name="Step" keys="concept:name"/>
\t<classifier name="Step and transition" keys="concept:name lifecycle:transition"/>
"""
OWN = "perintis:"
"""Prefix of the attributes that only this program writes; XES lets a log have attributes of no extension."""

PIECE = 5_000
TABS = "\t\t\t"
LAST_TRANSITION = {"withdrawn": "withdraw", "failed": "ate_abort"}
STEP_TEXTS = {"agency": "org:group", "office": f"{OWN}office", "officer": "org:resource"}
KINDS = {pl.Boolean: "boolean", pl.Date: "string", pl.String: "string"}

Row = dict[str, Any]
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def write_xes(data: DataSet, path: Path) -> None:
    """Write the log trace by trace; instants carry the offset of the place where they were recorded."""
    by_case = _steps_by_case(data.steps)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEAD)
        file.write(_attribute("string", "concept:name", data.name, 1))
        file.write(_attribute("string", f"{OWN}clock", data.clock or None, 1))
        file.write(_attribute("date", f"{OWN}observed_until", data.observed_until.isoformat(), 1))
        file.write(_attribute("boolean", f"{OWN}simulated", data.simulated or None, 1))
        for start in range(0, data.cases.height, PIECE):
            piece = data.cases.slice(start, PIECE)
            steps = _pieces_of(piece, data.steps, by_case)
            kinds = {name: _kind(kind) for name, kind in piece.schema.items() if name.startswith(ATTRIBUTE_PREFIX)}
            for case in _texts(piece).iter_rows(named=True):
                _write_trace(file, case, kinds, steps.get(str(case["case"]), []))
        file.write("</log>\n")


def _steps_by_case(steps: pl.DataFrame) -> pl.DataFrame:
    """For each case the place of its rows, so that a piece of cases finds its steps without a search of all."""
    return steps.with_row_index("place").group_by("case").agg("place")


def _pieces_of(piece: pl.DataFrame, steps: pl.DataFrame, by_case: pl.DataFrame) -> dict[str, list[Row]]:
    places = piece.select("case").join(by_case, on="case", how="inner", maintain_order="left").explode("place")
    found: dict[str, list[Row]] = {}
    if places.is_empty():
        return found
    rows = steps[places["place"]].with_columns(
        first=pl.min_horizontal("ready", "started", "completed"),
        **{f"{name}_text": iso(name, "offset") for name in ("ready", "started", "completed")},
        due=iso("due", "offset"),
        keyed=pl.col("keyed").list.join(" "),
    )
    for row in rows.iter_rows(named=True):
        found.setdefault(str(row["case"]), []).append(row)
    return found


def _texts(cases: pl.DataFrame) -> pl.DataFrame:
    """The cases with their instants as local text."""
    instants = [name for name, kind in cases.schema.items() if isinstance(kind, pl.Datetime)]
    return cases.with_columns(iso(name, "opened_offset") for name in instants)


def _kind(kind: pl.DataType) -> str:
    """The XES tag for a column."""
    if isinstance(kind, pl.Datetime):
        return "date"
    if kind.is_integer():
        return "int"
    return "float" if kind.is_float() else KINDS.get(kind.base_type(), "string")


def _write_trace(file: TextIO, case: Row, kinds: dict[str, str], steps: list[Row]) -> None:
    file.write("\t<trace>\n")
    file.write(_attribute("string", "concept:name", case["case"], 2))
    for name in ("cohort", "office", "outcome"):
        file.write(_attribute("string", OWN + name, case[name], 2))
    for name in ("opened", "closed", "due"):
        file.write(_attribute("date", OWN + name, case[name], 2))
    for name, kind in kinds.items():
        file.write(_attribute(kind, name.removeprefix(ATTRIBUTE_PREFIX), case[name], 2))
    for event in sorted(_events(steps), key=lambda event: (event[0], event[1])):
        file.write(event[2])
    file.write("\t</trace>\n")


def _events(steps: list[Row]) -> Iterator[tuple[datetime, int, str]]:
    """The events of a case: instant, place among equal instants, and the element."""
    place = 0
    for number, step in enumerate(steps, start=1):
        last = LAST_TRANSITION.get(str(step["outcome"]), "complete")
        for column, transition in (("ready", "schedule"), ("started", "start"), ("completed", last)):
            if step[column] is not None:
                place += 1
                yield step[column], place, _event(step, number, transition, str(step[f"{column}_text"]))


def _event(step: Row, number: int, transition: str, at: str) -> str:
    parts = [
        "\t\t<event>\n",
        _attribute("string", "concept:name", step["step"], 3),
        _attribute("string", "concept:instance", number, 3),
        _attribute("string", "lifecycle:transition", transition, 3),
        _attribute("date", "time:timestamp", at, 3),
        *(_attribute("string", key, step[column], 3) for column, key in STEP_TEXTS.items()),
        _attribute("date", f"{OWN}due", step["due"], 3),
    ]
    if transition not in ("schedule", "start"):
        parts += [
            _attribute("float", "cost:total", step["cost"], 3),
            _attribute("string", f"{OWN}outcome", step["outcome"], 3),
            _attribute("string", f"{OWN}keyed", step["keyed"], 3),
        ]
    return "".join((*parts, "\t\t</event>\n"))


def _attribute(kind: str, key: str, value: object, depth: int) -> str:
    """One attribute; nothing for null."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{TABS[:depth]}<{kind} key={_quoted(key)} value={_quoted(text)}/>\n"


def _quoted(text: str) -> str:
    """The text as an attribute value of XML, without the control characters that XML has no way to write."""
    return f'"{escape(NOT_IN_XML.sub("", text), QUOTED)}"'
