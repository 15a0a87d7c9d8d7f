"""The page tells the effects by other ways: what was computed, which of them decides, and why others were not."""

from __future__ import annotations

import re

import pytest

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.faces.report.languages.language import language
from perintis.faces.report.page_parts import Items, Line, Table
from perintis.faces.report.panels.effects import metrics_section
from perintis.faces.report.panels.other_ways import other_ways, resampled_blocks
from perintis.rules.evaluation.parts import Another, Figure, Message, MetricResult
from tests.faces.sample_evaluation import sample

ENGLISH, INDONESIAN = language("en"), language("id")


def table_of(code: str) -> Table:
    return next(
        b
        for b in metrics_section(sample(), language(code)).blocks
        if isinstance(b, Table) and len(b.head) == 2
    )  # fmt: skip


def test_every_figure_has_its_metric_its_way_and_its_interval() -> None:
    """Differences with their unit, a ratio as times, a limit with the one end that it has."""
    assert table_of("en").rows == (
        ("Lead time: a regression of pseudo-values on the covariates", "\u22123.9 (\u22126.1 to \u22121.7) days"),
        ("Lead time: an interval that holds for all primary metrics at once (largest t, signs drawn by lot)",
         "\u22124.0 (\u22126.3 to \u22121.7) days"),
        ("Outcome: refused: the limit by exchanging offices, which must keep the margin too",
         "at most +1.7 percentage points"),
        ("Hand-overs between agencies: the ratio of counts a case, pilot over baseline", "0.98 times (0.92 to 1.04)"),
    )  # fmt: skip


def test_what_was_not_computed_is_told_with_the_reason() -> None:
    """In one line for all metrics that lack the same for the same reason; a note is said once."""
    found = [m for m in sample().panels.metrics if isinstance(m, MetricResult)]
    twice = [*found, *(m.model_copy(update={"label": "Cases with rework"}) for m in found if m.metric == "rework")]
    notes, lacking = (b for b in other_ways(twice, sample(), ENGLISH) if isinstance(b, Items))
    assert lacking.heading == "Not computed by another way"
    way, reason = (
        "the ratio of counts a case, pilot over baseline",
        "nothing was counted in the pilot: there is no ratio",
    )
    assert lacking.items == (f"Rework, Cases with rework: {way}: {reason}",)
    assert notes.items[0].startswith("Lead time: were there nothing, one of the primary metrics")


def test_nothing_beside_is_nothing_on_the_page() -> None:
    """An evaluation of the first format has no such table."""
    found = [m.model_copy(update={"beside": ()}) for m in sample().panels.metrics if isinstance(m, MetricResult)]
    assert other_ways(found, sample(), ENGLISH) == ()


def test_the_trust_box_has_a_second_opinion_or_says_why_not() -> None:
    """Two rows, that which decides first; without a figure one line with the reason."""
    (table,) = resampled_blocks(sample(), ENGLISH)
    assert isinstance(table, Table)
    assert table.rows == (
        ("As it decides, adjusted for looks", "\u22124.0 (\u22126.1 to \u22121.9) days"),
        ("The effect in 1,000 resamples of offices (percentiles)", "\u22124.0 (\u22125.9 to \u22122.1) days"),
    )
    whole = sample()
    why = Message(code="not_computed", text="4 offices a cohort needed, 3 present")
    bootstrap = whole.panels.trust.bootstrap
    assert bootstrap is not None
    none = bootstrap.model_copy(update={"figure": None, "reason": why})
    trust = whole.panels.trust.model_copy(update={"bootstrap": none})
    changed = whole.model_copy(update={"panels": whole.panels.model_copy(update={"trust": trust})})
    (line,) = resampled_blocks(changed, INDONESIAN)
    assert isinstance(line, Line)
    assert line.text == (
        "Tidak dihitung: Pengaruh dalam 1.000 pengambilan ulang kantor (persentil): perlu 4 kantor per kelompok, ada 3."
    )


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_page_has_all_of_it_in_either_language(code: str) -> None:
    """The pace, the table and the second opinion; no bare p-value and nothing left in English."""
    page = evaluation_page(sample(), code)
    for text in {
        "en": ("1.29 times as often", "mix of cases made equal", "By Holm", "1,000 resamples"),
        "id": ("1,29 kali sesering", "1,24 kali sesering", "menurut aturan Holm", "1.000 pengambilan ulang"),
    }[code]:
        assert re.search(re.escape(text), page, re.IGNORECASE), text
    assert "<span lang=en>" not in page
    assert not re.search(r"\bp\s*[=<]\s*0", page)


def test_another_way_has_a_figure_or_a_reason() -> None:
    """Neither, or both, is refused."""
    what = Message(code="x", text="by another way")
    with pytest.raises(ValueError, match="a figure or a reason"):
        Another(code="x", what=what, unit="days")
    with pytest.raises(ValueError, match="a figure or a reason"):
        Another(code="x", what=what, unit="days", figure=Figure(value=1.0), reason=what)
