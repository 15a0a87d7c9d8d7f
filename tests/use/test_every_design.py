"""Every design goes from material to verdict, with its own error and its own diagnostics as gates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from perintis.rules.evaluation.document import read_evaluation
from perintis.rules.evaluation.panels import TimeSeriesPanel
from perintis.rules.evaluation.parts import MetricResult
from perintis.rules.plan import Plan
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.material import Material
from tests.use.test_evaluate import PLAN, material

OFFICES = [f"office {k}" for k in range(24)]
FEW = [{"office": o, "group": "pilot" if k < 2 else "comparison"} for k, o in enumerate(OFFICES)]
PILOT_START = "2025-02-04"  # day 400 of the made-up log
HALVES = [{"office": o, "group": "pilot" if k % 2 else "comparison"} for k, o in enumerate(OFFICES)]
DESIGNS: dict[str, dict[str, Any]] = {
    "randomised_cases": {"randomised": True, "start": PILOT_START},
    "randomised_offices": {"randomised": True, "start": "2024-01-01", "offices": HALVES},
    "parallel_cohorts": {"start": "2024-01-01", "covariates": ["case:kind"]},
    "before_after": {"start": PILOT_START},
    "comparison_offices": {"start": PILOT_START, "offices": HALVES},
    "few_offices": {"start": PILOT_START, "offices": FEW},
    "staggered": {
        "start": PILOT_START,
        "offices": [{"office": o, "group": "pilot", "start": f"2025-0{2 + k % 4}-04"} for k, o in enumerate(OFFICES)],
    },
}
OWN = {"before_after": "interrupted time series", "randomised_cases": "by office",
       "randomised_offices": "office means", "comparison_offices": "difference", "staggered": "Callaway"}  # fmt: skip


def of(kind: str) -> Plan:
    design = {"kind": kind, "why": "as told", "baseline": "before", "cases": "after", **DESIGNS[kind]}
    whole = {**PLAN.model_dump(mode="json"), "design": design}
    if kind == "few_offices":
        whole["looks"] = {**whole["looks"], "fractions": [1.0]}
    return Plan.model_validate(whole)


def in_two_offices(cases: int) -> Material:
    """One log of 24 offices: from July on two of them have the pilot, and their cases take a fifth less."""
    import polars as pl

    design = {"kind": "few_offices", "why": "as told", "baseline": "before", "cases": "after", "start": "2024-07-01",
              "offices": FEW}  # fmt: skip
    plan = of("few_offices").model_dump(mode="json")
    whole = material(cases, Plan.model_validate({**plan, "design": design}))
    log = whole.baseline
    mine = pl.col("office").is_in(OFFICES[:2]) & (pl.col("opened") >= pl.lit(datetime(2024, 7, 1, tzinfo=UTC)))
    sooner = pl.col("opened") + (pl.col("closed") - pl.col("opened")) * 0.8
    kept = []
    for name, own in (
        ("before", log.cases.filter(~mine)), ("after", log.cases.filter(mine).with_columns(closed=sooner)),
    ):  # fmt: skip
        steps = log.steps.join(own.select("case"), on="case", how="semi")
        kept.append(replace(log, name=name, cases=own, steps=steps))
    return replace(whole, baseline=kept[0], pilot=kept[1])


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_design_is_evaluated_by_its_own_error(kind: str) -> None:
    """No fault, a document that can be read again, every gate with a sentence; the error is the design's."""
    found = evaluate(material(600, of(kind))).evaluation
    assert read_evaluation(found.to_json()) == found
    assert found.design.value == kind
    lead = next(m for m in found.panels.metrics if m.metric == "lead_time")
    checks = {gate.code: gate for gate in found.panels.trust.gates}
    assert all(gate.message.text for gate in found.panels.trust.gates)
    if not isinstance(lead, MetricResult):  # told, and a gate of its own
        assert checks["G1.metric.lead_time"].passed is False
        assert found.panels.verdict.word == "no verdict"
        return
    if kind in OWN:
        assert OWN[kind].lower() in lead.method.lower()
    assert lead.interval.low is not None
    assert lead.interval.high is not None
    assert lead.interval.low <= lead.estimate <= lead.interval.high
    assert any(code.startswith(("G2.", "G6.")) for code in checks)


def test_two_offices_are_judged_beside_a_mix_of_the_others() -> None:
    """Waits a fifth shorter in two of 24 offices: found beside the mix, at best scaled in stages; the series has it."""
    found = evaluate(in_two_offices(12_000)).evaluation
    lead = next(m for m in found.panels.metrics if m.metric == "lead_time")
    assert isinstance(lead, MetricResult)
    assert lead.rests_on == "2 offices beside 22 comparison offices"
    assert lead.estimate == pytest.approx(-3, abs=1)
    assert lead.p is not None
    assert lead.p >= 1 / 23
    gates = {gate.code: gate.passed for gate in found.panels.trust.gates}
    assert gates["G6.comparison_offices"] is True
    assert gates["G6.pre_fit"] is True
    assert "G3.offices" not in gates
    assert found.evidence.value == "C"
    panel = found.panels.series
    assert isinstance(panel, TimeSeriesPanel)
    assert {p.cohort for p in panel.points if p.counterfactual is not None} == {"pilot"}
    assert panel.event_study
    assert all(p.cases is not None and p.cases.pilot > 0 and p.cases.baseline > 0 for p in panel.event_study)


def test_a_series_is_drawn_with_what_would_have_been() -> None:
    """Before and after: weeks, with the counterfactual after the start alone; the design's grade is D, never scaled."""
    found = evaluate(material(600, of("before_after"))).evaluation
    assert found.evidence.value == "D"
    assert found.panels.verdict.word != "scale"
    panel = found.panels.series
    assert isinstance(panel, TimeSeriesPanel)
    assert {p.cohort for p in panel.points if p.counterfactual is not None} == {"pilot"}


def test_a_sample_ratio_that_no_lot_gives_forbids_a_verdict() -> None:
    """One in two was to get the pilot, two in three did: cases were lost or moved."""
    whole = material(600, of("randomised_cases"))
    fewer = whole.baseline.cases.head(300)
    steps = whole.baseline.steps.join(fewer.select("case"), on="case", how="semi")
    found = evaluate(replace(whole, baseline=replace(whole.baseline, cases=fewer, steps=steps))).evaluation
    ratio = next(g for g in found.panels.trust.gates if g.code == "G2.ratio")
    assert ratio.passed is False
    assert found.panels.verdict.word == "no verdict"
    fair = evaluate(whole).evaluation
    assert next(g for g in fair.panels.trust.gates if g.code == "G2.ratio").passed is True
