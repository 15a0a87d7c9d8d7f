"""Offices and registered subgroups, each with its own effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.charts.draw import FAINT, PILOT, drawn
from perintis.faces.report.charts.rows import Guide, Row, Rows, bounds_of, rows_chart
from perintis.faces.report.page_parts import Block, Drawing, Heading, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, counts, ends_of, of_figures
from perintis.faces.report.panels.course import missing_section
from perintis.rules.evaluation.panels import OfficesPanel, Subgroup
from perintis.rules.evaluation.parts import Figure, MetricResult, Missing

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

MANY = 24
NEGLIGIBLE = 0.005


def offices_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 7."""
    t, panel = language.t, evaluation.panels.offices
    title = t("Offices and groups of applicants")
    if isinstance(panel, Missing):
        return missing_section("offices", 7, title, panel, language)
    name = metric_name(panel.metric, evaluation, language)
    blocks: list[Block] = [Line(t("No office could be compared."), "muted")]
    if panel.offices:
        blocks = [Line(_alike(panel, language)), _offices(panel, name, evaluation, language)]
    if panel.subgroups:
        blocks += [Heading(t("Groups named in the plan")), _subgroups(panel, name, language)]
    if panel.notes:
        blocks.append(Items(tuple(language.say(note) for note in panel.notes)))
    return Section("offices", 7, title, tuple(blocks))


def metric_name(metric: str, evaluation: Evaluation, language: Language) -> str:
    """The label of a metric of the document."""
    found = next((m.label for m in evaluation.panels.metrics if m.metric == metric), metric)
    return language.name(found)


def _alike(panel: OfficesPanel, language: Language) -> str:
    """What the spread between offices means, in words."""
    t = language.t
    if panel.differ is None or panel.i2 is None:
        return t("Whether offices differ in their effect could not be tested.")
    share = language.numbers.percent(panel.i2, 0)
    if panel.differ:
        return t("Offices differ in their effect by more than chance: {share} of the spread between them (I\u00b2) is"
                 " not chance.", share=share)  # fmt: skip
    if panel.i2 < NEGLIGIBLE:
        return t("Offices differ in their effect no more than chance would make them (I\u00b2 is about 0%).")
    return t("Offices differ in their effect no more than chance would make them; about {share} of the spread between"
             " them (I\u00b2) may be more than that.", share=share)  # fmt: skip


def _overall(metric: str, evaluation: Evaluation) -> float | None:
    found = next((m for m in evaluation.panels.metrics if isinstance(m, MetricResult) and m.metric == metric), None)
    return None if found is None else found.oriented.value


def _offices(panel: OfficesPanel, name: str, evaluation: Evaluation, language: Language) -> Drawing:
    t = language.t
    say = of_figures([o.effect for o in panel.offices], panel.unit, language)
    rows = tuple(
        _row(o.office if o.pilot_office else f"{o.office} ({t('without the pilot')})", o.effect, say,
             PILOT if o.pilot_office else FAINT, "circle" if o.pilot_office else "square")
        for o in panel.offices
    )  # fmt: skip
    guides = [Guide(0.0, t("no change"))]
    overall = _overall(panel.metric, evaluation)
    if overall is not None:
        guides.append(Guide(say.factor * overall, t("all offices together"), "dash"))
    caption = t("{metric} by office: better by, in {unit}, with 95% intervals. Dots are offices of the pilot.",
                metric=name, unit=say.word)  # fmt: skip
    worst, best = min(panel.offices, key=lambda o: o.effect.value), max(panel.offices, key=lambda o: o.effect.value)
    alt = t("From {low} at {worst} to {high} at {best}.", low=say.change(worst.effect.value), worst=worst.office,
            high=say.change(best.effect.value), best=best.office)  # fmt: skip
    listed = [(o.office, o.cases.baseline, o.cases.pilot, o.effect) for o in panel.offices]
    table = _table(caption, t("Office"), listed, say, language)
    return _drawing(rows, tuple(guides), caption, alt, table, say, language, "offices")


def _subgroups(panel: OfficesPanel, name: str, language: Language) -> Drawing:
    t = language.t
    say = of_figures([s.effect for s in panel.subgroups], panel.unit, language)
    names = [_group_name(s, language) for s in panel.subgroups]
    rows = tuple(_row(label, s.effect, say, PILOT, "triangle-down" if s.harmed else "circle")
                 for label, s in zip(names, panel.subgroups, strict=True))  # fmt: skip
    caption = t("{metric} by group: better by, in {unit}, with 95% intervals.", metric=name, unit=say.word)
    harmed = [label for label, s in zip(names, panel.subgroups, strict=True) if s.harmed]
    alt = t("Harmed beyond chance: {names}.", names=", ".join(harmed) or t("none"))
    listed = [
        (label, s.cases.baseline, s.cases.pilot, s.effect) for label, s in zip(names, panel.subgroups, strict=True)
    ]
    table = _table(caption, t("Group"), listed, say, language)
    return _drawing(rows, (Guide(0.0, t("no change")),), caption, alt, table, say, language, "groups")


def _group_name(group: Subgroup, language: Language) -> str:
    marks = [language.t("looked at for equity")] * group.equity + [language.t("harmed")] * group.harmed
    return f"{group.name}: {group.value}" + (f" ({', '.join(marks)})" if marks else "")


def _row(label: str, effect: Figure, say: Amounts, colour: str, shape: str) -> Row:
    value, *ends = ends_of(effect)
    assert value is not None
    low, high = ends or (None, None)
    return Row(label, say.factor * value, None if low is None else say.factor * low,
               None if high is None else say.factor * high, say.figure(effect), shape, colour)  # fmt: skip


def _drawing(
    rows: tuple[Row, ...], guides: tuple[Guide, ...], caption: str, alt: str, table: Table, say: Amounts,
    language: Language, key: str,
) -> Drawing:  # fmt: skip
    title = language.t("Better by, in {unit} (right is better)", unit=say.word)
    step = 19 if len(rows) > MANY else 25
    chart = Rows(rows, guides, title, bounds_of(rows, guides), step=step)
    wide, narrow = drawn(lambda size: rows_chart(chart, size), language, key)
    return Drawing(wide, narrow, caption, alt, table)


def _table(
    caption: str, what: str, listed: list[tuple[str, float, float, Figure]], say: Amounts, language: Language
) -> Table:  # fmt: skip
    t = language.t
    head = (what, t("Cases, baseline"), t("Cases, pilot"), t("Better by"), t("95% interval"))
    rows = tuple(
        (name, *counts(language, (before, after)), say.change(effect.value), say.between(effect.interval))
        for name, before, after, effect in listed
    )
    return Table(caption, head, rows, right=(1, 2, 3, 4))
