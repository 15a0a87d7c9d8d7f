"""The map of the process: steps as boxes, one directly followed by another as arrows; what differs is strong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from perintis.faces.report.charts.draw import FONT, INK, PILOT, wrapped
from perintis.faces.report.charts.layered import Layout, layered

BOX, HIGH, BEND, GAP, BETWEEN = 148.0, 52.0, 10.0, 14.0, 52.0
LETTERS, LINE, SIZE = 23, 12, 11
MORE, LESS, SAME = PILOT, "#b34700", "#a8a8a8"
MARGIN = 14.0


@dataclass(frozen=True)
class Arrow:
    """One step directly followed by another: the change in its share, in words; `strong` where it survives.

    `before` is its share in the baseline, whose order gives the map its direction; `weight` the larger of both shares.
    """

    source: str
    target: str
    before: float
    weight: float
    change: float
    label: str
    strong: bool


def flow_map(arrows: Sequence[Arrow], only: dict[str, str], key: str) -> Markup:
    """The map as SVG. `only` says of a step in which cohort alone it is; such boxes are dashed and say so."""
    ordered = sorted(arrows, key=lambda a: (-a.before, -a.weight, a.source, a.target))
    layout = layered([(a.source, a.target) for a in ordered], BOX, BEND, GAP)
    width = layout.width + 2 * MARGIN + 30
    height = layout.layers * (HIGH + BETWEEN) - BETWEEN + 2 * MARGIN
    drawn = sorted(range(len(ordered)), key=lambda k: ordered[k].strong)
    body = [_edge(ordered[k], layout, k, key) for k in drawn]
    body += [_box(name, layout, only.get(name)) for name in sorted(layout.places)]
    body += [_label(ordered[k], layout, k) for k in drawn if ordered[k].strong and ordered[k].label]
    return Markup(
        '<svg aria-hidden="true" focusable="false" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}"'
        ' font-family="{font}" font-size="{size}">{heads}{body}</svg>'
    ).format(w=width, h=height, font=FONT, size=SIZE, heads=_heads(key), body=Markup("").join(body))  # fmt: skip


def _heads(key: str) -> Markup:
    one = Markup(
        '<marker id="{key}-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="{size}" markerHeight="{size}"'
        ' orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0,0L8,4L0,8z" fill="{colour}"/></marker>'
    )
    marks = (("more", MORE, 10), ("less", LESS, 10), ("same", SAME, 8))
    return Markup("<defs>{}</defs>").format(
        Markup("").join(one.format(key=key, name=name, colour=colour, size=size) for name, colour, size in marks)
    )


def _top(layer: int) -> float:
    return MARGIN + layer * (HIGH + BETWEEN)


def _points(layout: Layout, place: int) -> list[tuple[float, float]]:
    """The way of an edge from the side of its source to the side of its target."""
    path = layout.paths[place]
    up = place in layout.turned
    points = []
    for k, (x, layer) in enumerate(path):
        first, last = k == 0, k == len(path) - 1
        if first:
            y = _top(layer) + (0.0 if up else HIGH)
        elif last:
            y = _top(layer) + (HIGH if up else 0.0)
        else:
            y = _top(layer) + HIGH / 2
        shift = (14.0 if up else 0.0) if first or last else 0.0
        points.append((x + MARGIN + shift, y))
    return points


def _edge(arrow: Arrow, layout: Layout, place: int, key: str) -> Markup:
    if arrow.source == arrow.target:
        x, layer = layout.places[arrow.source]
        right, middle = x + MARGIN + BOX / 2, _top(layer) + HIGH / 2
        way = f"M{right:.1f},{middle - 8:.1f}c24,-8 24,24 0,16"
    else:
        way = _curve(_points(layout, place))
    kind = "same" if not arrow.strong else "more" if arrow.change > 0 else "less"
    colour = {"more": MORE, "less": LESS, "same": SAME}[kind]
    dash = Markup(' stroke-dasharray="6 3"') if kind == "less" else ""
    thick = 1.0 if not arrow.strong else 1.4 + 2.2 * min(abs(arrow.change), 1.0)
    return Markup(
        '<path d="{way}" fill="none" stroke="{colour}" stroke-width="{thick:.1f}"{dash}'
        ' marker-end="url(#{key}-{kind})"/>'
    ).format(way=way, colour=colour, thick=thick, dash=dash, key=key, kind=kind)  # fmt: skip


def _curve(points: list[tuple[float, float]]) -> str:
    x, y = points[0]
    way = f"M{x:.1f},{y:.1f}"
    for nx, ny in points[1:]:
        middle = (y + ny) / 2
        way += f"C{x:.1f},{middle:.1f} {nx:.1f},{middle:.1f} {nx:.1f},{ny:.1f}"
        x, y = nx, ny
    return way


def _box(name: str, layout: Layout, only: str | None) -> Markup:
    x, layer = layout.places[name]
    left, top = x + MARGIN - BOX / 2, _top(layer)
    end = name.startswith("(")
    lines = _named(name)
    if only is not None:
        lines = [*lines, only]
    first = top + HIGH / 2 + 4 - (len(lines) - 1) * LINE / 2
    text = Markup("").join(
        Markup('<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{ink}"{italic}>{line}</text>').format(
            x=x + MARGIN, y=first + k * LINE, ink=INK, line=line,
            italic=Markup(' font-style="italic"') if only is not None and k == len(lines) - 1 else "",
        )
        for k, line in enumerate(lines)
    )  # fmt: skip
    return Markup(
        '<rect x="{x:.1f}" y="{y:.1f}" width="{w:.0f}" height="{h:.0f}" rx="{r}" fill="white"'
        ' stroke="{ink}"{dash}/>{text}'
    ).format(x=left, y=top, w=BOX, h=HIGH, r=25 if end else 4, ink=INK, text=text,
             dash=Markup(' stroke-dasharray="4 3"') if only is not None else "")  # fmt: skip


def _named(name: str) -> list[str]:
    """The agency, then its step in at most two lines."""
    agency, _, step = name.partition(".")
    return [*wrapped(agency, LETTERS, 1).split("\n"), *(wrapped(step, LETTERS, 2).split("\n") if step else [])]


def _label(arrow: Arrow, layout: Layout, place: int) -> Markup:
    if arrow.source == arrow.target:
        x, layer = layout.places[arrow.source]
        at = (x + MARGIN + BOX / 2 + 20, _top(layer) + HIGH / 2 + 4)
    else:
        points = _points(layout, place)
        middle = (len(points) - 1) // 2
        (x1, y1), (x2, y2) = points[middle], points[middle + 1]
        share = 0.5 if len(points) > 2 else 0.38
        at = (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share + 4)
    return Markup(
        '<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}" stroke="white" stroke-width="3.5"'
        ' paint-order="stroke" font-weight="600">{text}</text>'
    ).format(x=at[0], y=at[1], colour=MORE if arrow.change > 0 else LESS, text=escape(arrow.label))  # fmt: skip
