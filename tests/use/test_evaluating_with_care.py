"""What a sceptical reader asks of an evaluation: what it must refuse to say, and what it must say beside."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks.made_up_log import made_up
from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.panels import (
    CurvesPanel,
    OfficesPanel,
    ProcessPanel,
    SatisfactionPanel,
    SequentialPanel,
)
from perintis.rules.evaluation.parts import MetricMissing, MetricResult
from perintis.rules.plan import Plan
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.keep import differences
from perintis.use.evaluation.material import Material
from perintis.words.tables import DataSet
from tests.use.test_evaluate import PLAN, material

SMALL = PLAN.model_copy(
    update={"minimums": PLAN.minimums.model_copy(update={"matured_cases_per_office": 2, "cases": 50})}
)


def planned(**changes: Any) -> Plan:
    """The small plan with some fields of `looks` and the plan itself changed."""
    looks = {k: v for k, v in changes.items() if k in ("fractions", "planned_cases")}
    rest = {k: v for k, v in changes.items() if k not in looks}
    return SMALL.model_copy(update={**rest, "looks": SMALL.looks.model_copy(update=looks)})


def first(evaluation: Evaluation) -> MetricResult:
    found = next(m for m in evaluation.panels.metrics if m.metric == "lead_time")
    assert isinstance(found, MetricResult)
    return found


def with_cases(data: DataSet, cases: pl.DataFrame) -> DataSet:
    """The data set with these cases and the steps that belong to them."""
    return replace(data, cases=cases, steps=data.steps.join(cases.select("case"), on="case", how="semi"))


def read_early(data: DataSet, days: int) -> DataSet:
    """The data set as it would have been read so many days after its first case."""
    read = data.cases["opened"].min() + timedelta(days=days)  # type: ignore[operator]
    at = pl.lit(read)
    cases = data.cases.filter(pl.col("opened") <= at).with_columns(
        pl.when(pl.col("closed") <= at).then("closed").alias("closed"),
        pl.when(pl.col("closed") <= at).then("outcome").alias("outcome"),
    )
    steps = data.steps.filter(pl.col("ready") <= at).with_columns(
        pl.when(pl.col(c) <= at).then(c).alias(c) for c in ("started", "completed")
    )
    return with_cases(replace(data, steps=steps, observed_until=read), cases)


def gates(evaluation: Evaluation) -> dict[str, tuple[bool | None, str]]:
    return {gate.code: (gate.passed, gate.message.text) for gate in evaluation.panels.trust.gates}


def cautions(evaluation: Evaluation) -> set[str]:
    return {caution.code for caution in evaluation.panels.trust.cautions}


@pytest.fixture(scope="module")
def usual() -> Evaluation:
    return evaluate(material(200, SMALL)).evaluation


def test_a_rehearsal_on_one_side_gives_no_verdict_about_real_cases() -> None:
    """Made-up cases against real ones; where both are made up they are judged, and marked."""
    whole = material(300, SMALL)
    mixed = evaluate(replace(whole, baseline=replace(whole.baseline, simulated=True))).evaluation
    assert mixed.panels.verdict.word == "no verdict"
    assert mixed.evidence.value == "E"
    assert gates(mixed)["G1.simulated"][0] is False
    both = [replace(data, simulated=True) for data in (whole.baseline, whole.pilot)]
    rehearsed = evaluate(replace(whole, baseline=both[0], pilot=both[1])).evaluation
    assert rehearsed.panels.verdict.word != "no verdict"
    assert rehearsed.simulated


def test_a_horizon_that_cases_were_not_followed_to_gives_no_verdict() -> None:
    """Tau 40 days, the pilot is 25 days old: one sentence, and no figure with a shorter tau in the place of it."""
    whole = material(600, SMALL)
    found = evaluate(replace(whole, pilot=read_early(whole.pilot, 25))).evaluation
    lead = next(m for m in found.panels.metrics if m.metric == "lead_time")
    assert found.panels.verdict.word == "no verdict"
    assert isinstance(lead, MetricMissing)
    assert lead.reason.text.startswith("pilot: no case was followed for 40 days; the longest was ")
    oldest = read_early(whole.pilot, 25).cases.filter(pl.col("closed").is_null())["opened"].min()
    assert isinstance(oldest, datetime)
    assert found.panels.verdict.change is not None
    assert found.panels.verdict.change.text == (
        f"data read on {(oldest + timedelta(days=40)).date()} or later, or a shorter tau by an amendment"
    )
    passed, text = gates(found)["G4.tau"]
    assert passed is False
    assert "tau is 40 days, but the pilot was followed for only" in text
    assert isinstance(found.panels.curves, CurvesPanel)
    assert found.panels.curves.note is not None
    assert found.panels.curves.tau < 40
    enough = evaluate(replace(whole, pilot=read_early(whole.pilot, 80))).evaluation
    assert "G4.tau" not in gates(enough)


def test_a_young_pilot_without_effect_is_not_called_faster() -> None:
    """The same process on both sides, the pilot 75 days old: closed cases alone say "faster", the right figure not.

    The wrong way is shown beside: that it differs is the negative control.
    """
    whole = material(1_500, SMALL)
    same = replace(whole.baseline, name="the same again")
    found = evaluate(replace(whole, pilot=read_early(same, 75))).evaluation
    lead = first(found)
    assert lead.interval.low is not None
    assert lead.interval.high is not None
    assert lead.interval.low < 0 < lead.interval.high
    closed = next(n for n in found.panels.trust.naive if n.what.code == "closed_mean")
    assert closed.naive.interval is not None
    assert closed.naive.interval.high is not None
    assert closed.naive.interval.high < 0
    assert found.panels.verdict.word != "scale"


def test_a_young_pilot_is_drawn_from_matured_cases_alone() -> None:
    """Only quick cases of a young pilot are closed; the process panel leaves out those younger than tau."""
    whole = material(600, SMALL)
    young = read_early(whole.pilot, 80)
    late = young.cases.filter(pl.col("opened") > pl.lit(young.observed_until) - timedelta(days=40))
    steps = young.steps.with_columns(
        pl.when(pl.col("case").is_in(late["case"].implode())).then(pl.lit("only.young")).otherwise("step").alias("step")
    )
    panel = evaluate(replace(whole, pilot=replace(young, steps=steps))).evaluation.panels.process
    assert isinstance(panel, ProcessPanel)
    assert "only.young" not in panel.only_in_pilot
    assert all("only.young" not in (edge.source, edge.target) for edge in panel.edges)


def test_an_early_stop_shows_the_estimate_that_is_not_too_large() -> None:
    """Scaled at the first of two looks: the median-unbiased effect stands beside; not so at a final look."""
    whole = material(600, planned(planned_cases=2_000))
    found = evaluate(whole).evaluation
    panel = found.panels.sequential
    assert isinstance(panel, SequentialPanel)
    assert (found.panels.verdict.word, found.panels.verdict.final) == ("scale", False)
    assert panel.stopped_early is not None
    assert abs(panel.stopped_early.value) <= abs(first(found).estimate) + 1e-9
    final = evaluate(replace(whole, request=whole.request.model_copy(update={"as_final": True}))).evaluation
    assert isinstance(final.panels.sequential, SequentialPanel)
    assert final.panels.sequential.stopped_early is None


def test_before_the_last_look_the_chance_to_prove_it_later_is_told() -> None:
    """At the target it is what the plan promised, as seen it follows the data; with no effect it is small."""
    whole = material(600, planned(planned_cases=2_000))
    unchanged = replace(made_up(600, pilot=False, seed=6), simulated=False, name="unchanged")
    same = evaluate(replace(whole, pilot=unchanged)).evaluation
    panel = same.panels.sequential
    assert isinstance(panel, SequentialPanel)
    assert panel.power_as_seen is not None
    assert panel.power_at_target is not None
    assert panel.power_as_seen < 0.1 < panel.power_at_target


def test_registered_subgroups_are_shown_or_named_with_the_reason() -> None:
    """One that was not recorded and one with too few cases are named; those looked at for equity are marked."""
    groups = [
        {"name": "kind", "column": "case:kind", "equity": True}, {"name": "district", "column": "case:district"},
    ]  # fmt: skip
    plan = Plan.model_validate({**SMALL.model_dump(mode="json"), "subgroups": groups})
    found = evaluate(material(200, plan)).evaluation.panels.offices
    assert isinstance(found, OfficesPanel)
    assert {(s.name, s.equity) for s in found.subgroups} == {("kind", True)}
    assert [n.text for n in found.notes] == ["district cannot be looked at: the baseline has no case:district"]


def test_a_subgroup_that_is_harmed_forbids_scaling() -> None:
    """Families wait three times as long with the pilot, the rest is quicker: not to be scaled, and families named."""
    whole = material(600, SMALL)
    took = (pl.col("closed") - pl.col("opened")).dt.total_microseconds()
    slower = pl.duration(microseconds=pl.when(pl.col("case:kind") == "family").then(took * 3).otherwise(took // 3))
    cases = whole.pilot.cases.with_columns(closed=pl.col("opened") + slower)
    until = whole.pilot.observed_until + timedelta(days=200)
    found = evaluate(replace(whole, pilot=replace(whole.pilot, cases=cases, observed_until=until))).evaluation
    panel = found.panels.offices
    assert isinstance(panel, OfficesPanel)
    assert {s.value: s.harmed for s in panel.subgroups} == {"family": True, "worker": False}
    assert found.panels.verdict.word != "scale"


def test_margins_in_percent_are_of_the_baseline_that_is_shown() -> None:
    """Worthwhile 10 % of a baseline mean of so many days."""
    plan = Plan.model_validate(
        {**SMALL.model_dump(mode="json"),
         "metrics": [{"metric": "lead_time", "role": "primary", "tau": "40 days", "unit": "percent", "worthwhile": 10,
                      "target": 20, "why": "noticeable"}]}
    )  # fmt: skip
    lead = first(evaluate(material(200, plan)).evaluation)
    assert lead.worthwhile == pytest.approx(0.1 * lead.baseline)
    assert lead.target == pytest.approx(0.2 * lead.baseline)


def test_a_change_that_touched_one_cohort_only_forbids_a_verdict() -> None:
    """And one that touched both does not."""
    on = date(2025, 6, 1)
    for cohort, word in (("pilot", False), ("both", True)):
        changes = [{"on": on.isoformat(), "what": "a new fee", "cohort": cohort}]
        plan = Plan.model_validate({**SMALL.model_dump(mode="json"), "co_interventions": changes})
        found = evaluate(material(300, plan)).evaluation
        assert (found.panels.verdict.word != "no verdict") is word
        assert ("G5.co_intervention" in gates(found)) is not word


def test_copied_events_and_times_in_whole_days_forbid_a_verdict() -> None:
    """Every step twice in the pilot; times of day thrown away in the pilot alone."""
    whole = material(200, SMALL)
    twice = replace(whole.pilot, steps=pl.concat([whole.pilot.steps, whole.pilot.steps]))
    found = evaluate(replace(whole, pilot=twice)).evaluation
    assert found.panels.verdict.reason.text.startswith("50.0% of the events of the pilot are there twice")
    days = whole.pilot.cases.with_columns(
        pl.col(c).dt.truncate("1d") - pl.duration(hours=7) for c in ("opened", "closed")
    )
    coarse = evaluate(replace(whole, pilot=replace(whole.pilot, cases=days))).evaluation
    assert gates(coarse)["G1.resolution"][0] is False


def test_missing_values_beyond_the_plans_share_forbid_a_verdict() -> None:
    """A fifth of the pilot's cases close before they open; a tenth is the most that the plan allows."""
    whole = material(200, SMALL)
    broken = whole.pilot.cases.with_columns(
        closed=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.col("opened") - pl.duration(days=1)).otherwise("closed")
    )
    found = evaluate(replace(whole, pilot=replace(whole.pilot, cases=broken))).evaluation
    assert gates(found)["G1.missing.lead_time"] == (
        False, "lead time is missing for 20% of the cases of the pilot (at most 10%)",
    )  # fmt: skip


def test_an_extract_by_closing_date_is_told(usual: Evaluation) -> None:
    """One year of decisions instead of one year of applications: long cases are over-represented."""
    assert cautions(usual).isdisjoint({"picked_by_closing", "closed_only"})
    whole = material(1_500, SMALL)
    opened = whole.baseline.cases["opened"].min()
    assert isinstance(opened, datetime)
    window = pl.col("closed").is_between(opened + timedelta(days=60), opened + timedelta(days=160))
    by_closing = with_cases(whole.baseline, whole.baseline.cases.filter(window))
    found = evaluate(
        replace(whole, baseline=replace(by_closing, observed_until=opened + timedelta(days=160)))
    ).evaluation  # fmt: skip
    assert "picked_by_closing" in cautions(found)
    closed = with_cases(whole.baseline, read_early(whole.baseline, 100).cases.drop_nulls("closed"))
    only = replace(closed, observed_until=opened + timedelta(days=100))
    assert "closed_only" in cautions(evaluate(replace(whole, baseline=only)).evaluation)


def test_the_flow_of_cases_adds_up() -> None:
    """Received = not of the population + assigned; assigned = decided + withdrawn + open."""
    filters = {"who": "families", "entry": "in", "exit": "out",
               "filters": [{"column": "case:kind", "values": ["family"]}]}  # fmt: skip
    plan = Plan.model_validate({**SMALL.model_dump(mode="json"), "population": filters, "subgroups": []})
    whole = material(300, plan.model_copy(update={"design": plan.design.model_copy(update={"covariates": ()})}))
    cases = whole.pilot.cases.with_columns(
        outcome=pl.when(pl.int_range(pl.len()) % 7 == 0).then(pl.lit("withdrawn")).otherwise("outcome")
    )
    flow = evaluate(replace(whole, pilot=replace(whole.pilot, cases=cases))).evaluation.panels.flow
    for side in (flow.baseline, flow.pilot):
        assert side.received == 300
        assert side.received == side.not_eligible + side.assigned
        assert side.assigned == side.decided + side.withdrawn + side.open
    assert flow.pilot.withdrawn > 0
    assert flow.baseline.withdrawn == 0


def test_one_number_says_how_likely_a_pilot_case_is_the_faster_one(usual: Evaluation) -> None:
    """A fifth quicker: a pilot case beats a baseline case more often than not; the same data are alike."""
    assert isinstance(usual.panels.curves, CurvesPanel)
    faster = usual.panels.curves.faster
    assert faster is not None
    assert 0.55 < faster.value < 0.9
    whole = material(200, SMALL)
    alike = evaluate(replace(whole, pilot=replace(whole.baseline, name="again"))).evaluation.panels.curves
    assert isinstance(alike, CurvesPanel)
    assert alike.faster is not None
    assert alike.faster.value == pytest.approx(0.5)


def test_satisfaction_is_shown_with_its_response_and_weighted_for_silence() -> None:
    """Half of the offices answer in full and are content; where one in five answers they are not: 100 and 50."""
    whole = material(240, SMALL)
    rows = []
    for cohort, data in (("baseline", whole.baseline), ("pilot", whole.pilot)):
        for place, (case, office) in enumerate(zip(data.cases["case"], data.cases["office"], strict=True)):
            content = int(str(office).removeprefix("office ")) % 2 == 0
            if content or place % 3 == 0:
                rows.append((cohort, case, *(4 if content else 2,) * 9))
    schema = {"cohort": pl.String, "case": pl.String, **{f"u{k}": pl.Int8 for k in range(1, 10)}}
    answers = pl.DataFrame(rows, schema=schema, orient="row")
    panel = evaluate(replace(whole, answers=answers)).evaluation.panels.satisfaction
    assert isinstance(panel, SatisfactionPanel)
    for side in (panel.baseline, panel.pilot):
        assert side is not None
        assert side.response == pytest.approx(side.respondents / side.asked)
        assert side.asked < 240 + 1
        if side.weighted is not None:
            assert side.weighted < side.index.value - 5  # the silent are the discontent


def test_the_order_of_steps_in_the_file_and_the_names_of_cases_do_not_matter() -> None:
    """Rows of both tables turned round: the same to the last digit. Other names: the same but for rounding."""
    whole = material(200, SMALL)
    plain = evaluate(whole).evaluation.panels
    turned = replace(whole, pilot=replace(whole.pilot, steps=whole.pilot.steps.sort("completed", "case")))
    assert differences(plain.model_dump(mode="json"), evaluate(turned).evaluation.panels.model_dump(mode="json")) == []
    renamed = [
        replace(data, cases=data.cases.with_columns(name(data)), steps=data.steps.with_columns(name(data)))
        for data in (whole.baseline, whole.pilot)
    ]
    again = evaluate(replace(whole, baseline=renamed[0], pilot=renamed[1])).evaluation.panels
    for one, other in zip(plain.metrics, again.metrics, strict=True):
        assert type(one) is type(other)
        if isinstance(one, MetricResult) and isinstance(other, MetricResult):
            mine, theirs = ([m.estimate, m.error, m.p, m.interval.low] for m in (one, other))
            assert np.allclose(np.array(mine, dtype=float), np.array(theirs, dtype=float), rtol=1e-8, atol=1e-12)
    assert (plain.verdict.word, plain.verdict.reason.text) == (again.verdict.word, again.verdict.reason.text)


def name(data: DataSet) -> pl.Expr:
    """Another name for every case, in another order."""
    return pl.col("case").str.reverse().str.to_lowercase().alias("case")


def test_the_cohorts_exchanged_turn_the_effect_round() -> None:
    """Pilot as baseline and baseline as pilot: the opposite estimate with the same error."""
    whole = material(200, SMALL)
    there, back = (
        first(evaluate(m).evaluation)
        for m in (whole, replace(whole, baseline=whole.pilot, pilot=whole.baseline))
    )  # fmt: skip
    assert back.estimate == pytest.approx(-there.estimate)
    assert back.error == pytest.approx(there.error)


def harmful(whole: Material) -> Material:
    """The pilot refuses two in five where one in ten was refused."""
    outcome = pl.when(pl.col("outcome").is_not_null() & (pl.int_range(pl.len()) % 5 < 2)).then(pl.lit("refused"))
    cases = whole.pilot.cases.with_columns(outcome=outcome.otherwise("outcome"))
    return replace(whole, pilot=replace(whole.pilot, cases=cases))


def test_harm_to_a_guardrail_stops_and_trips_the_monitor() -> None:
    """Quicker, and refusing far more: stop, and the monitor names guardrail and day; without harm it is silent."""
    found = evaluate(harmful(material(600, SMALL))).evaluation
    assert (found.panels.verdict.word, found.panels.verdict.reason.code) == ("stop", "harm")
    assert isinstance(found.panels.sequential, SequentialPanel)
    (trip,) = found.panels.sequential.harm
    assert trip.values["metric"] == "outcome:refused"
    assert date.fromisoformat(str(trip.values["day"])) > date(2025, 2, 4) + timedelta(days=40)
    calm = evaluate(material(600, SMALL)).evaluation.panels.sequential
    assert isinstance(calm, SequentialPanel)
    assert calm.harm == ()
