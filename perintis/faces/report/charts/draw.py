"""Turns an Altair chart into SVG inside a page: text stays text, nothing is fetched, same bytes twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language

BASELINE, PILOT = "#5c5c5c", "#0064a8"
PALE_BASELINE, PALE_PILOT = "#c9c9c9", "#9cc7e6"
INK, FAINT, BAND = "#1a1a1a", "#6b6b6b", "#dcdcdc"
DASH = [5, 3]
DOTS = [2, 2]
FONT = "sans-serif"
FROM_ROLES = re.compile(r' (?:aria-[a-z]+|role|xmlns(?::xlink)?|pointer-events|class)="[^"]*"')
PIECES = re.compile(r"[^\s._]+[._]*\s*|[._]+\s*")
IDS = re.compile(r'(\bid="|url\(#)([^")]+)')
BACKGROUND = re.compile(r'<rect width="\d+" height="\d+" fill="white"/>')


@dataclass(frozen=True)
class Size:
    """How much room a chart has, in pixels; `narrow` is for telephones."""

    width: int
    font: int
    narrow: bool


WIDE, NARROW = Size(780, 12, False), Size(346, 12, True)
Chart = Any
"""An Altair chart of any kind: their classes share no public base."""


def drawn(make: Callable[[Size], Chart], language: Language, key: str) -> tuple[Markup, Markup]:
    """The chart for wide and for narrow pages; `key` keeps the names inside it apart from those of other charts."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # checking every part against the schema takes longer than drawing; the tests check
        wide, narrow = (_svg(make(size), language, f"{key}-{size.width}", size) for size in (WIDE, NARROW))
    return wide, narrow


def _svg(chart: Chart, language: Language, key: str, size: Size) -> Markup:
    import vl_convert

    spec = chart.configure(**_style(size)).to_dict(validate=False)
    text = vl_convert.vegalite_to_svg(spec, format_locale=_separators(language), time_format_locale=_months(language))
    return inlined(text, key)


def inlined(svg: str, key: str) -> Markup:
    """The SVG without what only a file of its own needs, hidden from readers of the screen (its figure speaks)."""
    svg = BACKGROUND.sub("", FROM_ROLES.sub("", svg), count=1)
    svg = IDS.sub(rf"\1{key}-\2", svg)
    return Markup(svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1))


def _style(size: Size) -> dict[str, Any]:
    axis = {
        "labelFont": FONT, "titleFont": FONT, "labelFontSize": size.font, "titleFontSize": size.font,
        "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK, "gridColor": "#ececec",
        "domainColor": FAINT, "tickColor": FAINT, "labelLimit": 400, "titleLimit": size.width,
    }  # fmt: skip
    return {
        "font": FONT, "background": "white", "axis": axis, "view": {"stroke": None}, "padding": 4,
        "legend": {
            "labelFont": FONT, "labelFontSize": size.font, "labelColor": INK, "title": None, "orient": "top",
            "symbolSize": 90, "symbolStrokeWidth": 2.5, "labelLimit": 320, "columns": 1 if size.narrow else 4,
            "direction": "vertical" if size.narrow else "horizontal", "offset": 6,
        },
        "text": {"font": FONT, "fontSize": size.font, "fill": INK},
    }  # fmt: skip


def _separators(language: Language) -> dict[str, Any]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = language.numbers.locale
    return {
        "decimal": get_decimal_symbol(locale), "thousands": get_group_symbol(locale), "grouping": [3],
        "currency": ["", ""],
    }  # fmt: skip


def _months(language: Language) -> dict[str, Any]:
    from babel.dates import get_day_names, get_month_names

    locale = language.numbers.locale
    days = [[get_day_names(width, locale=locale)[(k - 1) % 7] for k in range(7)] for width in ("wide", "abbreviated")]
    months = [[get_month_names(width, locale=locale)[k] for k in range(1, 13)] for width in ("wide", "abbreviated")]
    return {
        "dateTime": "%e %B %Y %H:%M", "date": "%e/%m/%Y", "time": "%H:%M", "periods": ["", ""], "days": days[0],
        "shortDays": days[1], "months": months[0], "shortMonths": months[1],
    }  # fmt: skip


def data(rows: list[dict[str, Any]]) -> Any:
    """Rows as inline data of a chart."""
    import altair as alt

    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def wrapped(text: str, width: int, most: int = 3) -> str:
    """A label in lines of at most so many letters, at spaces or behind a dot; at most so many lines, then cut."""
    lines = [""]
    for piece in PIECES.findall(text):
        for start in range(0, len(piece), width):
            part = piece[start : start + width]
            if start == 0 and len((lines[-1] + part).rstrip()) <= width:
                lines[-1] += part
            else:
                lines.append(part)
    lines = [line.strip() for line in lines if line.strip()]
    return "\n".join(lines[:most]) + ("\u2026" if len(lines) > most else "")


def titled(title: str, size: Size) -> list[str]:
    """The name of an axis, in two lines where there is little room."""
    return wrapped(title, 40, 2).split("\n") if size.narrow else [title]
