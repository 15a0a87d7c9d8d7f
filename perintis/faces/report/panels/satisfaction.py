"""What applicants said: the index with its categories, the nine elements, and how many answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.charts.draw import BASELINE, PILOT, drawn
from perintis.faces.report.charts.parts_chart import Pair, pairs_chart
from perintis.faces.report.charts.rows import Guide, Row, Rows, rows_chart
from perintis.faces.report.page_parts import Block, Drawing, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, told
from perintis.faces.report.panels.course import missing_section
from perintis.rules.evaluation.panels import SatisfactionPanel, SatisfactionSide
from perintis.rules.evaluation.parts import Missing
from perintis.rules.suppression import Withheld

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

CATEGORIES = {"A": "very good", "B": "good", "C": "less good", "D": "not good"}
LIMITS = (("C", 65.00), ("B", 76.61), ("A", 88.31))
"""Where a category begins, PermenPAN-RB 14/2017; below C is D."""


def satisfaction_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 11."""
    t, panel = language.t, evaluation.panels.satisfaction
    title = t("Satisfaction")
    if isinstance(panel, Missing):
        return missing_section("satisfaction", 11, title, panel, language)
    blocks: list[Block] = []
    if panel.difference is not None:
        say = Amounts(language, "points", 1)
        text = t("The satisfaction index changed by {change} points ({between}).",
                 change=say.change(panel.difference.value), between=say.between(panel.difference.interval))  # fmt: skip
        blocks.append(Line(text, "lead"))
    if panel.baseline is not None or panel.pilot is not None:
        blocks.append(_index(panel, language))
    if panel.elements:
        blocks.append(_elements(panel, language))
    if panel.notes:
        blocks.append(Items(tuple(language.say(note) for note in panel.notes)))
    if not blocks:
        blocks.append(Line(t("Nobody answered."), "muted"))
    return Section("satisfaction", 11, title, tuple(blocks))


def _sides(panel: SatisfactionPanel, language: Language) -> list[tuple[str, SatisfactionSide, str, str]]:
    named = ((language.t("Baseline"), panel.baseline, BASELINE, "circle"),
             (language.t("Pilot"), panel.pilot, PILOT, "diamond"))  # fmt: skip
    return [(name, side, colour, shape) for name, side, colour, shape in named if side is not None]


def _index(panel: SatisfactionPanel, language: Language) -> Drawing:
    t, say = language.t, Amounts(language, "points", 2)
    rows = tuple(
        Row(name, side.index.value, side.index.interval.low if side.index.interval else None,
            side.index.interval.high if side.index.interval else None,
            f"{say.number(side.index.value)} ({say.between(side.index.interval, signed=False)})", shape, colour)
        for name, side, colour, shape in _sides(panel, language)
    )  # fmt: skip
    guides = tuple(Guide(limit, t("{category} from {n}", category=name, n=say.number(limit)), "dots")
                   for name, limit in LIMITS)  # fmt: skip
    values = [v for r in rows for v in (r.low, r.value, r.high) if v is not None]
    bounds = (min(60.0, *values) - 1, max(92.0, *values) + 1)
    caption = t("Satisfaction index (IKM, PermenPAN-RB 14/2017; 25 to 100) with 95% intervals and the limits of its"
                " categories.")  # fmt: skip
    chart = Rows(rows, guides, t("Index"), (max(bounds[0], 24.0), min(bounds[1], 101.0)), step=30)
    wide, narrow = drawn(lambda size: rows_chart(chart, size), language, "index")
    alt = "; ".join(
        t("{cohort}: {n}, category {category} ({words})", cohort=name, n=say.number(side.index.value),
          category=side.category, words=t(CATEGORIES.get(side.category, side.category)))
        for name, side, _, _ in _sides(panel, language)
    )  # fmt: skip
    return Drawing(wide, narrow, caption, f"{alt}.", _index_table(panel, say, language))


def _index_table(panel: SatisfactionPanel, say: Amounts, language: Language) -> Table:
    t, numbers = language.t, language.numbers
    head = (t("Cohort"), t("Answered"), t("Asked"), t("Share that answered"), t("Index"), t("95% interval"),
            t("Index, weighted for silence"), t("Category"), t("Chances of the categories"))  # fmt: skip
    rows = tuple(
        (name, told(language, side.respondents), told(language, side.asked), _response(side, language),
         say.number(side.index.value), say.between(side.index.interval, signed=False),
         "" if side.weighted is None else say.number(side.weighted),
         f"{side.category} ({t(CATEGORIES.get(side.category, side.category))})",
         ", ".join(f"{k} {numbers.percent(v, 0)}" for k, v in sorted(side.chances.items())) or t("not known"))
        for name, side, _, _ in _sides(panel, language)
    )  # fmt: skip
    return Table(t("Satisfaction index"), head, rows, right=(1, 2, 3, 4, 5, 6))


def _response(side: SatisfactionSide, language: Language) -> str:
    if isinstance(side.respondents, Withheld) or isinstance(side.asked, Withheld):
        return ""
    share = side.respondents / side.asked if side.response is None and side.asked else side.response
    return "" if share is None else language.numbers.percent(share, 0)


def _elements(panel: SatisfactionPanel, language: Language) -> Drawing:
    t, say = language.t, Amounts(language, "", 2)
    pairs = tuple(
        Pair(f"{e.code} {language.name(e.name)}" + (" *" if e.differs else ""), (e.baseline, e.pilot))
        for e in panel.elements
    )
    caption = t("Means of the nine elements, from 1 to 4. A star marks elements that differ by more than chance, after"
                " adjustment for looking at nine.")  # fmt: skip

    def shown(value: float | None) -> str:
        return t("not known") if value is None else say.number(value)

    answers = {True: t("yes"), False: t("cannot tell"), None: t("not tested")}
    rows = tuple(
        (f"{e.code} {language.name(e.name)}", shown(e.baseline), shown(e.pilot), answers[e.differs])
        for e in panel.elements
    )
    head = (t("Element"), t("Baseline"), t("Pilot"), t("Differs by more than chance"))
    table = Table(t("Means of the nine elements"), head, rows, right=(1, 2))
    different = [f"{e.code} {language.name(e.name)}" for e in panel.elements if e.differs]
    alt = t("Differ by more than chance: {names}.", names=", ".join(different) or t("none"))
    title = t("Mean answer")
    wide, narrow = drawn(lambda size: pairs_chart(pairs, title, (1.0, 4.0), language, size), language, "elements")
    return Drawing(wide, narrow, caption, alt, table)
