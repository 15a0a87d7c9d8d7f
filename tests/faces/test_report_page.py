"""The report of an evaluation: twelve panels on one page that needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.faces.report.languages.language import language
from perintis.faces.report.panels.effects import sentence
from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.panels import OfficeEffect, Panels, ProcessPanel, TrustPanel, VerdictPanel
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, MetricMissing, MetricResult, Missing
from perintis.rules.verdict.reading import Role
from tests.faces.sample_evaluation import curves, figure, process, sample, sequential, stages

PANELS = {
    "verdict": "Verdict", "flow": "Case flow", "primary": "What the pilot changed",
    "curves": "How soon cases are decided", "metrics": "All metrics", "time": "Where the time went",
    "offices": "Offices and groups of applicants", "series": "Over time", "sequential": "Look by look",
    "process": "The process as it went", "satisfaction": "Satisfaction",
    "trust": "Why this can be believed, or not", "money": "Cost and benefit", "provenance": "How this was computed",
}  # fmt: skip
OPTIONAL = ("curves", "time", "offices", "series", "sequential", "process", "satisfaction", "money")
NO_STEPS = Missing(reason=Message(code="no_steps", text="the baseline has no recorded steps"))
VOID = {"meta", "br", "path", "rect", "line", "link"}


class Outline(HTMLParser):
    """Headings by section, the tags in order, and whether every tag that opens is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)
        for tag in ("h1", "h2", "h3"):
            if tag in self.open:
                self.headings[-1] = (tag, self.headings[-1][1] + data)

    @property
    def words(self) -> str:
        """All text, in one line."""
        return " ".join(" ".join(self.text).split())


def changed(evaluation: Evaluation, **panels: Any) -> Evaluation:
    return evaluation.model_copy(update={"panels": evaluation.panels.model_copy(update=panels)})


def quiet(evaluation: Evaluation, **panels: Any) -> Evaluation:
    """Without charts but for the panels given: drawing takes nearly all of the time."""
    return changed(evaluation, metrics=panels.pop("metrics", ()), **{**dict.fromkeys(OPTIONAL, NO_STEPS), **panels})


@pytest.fixture(scope="module")
def page() -> str:
    return evaluation_page(sample("scale"), "en")


@pytest.fixture(scope="module")
def drawn(page: str) -> dict[str, str]:
    """The same page in both languages."""
    return {"en": page, "id": evaluation_page(sample("scale"), "id")}


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_every_panel_has_its_heading_in_order(outline: Outline) -> None:
    """One heading of the page, then twelve numbered panels and the foot."""
    found = [" ".join(text.split()) for tag, text in outline.headings if tag == "h2"]
    assert found[:12] == [f"{k} {name}" for k, name in enumerate(list(PANELS.values())[:12], 1)]
    assert found[12:] == list(PANELS.values())[12:]
    assert [text for tag, text in outline.headings if tag == "h1"] == ["Fast-track stay permits"]
    assert [a["id"] for tag, a in outline.tags if tag == "section"] == list(PANELS)
    assert outline.open == []


def test_every_chart_has_words_and_a_table(page: str, outline: Outline) -> None:
    """A label for those who hear the page, a caption, and the same figures as a table; drawn wide and narrow."""
    figures = re.findall(r"<figure>.*?</figure>", page, re.S)
    assert len(figures) == 13
    for one in figures:
        assert one.count("<svg") == 2
        assert one.count("<table") == one.count("<figcaption") == one.count("<details") == 1
        label = re.search(r'role="img" aria-label="([^"]*)"', one)
        assert label is not None
        assert len(label[1]) > 10
        assert one.index("</details>") > one.index("<tbody>")
        assert "<tr>" in one.split("<tbody>")[1]
    assert sum(tag == "caption" for tag, _ in outline.tags) == sum(tag == "table" for tag, _ in outline.tags)
    assert all(a.get("scope") for tag, a in outline.tags if tag == "th")


@pytest.mark.parametrize("lang", ["en", "id"])
def test_the_page_needs_nothing_else(lang: str, drawn: dict[str, str]) -> None:
    """No address anywhere, nothing to fetch, no name used twice; and it is small."""
    page = drawn[lang]
    assert "http" not in page
    assert not re.search(r"<(link|img|iframe|object|embed)\b|\bsrc=|@import|@font-face", page)
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(names)
    assert len(page.encode()) < 1_500_000
    assert f'<html lang="{lang}">' in page


def test_the_same_evaluation_gives_the_same_bytes(page: str) -> None:
    """Nothing of the page comes from the clock or from chance."""
    assert evaluation_page(sample("scale"), "en") == page


def test_an_unknown_language_is_refused() -> None:
    """By name."""
    with pytest.raises(ValueError, match="no language fr; there is en, id"):
        evaluation_page(sample("scale"), "fr")


def test_the_head_says_what_the_figures_stand_on(outline: Outline) -> None:
    """Design, grade with why, registration, amendments, look, cut-off, and that it is simulated."""
    for told in (
        "SIMULATED: agencies and cases are made up", "parallel cohorts, no lot drawn", "4f1c4f1c4f1c",
        "gives evidence C at best", "2 of 3", "75% of the planned information", "30 September 2026, 16:00 UTC",
        "an office joined", "results could not be seen", "design, offices: Medan was added",
    ):  # fmt: skip
        assert told in outline.words, told


def test_a_look_at_all_of_the_information_is_the_last() -> None:
    """However many the plan had foreseen."""
    shown = sample("scale").model_copy(update={"information": 1.0})
    assert "2 of 3 and the last: 100% of the planned" in Outline(evaluation_page(quiet(shown), "en")).words


def test_a_plan_that_was_never_registered_or_late_is_told() -> None:
    """Beside its hash."""
    plan = sample("scale").plan
    never = sample("scale").model_copy(
        update={
            "plan": plan.model_copy(update={"registered_at": None, "amendments": ()}),
            "simulated": False,
            "look": 0,
        }
    )
    words = Outline(evaluation_page(quiet(never), "en")).words
    assert "not registered: these figures may be looked at but decide nothing" in words
    assert "none is due now" in words
    assert "SIMULATED" not in words
    late = of_real_cases().model_copy(update={"plan": plan.model_copy(update={"late": True, "results_visible": True})})
    words = Outline(evaluation_page(quiet(late), "en")).words
    assert "after the first case had come in; results could be seen by then" in words


def of_real_cases() -> Evaluation:
    """The sample, as if its pilot had not been rehearsed."""
    shown = sample("scale")
    flow = shown.panels.flow
    real = flow.model_copy(update={"pilot": flow.pilot.model_copy(update={"simulated": False})})
    return shown.model_copy(update={"panels": shown.panels.model_copy(update={"flow": real})})


def test_a_rehearsal_has_no_day_of_registration() -> None:
    """Its plan is taken as it is written, whether or not somebody registered it."""
    pages = (Outline(evaluation_page(quiet(shown), "en")).words for shown in (sample("scale"), of_real_cases()))
    told = "as written: a rehearsal is judged as if its plan were registered"
    assert [told in words for words in pages] == [True, False]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("scale", "Scale"),
        ("adjust", "Adjust"),
        ("stop", "Stop"),
        ("continue", "Continue"),
        ("no verdict", "No verdict"),
    ],
)
def test_the_verdict_stands_first_with_the_decision_beside(word: str, told: str) -> None:
    """In words, with why, what would change it, and where people decided otherwise."""
    words = Outline(evaluation_page(quiet(sample(word)), "en")).words
    before, after = words.index(f"{told} "), words.index("2 Case flow")
    box = words[before:after]
    assert "Lead time: better by 4 days" in box
    assert "What would change it: About 1,900 more cases or 6 more offices." in box
    assert "Decision Adjust Decided by steering committee" in box
    assert "The decision differs from the verdict." in box


def test_further_reasons_are_listed_and_an_open_decision_is_told() -> None:
    """All of them."""
    panel = VerdictPanel(
        word="stop", final=True, reason=Message(code="fidelity", text="first"),
        further=(Message(code="fidelity", text="second"), Message(code="fidelity", text="third")),
    )  # fmt: skip
    words = Outline(evaluation_page(quiet(sample("stop"), verdict=panel), "en")).words
    assert "First. Second. Third." in words
    assert "No decision has been recorded yet." in words
    assert "This is the last look" in words


def test_the_numbers_of_the_case_flow_add_up_and_are_shown(outline: Outline) -> None:
    """Received, left out, assigned, decided, withdrawn, open, followed: of both cohorts."""
    for told in ("Received 1,950", "Assigned 1,920", "Decided 1,750 91%", "Withdrawn or cancelled 40 2.1%",
                 "Still open 130 6.8%", "Followed to the end or for 40 days 1,670 88%"):  # fmt: skip
        assert told in outline.words, told


def result(estimate: float, low: float | None, high: float | None, **more: Any) -> MetricResult:
    lead = sample("scale").panels.metrics[0]
    assert isinstance(lead, MetricResult)
    return lead.model_copy(
        update={"estimate": estimate, "interval": Between(low=low, high=high), "oriented": figure(-estimate, 1.0),
                "relative": None, **more}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (result(-4.0, -6.1, -1.9), "Applicants wait 4.0 days less (1.9 to 6.1) out of 25.1 days."),
        (result(4.0, 1.9, 6.1), "Applicants wait 4.0 days longer (1.9 to 6.1), from 25.1 days before."),
        (result(-1.5, -5.0, 2.0), "we cannot tell whether it changed; anything from 5.0 days less to 2.0 days more"),
        (result(-1.5, None, 2.0), "the interval has an open end, so we cannot tell how large the change is"),
        (result(0.0, 0.0, 0.0), "the same in both cohorts, case by case (25 days)"),
        (result(-0.04, -0.05, -0.03, metric="outcome:refused", label="Outcome: refused", unit="share", baseline=0.12),
         "Outcome: refused: 4.0 percentage points less (3.0 to 5.0) out of 12.0%."),
        (result(-4.0, -6.1, -1.9, relative=figure(-0.16, 0.08)), "That is 16% of the baseline (8% to 24%)."),
    ],
)  # fmt: skip
def test_the_primary_effect_is_one_plain_sentence(metric: MetricResult, told: str) -> None:
    """Absolute with its interval and out of what; an interval that includes nothing claims nothing."""
    evaluation = changed(sample("scale"), metrics=(metric,))
    assert told in sentence(metric, evaluation, language("en"))


@pytest.mark.parametrize("panel", OPTIONAL)
def test_a_missing_panel_says_why_and_draws_nothing(panel: str) -> None:
    """One muted line under its heading."""
    page = evaluation_page(quiet(sample("scale")), "en")
    section = re.search(rf'<section id="{panel}".*?</section>', page, re.S)
    assert section is not None
    assert '<p class="muted">The baseline has no recorded steps.</p>' in section[0]
    assert "<svg" not in section[0]
    assert "<table" not in section[0]


@pytest.mark.parametrize("lang", ["en", "id"])
def test_an_evaluation_with_nothing_to_show_is_still_a_page(lang: str) -> None:
    """All panels missing, the only metric not comparable."""
    lacking = MetricMissing(
        metric="lead_time", label="Lead time", role=Role.PRIMARY, registered=True,
        reason=Message(code="not_comparable", text="baseline: no deadlines were recorded"),
    )  # fmt: skip
    bare = TrustPanel(
        gates=(), diagnostics=(), cautions=(), open_share=Cohorts(baseline=0, pilot=0), e_value=None,
        offices=Cohorts(baseline=0, pilot=0), icc=None, naive=(),
    )  # fmt: skip
    gone = changed(sample("no verdict"), metrics=(lacking,), trust=bare, **dict.fromkeys(OPTIONAL, NO_STEPS))
    outline = Outline(evaluation_page(gone, lang))
    assert "svg" not in {tag for tag, _ in outline.tags}
    assert len([tag for tag, _ in outline.headings if tag == "h2"]) == len(PANELS)


def test_empty_panels_are_told_not_drawn() -> None:
    """A panel without rows has a sentence instead."""
    full = sample("scale").panels
    assert isinstance(full, Panels)
    empty = changed(
        sample("scale"), metrics=(), time=stages().model_copy(update={"stages": ()}),
        offices=full.offices.model_copy(update={"offices": ()}),
        series=full.series.model_copy(update={"points": (), "event_study": ()}),
        process=ProcessPanel(unit="days", edges=(), variants=(), similarity=None, similarity_p=None, fidelity=None),
        satisfaction=full.satisfaction.model_copy(
            update={"baseline": None, "pilot": None, "difference": None, "elements": (), "notes": ()}),
        curves=curves().model_copy(update={"curves": curves().curves[:1]}),
        sequential=sequential().model_copy(update={
            "days": (), "looks": sequential().looks[2:],
            "hidden": Message(code="band_hidden", text="shown from day 21 on; there are 3 days")}),
    )  # fmt: skip
    words = Outline(evaluation_page(empty, "en")).words
    for told in ("No metric was measured.", "No step was recorded.", "No office could be compared.", "Nobody answered.",
                 "No step directly followed by another was seen.", "No case has a day on which it was opened.",
                 "No daily band: shown from day 21 on; there are 3 days.", "planned"):  # fmt: skip
        assert told in words, told
    assert "The area between the curves" not in words


def test_hostile_names_are_shown_as_they_are() -> None:
    """Names of offices, steps and people are text, in charts as well, never markup or code."""
    evil = '<script>alert("x")</script>'
    full = sample("scale").panels
    office = OfficeEffect(office=evil, cases=Cohorts(baseline=9, pilot=9), effect=figure(1, 0.5))
    edge = process().edges[1].model_copy(update={"source": evil})
    stage = stages().stages[0].model_copy(update={"step": evil})
    decision = full.verdict.decision
    assert decision is not None
    hostile = quiet(
        sample("scale").model_copy(update={"title": evil, "pilot": evil}),
        offices=full.offices.model_copy(update={"offices": (office,)}),
        process=process().model_copy(update={"edges": (edge,), "only_in_pilot": (evil,)}),
        time=stages().model_copy(update={"stages": (stage,)}),
        verdict=full.verdict.model_copy(
            update={"reason": Message(code="none", text=evil),
                    "decision": decision.model_copy(update={"by": evil, "reason": "{by}"})}),
    )  # fmt: skip
    for lang in ("en", "id"):
        page = evaluation_page(hostile, lang)
        assert page.count("<script") == 1  # ours, which opens the tables for printing
        assert "&lt;script&gt;alert(" in page
        assert "{by}" in page
        assert Outline(page).open == []


def test_sizes_of_all_kinds_stay_readable() -> None:
    """Trillions, millionths, a baseline of zero, intervals far beyond the axis."""
    lead = result(-3e11, -4e12, 3.7e12, baseline=3.2e12, pilot=2.9e12, worthwhile=1e11, target=2e12)
    tiny = result(2e-7, 1e-7, 3e-7, metric="error_rate", label="Wrong decisions", unit="share", baseline=1e-7,
                  pilot=3e-7, worthwhile=1e-7, target=None)  # fmt: skip
    zero = result(0.5, 0.3, 0.7, baseline=0.0, role=Role.GUARDRAIL, worthwhile=None, target=None, margin=0.1)
    wide = result(0.1, -300.0, 300.0, baseline=0.01, role=Role.SECONDARY, worthwhile=None, target=None,
                  oriented=Figure(value=-0.1, interval=Between(low=-300, high=300)))  # fmt: skip
    words = Outline(evaluation_page(quiet(sample("scale"), metrics=(lead, tiny, zero, wide)), "en")).words
    assert "4,000,000,000,000 days less to 3,700,000,000,000 days more" in words
    assert "0.000020 percentage points more (0.000010 to 0.000030)" in words
    assert "the baseline is zero: see the table" in words
    assert "nan" not in words.split()
    assert "inf" not in words.split()


def test_no_bare_p_value_and_no_claim_of_nothing(outline: Outline) -> None:
    """Chance is told in words and per cent."""
    assert not re.search(r"\bp\s*[=<>]|p-value|\bno effect\b|significan", outline.words, re.I)


def test_many_long_rows_stay_whole() -> None:
    """Thirty offices with long names: each is a row of the chart and of the table."""
    names = [f"Kantor Imigrasi Kelas I Khusus Tempat Pemeriksaan Imigrasi Nomor {k}" for k in range(30)]
    rows = tuple(OfficeEffect(office=n, cases=Cohorts(baseline=9, pilot=9), effect=figure(1.0 + k, 0.5))
                 for k, n in enumerate(names))  # fmt: skip
    panel = sample("scale").panels.offices.model_copy(update={"offices": rows, "differ": True, "i2": 0.93})
    page = evaluation_page(quiet(sample("scale"), offices=panel), "en")
    assert all(f'<th scope="row">{name}</th>' in page for name in names)
    assert "93% of the spread between them (I\u00b2) is not chance" in page
