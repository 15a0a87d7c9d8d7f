"""What of an evaluation is published has no small number, nor what would tell one."""

from __future__ import annotations

from typing import Any

import pytest

from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.panels import (
    CurvesPanel,
    OfficeEffect,
    OfficesPanel,
    ProcessPanel,
    SatisfactionPanel,
    SequentialPanel,
    TimePanel,
    TimeSeriesPanel,
    VariantDifference,
)
from perintis.rules.evaluation.parts import Cohorts, MetricMissing, MetricResult, Missing
from perintis.rules.evaluation.publishing import publishable
from perintis.rules.evaluation.publishing_words import unsaid
from perintis.rules.suppression import Withheld, withheld
from tests.faces.sample_evaluation import figure, said, sample

FEW, BESIDE = Withheld.FEW, Withheld.BESIDE


def changed(**panels: Any) -> Evaluation:
    document = sample("scale")
    return document.model_copy(update={"panels": document.panels.model_copy(update=panels)})


def side(**counts: int) -> Evaluation:
    flow = sample("scale").panels.flow
    return changed(flow=flow.model_copy(update={"pilot": flow.pilot.model_copy(update=counts)}))


@pytest.mark.parametrize(
    ("counts", "total", "left_out"),
    [
        ({"a": 9, "b": 12}, 21, ""),
        ({"a": 3, "b": 12, "c": 8}, 23, "ac"),
        ({"a": 3, "b": 12, "c": 8}, 30, "a"),
        ({"a": 3, "b": 1, "c": 8}, 12, "abc"),
        ({"a": 6, "b": 12}, 21, "a"),
        ({"a": 3, "b": 0}, 3, "a"),
    ],
    ids=["none", "one and the next", "others unnamed", "two together", "the rest is small", "alone"],
)
def test_another_is_left_out_where_the_total_would_tell(counts: dict[str, int], total: int, left_out: str) -> None:
    """Total minus what is published is no small number, and never one group alone."""
    assert "".join(sorted(withheld(counts, total))) == left_out


def test_a_document_without_small_numbers_stays_as_it_is() -> None:
    """The very same."""
    document = sample("scale")
    assert publishable(document) is document


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        (
            {"open": 3, "decided": 1_827, "withdrawn": 60, "followed": 1_887},
            {"open": FEW, "withdrawn": BESIDE, "decided": 1_827, "assigned": 1_890, "followed": BESIDE},
        ),
        ({"not_eligible": 2, "received": 1_892}, {"not_eligible": FEW, "received": BESIDE, "assigned": 1_890}),
        ({"followed": 1_888}, {"followed": BESIDE, "assigned": 1_890}),
        ({"already_open": 4}, {"already_open": FEW}),
    ],
)
def test_flow(counts: dict[str, int], published: dict[str, object]) -> None:
    """A small number of the case flow goes, with the one from which it would follow."""
    found = publishable(side(**counts)).panels.flow.pilot
    assert {name: getattr(found, name) for name in published} == published


def test_shares_of_open_cases_go_with_their_number() -> None:
    """0.2 % of 1,890 cases is a small number as well."""
    assert publishable(side(open=3, decided=1_847)).panels.trust.open_share is None


def offices(*cases: tuple[int, int]) -> OfficesPanel:
    return OfficesPanel(
        metric="lead_time", unit="days", i2=0.2, differ=False, icc=0.04,
        offices=tuple(
            OfficeEffect(office=f"office{k}", cases=Cohorts(baseline=a, pilot=b), effect=figure(4, 2))
            for k, (a, b) in enumerate(cases)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cases", "kept"),
    [
        (((3, 400), (40, 410), (1_657, 860)), ["office2"]),
        (((400, 2), (500, 668), (800, 1_000)), ["office2"]),
        (((400, 400), (500, 600), (800, 670)), ["office0", "office1", "office2"]),
        (((400, 400), (500, 600), (797, 670)), ["office1", "office2"]),
    ],
    ids=["three in the baseline", "two in the pilot", "none", "three in no office"],
)
def test_offices(cases: tuple[tuple[int, int], ...], kept: list[str]) -> None:
    """An office of a few cases is named without a figure, and so is another that would tell of it."""
    panel = publishable(changed(offices=offices(*cases))).panels.offices
    assert isinstance(panel, OfficesPanel)
    assert [o.office for o in panel.offices] == kept
    named = " ".join(note.text for note in panel.notes)
    assert all((f"office{k}" in named) == (f"office{k}" not in kept) for k in range(3))


def test_a_group_of_four_goes_with_its_only_sibling() -> None:
    """Of two groups that make up the whole neither can be shown."""
    exact = sample("scale").panels.offices
    assert isinstance(exact, OfficesPanel)
    few, many = exact.subgroups[0], exact.subgroups[1]
    groups = (
        few.model_copy(update={"cases": Cohorts(baseline=4, pilot=880)}),
        many.model_copy(update={"cases": Cohorts(baseline=1_696, pilot=790)}),
    )
    panel = publishable(changed(offices=exact.model_copy(update={"subgroups": groups}))).panels.offices
    assert isinstance(panel, OfficesPanel)
    assert panel.subgroups == ()
    assert len(panel.offices) == 8


def ways(*shares: float) -> ProcessPanel:
    exact = sample("scale").panels.process
    assert isinstance(exact, ProcessPanel)
    found = tuple(
        VariantDifference(steps=(f"way{k}",), share=Cohorts(baseline=0.3, pilot=s), difference=None, survives=False)
        for k, s in enumerate(shares)
    )
    return exact.model_copy(update={"variants": found, "closed": Cohorts(baseline=1_000, pilot=1_000)})


@pytest.mark.parametrize(
    ("shares", "kept"),
    [((0.5, 0.3), "way0 way1"), ((0.5, 0.002), "way0"), ((0.6, 0.398, 0.002), "way0"), ((0.997,), "")],
    ids=["large", "two cases, others unnamed", "two cases, and the next", "all but three"],
)
def test_orders_of_steps(shares: tuple[float, ...], kept: str) -> None:
    """An order of steps that two cases took is left out; a share of so many cases is a number too."""
    panel = publishable(changed(process=ways(*shares))).panels.process
    assert isinstance(panel, ProcessPanel)
    assert " ".join(v.steps[0] for v in panel.variants) == kept


def test_successions_and_departures() -> None:
    """One way out of a step that three cases took goes, with the next smallest beside it."""
    exact = ways(0.5)
    edge = exact.edges[0]
    shares = {"a": 0.6, "b": 0.397, "c": 0.003}
    edges = tuple(
        edge.model_copy(update={"source": "s", "target": to, "share": Cohorts(baseline=0.3, pilot=share)})
        for to, share in shares.items()
    )
    left = (exact.departures[0].model_copy(update={"cases": 3}),)
    given = exact.model_copy(update={"edges": edges, "departures": left, "fidelity": 0.998})
    panel = publishable(changed(process=given)).panels.process
    assert isinstance(panel, ProcessPanel)
    assert [e.target for e in panel.edges] == ["a"]
    assert panel.departures == ()
    assert panel.fidelity is None


def test_weeks_of_few_cases_are_left_out() -> None:
    """And another of that cohort, for the total is known."""
    exact = sample("scale").panels.series
    assert isinstance(exact, TimeSeriesPanel)
    counts = {0: 2, 1: 700, 2: 968}
    points = tuple(p.model_copy(update={"cases": counts[k]}) for k, p in enumerate(exact.points[1:7:2]))
    panel = publishable(changed(series=exact.model_copy(update={"points": points}))).panels.series
    assert isinstance(panel, TimeSeriesPanel)
    assert [p.cases for p in panel.points] == [968]
    assert panel.notes[-1].text.startswith("2 points with fewer than 5 cases")


@pytest.mark.parametrize(
    ("cases", "kept"),
    [
        ([(90, 80), (70, 60), (50, 40)], [0, 1, 2]),
        ([(90, 80), (70, 60), (50, 3)], [0]),
        ([(90, 80), (4, 60), (50, 2)], [0]),
        ([(90, 80), (70, 60), (50, 0)], [0, 1, 2]),
        ([(90, 80), (70, 60), None], [0]),
        ([(90, 3), (70, 2), (50, 1)], None),
    ],
    ids=["none", "one and the next", "two together", "nobody", "not known", "all"],
)
def test_mean_times_of_steps_in_which_few_cases_spent_any(
    cases: list[tuple[int, int] | None], kept: list[int] | None
) -> None:
    """Times the cohort's size, such a mean is a few persons' time; one step alone could be worked out from the rest."""
    time = sample("scale").panels.time
    assert isinstance(time, TimePanel)
    stages = tuple(
        stage.model_copy(update={"cases": n and Cohorts(baseline=n[0], pilot=n[1])})
        for stage, n in zip(time.stages, cases, strict=False)
    )
    shown = publishable(changed(time=time.model_copy(update={"stages": stages}))).panels.time
    if kept is None:
        assert isinstance(shown, Missing)
        return
    assert isinstance(shown, TimePanel)
    assert shown.stages == tuple(stages[k] for k in kept)
    left_out = [stages[k].step for k in range(3) if k not in kept]
    assert all(step in shown.notes[-1].text for step in left_out)


def test_handovers_of_few_cases_are_not_told() -> None:
    """A mean of 0.002 over some hundred cases is one handover."""
    time = sample("scale").panels.time
    assert isinstance(time, TimePanel)
    rare = time.model_copy(update={"handovers": Cohorts(baseline=5.2, pilot=0.002)})
    shown = publishable(changed(time=rare)).panels.time
    assert isinstance(shown, TimePanel)
    assert (shown.handovers, shown.stages) == (None, time.stages)


@pytest.mark.parametrize(("cases", "told"), [((60, 40), True), ((60, 4), False), ((2, 40), False), (None, False)])
def test_periods_of_an_event_study_with_few_cases(cases: tuple[int, int] | None, told: bool) -> None:
    """Left out, and how many says a note; so are those of which nobody knows."""
    panel = sample("scale").panels.series
    assert isinstance(panel, TimeSeriesPanel)
    first = panel.event_study[0].model_copy(update={"cases": cases and Cohorts(baseline=cases[0], pilot=cases[1])})
    series = panel.model_copy(update={"event_study": (first, *panel.event_study[1:])})
    shown = publishable(changed(series=series)).panels.series
    assert isinstance(shown, TimeSeriesPanel)
    assert shown.event_study == series.event_study[0 if told else 1 :]
    assert any("1 periods of the event study" in note.text for note in shown.notes) is not told


def test_days_that_add_few_cases_are_told_later() -> None:
    """Between two days that are shown at least five cases came to their end."""
    exact = sample("scale").panels.sequential
    assert isinstance(exact, SequentialPanel)
    days = tuple(d.model_copy(update={"cases": 20 + 2 * k}) for k, d in enumerate(exact.days[:8]))
    panel = publishable(changed(sequential=exact.model_copy(update={"days": days}))).panels.sequential
    assert isinstance(panel, SequentialPanel)
    assert [d.cases for d in panel.days] == [20, 26, 32]


def test_curves_end_where_few_are_left() -> None:
    """Neither the number at risk nor the curve goes on from there."""
    exact = sample("scale").panels.curves
    assert isinstance(exact, CurvesPanel)
    last = exact.curves[1].model_copy(update={"at_risk": (900, 400, 90, 12, 4, 1, 0)})
    given = exact.model_copy(update={"curves": (exact.curves[0], last)})
    panel = publishable(changed(curves=given)).panels.curves
    assert isinstance(panel, CurvesPanel)
    assert panel.curves[1].at_risk == (900, 400, 90, 12, FEW, FEW, FEW)
    assert max(panel.curves[1].time) == 30
    assert len(panel.curves[1].decided) == len(panel.curves[1].time)
    assert panel.curves[0] == exact.curves[0]


def test_numbers_at_risk_that_are_close() -> None:
    """Two numbers at risk do not tell that three cases ended between them."""
    exact = sample("scale").panels.curves
    assert isinstance(exact, CurvesPanel)
    last = exact.curves[1].model_copy(update={"at_risk": (900, 897, 895, 300, 90, 20, 0)})
    panel = publishable(changed(curves=exact.model_copy(update={"curves": (exact.curves[0], last)}))).panels.curves
    assert isinstance(panel, CurvesPanel)
    assert panel.curves[1].at_risk == (900, BESIDE, 895, 300, 90, 20, 0)
    assert panel.note is None


def test_rows_do_not_add_up_to_a_number_that_is_not_told() -> None:
    """1,888 of 1,890 cases have a lead time: the offices must not add up to 1,888 either."""
    first, *others = sample("scale").panels.metrics
    given = first.model_copy(update={"cases": Cohorts(baseline=1_700, pilot=1_888)})
    panel = publishable(changed(metrics=(given, *others), offices=offices((500, 600), (600, 688), (600, 600))))
    found = panel.panels.offices
    assert isinstance(found, OfficesPanel)
    assert len(found.offices) < 3


@pytest.mark.parametrize(
    ("changes", "gone", "counted"),
    [
        ({"cases": Cohorts(baseline=3, pilot=700)}, True, False),
        ({"unit": "share", "baseline": 0.001, "cases": Cohorts(baseline=1_700, pilot=1_000)}, True, False),
        ({"unit": "share", "pilot": 0.998, "baseline": 0.4}, True, False),
        ({"cases": Cohorts(baseline=1_700, pilot=1_888)}, False, False),
        ({}, False, True),
    ],
    ids=["few cases", "few have it", "all but few have it", "near a total", "as it is"],
)
def test_metrics(changes: dict[str, Any], gone: bool, counted: bool) -> None:
    """A metric that few cases are behind is not told; a number of cases that tells how many lack it neither."""
    first, *others = sample("scale").panels.metrics
    found = publishable(changed(metrics=(first.model_copy(update=changes), *others))).panels.metrics[0]
    assert isinstance(found, MetricMissing) == gone
    assert (isinstance(found, MetricResult) and found.cases is not None) == counted


def test_outcomes() -> None:
    """Of three outcomes one of which three cases have, the next smallest goes too: together they are all cases."""
    base = sample("scale").panels.metrics[2]
    cases = Cohorts(baseline=1_700, pilot=1_700)
    shares = {"outcome:granted": 0.6, "outcome:refused": 0.4 - 3 / 1_700, "outcome:lapsed": 3 / 1_700}
    given = tuple(
        base.model_copy(update={"metric": name, "cases": cases, "pilot": share, "baseline": share})
        for name, share in shares.items()
    )
    found = publishable(changed(metrics=given)).panels.metrics
    assert [m.metric for m in found if isinstance(m, MetricResult)] == ["outcome:granted"]


def test_answers_of_few_people() -> None:
    """Three who answered say nothing; of three who did not it is not told how many were asked."""
    exact = sample("scale").panels.satisfaction
    assert isinstance(exact, SatisfactionPanel)
    assert exact.baseline is not None
    assert exact.pilot is not None
    given = exact.model_copy(update={
        "baseline": exact.baseline.model_copy(update={"respondents": 3}),
        "pilot": exact.pilot.model_copy(update={"respondents": 402, "asked": 405}),
    })  # fmt: skip
    closed = exact.model_copy(update={"pilot": exact.pilot.model_copy(update={"asked": 1_887})})
    panel = publishable(changed(satisfaction=given)).panels.satisfaction
    assert isinstance(panel, SatisfactionPanel)
    assert panel.baseline is None
    assert panel.difference is None
    assert {e.baseline for e in panel.elements} == {None}
    assert panel.pilot is not None
    assert (panel.pilot.respondents, panel.pilot.asked, panel.pilot.response) == (402, BESIDE, None)
    near = publishable(changed(satisfaction=closed)).panels.satisfaction
    assert isinstance(near, SatisfactionPanel)
    assert near.pilot is not None
    assert near.pilot.asked is BESIDE, "1,890 assigned less 1,887 asked would tell who is open"


def test_a_cohort_of_few_cases_has_no_figure() -> None:
    """No metric, curve, office, week or cost of four cases."""
    found = publishable(side(received=34, assigned=4, decided=4, withdrawn=0, open=0, followed=4)).panels
    assert all(isinstance(m, MetricMissing) for m in found.metrics)
    panels = (found.curves, found.time, found.offices, found.series, found.process, found.satisfaction, found.money)
    assert all(isinstance(panel, Missing) for panel in panels)
    assert found.flow.pilot.decided is FEW


@pytest.mark.parametrize(
    ("code", "text", "published"),
    [
        ("G3.cases", "the pilot: 3 cases, 300 needed", "the pilot: <5 cases, 300 needed"),
        ("G3.cases", "the pilot: 12 cases, 300 needed", "the pilot: 12 cases, 300 needed"),
        ("subgroup_unseen", "minor: 40 cases in the baseline and 2 in the pilot, 20 each needed",
         "minor: 40 cases in the baseline and <5 in the pilot, 20 each needed"),
        ("withdrawals_differ", "1% of the baseline and 22% of the pilot were withdrawn",
         "<3% of the baseline and 22% of the pilot were withdrawn"),
        ("G4.follow_up", "99% of the cases that entered tau ago are known up to tau",
         ">97% of the cases that entered tau ago are known up to tau"),
    ],
)  # fmt: skip
def test_sentences(code: str, text: str, published: str) -> None:
    """Small counts in sentences, and shares of 200 cases that tell one, are bounds."""
    assert unsaid(said(code, text), 200).text == published
