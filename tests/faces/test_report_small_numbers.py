"""The report of an evaluation, which is passed on, has no small number in words, tables or drawings."""

from __future__ import annotations

import re

import pytest

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.panels import CurvesPanel, OfficesPanel, ProcessPanel
from perintis.rules.evaluation.parts import Cohorts
from tests.faces.sample_evaluation import figure, said, sample

FEW = {"en": "fewer than 5", "id": "kurang dari 5"}
KEPT_BACK = {"en": "not published", "id": "tidak dipublikasikan"}


def small() -> Evaluation:
    """The sample with an office of 3 cases, a group of 4, an order of steps of 2, 3 open cases and a short tail."""
    document = sample("scale")
    panels = document.panels
    offices, process, curves = panels.offices, panels.process, panels.curves
    assert isinstance(offices, OfficesPanel)
    assert isinstance(process, ProcessPanel)
    assert isinstance(curves, CurvesPanel)
    tiny = offices.offices[0].model_copy(
        update={"office": "Sabang", "cases": Cohorts(baseline=3, pilot=190), "effect": figure(31.337, 1)}
    )
    group = offices.subgroups[1].model_copy(
        update={"value": "diplomat", "cases": Cohorts(baseline=790, pilot=4), "effect": figure(41.337, 1)}
    )
    rare = process.variants[0].model_copy(
        update={"steps": ("polri.rare_way",), "share": Cohorts(baseline=0.779, pilot=2 / 1_700),
                "difference": figure(-0.778, 0.01)}
    )  # fmt: skip
    tail = curves.curves[1].model_copy(update={"at_risk": (1_700, 800, 300, 90, 30, 3, 1)})
    pilot = panels.flow.pilot.model_copy(update={"open": 3, "decided": 1_847})
    changed = panels.model_copy(
        update={
            "offices": offices.model_copy(
                update={"offices": (tiny, *offices.offices[1:]), "subgroups": (offices.subgroups[0], group)}
            ),
            "process": process.model_copy(
                update={"variants": (*process.variants, rare), "closed": Cohorts(baseline=1_700, pilot=1_700)}
            ),
            "curves": curves.model_copy(update={"curves": (curves.curves[0], tail)}),
            "flow": panels.flow.model_copy(update={"pilot": pilot}),
            "trust": panels.trust.model_copy(
                update={"cautions": (said("G3.cases", "the pilot: 3 cases, 300 needed"),)}
            ),
        }
    )
    return document.model_copy(update={"panels": changed})


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.S)))


@pytest.fixture(scope="module", params=["en", "id"])
def page(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param, evaluation_page(small(), request.param)


def test_an_office_of_three_and_a_group_of_four_are_named_only(page: tuple[str, str]) -> None:
    """Each name stands in one sentence; no count, effect, point or interval of it is anywhere."""
    _, html = page
    assert html.count("Sabang") == 1
    assert html.count("category diplomat") == 1
    assert not re.search(r"31[.,]3|30[.,]3|32[.,]3|41[.,]3|40[.,]3|42[.,]3", plain(html))


def test_an_order_of_steps_of_two_is_not_there(page: tuple[str, str]) -> None:
    """Nor its change."""
    _, html = page
    assert "rare_way" not in html
    assert "\u221278" not in plain(html)


def test_the_flow_says_fewer_than_five(page: tuple[str, str]) -> None:
    """Open cases are few; those withdrawn are kept back, for assigned less decided would tell; shares go too."""
    lang, html = page
    flow = html.split('id="flow"')[1].split("</section>")[0]
    boxes = re.findall(r"<b>(.*?)</b>(.*?)</li>", flow.split('class="arm"')[2])
    counts = [count for count, _ in boxes]
    assert counts[4:7] == [KEPT_BACK[lang], FEW[lang], KEPT_BACK[lang]]
    assert all("%" not in share for _, share in boxes[4:7])


def test_the_curve_ends_and_its_last_numbers_are_bounds(page: tuple[str, str]) -> None:
    """3 and 1 at risk are nowhere, in the drawing neither."""
    lang, html = page
    curves = html.split('id="curves"')[1].split("</section>")[0]
    drawings = re.findall(r"<svg.*?</svg>", curves, flags=re.S)
    assert drawings
    for drawing in drawings:
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
        assert "&lt;5" in texts
        assert not {"1", "3"} & set(texts)
    rows = re.findall(r"<tr>(.*?)</tr>", curves, flags=re.S)
    assert sum(FEW[lang] in row for row in rows) == 2


def test_sentences_say_a_bound(page: tuple[str, str]) -> None:
    """`<5 cases, 300 needed`, translated as any other sentence."""
    lang, html = page
    said = {"en": "The pilot: &lt;5 cases, 300 needed.", "id": "permohonan, perlu 300."}
    assert said[lang] in html
    assert "<span lang=en>" not in html


def test_it_is_said_that_something_is_left_out(page: tuple[str, str]) -> None:
    """Once for all, among what to read with care; a report without small numbers does not say it."""
    lang, html = page
    told = {"en": "numbers of cases or people below 5", "id": "jumlah permohonan atau orang di bawah 5"}
    assert told[lang] in html.lower()
    assert told[lang] not in evaluation_page(sample("scale"), lang).lower()
