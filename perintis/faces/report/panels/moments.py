"""Over time, and look by look: weekly series, the event study, formal looks and the daily band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.charts.draw import drawn
from perintis.faces.report.charts.over_time import event_chart, looks_chart, named, series_chart
from perintis.faces.report.page_parts import Block, Drawing, Heading, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import amounts, ends_of, of_figures, of_many
from perintis.faces.report.panels.course import missing_section
from perintis.faces.report.panels.offices import metric_name
from perintis.rules.evaluation.panels import LookPoint, SequentialPanel, TimeSeriesPanel
from perintis.rules.evaluation.parts import Missing

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

MOST_DAYS = 31
SPENDING = {"obrien_fleming": "O'Brien-Fleming", "pocock": "Pocock"}


def series_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 8."""
    t, panel = language.t, evaluation.panels.series
    title = t("Over time")
    if isinstance(panel, Missing):
        return missing_section("series", 8, title, panel, language)
    name = metric_name(panel.metric, evaluation, language)
    blocks: list[Block] = []
    if panel.points:
        blocks.append(_series(panel, name, language))
    if panel.event_study:
        blocks += [Heading(t("By time since the start")), _events(panel, name, language)]
    if panel.notes:
        blocks.append(Items(tuple(language.say(note) for note in panel.notes)))
    if not blocks:
        blocks.append(Line(t("No case has a day on which it was opened."), "muted"))
    return Section("series", 8, title, tuple(blocks))


def _series(panel: TimeSeriesPanel, name: str, language: Language) -> Drawing:
    t = language.t
    say = of_many([v for p in panel.points for v in (p.value, p.fitted, p.counterfactual)], panel.unit, language)
    weekly = panel.unit_of_time == "week"
    caption = t("{metric} by week of opening, in {unit}." if weekly else "{metric} by day of opening, in {unit}.",
                metric=name, unit=say.word)  # fmt: skip
    fitted = any(p.fitted is not None for p in panel.points)
    other = any(p.counterfactual is not None for p in panel.points)
    if fitted:
        caption += " " + t("Lines are what the model fits.")
    if other:
        caption += " " + t("The dotted black line is what would have been without the pilot.")
    if not other and not fitted:
        caption += " " + t("Nothing is fitted here: the two cohorts stand side by side.")
    started = t("The pilot started on {day}.", day=language.numbers.day(panel.start)) if panel.start else ""
    head = [t("Week beginning") if weekly else t("Day"), t("Cohort"), t("Cases"), t("Mean")]
    head += [t("Fitted")] * fitted + [t("Without the pilot")] * other

    def shown(value: float | None) -> str:
        return "" if value is None else say.number(value)

    rows = tuple(
        (language.numbers.day(p.start), named(p.cohort, language), language.numbers.count(p.cases), shown(p.value),
         *([shown(p.fitted)] * fitted), *([shown(p.counterfactual)] * other))
        for p in panel.points
    )  # fmt: skip
    table = Table(caption, tuple(head), rows, right=tuple(range(2, len(head))))
    axis = f"{name} ({say.word})"
    wide, narrow = drawn(lambda size: series_chart(panel, language, axis, size), language, "series")
    return Drawing(wide, narrow, caption, started or caption, table)


def _events(panel: TimeSeriesPanel, name: str, language: Language) -> Drawing:
    t = language.t
    say = of_figures([p.effect for p in panel.event_study], panel.unit, language)
    caption = t("{metric}: pilot minus baseline by periods since an office's start, in {unit}, with 95% intervals."
                " Before the start (left of the line) nothing should differ.", metric=name, unit=say.word)  # fmt: skip
    rows = tuple(
        (language.numbers.plain(p.period, signed=True), say.change(p.effect.value), say.between(p.effect.interval))
        for p in panel.event_study
    )
    head = (t("Periods since the start"), t("Pilot minus baseline"), t("95% interval"))
    last = panel.event_study[-1]
    alt = t("In the last period shown: {change}.", change=say.figure(last.effect))
    axis = t("Pilot minus baseline ({unit})", unit=say.word)
    wide, narrow = drawn(lambda size: event_chart(panel, language, axis, size), language, "events")
    return Drawing(wide, narrow, caption, alt, Table(caption, head, rows, right=(0, 1, 2)))


def sequential_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 9."""
    t, panel = language.t, evaluation.panels.sequential
    title = t("Look by look")
    if isinstance(panel, Missing):
        return missing_section("sequential", 9, title, panel, language)
    share = language.numbers.percent(panel.fraction)
    text = t("There is {share} of the information that the plan foresees. The chance of a false alarm is spent over the"
             " looks as {spending} do.", share=share,
             spending=SPENDING.get(panel.spending, panel.spending))  # fmt: skip
    blocks: list[Block] = [Line(text)]
    if panel.hidden is not None:
        blocks.append(Line(t("No daily band:") + " " + language.phrase(panel.hidden) + ".", "muted"))
    taken = any(k.estimate is not None and k.at is not None for k in panel.looks)
    if panel.days or taken:
        blocks.append(_looks(panel, metric_name(panel.metric, evaluation, language), language))
    if panel.looks:
        blocks.append(_look_table(panel, language))
    blocks += [Line(text) for text in _ahead(panel, language)]
    if panel.notes:
        blocks.append(Items(tuple(language.say(note) for note in panel.notes)))
    if panel.harm:
        blocks.append(Items(tuple(language.say(m) for m in panel.harm), t("The monitor of harm has tripped")))
    return Section("sequential", 9, title, tuple(blocks))


def _ahead(panel: SequentialPanel, language: Language) -> list[str]:
    """What an early end does to the estimate, and what later looks may still show."""
    t, said = language.t, []
    if panel.stopped_early is not None:
        say = amounts(ends_of(panel.stopped_early), panel.unit, language)
        said.append(t("The trial ended early, so the plain estimate is too large; corrected for that it is {figure}"
                      " {unit}.", figure=say.figure(panel.stopped_early), unit=say.word))  # fmt: skip
    if panel.power_as_seen is not None and panel.power_at_target is not None:
        said.append(t("A later look proves the effect with a chance of {seen} if it is as seen now, and of {target} if"
                      " it is the plan's target.", seen=language.numbers.percent(panel.power_as_seen, 0),
                      target=language.numbers.percent(panel.power_at_target, 0)))  # fmt: skip
    elif panel.power_as_seen is not None:
        said.append(t("A later look proves the effect with a chance of {seen} if it is as seen now.",
                      seen=language.numbers.percent(panel.power_as_seen, 0)))  # fmt: skip
    return said


def _looks(panel: SequentialPanel, name: str, language: Language) -> Drawing:
    t = language.t
    last = panel.days[-1:] or ()
    values = [v for d in last for v in (d.estimate, d.interval.low, d.interval.high)]
    values += [v for k in panel.looks if k.estimate is not None for v in (k.estimate, *_ends(k))]
    say = amounts(values, panel.unit, language)
    caption = t("{metric}: pilot minus baseline, in {unit}.", metric=name, unit=say.word)
    if panel.days:
        caption += " " + t("The band holds on all days at once, so it may be looked at daily.")
    caption += " " + t("Diamonds are the looks at which the rule may decide, with their own intervals.")
    alt = t("On {day}: {change} ({between}) from {n} cases.", day=language.numbers.day(last[0].day),
            change=say.change(last[0].estimate), between=say.between(last[0].interval),
            n=language.numbers.count(last[0].cases)) if last else caption  # fmt: skip
    head = (t("Day"), t("Cases followed to the end"), t("Pilot minus baseline"), t("Interval"))
    shown = _thinned(len(panel.days))
    rows = tuple(
        (language.numbers.day(d.day), language.numbers.count(d.cases), say.change(d.estimate), say.between(d.interval))
        for k, d in enumerate(panel.days) if k in shown
    )  # fmt: skip
    if not rows:
        rows = ((t("No daily band is shown."), "", "", ""),)
    table_caption = t("The daily band") if len(shown) == len(panel.days) \
        else t("The daily band on {n} of {total} days", n=len(shown), total=len(panel.days))  # fmt: skip
    axis = t("Pilot minus baseline ({unit})", unit=say.word)
    wide, narrow = drawn(lambda size: looks_chart(panel, language, axis, size), language, "looks")
    return Drawing(wide, narrow, caption, alt, Table(table_caption, head, rows, right=(1, 2, 3)))


def _ends(look: LookPoint) -> tuple[float | None, ...]:
    return () if look.interval is None else (look.interval.low, look.interval.high)


def _thinned(count: int) -> set[int]:
    """At most so many days, evenly, with the last."""
    if count <= MOST_DAYS:
        return set(range(count))
    return {round(k * (count - 1) / (MOST_DAYS - 1)) for k in range(MOST_DAYS)}


def _look_table(panel: SequentialPanel, language: Language) -> Table:
    t, numbers = language.t, language.numbers
    rows = []
    for look in panel.looks:
        say = amounts((look.estimate, *_ends(look)), panel.unit, language)
        rows.append((
            numbers.count(look.look), numbers.percent(look.fraction),
            t("planned") if look.at is None else numbers.day(look.at),
            "" if look.bound is None else numbers.plain(look.bound, 2),
            "" if look.estimate is None else say.change(look.estimate),
            "" if look.interval is None else say.between(look.interval),
        ))  # fmt: skip
    head = (t("Look"), t("Information"), t("Date"), t("Bound, in standard errors"), t("Pilot minus baseline"),
            t("Interval"))  # fmt: skip
    return Table(t("Formal looks"), head, tuple(rows), right=(0, 1, 3, 4, 5))
