"""The process as it went: the map with what differs, the orders of steps, and how the design was followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.charts.draw import INK, drawn
from perintis.faces.report.charts.flow_map import LESS, MORE, Arrow, flow_map
from perintis.faces.report.charts.rows import Guide, Row, Rows, rows_chart
from perintis.faces.report.page_parts import Block, Drawing, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, amounts
from perintis.faces.report.panels.course import missing_section
from perintis.rules.evaluation.panels import EdgeDifference, ProcessPanel
from perintis.rules.evaluation.parts import Missing

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

MOST_BARS = 25
MOST_BOXES = 30
MOST_ARROWS, LEAST_DRAWN = 28, 0.1
SHARES = 0


def process_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 10."""
    t, panel = language.t, evaluation.panels.process
    title = t("The process as it went")
    if isinstance(panel, Missing):
        return missing_section("process", 10, title, panel, language)
    blocks: list[Block] = [Line(text) for text in _words(panel, language)]
    if panel.edges:
        blocks.append(_map(panel, language))
    else:
        blocks.append(Line(t("No step directly followed by another was seen."), "muted"))
    if panel.variants:
        blocks.append(_variants(panel, language))
    if panel.departures:
        blocks.append(_departures(panel, language))
    for heading, steps in (
        (t("Only in the baseline"), panel.only_in_baseline),
        (t("Only in the pilot"), panel.only_in_pilot),
    ):
        if steps:
            blocks.append(Items(steps, heading))
    if panel.notes:
        blocks.append(Items(tuple(language.say(note) for note in panel.notes)))
    return Section("process", 10, title, tuple(blocks))


def _words(panel: ProcessPanel, language: Language) -> list[str]:
    """Similarity and fidelity."""
    t, numbers = language.t, language.numbers
    said = []
    if panel.similarity is not None:
        share = numbers.percent(panel.similarity, 0)
        text = t("The orders of steps in the two cohorts are {share} alike (100%: the same).", share=share)
        if panel.similarity_p is not None:
            chance = numbers.chance(panel.similarity_p)
            text += " " + t("If offices were shuffled between the cohorts, they would be as unlike in {chance} of the"
                            " shuffles.", chance=chance)  # fmt: skip
        said.append(text)
    if panel.fidelity is not None:
        said.append(t("{share} of the pilot's closed cases went as designed.",
                      share=numbers.percent(panel.fidelity, 0)))  # fmt: skip
    return said


def _map(panel: ProcessPanel, language: Language) -> Drawing:
    t = language.t
    share = Amounts(language, "share", SHARES)
    arrows = [_arrow(e, share, panel.unit, language) for e in _drawn_edges(panel)]
    only = dict.fromkeys(panel.only_in_baseline, t("only in the baseline"))
    only |= dict.fromkeys(panel.only_in_pilot, t("only in the pilot"))
    bars = _bars(panel, share, language)
    _, narrow = drawn(lambda size: rows_chart(bars, size), language, "process")
    boxes = {name for a in arrows for name in (a.source, a.target)}
    wide = flow_map(arrows, only, "process") if len(boxes) <= MOST_BOXES \
        else drawn(lambda size: rows_chart(bars, size), language, "process")[0]  # fmt: skip
    caption = t(
        "Steps that directly follow one another. Strong arrows differ by more than chance, after adjustment for"
        " looking at all: solid blue is more often in the pilot, dashed brown less often; numbers are the change in"
        " percentage points of cases. Thin grey arrows do not differ."
    )
    if len(arrows) < len(panel.edges):
        caption += " " + t("The map has the most frequent {n} of {total}; the table has all.", n=len(arrows),
                           total=len(panel.edges))  # fmt: skip
    strong = [e for e in panel.edges if e.survives]
    alt = t("{n} of {total} successions differ by more than chance.", n=len(strong), total=len(panel.edges))
    return Drawing(wide, narrow, caption, alt, _edge_table(panel, share, language))


def _drawn_edges(panel: ProcessPanel) -> list[EdgeDifference]:
    """The frequent ones, so that the map can be read; the table has all."""
    often = [e for e in panel.edges if max(e.share.baseline, e.share.pilot) >= LEAST_DRAWN] or list(panel.edges)
    often.sort(key=lambda e: (-max(e.share.baseline, e.share.pilot), e.source, e.target))
    return often[:MOST_ARROWS]


def _arrow(edge: EdgeDifference, share: Amounts, unit: str, language: Language) -> Arrow:
    label = share.change(edge.difference.value)
    if label == "0" and edge.median_wait is not None:  # it differs in its wait
        say = amounts((edge.median_wait.baseline, edge.median_wait.pilot), unit, language)
        waits = say.number(edge.median_wait.baseline), say.number(edge.median_wait.pilot)
        label = language.t("wait {before} to {after}", before=waits[0], after=waits[1])
    return Arrow(
        _step(edge.source, language), _step(edge.target, language), edge.share.baseline,
        max(edge.share.baseline, edge.share.pilot), edge.difference.value, label, edge.survives,
    )  # fmt: skip


def _step(name: str, language: Language) -> str:
    return {"(start)": language.t("(start)"), "(end)": language.t("(end)")}.get(name, name)


def _strongest(panel: ProcessPanel) -> list[EdgeDifference]:
    return sorted(panel.edges, key=lambda e: (not e.survives, -abs(e.difference.value), e.source, e.target))


def _bars(panel: ProcessPanel, share: Amounts, language: Language) -> Rows:
    rows = []
    for edge in _strongest(panel)[:MOST_BARS]:
        ends = edge.difference.interval
        low, high = (None, None) if ends is None else (ends.low, ends.high)
        colour = INK if not edge.survives else MORE if edge.difference.value > 0 else LESS
        rows.append(
            Row(f"{_step(edge.source, language)} \u2192 {_step(edge.target, language)}", 100 * edge.difference.value,
                None if low is None else 100 * low, None if high is None else 100 * high,
                share.figure(edge.difference), "diamond" if edge.survives else "circle", colour)
        )  # fmt: skip
    title = language.t("Pilot minus baseline, in percentage points of cases")
    return Rows(tuple(rows), (Guide(0.0, language.t("no change")),), title, (-110.0, 110.0), step=24)


def _edge_table(panel: ProcessPanel, share: Amounts, language: Language) -> Table:
    t = language.t
    rows = []
    for edge in _strongest(panel):
        waits = ("", "")
        if edge.median_wait is not None:
            say = amounts((edge.median_wait.baseline, edge.median_wait.pilot), panel.unit, language)
            waits = (say.number(edge.median_wait.baseline), say.number(edge.median_wait.pilot))
        rows.append((
            f"{_step(edge.source, language)} \u2192 {_step(edge.target, language)}", share.level(edge.share.baseline),
            share.level(edge.share.pilot), share.change(edge.difference.value), share.between(edge.difference.interval),
            t("yes") if edge.survives else t("cannot tell"), *waits,
        ))  # fmt: skip
    unit = language.name(panel.unit)
    head = (t("Succession"), t("Baseline"), t("Pilot"), t("Percentage points"), t("95% interval"),
            t("Differs by more than chance"), t("Median wait, baseline ({unit})", unit=unit),
            t("Median wait, pilot ({unit})", unit=unit))  # fmt: skip
    return Table(t("Share of cases in which one step directly followed another"), head, tuple(rows),
                 right=(1, 2, 3, 4, 6, 7))  # fmt: skip


def _variants(panel: ProcessPanel, language: Language) -> Table:
    t, share = language.t, Amounts(language, "share", SHARES)
    rows = tuple(
        (" \u2192 ".join(v.steps), share.level(v.share.baseline), share.level(v.share.pilot),
         "" if v.difference is None else share.figure(v.difference), t("yes") if v.survives else t("cannot tell"))
        for v in panel.variants
    )  # fmt: skip
    head = (t("Order of steps"), t("Baseline"), t("Pilot"), t("Percentage points"), t("Differs by more than chance"))
    return Table(t("The most frequent orders of steps"), head, rows, right=(1, 2, 3), roomy=True)


def _departures(panel: ProcessPanel, language: Language) -> Table:
    t = language.t
    rows = tuple(
        (d.step, language.name(d.how.replace("_", " ")), language.numbers.count(d.cases)) for d in panel.departures
    )
    return Table(t("Where cases left the design"), (t("Step"), t("How"), t("Cases")), rows, right=(2,))
