"""A fast way through the plain parts of an XES file: whole traces whose attributes are all simple.

The text is cut at its quotation marks, so that what lies between two attributes becomes one of a handful of
strings. Each distinct one is read once by a strict grammar; the rest is column arithmetic. Whatever the grammar
does not know (nested attributes, lists, comments, namespaces, odd characters) raises `NotSimple`, and that piece
goes through the XML parser instead. Both ways give equal results; a property test holds them against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

LOG, TRACE, EVENT = 0, 1, 2
LISTED_AT_MOST = 5_000


@dataclass(frozen=True)
class XesBatch:
    """Some whole traces of a log, as found.

    `traces`: trace (number from 1). `events`: trace, event (number within the trace from 1), in file order.
    `attributes`: trace, eid (row of `events`, null for an attribute of the trace), key, type, value.
    """

    traces: pl.DataFrame
    events: pl.DataFrame
    attributes: pl.DataFrame


def merged(batches: list[XesBatch]) -> XesBatch:
    """Several batches as one."""
    attributes, events = [], 0
    for batch in batches:
        attributes.append(batch.attributes.with_columns(pl.col("eid") + events))
        events += batch.events.height
    return XesBatch(
        pl.concat([batch.traces for batch in batches]),
        pl.concat([batch.events for batch in batches]),
        pl.concat(attributes),
    )


class NotSimple(Exception):
    """This piece of text needs the XML parser."""


class _Markup(NamedTuple):
    """What the text between two quoted values means."""

    markup: str
    ends: bool  # closes the attribute before it
    type: str | None  # type of the attribute that begins
    before: int | None  # level that it must be met at; null when it changes no level
    after: int | None
    opens_trace: bool
    opens_event: bool
    angles: int
    controls: int


SCHEMA = {
    "markup": pl.String, "ends": pl.Boolean, "type": pl.String, "before": pl.Int8, "after": pl.Int8,
    "opens_trace": pl.Boolean, "opens_event": pl.Boolean, "angles": pl.Int32, "controls": pl.Int32,
}  # fmt: skip
SPACE = r"[ \t\r\n]"
GRAMMAR = re.compile(
    rf"(?P<ends>{SPACE}*/>)?{SPACE}*"
    rf"(?P<e></event{SPACE}*>)?{SPACE}*(?P<t></trace{SPACE}*>)?{SPACE}*"
    rf"(?P<T><trace>)?{SPACE}*(?P<E><event>)?{SPACE}*"
    rf"(?:<(?P<type>string|date|int|float|boolean|id){SPACE}+key{SPACE}*={SPACE}*)?"
)
VALUE = re.compile(" +value *= *")
CONTROL = re.compile(r"[\t\r\n]")
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|&")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")


def _read_markup(markup: str) -> _Markup:
    match = GRAMMAR.fullmatch(markup)
    if match is None:
        raise NotSimple
    closes_event, closes_trace = match["e"] is not None, match["t"] is not None
    opens_trace, opens_event = match["T"] is not None, match["E"] is not None
    before = after = None
    if closes_event or closes_trace or opens_trace or opens_event:
        before = EVENT if closes_event else LOG if opens_trace and not closes_trace else TRACE
        after = EVENT if opens_event else TRACE if opens_trace or not closes_trace else LOG
        if (opens_trace and closes_event and not closes_trace) or (closes_trace and opens_event and not opens_trace):
            raise NotSimple
    if (match["type"] is None) != (after == LOG):
        raise NotSimple
    return _Markup(
        markup, match["ends"] is not None, match["type"], before, after, opens_trace, opens_event,
        markup.count("<"), len(CONTROL.findall(markup)),
    )  # fmt: skip


def _plain(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return NAMED[name]
    if not (decimal or hexadecimal):
        raise NotSimple
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not (code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000):
        raise NotSimple
    return chr(code)


def _unescaped(texts: pl.Series) -> pl.Series:
    """The texts with the references of XML resolved."""
    return pl.Series(texts.name, [REFERENCE.sub(_plain, text) for text in texts], dtype=pl.String)


class SimpleScanner:
    """Scans pieces of text that begin with a trace and end with one."""

    def __init__(self, event_keys: frozenset[str]) -> None:
        self._keys = sorted(event_keys)
        self._known: dict[str, _Markup] = {}

    def scan(self, piece: bytes, traces_before: int) -> XesBatch:
        """The traces of `piece`; raises `NotSimple` when it holds anything that is not plain."""
        parts = _cut(piece)
        rows = self._markup_rows(parts.gather_every(4, 0))
        values = parts.gather_every(4, 2).unique()
        if len(values) > LISTED_AT_MOST or not all(VALUE.fullmatch(text) for text in values):
            raise NotSimple
        _check_levels(rows)
        _check_characters(piece, rows)
        keys, texts = parts.gather_every(4, 1), parts.gather_every(4, 3)
        if b"&" in piece:
            keys, texts = _unescaped(keys), _unescaped(texts)
        return self._batch(rows.head(len(keys)), keys, texts, traces_before)

    def _markup_rows(self, markup: pl.Series) -> pl.DataFrame:
        distinct = markup.unique()
        if len(distinct) > LISTED_AT_MOST:
            raise NotSimple
        for text in distinct:
            if text not in self._known:
                self._known[text] = _read_markup(text)
        table = pl.DataFrame([self._known[text] for text in distinct], schema=SCHEMA, orient="row")
        return markup.alias("markup").to_frame().join(table, on="markup", how="left", maintain_order="left")

    def _batch(self, rows: pl.DataFrame, keys: pl.Series, values: pl.Series, traces_before: int) -> XesBatch:
        numbered = rows.select(
            trace=pl.col("opens_trace").cum_sum().cast(pl.UInt32) + traces_before,
            eid=pl.col("opens_event").cum_sum().cast(pl.UInt32) - 1,
            level=pl.col("after").forward_fill(),
            type="type",
            opens_event="opens_event",
            opens_trace="opens_trace",
        ).with_columns(keys.alias("key"), values.alias("value"))
        at_event = pl.col("level") == EVENT
        attributes = numbered.filter(~at_event | pl.col("key").is_in(self._keys)).select(
            "trace", pl.when(at_event).then("eid").alias("eid"), own_text("key"), "type", own_text("value")
        )
        events = numbered.filter("opens_event").select(
            "trace", event=pl.col("eid") - pl.col("eid").min().over("trace") + 1
        )
        return XesBatch(numbered.filter("opens_trace").select("trace"), events, attributes)


def own_text(column: str) -> pl.Expr:
    """The texts in memory of their own: what is cut from a piece would keep the whole piece alive."""
    return pl.concat_str(column, pl.lit("")).alias(column)


def _cut(piece: bytes) -> pl.Series:
    try:
        text = pl.Series("text", [piece], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise NotSimple from error
    parts = text.str.split('"').explode()
    if len(parts) % 4 != 1 or len(parts) < 5:
        raise NotSimple
    return parts


def _check_levels(rows: pl.DataFrame) -> None:
    """Each attribute closes, each level is met where it may be, and the piece ends where it began."""
    met_at = pl.col("after").forward_fill().shift(1, fill_value=LOG)
    fits = rows.select(
        levels=(pl.col("before").is_null() | (pl.col("before") == met_at)).all(),
        ends=pl.col("ends").slice(1).all() & ~pl.col("ends").first(),
        attributes=pl.col("type").is_not_null().head(pl.len() - 1).all(),
        last=pl.col("after").last() == LOG,
    ).row(0)
    if not all(fits):
        raise NotSimple


def _check_characters(piece: bytes, rows: pl.DataFrame) -> None:
    """No angle bracket and no control character inside a value, and nothing that XML forbids."""
    letters = np.frombuffer(piece, dtype=np.uint8)
    angles, controls = np.count_nonzero(letters == ord("<")), np.count_nonzero(letters < ord(" "))
    if angles != rows["angles"].sum() or controls != rows["controls"].sum():
        raise NotSimple
    if not piece.isascii() and any(mark in piece for mark in NONCHARACTERS):
        raise NotSimple
