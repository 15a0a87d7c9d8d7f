"""How long cases took: the share decided by age of the case, and where the time went by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.charts.draw import drawn
from perintis.faces.report.charts.over_time import curves_chart, named
from perintis.faces.report.charts.parts_chart import Stage, stages_chart
from perintis.faces.report.page_parts import Block, Drawing, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, amounts, ends_of, of_figures, of_many, told
from perintis.rules.evaluation.panels import CurvesPanel, StagePart
from perintis.rules.evaluation.parts import Missing
from perintis.rules.suppression import Withheld

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.panels import TimePanel

MOST_STAGES = 15
ROWS_OF_CURVE = 13


def missing_section(key: str, number: int, title: str, missing: Missing, language: Language) -> Section:
    """A panel that cannot be drawn: its reason in one line."""
    return Section(key, number, title, (Line(language.say(missing.reason), "muted"),))


def curves_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 4."""
    t, panel = language.t, evaluation.panels.curves
    title = t("How soon cases are decided")
    if isinstance(panel, Missing):
        return missing_section("curves", 4, title, panel, language)
    blocks: list[Block] = []
    if panel.compliance is not None:
        blocks.append(Line(_compliance(panel, language)))
    if panel.faster is not None:
        chance = amounts(ends_of(panel.faster), "share", language)
        blocks.append(
            Line(t("A case of the pilot is decided sooner than one of the baseline with a chance of {share}"
                   " ({between}); 50% would be alike.", share=chance.level(panel.faster.value),
                   between=chance.between(panel.faster.interval, signed=False)))
        )  # fmt: skip
    caption = t("Share of cases decided by days since opening; open cases count for as long as they were seen. Pale"
                " bands: 95% intervals at each point.")  # fmt: skip
    if len(panel.curves) > 1:
        caption += " " + t("The area between the curves up to the horizon is the time won or lost a case.")
    wide, narrow = drawn(lambda size: curves_chart(panel, language, size), language, "curves")
    blocks += [Drawing(wide, narrow, caption, _curves_alt(panel, language), _curve_table(panel, language)),
               _spread_table(panel, language)]  # fmt: skip
    if panel.pace is not None:
        blocks.append(Line(t("As a supplement:") + " " + language.phrase(panel.pace) + ".", "muted"))
    if panel.adjusted_pace is not None:
        blocks.append(Line(language.say(panel.adjusted_pace), "muted"))
    if panel.note is not None:
        blocks.append(Line(language.say(panel.note), "warning"))
    return Section("curves", 4, title, tuple(blocks))


def _compliance(panel: CurvesPanel, language: Language) -> str:
    assert panel.compliance is not None
    t, gap = language.t, panel.compliance_gap
    share = amounts((panel.compliance.baseline, panel.compliance.pilot, *ends_of(gap)), "share", language)
    values = {"baseline": share.level(panel.compliance.baseline), "pilot": share.level(panel.compliance.pilot)}
    if gap is None:
        return t("Closed by their deadline: {baseline} in the baseline, {pilot} in the pilot.", **values)
    return t("Closed by their deadline: {baseline} in the baseline, {pilot} in the pilot, a gap of {gap} percentage"
             " points ({between}).", gap=share.change(gap.value), between=share.between(gap.interval),
             **values)  # fmt: skip


def _curves_alt(panel: CurvesPanel, language: Language) -> str:
    parts = []
    for curve in panel.curves:
        say = of_many((curve.mean, curve.median, curve.p90), panel.unit, language)
        half = language.t("not reached") if curve.median is None else say.level(curve.median)
        parts.append(language.t("{cohort}: half decided after {half}", cohort=named(curve.cohort, language), half=half))
    return "; ".join(parts) + "."


def _curve_table(panel: CurvesPanel, language: Language) -> Table:
    t, unit = language.t, language.name(panel.unit)
    head = [t("Time since opening, in {unit}", unit=unit)]
    for curve in panel.curves:
        name = named(curve.cohort, language)
        head += [t("{cohort}: decided", cohort=name), t("{cohort}: open and followed", cohort=name)]
    rows = []
    first = panel.curves[0]
    for k, time in enumerate(first.at_risk_time):
        cells = [language.numbers.plain(time, 0 if time == round(time) else 1)]
        for curve in panel.curves:
            if isinstance(curve.at_risk[k], Withheld):  # the curve has ended before, or its share would tell
                cells += [t("not published"), told(language, curve.at_risk[k])]
                continue
            share, low, high = (_at(curve.time, values, time) for values in (curve.decided, curve.low, curve.high))
            percent = Amounts(language, "share", 0)
            cells += [f"{percent.level(share)} ({percent.number(low)}\u2013{percent.level(high)})",
                      told(language, curve.at_risk[k])]  # fmt: skip
        rows.append(tuple(cells))
    caption = t("Share decided with its 95% interval, and cases still open and followed")
    return Table(caption, tuple(head), tuple(rows), right=tuple(range(len(head))))


def _at(times: tuple[float, ...], values: tuple[float, ...], time: float) -> float:
    """The value of a step curve at a time."""
    place = max((k for k, t in enumerate(times) if t <= time + 1e-9), default=0)
    return values[place]


def _spread_table(panel: CurvesPanel, language: Language) -> Table:
    t = language.t
    unit = language.name(panel.unit)
    say = of_many([v for c in panel.curves for v in (c.mean, c.median, c.p90)], panel.unit, language)

    def shown(value: float | None) -> str:
        return t("not reached") if value is None else say.number(value)

    horizon = language.numbers.plain(panel.tau, 0 if panel.tau == round(panel.tau) else 1)
    rows = tuple((named(c.cohort, language), shown(c.mean), shown(c.median), shown(c.p90)) for c in panel.curves)
    head = (t("Cohort"), t("Mean within {n} {unit}", n=horizon, unit=unit), t("Half decided after"),
            t("Nine of ten decided after"))  # fmt: skip
    return Table(t("Times in {unit}", unit=unit), head, rows, right=(1, 2, 3))


def time_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 6."""
    t, panel = language.t, evaluation.panels.time
    title = t("Where the time went")
    if isinstance(panel, Missing):
        return missing_section("time", 6, title, panel, language)
    if not panel.stages:
        return Section("time", 6, title, (Line(t("No step was recorded."), "muted"),))
    say = of_figures([s.difference for s in panel.stages], panel.unit, language)
    blocks: list[Block] = []
    if panel.handovers is not None:
        hands = amounts((panel.handovers.baseline, panel.handovers.pilot), "", language)
        blocks.append(Line(t("A file is handed over {baseline} times in the baseline and {pilot} times in the pilot.",
                             baseline=hands.number(panel.handovers.baseline),
                             pilot=hands.number(panel.handovers.pilot))))  # fmt: skip
    blocks.append(_stages_drawing(panel, say, language))
    notes = tuple(language.say(note) for note in panel.notes)
    if notes:
        blocks.append(Items(notes))
    return Section("time", 6, title, tuple(blocks))


def _stages_drawing(panel: TimePanel, say: Amounts, language: Language) -> Drawing:
    t, shown = language.t, panel.stages[:MOST_STAGES]
    stages = tuple(
        Stage(_step_label(s, language), (s.waiting.baseline, s.waiting.pilot),
              None if s.touch is None else (s.touch.baseline, s.touch.pilot),
              "" if s.difference is None else say.figure(s.difference))
        for s in shown
    )  # fmt: skip
    unit = language.name(panel.unit)
    title = t("Time a case, in {unit}", unit=unit)
    caption = t("Mean time a case by step: pale is waiting, dark is work; the upper bar is the baseline, the lower the"
                " pilot. Beside each: pilot minus baseline with its 95% interval.")  # fmt: skip
    if len(panel.stages) > len(shown):
        caption += " " + t(
            "The {n} longest of {total} steps; the table has all.", n=len(shown), total=len(panel.stages)
        )
    most = max(panel.stages, key=lambda s: abs(s.difference.value) if s.difference else 0.0)
    alt = t("The largest change is at {step}: {change} {unit} a case.", step=most.step, unit=unit,
            change=say.figure(most.difference) if most.difference else "0")  # fmt: skip
    wide, narrow = drawn(lambda size: stages_chart(stages, title, language, size), language, "time")
    return Drawing(wide, narrow, caption, alt, _stage_table(panel, say, language))


def _step_label(stage: StagePart, language: Language) -> str:
    if stage.only_in is None:
        return stage.step
    only = language.t("only in the pilot") if stage.only_in == "pilot" else language.t("only in the baseline")
    return f"{stage.step} ({only})"


def _stage_table(panel: TimePanel, say: Amounts, language: Language) -> Table:
    t = language.t
    head = (t("Step"), t("Agency"), t("Waiting, baseline"), t("Waiting, pilot"), t("Worked on, baseline"),
            t("Worked on, pilot"), t("Pilot minus baseline"), t("95% interval"))  # fmt: skip
    level = Amounts(language, panel.unit, max(say.places, 1))
    rows = []
    for stage in panel.stages:
        touch = (
            ("", "") if stage.touch is None else (level.number(stage.touch.baseline), level.number(stage.touch.pilot))
        )
        change = ("", "") if stage.difference is None \
            else (say.change(stage.difference.value), say.between(stage.difference.interval))  # fmt: skip
        rows.append((_step_label(stage, language), stage.agency or "", level.number(stage.waiting.baseline),
                     level.number(stage.waiting.pilot), *touch, *change))  # fmt: skip
    caption = t("Time a case by step, in {unit}", unit=language.name(panel.unit))
    return Table(caption, head, tuple(rows), right=(2, 3, 4, 5, 6, 7))
