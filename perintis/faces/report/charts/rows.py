"""Intervals in rows: the primary effect, the forest of metrics, offices, subgroups, the satisfaction index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from perintis.faces.report.charts.draw import BAND, DASH, DOTS, FAINT, INK, Chart, Size, data, titled, wrapped

LINE, NOTES = 13, 205
DASHES: dict[str, list[int]] = {"solid": [1, 0], "dash": DASH, "dots": DOTS}


@dataclass(frozen=True)
class Row:
    """One interval with its point; `value` None: not comparable, and `note` says so. `band` is a grey stretch."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    shape: str = "circle"
    colour: str = INK
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Guide:
    """A line across the rows at a value, named above them."""

    at: float
    name: str
    dash: str = "solid"


@dataclass(frozen=True)
class Rows:
    """The chart: rows from above, guides, the name of the axis, its bounds, and how its numbers are written."""

    rows: tuple[Row, ...]
    guides: tuple[Guide, ...]
    title: str
    bounds: tuple[float, float]
    format: str = ",~r"
    notes: bool = True
    step: int = 30
    labels: bool = True
    room: int = NOTES


def bounds_of(rows: Sequence[Row], guides: Sequence[Guide], most: float | None = None) -> tuple[float, float]:
    """The axis that shows everything, at most from -most to most."""
    values = [v for r in rows for v in (r.value, r.low, r.high, *(r.band or ())) if v is not None]
    values += [g.at for g in guides]
    low, high = min(values, default=-1.0), max(values, default=1.0)
    room = 0.06 * (high - low) or abs(high) or 1.0
    low, high = low - room, high + room
    return (low, high) if most is None else (max(low, -most), min(high, most))


def rows_chart(chart: Rows, size: Size) -> Chart:
    """The chart of that size."""
    import altair as alt

    wide_notes = chart.notes and not size.narrow
    label_room = 0 if not chart.labels else (128 if size.narrow else 200)
    width = size.width - label_room - (chart.room if wide_notes else 0) - 34
    letters, most = (20, 5) if size.narrow else (32, 3)
    names = [wrapped(row.label, letters, most) for row in chart.rows]
    tall = max((name.count("\n") + 1 for name in names), default=1)
    step = max(chart.step, tall * LINE + 6)
    values = [_values(chart, k, name) for k, name in enumerate(names)]
    order = [v["key"] for v in values]
    x = partial(alt.X, title=titled(chart.title, size),
              scale=alt.Scale(domain=list(chart.bounds), nice=False, zero=False),
              axis=alt.Axis(format=chart.format, tickCount=4 if size.narrow else 7, grid=True))  # fmt: skip
    label_of = "split(" + _lookup(order, names) + ", '\\n')"
    y_axis = alt.Axis(labelExpr=label_of, title=None, ticks=False, domain=False, labelPadding=8, labelLineHeight=LINE,
                      grid=False) if chart.labels else None  # fmt: skip
    y = alt.Y("key:N", sort=order, axis=y_axis)
    layers = [*_bands(values, x, y, step), *_guides(chart, x, size), *_intervals(values, x, y)]
    if wide_notes:
        layers.append(_notes(values, y, width, chart.room - 8))
    layers.append(_absent(values, y, width))
    return alt.layer(*layers).properties(width=width, height=alt.Step(step), data=data(values))


def _lookup(order: list[str], names: list[str]) -> str:
    """An expression from the key of a row to its label: two rows may have the same name."""
    import json

    return json.dumps(dict(zip(order, names, strict=True))) + "[datum.value]"


def _values(chart: Rows, place: int, name: str) -> dict[str, Any]:
    row, (low, high) = chart.rows[place], chart.bounds
    known = row.value is not None
    ends = [end if end is None else min(max(end, low), high) for end in (row.low, row.high)]
    return {
        "key": f"{place:03d}", "name": name, "value": row.value, "note": row.note, "shape": row.shape,
        "colour": row.colour, "absent": not known, "inside": row.value is not None and low <= row.value <= high,
        "low": ends[0] if ends[0] is not None else low, "high": ends[1] if ends[1] is not None else high,
        "drawn": known and (row.low is not None or row.high is not None),
        "cut_low": known and row.low is not None and row.low < low,
        "cut_high": known and row.high is not None and row.high > high,
        "from": None if row.band is None else min(max(row.band[0], low), high),
        "to": None if row.band is None else min(max(row.band[1], low), high),
        "left": low, "right": high,
    }  # fmt: skip


def _bands(values: list[dict[str, Any]], x: Any, y: Any, step: int) -> list[Chart]:
    import altair as alt

    if not any(v["from"] is not None for v in values):
        return []
    bars = alt.Chart().transform_filter("datum.from != null").mark_bar(color=BAND, height=step - 6)
    return [bars.encode(x=x("from:Q"), x2=alt.X2("to:Q"), y=y)]


def _guides(chart: Rows, x: Any, size: Size) -> list[Chart]:
    import altair as alt

    low, high = chart.bounds
    layers = []
    for place, guide in enumerate(chart.guides):
        if not low <= guide.at <= high:
            continue
        one = alt.Chart(data([{"at": guide.at, "name": guide.name}]))
        layers.append(one.mark_rule(color=INK if guide.dash == "solid" else FAINT, strokeWidth=1.4,
                                    strokeDash=DASHES[guide.dash]).encode(x=x("at:Q")))  # fmt: skip
        if guide.name:
            beyond = guide.at > low + 0.55 * (high - low)
            text = one.mark_text(align="right" if beyond else "left", dx=0, baseline="bottom", fontSize=size.font - 1)
            layers.append(text.encode(x=x("at:Q"), y=alt.value(-4 - LINE * place), text=alt.Text("name:N")))
    return layers


def _intervals(values: list[dict[str, Any]], x: Any, y: Any) -> list[Chart]:
    import altair as alt

    colour = alt.Color("colour:N", scale=None)
    interval = alt.Chart().transform_filter("datum.drawn")
    layers: list[Chart] = [
        interval.mark_rule(strokeWidth=2.2).encode(x=x("low:Q"), x2=alt.X2("high:Q"), y=y, color=colour),
    ]
    for cut, end, shape in (("cut_low", "left", "triangle-left"), ("cut_high", "right", "triangle-right")):
        if any(v[cut] for v in values):
            arrow = alt.Chart().transform_filter(f"datum.{cut}").mark_point(shape=shape, filled=True, size=70)
            layers.append(arrow.encode(x=x(f"{end}:Q"), y=y, color=colour, opacity=alt.value(1)))
    shapes = alt.Shape("shape:N", scale=None)
    points = alt.Chart().transform_filter("datum.inside").mark_point(filled=True, size=85, opacity=1)
    layers.append(points.encode(x=x("value:Q"), y=y, shape=shapes, color=colour))
    return layers


def _notes(values: list[dict[str, Any]], y: Any, width: int, room: int) -> Chart:
    import altair as alt

    text = alt.Chart().transform_filter("!datum.absent").mark_text(align="left", limit=room)
    return text.encode(x=alt.value(width + 10), y=y, text=alt.Text("note:N"))


def _absent(values: list[dict[str, Any]], y: Any, width: int) -> Chart:
    import altair as alt

    text = (
        alt.Chart()
        .transform_filter("datum.absent")
        .mark_text(align="left", fill=FAINT, limit=width, fontStyle="italic")
    )
    return text.encode(x=alt.value(4), y=y, text=alt.Text("note:N"))
