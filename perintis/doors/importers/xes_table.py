"""Batches of an XES log to the two frames that every importer gives: cases and events, by role."""

from __future__ import annotations

import numpy as np
import polars as pl

from perintis.doors.importers.attributes import REASONS, XES_TYPES, Kinds, typed
from perintis.doors.importers.instants import InstantReader
from perintis.doors.importers.mapping import AttributeType, Mapping, attribute_name
from perintis.doors.importers.rejects import Rejects
from perintis.doors.importers.xes_scan import XesBatch, own_text
from perintis.words.tables import ATTRIBUTE_PREFIX

NOWHERE = -1
Texts = dict[str, pl.DataFrame]
"""Key of a trace attribute -> its rows: trace, type, value."""


class XesTables:
    """Turns batches into frames.

    Remembers the case ids, since a second trace of the same id is rejected, and puts the types that attributes are
    written in into `kinds`.
    """

    def __init__(self, mapping: Mapping, instants: InstantReader, rejects: Rejects, kinds: Kinds) -> None:
        self._mapping = mapping
        self._kinds = kinds
        self._instants = instants
        self._rejects = rejects
        self._seen = pl.Series(dtype=pl.String)
        self.filtered = 0

    def frames(self, batch: XesBatch) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Cases (key, row, case, roles as text, attributes) and events (key, row, event, roles as text).

        `key` and `row` are the number of the trace.
        """
        of_trace = batch.attributes["eid"].is_null()
        texts = _by_key(batch.attributes.filter(of_trace))
        cases = self._cases(batch.traces, texts)
        events = self._events(batch.events, batch.attributes.filter(~of_trace), texts)
        if cases.height < batch.traces.height:
            events = events.join(cases.select("key"), on="key", how="semi", maintain_order="left")
        return cases, events

    def _cases(self, traces: pl.DataFrame, texts: Texts) -> pl.DataFrame:
        cases = traces.select(key="trace", row="trace")
        cases = _with_text(cases, "case", _of(texts, self._mapping.case_parts[0]))
        for role, column in self._mapping.case_columns().items():
            cases = _with_text(cases, role, _of(texts, column))
        wanted = self._wanted(cases, texts)
        for key, rows in texts.items():
            if self._mapping.keeps(attribute_name(key)) or self._mapping.keeps(key):
                cases = self._with_attribute(cases, key, rows)
        cases = cases.filter(wanted)
        cases = self._rejects.drop(cases, pl.col("case").is_null(), "concept:name of the trace", "missing")
        return self._unseen(cases)

    def _events(self, events: pl.DataFrame, attributes: pl.DataFrame, texts: Texts) -> pl.DataFrame:
        frame = events.select(key="trace", row="trace", event="event")
        for role, key in self._mapping.event_columns().items():
            if key.startswith(ATTRIBUTE_PREFIX):
                frame = _with_text(frame, role, _of(texts, key))
            else:
                column = _scattered(events.height, attributes.filter(pl.col("key") == key))
                frame = frame.with_columns(column.alias(role))
        return frame

    def _wanted(self, cases: pl.DataFrame, texts: Texts) -> pl.Series:
        wanted = pl.repeat(value=True, n=cases.height, eager=True)
        for column, values in self._mapping.only.items():
            wanted &= _with_text(cases, "only", _of(texts, column))["only"].is_in(values).fill_null(value=False)
        self.filtered += int((~wanted).sum())
        return wanted

    def _with_attribute(self, cases: pl.DataFrame, key: str, rows: pl.DataFrame) -> pl.DataFrame:
        """With the attribute as text; what does not fit its own type is reported, and null in the end."""
        name = attribute_name(key)
        for tag in rows["type"].unique():
            kind = XES_TYPES[tag]
            self._kinds.setdefault(name, set()).add(kind)
            if kind is not AttributeType.TEXT:
                own = rows.filter(pl.col("type") == tag)
                wrong = own.filter(typed(own["value"], kind, self._instants).is_null())
                self._rejects.add_all(wrong.select(row="trace"), key, REASONS[kind])
        return _with_text(cases, name, rows)

    def _unseen(self, cases: pl.DataFrame) -> pl.DataFrame:
        """The cases whose id did not occur before."""
        names = cases["case"]
        again = ~names.is_first_distinct()
        if self._seen.is_in(names.implode()).any():
            again |= names.is_in(self._seen.implode())
        if again.any():
            self._rejects.add_all(
                cases.filter(again).select("row"), "concept:name of the trace", "an earlier trace has this case id"
            )
            cases = cases.filter(~again)
        self._seen.append(cases.select(own_text("case"))["case"])
        return cases


def _by_key(attributes: pl.DataFrame) -> Texts:
    """Key -> trace, type, value; the last of two equal keys of a trace counts."""
    return {
        str(key): rows.unique("trace", keep="last", maintain_order=True).select("trace", "type", "value")
        for (key,), rows in attributes.group_by("key", maintain_order=True)
    }


def _of(texts: Texts, column: str) -> pl.DataFrame | None:
    """The rows of a trace attribute, named with or without `case:`."""
    return texts.get(column.removeprefix(ATTRIBUTE_PREFIX), texts.get(column))


def _with_text(cases: pl.DataFrame, name: str, rows: pl.DataFrame | None) -> pl.DataFrame:
    if rows is None:
        return cases.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    return cases.join(rows.select(key="trace", **{name: pl.col("value")}), on="key", how="left", maintain_order="left")


def _scattered(height: int, rows: pl.DataFrame) -> pl.Series:
    """A text column with the values at their events, null elsewhere; the last of two equal keys counts."""
    if rows.is_empty():
        return pl.Series(dtype=pl.String).extend_constant(None, height)
    places = np.full(height, NOWHERE, dtype=np.int64)
    places[rows["eid"].to_numpy()] = np.arange(rows.height)
    found = pl.Series(places)
    return rows["value"].gather(found.set(found == NOWHERE, None))
