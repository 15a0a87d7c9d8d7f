"""Where the time went by step, and the elements of satisfaction: two values a row, baseline and pilot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perintis.faces.report.charts.draw import (
    BASELINE,
    FAINT,
    PALE_BASELINE,
    PALE_PILOT,
    PILOT,
    Chart,
    Size,
    data,
    titled,
    wrapped,
)

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language

LINE = 13


@dataclass(frozen=True)
class Stage:
    """A step's waiting and work in both cohorts (None: not known apart), and its difference in words."""

    label: str
    waiting: tuple[float, float]
    touch: tuple[float, float] | None
    note: str


@dataclass(frozen=True)
class Pair:
    """A value on either side."""

    label: str
    values: tuple[float | None, float | None]
    note: str = ""


def stages_chart(stages: tuple[Stage, ...], title: str, language: Language, size: Size) -> Chart:
    """Two bars a step, baseline above pilot, each waiting and then work."""
    import altair as alt

    width = size.width - (150 if size.narrow else 200 + 175) - 24
    letters = 18 if size.narrow else 32
    kinds = [language.t(t) for t in ("Baseline: waiting", "Baseline: worked on", "Pilot: waiting", "Pilot: worked on")]
    values = [row for k, stage in enumerate(stages) for row in _bars(k, stage, kinds)]
    names = [wrapped(stage.label, letters, 4) for stage in stages]
    order = [f"{k:03d}" for k in range(len(stages))]
    tall = max((name.count("\n") + 1 for name in names), default=1)
    y = alt.Y("key:N", sort=order, title=None, scale=alt.Scale(paddingInner=0.3),
              axis=alt.Axis(labelExpr=_split(order, names), ticks=False, domain=False, labelPadding=8,
                            labelLineHeight=LINE))  # fmt: skip
    bars = alt.Chart(data(values)).mark_bar(stroke="#333", strokeWidth=0.5).encode(
        x=alt.X("days:Q", title=titled(title, size), stack="zero", axis=alt.Axis(format=",~r", tickCount=5)), y=y,
        yOffset=alt.YOffset("side:N", sort=["0", "1"]), order=alt.Order("part:Q"),
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[PALE_BASELINE, BASELINE, PALE_PILOT, PILOT]),
                        legend=alt.Legend(columns=2 if size.narrow else 4, symbolStrokeWidth=0.5)),
    )  # fmt: skip
    layers: list[Chart] = [bars]
    if not size.narrow:
        notes = alt.Chart(data([{"key": f"{k:03d}", "note": s.note} for k, s in enumerate(stages)]))
        layers.append(
            notes.mark_text(align="left", limit=185).encode(x=alt.value(width + 8), y=y, text=alt.Text("note:N"))
        )
    return alt.layer(*layers).properties(width=width, height=_rows_of(max(38, tall * LINE + 14)))


def _bars(place: int, stage: Stage, kinds: list[str]) -> list[dict[str, Any]]:
    rows = []
    for side in (0, 1):
        rows.append({"key": f"{place:03d}", "side": str(side), "part": 0, "kind": kinds[2 * side],
                     "days": stage.waiting[side]})  # fmt: skip
        if stage.touch is not None:
            rows.append({"key": f"{place:03d}", "side": str(side), "part": 1, "kind": kinds[2 * side + 1],
                         "days": stage.touch[side]})  # fmt: skip
    return rows


def pairs_chart(
    pairs: tuple[Pair, ...], title: str, bounds: tuple[float, float], language: Language, size: Size
) -> Chart:
    """Two points a row joined by a line: circle for the baseline, diamond for the pilot."""
    import altair as alt

    width = size.width - (170 if size.narrow else 270) - 24
    names = [wrapped(pair.label, 22 if size.narrow else 40) for pair in pairs]
    order = [f"{k:03d}" for k in range(len(pairs))]
    tall = max((name.count("\n") + 1 for name in names), default=1)
    y = alt.Y("key:N", sort=order, title=None,
              axis=alt.Axis(labelExpr=_split(order, names), ticks=False, domain=False, grid=True, labelPadding=8,
                            labelLineHeight=LINE))  # fmt: skip
    x = alt.X("value:Q", title=titled(title, size), scale=alt.Scale(domain=list(bounds), zero=False),
              axis=alt.Axis(format=",~r", tickCount=5))  # fmt: skip
    cohorts = [language.t("Baseline"), language.t("Pilot")]
    points = [
        {"key": f"{k:03d}", "value": value, "name": cohorts[side]}
        for k, pair in enumerate(pairs) for side, value in enumerate(pair.values) if value is not None
    ]  # fmt: skip
    joined = [
        {"key": f"{k:03d}", "value": pair.values[0], "other": pair.values[1]}
        for k, pair in enumerate(pairs) if None not in pair.values
    ]  # fmt: skip
    layers: list[Chart] = [
        alt.Chart(data(joined)).mark_rule(color=FAINT, strokeWidth=2).encode(x=x, x2=alt.X2("other:Q"), y=y),
        alt.Chart(data(points)).mark_point(filled=True, size=95, opacity=1).encode(
            x=x, y=y,
            color=alt.Color("name:N", scale=alt.Scale(domain=cohorts, range=[BASELINE, PILOT])),
            shape=alt.Shape("name:N", scale=alt.Scale(domain=cohorts, range=["circle", "diamond"]))),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=width, height=alt.Step(max(26, tall * LINE + 6)))


def _rows_of(step: int) -> Any:
    """A height by whole rows, not by the bars in them."""
    import altair as alt

    return alt.Step(step, **{"for": "position"})


def _split(order: list[str], names: list[str]) -> str:
    import json

    return "split(" + json.dumps(dict(zip(order, names, strict=True))) + "[datum.value], '\\n')"
