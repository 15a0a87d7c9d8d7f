"""The primary effects, and the forest of all metrics turned so that right is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from perintis.faces.report.charts.draw import FAINT, INK, PILOT, drawn
from perintis.faces.report.charts.rows import Guide, Row, Rows, bounds_of, rows_chart
from perintis.faces.report.figures import SHARE
from perintis.faces.report.page_parts import Block, Drawing, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, both, of_metric
from perintis.faces.report.panels.other_ways import other_ways
from perintis.rules.evaluation.parts import Figure, MetricMissing, MetricResult
from perintis.rules.verdict.reading import Role

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

ROLES = {Role.PRIMARY: "primary", Role.GUARDRAIL: "guardrail", Role.SECONDARY: "secondary"}
SHAPES = {Role.PRIMARY: "diamond", Role.GUARDRAIL: "square", Role.SECONDARY: "circle"}
SIGNS = {Role.PRIMARY: "\u25c6", Role.GUARDRAIL: "\u25a0", Role.SECONDARY: "\u25cf"}
COLOURS = {Role.PRIMARY: PILOT, Role.GUARDRAIL: "#8a4b00", Role.SECONDARY: INK}
WAITS = ("lead_time", "lead_time_working")
HIDDEN = "small_numbers"
WIDEST = 1.25
"""The forest shows at most this share of the baseline on either side; longer intervals end in an arrow."""

READINGS = {
    "better": "better", "worse": "worse", "not_worse": "not worse by the margin", "cannot_tell": "we cannot tell",
}  # fmt: skip


def label_of(metric: MetricResult | MetricMissing, language: Language) -> str:
    """The metric's label."""
    return language.name(metric.label)


def level_of(evaluation: Evaluation, language: Language) -> str:
    """The level of intervals: `95%`."""
    return language.numbers.percent(evaluation.level)


def primary_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 3."""
    t = language.t
    blocks: list[Block] = []
    for place, metric in enumerate(m for m in evaluation.panels.metrics if m.role is Role.PRIMARY):
        if isinstance(metric, MetricMissing):
            blocks.append(Line(_named(label_of(metric, language), language.phrase(metric.reason)), "muted"))
            continue
        blocks += [Line(sentence(metric, evaluation, language), "lead"), _strip(metric, place, evaluation, language)]
    if not blocks:
        blocks = [Line(t("The plan names no primary metric that could be measured."), "muted")]
    return Section("primary", 3, t("What the pilot changed"), tuple(blocks))


def sentence(metric: MetricResult, evaluation: Evaluation, language: Language) -> str:
    """The effect in one plain sentence: absolute, with its interval, out of the baseline; then the relative change."""
    t, say = language.t, of_metric(metric, language, evaluation)
    low, high = metric.interval.low, metric.interval.high
    label, out_of = label_of(metric, language), say.level(metric.baseline)
    if low is None or high is None or low <= 0 <= high:
        text = _unclear(metric, say, language, label, out_of)
    else:
        ends = sorted((abs(low), abs(high)))
        between = t("{low} to {high}", low=say.number(ends[0]), high=say.number(ends[1]))
        less = metric.estimate < 0
        if metric.metric in WAITS:
            text = t("Applicants wait {size} less ({between}) out of {baseline}." if less
                     else "Applicants wait {size} longer ({between}), from {baseline} before.",
                     size=say.size(metric.estimate), between=between, baseline=out_of)  # fmt: skip
        else:
            text = t("{label}: {size} less ({between}) out of {baseline}." if less
                     else "{label}: {size} more ({between}), from {baseline} before.",
                     label=label, size=say.size(metric.estimate), between=between, baseline=out_of)  # fmt: skip
    relative = _relative(metric, language)
    return f"{text} {relative}" if relative else text


def _unclear(metric: MetricResult, say: Amounts, language: Language, label: str, out_of: str) -> str:
    t, ends = language.t, metric.interval
    if ends.low is None or ends.high is None:
        return t("{label}: the interval has an open end, so we cannot tell how large the change is.", label=label)
    if ends.low == ends.high == 0:
        return t("{label}: the same in both cohorts, case by case ({baseline}).", label=label, baseline=out_of)
    return t(
        "{label}: we cannot tell whether it changed; anything from {low} less to {high} more remains possible, out of"
        " {baseline}.", label=label, low=say.size(ends.low), high=say.size(ends.high), baseline=out_of,
    )  # fmt: skip


def _relative(metric: MetricResult, language: Language) -> str:
    found = metric.relative
    if found is None or found.interval is None or found.interval.low is None or found.interval.high is None:
        return ""
    if found.interval.low <= 0 <= found.interval.high:
        return ""
    ends = sorted((abs(found.interval.low), abs(found.interval.high)))
    share = Amounts(language, "share", 0)
    if len({round(100 * v) for v in (abs(found.value), *ends)}) < 3:
        share = Amounts(language, "share", 1)
    return language.t("That is {share} of the baseline ({low} to {high}).", share=share.level(abs(found.value)),
                      low=share.level(ends[0]), high=share.level(ends[1]))  # fmt: skip


def _strip(metric: MetricResult, place: int, evaluation: Evaluation, language: Language) -> Drawing:
    t, say = language.t, of_metric(metric, language, evaluation)
    label, factor = label_of(metric, language), say.factor
    guides = [Guide(0.0, t("no change"))]
    for value, name, dash in (
        (metric.worthwhile, "smallest worthwhile {n}", "dash"), (metric.target, "target {n}", "dots"),
    ):  # fmt: skip
        if value is not None:
            guides.append(Guide(factor * value, t(name, n=_short(say, value)), dash))
    row = _row("", metric.oriented, factor, "diamond", PILOT)
    title = t("Better by, in {unit} (right is better)", unit=say.word)
    chart = Rows((row,), tuple(guides), title, bounds_of((row,), guides), notes=False, step=46, labels=False)
    level = level_of(evaluation, language)
    caption = t("{label}: point and {level} interval, adjusted for the looks taken.", label=label, level=level)
    head = (t("What"), t("In {unit}", unit=say.word))
    rows = [
        (t("Baseline"), say.level(metric.baseline)), (t("Pilot"), say.level(metric.pilot)),
        (t("Pilot minus baseline"), say.change(metric.estimate)),
        (t("{level} interval, adjusted for looks", level=level), say.between(metric.interval)),
        (t("Better by"), say.figure(metric.oriented)),
    ]  # fmt: skip
    for value, name in ((metric.worthwhile, "Smallest worthwhile effect"), (metric.target, "Target")):
        if value is not None:
            rows.append((t(name), _short(say, value)))
    rows.append((t("Cases, baseline and pilot"), both(language, metric.cases)))
    table = Table(caption, head, tuple(rows), right=(1,))
    wide, narrow = drawn(lambda size: rows_chart(chart, size), language, f"primary{place}")
    return Drawing(wide, narrow, caption, sentence(metric, evaluation, language), table, told=False)


def _short(say: Amounts, value: float) -> str:
    """A number as short as it is round: 5, 2.5, 1.7."""
    scaled = say.factor * value
    places = next((p for p in range(3) if abs(round(scaled, p) - scaled) < 1e-9), max(say.places, 1))
    return say.language.numbers.plain(scaled, places)


def _row(label: str, figure: Figure, factor: float, shape: str, colour: str, note: str = "",
         band: tuple[float, float] | None = None) -> Row:  # fmt: skip
    ends = figure.interval
    low, high = (None, None) if ends is None else (ends.low, ends.high)
    return Row(label, factor * figure.value, None if low is None else factor * low,
               None if high is None else factor * high, note, shape, colour, band)  # fmt: skip


def metrics_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 5."""
    t = language.t
    title = t("All metrics")
    found = [m for m in evaluation.panels.metrics if isinstance(m, MetricResult)]
    missing = [m for m in evaluation.panels.metrics if isinstance(m, MetricMissing)]
    if not found and not missing:
        return Section("metrics", 5, title, (Line(t("No metric was measured."), "muted"),))
    blocks: list[Block] = [_forest(found, missing, evaluation, language)] if found else []
    blocks += other_ways(found, evaluation, language)
    if missing:
        items = tuple(_absent(m, language) for m in missing)
        blocks.append(Items(items, t("Not comparable")))
    return Section("metrics", 5, title, tuple(blocks))


def _absent(metric: MetricMissing, language: Language) -> str:
    reason = language.phrase(metric.reason)
    role = language.t(ROLES[metric.role]) if metric.registered else language.t("not in the plan")
    return _named(f"{label_of(metric, language)} ({role})", reason)


def _named(name: str, text: Markup) -> Markup:
    return Markup("{}: {}").format(name, text)


def _forest(
    found: list[MetricResult], missing: list[MetricMissing], evaluation: Evaluation, language: Language
) -> Drawing:
    t = language.t
    rows = [row for m in found if (row := _forest_row(m, evaluation, language)) is not None]
    rows += [
        Row(f"{SIGNS[m.role]} {label_of(m, language)}", None, note=_why_absent(m, language), colour=FAINT)
        for m in missing
    ]  # fmt: skip
    guides = (Guide(0.0, t("no change")),)
    title = t("Better by, in per cent of the baseline (right is better)")
    chart = Rows(tuple(rows), guides, title, bounds_of(rows, guides, most=100 * WIDEST), step=26, room=262)
    caption = t(
        "Every metric as a share of its baseline, with {level} intervals, turned so that right is better. {primary}"
        " primary, adjusted for looks; {guardrail} guardrail, with the margin it may be worse by in grey; {secondary}"
        " secondary. Beside each: better by, in its own unit.", level=level_of(evaluation, language),
        primary=SIGNS[Role.PRIMARY], guardrail=SIGNS[Role.GUARDRAIL], secondary=SIGNS[Role.SECONDARY],
    )  # fmt: skip
    wide, narrow = drawn(lambda size: rows_chart(chart, size), language, "metrics")
    alt = t(
        "Better: {better}. Worse: {worse}. Not worse by the margin: {held}. We cannot tell: {unclear}.",
        **_by_reading(found, language),
    )
    return Drawing(wide, narrow, caption, alt, _table(found, evaluation, language))


def _why_absent(metric: MetricMissing, language: Language) -> str:
    hidden = metric.reason.code == HIDDEN
    return language.t("not published") if hidden else language.t("not comparable")


def _by_reading(found: list[MetricResult], language: Language) -> dict[str, str]:
    def those(*codes: str) -> str:
        names = [label_of(m, language) for m in found if m.reading.code in codes]
        return ", ".join(names) or language.t("none")

    return {
        "better": those("better"),
        "worse": those("worse"),
        "held": those("not_worse"),
        "unclear": those("cannot_tell"),
    }


def _forest_row(metric: MetricResult, evaluation: Evaluation, language: Language) -> Row | None:
    say = of_metric(metric, language, evaluation)
    label = f"{SIGNS[metric.role]} {label_of(metric, language)}"
    if abs(metric.baseline) < 1e-9:
        return Row(label, None, note=language.t("the baseline is zero: see the table"), colour=FAINT)
    factor = 100 / abs(metric.baseline)
    band = None if metric.margin is None else (-factor * metric.margin, 0.0)
    note = f"{say.figure(metric.oriented)} {say.word}"
    return _row(label, metric.oriented, factor, SHAPES[metric.role], COLOURS[metric.role], note, band)


def _table(found: list[MetricResult], evaluation: Evaluation, language: Language) -> Table:
    t = language.t
    head = (t("Metric"), t("Role"), t("Baseline"), t("Pilot"), t("Pilot minus baseline"), t("Interval"),
            t("As a share"), t("Margin"), t("Cases"), t("Reading"))  # fmt: skip
    rows = []
    for metric in found:
        say = of_metric(metric, language, evaluation)
        role = language.t(ROLES[metric.role]) if metric.registered else t("not in the plan")
        share = "" if metric.relative is None else Amounts(language, "share", 0).change(metric.relative.value) + "%"
        rows.append((
            f"{label_of(metric, language)} ({say.word})", role, _bare(say, metric.baseline), _bare(say, metric.pilot),
            say.change(metric.estimate), say.between(metric.interval), share,
            "" if metric.margin is None else _short(say, metric.margin), both(language, metric.cases),
            t(READINGS.get(metric.reading.code, metric.reading.code)),
        ))  # fmt: skip
    return Table(t("All metrics: pilot minus baseline"), head, tuple(rows), right=(2, 3, 4, 5, 6, 7, 8))


def _bare(say: Amounts, value: float) -> str:
    """A level without its unit, which stands in the first column; shares keep their sign."""
    return say.number(value) + ("%" if say.unit == SHARE else "")
