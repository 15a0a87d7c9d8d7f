"""Charts over time: share decided by age of the case, weekly means, the event study, looks and the daily band."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from perintis.faces.report.charts.draw import (
    BASELINE,
    DASH,
    DOTS,
    INK,
    PALE_BASELINE,
    PALE_PILOT,
    PILOT,
    Chart,
    Size,
    data,
)
from perintis.rules.suppression import THRESHOLD, Withheld

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.panels import Curve, CurvesPanel, SequentialPanel, TimeSeriesPanel
    from perintis.rules.evaluation.parts import Told

LINE = 13
COLOURS = {"baseline": BASELINE, "pilot": PILOT}
PALE = {"baseline": PALE_BASELINE, "pilot": PALE_PILOT}
DASHED = {"baseline": DASH, "pilot": [1, 0]}
SHAPES = {"baseline": "circle", "pilot": "diamond"}
DAYS = "%e %b"


def cohort_scales(language: Language, *, shapes: bool = False, offset: int = 6) -> dict[str, Any]:
    """Colour, dash and (for points) shape of the cohorts, so that they are told apart on paper as well."""
    import altair as alt

    names = [language.t("Baseline"), language.t("Pilot")]
    legend = alt.Legend(offset=offset)
    scales: dict[str, Any] = {
        "color": alt.Color("name:N", scale=alt.Scale(domain=names, range=[BASELINE, PILOT]), legend=legend),
        "strokeDash": alt.StrokeDash("name:N", scale=alt.Scale(domain=names, range=[DASH, [1, 0]]), legend=legend),
    }
    if shapes:
        scales["shape"] = alt.Shape("name:N", scale=alt.Scale(domain=names, range=["circle", "diamond"]), legend=legend)
    return scales


def named(cohort: str, language: Language) -> str:
    """The cohort's name on a chart."""
    return language.t("Pilot") if cohort == "pilot" else language.t("Baseline")


def curves_chart(panel: CurvesPanel, language: Language, size: Size) -> Chart:
    """Share decided by age of the case, with bands, the area between, the promise, the horizon and numbers at risk."""
    import altair as alt

    ends = [times[-1] for c in panel.curves for times in (c.time, c.at_risk_time) if times]
    reach = max(ends, default=panel.tau)
    width, height = size.width - (118 if size.narrow else 140), 230
    unit = language.name(panel.unit)
    x = alt.X("time:Q", title=language.t("Time since opening, in {unit}", unit=unit),
              scale=alt.Scale(domain=[0, reach], nice=False), axis=alt.Axis(format=",~r", tickCount=6))  # fmt: skip
    y = partial(alt.Y, title=language.t("Share decided"), scale=alt.Scale(domain=[0, 1]),
              axis=alt.Axis(format=".0%", tickCount=5))  # fmt: skip
    layers: list[Chart] = []
    if len(panel.curves) == 2:
        between = alt.Chart(data(_between(panel))).mark_area(interpolate="step-after", color="#f0e6c8", opacity=0.9)
        layers.append(between.encode(x=x, y=y("decided:Q"), y2=alt.Y2("other:Q")))
    rows = [_curve_row(c, k, language) for c in panel.curves for k in range(len(c.time))]
    for cohort in ("baseline", "pilot"):
        band = alt.Chart(data(rows)).transform_filter(f"datum.cohort == '{cohort}'").mark_area(
            interpolate="step-after", color=PALE[cohort], opacity=0.55)  # fmt: skip
        layers.append(band.encode(x=x, y=y("low:Q"), y2=alt.Y2("high:Q")))
    line = alt.Chart(data(rows)).mark_line(interpolate="step-after", strokeWidth=2.4)
    layers.append(line.encode(x=x, y=y("decided:Q"), **cohort_scales(language, offset=6 + 2 * LINE)))
    layers += _marks(panel, x, reach, language, size)
    layers += _at_risk(panel, x, height, language, size)
    return alt.layer(*layers).properties(width=width, height=height)


def _curve_row(curve: Curve, k: int, language: Language) -> dict[str, Any]:
    return {
        "time": curve.time[k], "decided": curve.decided[k], "low": curve.low[k], "high": curve.high[k],
        "cohort": curve.cohort, "name": named(curve.cohort, language),
    }  # fmt: skip


def _between(panel: CurvesPanel) -> list[dict[str, float]]:
    first, second = panel.curves
    return [
        {"time": time, "decided": a, "other": b}
        for time, a, b in zip(first.time, first.decided, second.decided, strict=False)
        if time <= panel.tau
    ]


def _marks(panel: CurvesPanel, x: Any, reach: float, language: Language, size: Size) -> list[Chart]:
    """Vertical lines, named above the plot, each in a line of its own."""
    import altair as alt

    unit = language.name(panel.unit)
    lines = [(panel.tau, language.t("horizon {n}", n=_short(panel.tau, language, unit)), DOTS)]
    if panel.service_level is not None:
        lines.append(
            (panel.service_level, language.t("promised {n}", n=_short(panel.service_level, language, unit)), DASH)
        )
    layers: list[Chart] = []
    for place, (at, name, dash) in enumerate(lines):
        if at > reach:
            continue
        one = alt.Chart(data([{"time": at, "name": name}]))
        layers.append(one.mark_rule(color=INK, strokeDash=dash, strokeWidth=1.3).encode(x=x))
        text = one.mark_text(align="right" if at > 0.5 * reach else "left", baseline="bottom", fontSize=size.font - 1)
        layers.append(text.encode(x=x, y=alt.value(-3 - LINE * place), text=alt.Text("name:N")))
    return layers


def _short(value: float, language: Language, unit: str) -> str:
    return f"{language.numbers.plain(value, 0 if value == round(value) else 1)} {unit}"


def _at_risk(panel: CurvesPanel, x: Any, height: int, language: Language, size: Size) -> list[Chart]:
    """Cases still open and followed at each time, under the axis."""
    import altair as alt

    top = height + 62
    layers: list[Chart] = [
        alt.Chart(data([{"name": language.t("Still open and followed")}]))
        .mark_text(align="left", fontSize=size.font - 1)
        .encode(x=alt.value(0), y=alt.value(top), text=alt.Text("name:N"))
    ]  # fmt: skip
    for row, curve in enumerate(panel.curves, 1):
        shown = range(0, len(curve.at_risk), 2 if size.narrow else 1)
        values = [{"time": curve.at_risk_time[k], "n": _at_time(curve.at_risk[k], language)} for k in shown]
        at = alt.value(top + 17 * row)
        numbers = alt.Chart(data(values)).mark_text(fontSize=size.font - 1).encode(x=x, y=at, text=alt.Text("n:N"))
        name = alt.Chart(data([{"name": named(curve.cohort, language)}])).mark_text(
            align="right", fontSize=size.font - 1, fill=COLOURS.get(curve.cohort, INK))  # fmt: skip
        layers += [numbers, name.encode(x=alt.value(-20), y=at, text=alt.Text("name:N"))]
    return layers


def _at_time(count: Told, language: Language) -> str:
    if isinstance(count, Withheld):
        return f"<{THRESHOLD}" if count is Withheld.FEW else "\u2013"
    return language.numbers.count(count)


def series_chart(panel: TimeSeriesPanel, language: Language, title: str, size: Size) -> Chart:
    """Means by week or day with the start of the pilot, what was fitted, and what would have been without it."""
    import altair as alt

    rows = [
        {"day": p.start.isoformat(), "value": p.value, "fitted": p.fitted, "counterfactual": p.counterfactual,
         "name": named(p.cohort, language)}
        for p in panel.points
    ]  # fmt: skip
    x = _day_axis(size)
    y = partial(alt.Y, title=title, scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(format=",~r", tickCount=6))
    scales = cohort_scales(language, shapes=True, offset=6 + LINE)
    base = alt.Chart(data(rows))
    layers: list[Chart] = [
        base.mark_point(filled=True, size=42, opacity=0.95).encode(
            x=x, y=y("value:Q"), color=scales["color"], shape=scales["shape"]
        )
    ]
    fitted = any(p.fitted is not None for p in panel.points)
    drawn = "fitted" if fitted else "value"
    line = base.transform_filter(f"isValid(datum.{drawn})").mark_line(strokeWidth=2 if fitted else 1)
    layers.append(line.encode(x=x, y=y(f"{drawn}:Q"), color=scales["color"], strokeDash=scales["strokeDash"]))
    if any(p.counterfactual is not None for p in panel.points):
        other = base.transform_filter("isValid(datum.counterfactual)").mark_line(
            strokeWidth=2, color=INK, strokeDash=DOTS)  # fmt: skip
        layers.append(other.encode(x=x, y=y("counterfactual:Q")))
    if panel.start is not None:
        layers += _start(panel.start.isoformat(), language.t("start of the pilot"), x, size)
    return alt.layer(*layers).properties(width=size.width - 90, height=230)


def _day_axis(size: Size) -> Any:
    import altair as alt

    return alt.X("day:T", title=None, scale=alt.Scale(type="utc"),
                 axis=alt.Axis(format=DAYS, tickCount=4 if size.narrow else 8, labelFlush=True))  # fmt: skip


def _start(day: str, name: str, x: Any, size: Size) -> list[Chart]:
    import altair as alt

    one = alt.Chart(data([{"day": day, "name": name}]))
    return [
        one.mark_rule(color=INK, strokeDash=DASH, strokeWidth=1.3).encode(x=x),
        one.mark_text(align="left", baseline="bottom", fontSize=size.font - 1).encode(
            x=x, y=alt.value(-4), text=alt.Text("name:N")),
    ]  # fmt: skip


def event_chart(panel: TimeSeriesPanel, language: Language, title: str, size: Size) -> Chart:
    """Effects by periods since the start, with their intervals."""
    import altair as alt

    rows = [
        {"period": p.period, "value": p.effect.value,
         "low": p.effect.interval.low if p.effect.interval else None,
         "high": p.effect.interval.high if p.effect.interval else None}
        for p in panel.event_study
    ]  # fmt: skip
    x = alt.X("period:Q", title=language.t("Periods since the start"),
              axis=alt.Axis(format="d", tickMinStep=1, tickCount=6 if size.narrow else 14))  # fmt: skip
    y = partial(alt.Y, title=title, axis=alt.Axis(format=",~r", tickCount=6))
    base = alt.Chart(data(rows))
    layers: list[Chart] = [
        alt.Chart(data([{"value": 0}])).mark_rule(color=INK, strokeWidth=1.2).encode(y=y("value:Q")),
        alt.Chart(data([{"period": -0.5}])).mark_rule(color=INK, strokeDash=DASH).encode(x=x),
        base.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_rule(color=PILOT, strokeWidth=2)
        .encode(x=x, y=y("low:Q"), y2=alt.Y2("high:Q")),
        base.mark_point(shape="diamond", filled=True, color=PILOT, size=60, opacity=1).encode(x=x, y=y("value:Q")),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=size.width - 90, height=200)


def looks_chart(panel: SequentialPanel, language: Language, title: str, size: Size) -> Chart:
    """The daily band with the formal looks; both as measured, pilot minus baseline."""
    import altair as alt

    days = [
        {"day": d.day.isoformat(), "value": d.estimate, "low": d.interval.low, "high": d.interval.high}
        for d in panel.days
    ]
    looks = [
        {"day": k.at.isoformat(), "value": k.estimate, "low": k.interval.low if k.interval else None,
         "high": k.interval.high if k.interval else None, "name": language.t("look {n}", n=k.look)}
        for k in panel.looks if k.at is not None and k.estimate is not None
    ]  # fmt: skip
    x = _day_axis(size)
    y = partial(alt.Y, title=title, scale=alt.Scale(zero=True), axis=alt.Axis(format=",~r", tickCount=6))
    base, formal = alt.Chart(data(days)), alt.Chart(data(looks))
    layers: list[Chart] = [alt.Chart(data([{"value": 0}])).mark_rule(color=INK, strokeWidth=1.2).encode(y=y("value:Q"))]
    if days:
        layers += [
            base.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_area(color=PALE_PILOT, opacity=0.6)
            .encode(x=x, y=y("low:Q"), y2=alt.Y2("high:Q")),
            base.mark_line(color=PILOT, strokeWidth=2).encode(x=x, y=y("value:Q")),
        ]  # fmt: skip
    layers += [
        formal.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_rule(color=INK, strokeWidth=2.4)
        .encode(x=x, y=y("low:Q"), y2=alt.Y2("high:Q")),
        formal.mark_point(shape="diamond", filled=True, color=INK, size=110, opacity=1).encode(x=x, y=y("value:Q")),
        formal.mark_text(align="right", dx=-9, dy=-9, fontSize=size.font, fill=INK)
        .encode(x=x, y=y("value:Q"), text=alt.Text("name:N")),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=size.width - 90, height=230)
