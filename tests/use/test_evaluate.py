"""An evaluation from frozen material: the same to the last digit, refused where it cannot be, told in one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks.made_up_log import made_up
from perintis.rules.evaluation.document import Phase, read_evaluation
from perintis.rules.evaluation.panels import Missing, SatisfactionPanel
from perintis.rules.evaluation.parts import MetricMissing, MetricResult
from perintis.rules.fixed_calendars import fixed_all
from perintis.rules.metrics import Calendars
from perintis.rules.plan import Plan, read_plan
from perintis.use.evaluation.bundle import read_bundle, write_bundle
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.keep import differences, replay
from perintis.use.evaluation.material import Material, Registered, Request
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput, NotFound
from perintis.words.standard import Promise, PromisedTime, Source, Standard, TimeUnit
from perintis.words.tables import DataSet, Grade

JAKARTA = Calendar.weekdays("Asia/Jakarta", country="ID")
PLAN = read_plan("""
pilot: made-up
question: Does it help?
objectives: [decide sooner]
design: {kind: parallel_cohorts, why: no lot was drawn, baseline: before, cases: after, start: 2024-01-01,
         covariates: ["case:kind"]}
population: {who: all, entry: handed in, exit: decided}
metrics:
  - {metric: lead_time, role: primary, tau: 40 days, unit: days, worthwhile: 1, target: 3, why: noticeable}
  - {metric: "outcome:refused", role: guardrail, direction: lower, unit: share, margin: 0.08, why: no haste}
  - {metric: error_rate, role: secondary, unit: share, why: correctness}
minimums: {cases: 100, offices: 6, matured_cases_per_office: 10}
looks: {fractions: [0.5, 1], planned_cases: 1000}
subgroups: [{name: kind, column: "case:kind", equity: true}]
missing_data: told
scalability:
  representative_offices: {met: yes, evidence: all kinds of offices}
  marginal_cost: {met: yes, evidence: counted}
  capacity: {met: yes, evidence: asked}
  legal_basis: {met: yes, evidence: decree}
value_for_money: {exception: {reason: no cost is added, signed_by: directorate}}
calendar: Indonesia
analysis: "1"
rule: as the program has it
""")
AT = datetime(2024, 1, 1, tzinfo=UTC)


def material(cases: int = 600, plan: Plan = PLAN, *, registered: bool = True, **changes: object) -> Material:
    baseline, pilot = (replace(made_up(cases, pilot=p, seed=5), simulated=False) for p in (False, True))
    request = Request(
        pilot="made-up", title="Made up", currency="IDR", steps=(), seed=7, code_version="0.1.0", lock_hash=None,
        phase=Phase(version="1", first=AT, last=AT, cases=cases), holidays=(date(2024, 1, 1),),
        registered=Registered(hash="0" * 64, at=AT, late=False, results_visible=False) if registered else None,
    )  # fmt: skip
    calendars = fixed_all(Calendars(case=JAKARTA), 2023, 2026)
    whole = Material(request, plan, baseline, pilot, calendars)
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_a_pilot_that_decides_a_fifth_sooner_is_scaled_in_stages() -> None:
    """24 offices, 600 cases a side, waits a fifth shorter, no guardrail worse, evidence C: scale, in stages."""
    found = evaluate(material()).evaluation

    lead = next(m for m in found.panels.metrics if m.metric == "lead_time")
    assert isinstance(lead, MetricResult)
    assert lead.estimate == pytest.approx(-0.2 * 15, abs=0.6)  # ten waits of 1.5 days, a fifth shorter
    assert (found.panels.verdict.word, found.panels.verdict.staged) == ("scale", True)
    assert found.evidence.value == "C"
    assert found.look == 1


def test_the_bundle_gives_the_same_figures_to_the_last_digit(tmp_path: Path) -> None:
    """Written, read and computed again: nothing differs; and a changed figure is named by its path."""
    whole = material(300)
    found = evaluate(whole).evaluation
    write_bundle(whole, found, tmp_path / "bundle.zip")

    assert replay(tmp_path / "bundle.zip").differences == ()
    assert read_bundle(tmp_path / "bundle.zip")[1] == found
    changed = found.model_copy(update={"look": 7})
    write_bundle(whole, changed, tmp_path / "changed.zip")
    assert replay(tmp_path / "changed.zip").differences == ("look: was 7, is 1",)


def test_the_order_of_rows_does_not_matter() -> None:
    """The same cases in another order give the same evaluation but for the hash of the files."""
    whole = material(200)
    turned = replace(whole, pilot=replace(whole.pilot, cases=whole.pilot.cases.reverse()))
    first, second = (evaluate(m).evaluation.panels.model_dump(mode="json") for m in (whole, turned))

    assert differences(first, second) == []


def test_the_json_form_is_strict() -> None:
    """What is written can be read again, and a key too many is an error."""
    found = evaluate(material(200)).evaluation
    text = found.to_json()

    assert read_evaluation(text) == found
    with pytest.raises(ValueError, match="extra"):
        read_evaluation(text.replace('"pilot":', '"surprise": 1, "pilot":', 1))


def test_an_unregistered_plan_decides_nothing() -> None:
    """Without a registration the figures are there and the verdict is "no verdict"."""
    found = evaluate(material(200, registered=False)).evaluation

    assert found.panels.verdict.word == "no verdict"
    assert found.panels.verdict.reason.code == "unregistered"
    assert any(isinstance(m, MetricResult) for m in found.panels.metrics)


def test_too_few_offices_give_no_verdict_with_what_is_missing() -> None:
    """Cases of three offices: offices are the sample size."""
    whole = material()
    few = [
        replace(d, cases=d.cases.filter(pl.col("office").is_in(["office 1", "office 2", "office 3"])))
        for d in (whole.baseline, whole.pilot)
    ]
    few = [replace(d, steps=d.steps.join(d.cases.select("case"), on="case", how="semi")) for d in few]
    plan = PLAN.model_copy(update={"minimums": PLAN.minimums.model_copy(update={"cases": 20})})
    found = evaluate(replace(whole, baseline=few[0], pilot=few[1], plan=plan)).evaluation

    assert found.panels.verdict.word == "no verdict"
    assert "6 offices needed, 3 present" in found.panels.verdict.reason.text
    assert found.panels.verdict.change is not None
    assert found.panels.verdict.change.text == "3 more offices"


def test_a_metric_that_cannot_be_computed_is_named_with_the_reason() -> None:
    """Nobody recorded errors: no number stands for that."""
    found = evaluate(material(200)).evaluation
    errors = next(m for m in found.panels.metrics if m.metric == "error_rate")

    assert isinstance(errors, MetricMissing)
    assert errors.reason.text == "baseline: no errors in decisions were recorded"


def test_different_clocks_lower_the_evidence() -> None:
    """Cohorts whose lead time starts differently cannot be scaled on."""
    whole = material()
    found = evaluate(replace(whole, baseline=replace(whole.baseline, clock="from the second visit"))).evaluation

    assert found.evidence.value == "D"
    assert found.panels.verdict.word != "scale"
    assert "different_clocks" in {c.code for c in found.panels.trust.cautions}


def test_a_short_sample_never_bears_scaling() -> None:
    """The grade of the baseline caps the claim."""
    whole = material()
    found = evaluate(replace(whole, baseline=replace(whole.baseline, grade=Grade.SAMPLE))).evaluation

    assert found.evidence.value == "D"
    assert found.panels.verdict.word == "adjust" or found.panels.verdict.word == "continue"


def test_a_baseline_of_another_process_is_refused() -> None:
    """Not one step is shared: another process, or not yet mapped."""
    whole = material(200)
    other = whole.baseline.steps.with_columns(pl.format("other.{}", "step").alias("step"))

    with pytest.raises(BadInput, match="of a different process: it shares no step with made-up"):
        evaluate(replace(whole, baseline=replace(whole.baseline, steps=other)))


def test_a_published_standard_cannot_be_evaluated_against() -> None:
    """It has no cases."""
    promise = Promise(within=PromisedTime(number=10, unit=TimeUnit.WORKING_DAYS))
    standard = Standard(
        title="Ten days", source=Source(rule="Rule 1", read=date(2024, 1, 1)), valid_from=date(2024, 1, 1),
        promises=(promise,),
    )  # fmt: skip
    whole = material(200)
    empty = DataSet("standard", whole.baseline.cases.clear(), whole.baseline.steps.clear(), AT, Grade.PROMISED,
                    standard=standard)  # fmt: skip

    with pytest.raises(BadInput, match="promises times and has no cases"):
        evaluate(replace(whole, baseline=empty))


def test_satisfaction_is_read_by_case() -> None:
    """Answers of both cohorts give two indices, their difference, and the category by the rule."""
    whole = material(200)
    rows = [
        (cohort, case, *(answer,) * 9)
        for cohort, data, answer in (("baseline", whole.baseline, 3), ("pilot", whole.pilot, 4))
        for case in data.cases["case"][:60]
    ]
    schema = {"cohort": pl.String, "case": pl.String, **{f"u{k}": pl.Int8 for k in range(1, 10)}}
    panel = evaluate(
        replace(whole, answers=pl.DataFrame(rows, schema=schema, orient="row"))
    ).evaluation.panels.satisfaction

    assert isinstance(panel, SatisfactionPanel)
    assert panel.baseline is not None
    assert panel.pilot is not None
    assert (panel.baseline.index.value, panel.baseline.category) == (75.0, "C")
    assert (panel.pilot.index.value, panel.pilot.category) == (100.0, "A")
    assert isinstance(evaluate(whole).evaluation.panels.satisfaction, Missing)


def test_a_bundle_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    """A file that is no bundle, and one that is not there."""
    (tmp_path / "bundle.zip").write_bytes(b"PK\x03\x04 cut off")

    with pytest.raises(BadInput, match="not a whole replication bundle"):
        read_bundle(tmp_path / "bundle.zip")
    with pytest.raises(NotFound, match="no bundle"):
        read_bundle(tmp_path / "none.zip")
