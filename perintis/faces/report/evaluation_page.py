"""The report of an evaluation: one HTML file that needs nothing else, in English or Indonesian.

On wide pages and on paper charts are wide; on telephones they are drawn anew for the narrow page. Every chart has its
table, folded on the screen and open on paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.languages.language import Language, language
from perintis.faces.report.page_parts import Section
from perintis.faces.report.page_template import page_template
from perintis.faces.report.panels.closing import money_section, provenance_section
from perintis.faces.report.panels.course import curves_section, time_section
from perintis.faces.report.panels.effects import metrics_section, primary_section
from perintis.faces.report.panels.moments import sequential_section, series_section
from perintis.faces.report.panels.offices import offices_section
from perintis.faces.report.panels.opening import flow_section, head, verdict_box
from perintis.faces.report.panels.satisfaction import satisfaction_section
from perintis.faces.report.panels.trust import trust_section
from perintis.faces.report.panels.ways import process_section
from perintis.rules.evaluation.publishing import publishable

if TYPE_CHECKING:
    from perintis.rules.evaluation.document import Evaluation

SECTIONS = (
    flow_section, primary_section, curves_section, metrics_section, time_section, offices_section, series_section,
    sequential_section, process_section, satisfaction_section, trust_section, money_section, provenance_section,
)  # fmt: skip
"""Panels 2 to 12 and the foot; panel 1 is the verdict box."""


def evaluation_page(evaluation: Evaluation, lang: str) -> str:
    """The page as text; `lang` is "en" or "id", a ValueError otherwise. The same evaluation gives the same bytes.

    A page is made to be passed on, so small numbers and what would tell them are left out.
    """
    chosen, evaluation = language(lang), publishable(evaluation)
    return page_template("evaluation.html").render(
        lang=lang, t=chosen.t, numbers=chosen.numbers, head=head(evaluation, chosen),
        verdict=verdict_box(evaluation.panels.verdict, chosen), sections=sections(evaluation, chosen),
    )  # fmt: skip


def sections(evaluation: Evaluation, chosen: Language) -> tuple[Section, ...]:
    """All panels but the first, then the foot."""
    return tuple(make(evaluation, chosen) for make in SECTIONS)
