"""Beside each main figure stand the same effects by other ways, or in a sentence why there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.panels import CurvesPanel, SequentialPanel
from perintis.rules.evaluation.parts import Another, MetricResult
from perintis.rules.plan import Plan
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.material import Material
from tests.use.test_evaluate import material
from tests.use.test_every_design import of

WAITING = {"metric": "waiting_time", "role": "primary", "tau": "40 days", "unit": "days", "worthwhile": 1, "target": 3,
           "why": "noticeable"}  # fmt: skip


def plan(kind: str, *more: dict[str, Any], **design: Any) -> Plan:
    """The plan of that design with more metrics and with changes of its design."""
    whole = of(kind).model_dump(mode="json")
    return Plan.model_validate(
        {**whole, "metrics": [*whole["metrics"], *more], "design": {**whole["design"], **design}}
    )  # fmt: skip


def within(whole: Material, offices: int) -> Material:
    """Cases of the first offices only."""
    names = [f"office {k}" for k in range(offices)]
    few = []
    for data in (whole.baseline, whole.pilot):
        cases = data.cases.filter(pl.col("office").is_in(names))
        few.append(replace(data, cases=cases, steps=data.steps.join(cases.select("case"), on="case", how="semi")))
    return replace(whole, baseline=few[0], pilot=few[1])


def result(found: Evaluation, metric: str) -> MetricResult:
    own = next(m for m in found.panels.metrics if m.metric == metric)
    assert isinstance(own, MetricResult)
    return own


def other(found: Evaluation, metric: str, code: str) -> Another:
    return next(o for o in result(found, metric).beside if o.code == code)


def test_a_count_has_its_ratio_beside_the_difference() -> None:
    """Hand-overs between officers: pilot's mean over the baseline's, with an interval by office around it."""
    found = evaluate(material(300, plan("parallel_cohorts", covariates=[]))).evaluation
    ratio, plain = other(found, "officer_handovers", "rate_ratio"), result(found, "officer_handovers")
    assert ratio.unit == "ratio"
    assert ratio.figure is not None
    assert ratio.figure.value == pytest.approx(plain.pilot / plain.baseline)
    assert ratio.figure.interval is not None
    low, high = ratio.figure.interval.low, ratio.figure.interval.high
    assert low is not None
    assert high is not None
    assert low < ratio.figure.value < high
    # The interval of the ratio is that of the difference, seen from the baseline.
    assert plain.interval.low is not None
    assert low == pytest.approx(1 + plain.interval.low / plain.baseline, abs=2e-3)


def test_a_ratio_that_does_not_fit_the_design_is_not_computed() -> None:
    """Before and after: the reason, never a number; the same for resamples of offices."""
    found = evaluate(material(300, of("before_after"))).evaluation
    ratio = other(found, "officer_handovers", "rate_ratio")
    assert ratio.figure is None
    assert ratio.reason is not None
    assert ratio.reason.text == "the design compares changes over time, which no ratio of two cohorts shows"
    boot = found.panels.trust.bootstrap
    assert boot is not None
    assert boot.figure is None
    assert boot.reason is not None
    assert "one series over time" in boot.reason.text


def test_a_share_of_cases_drawn_by_lot_has_newcombes_interval_and_is_held_by_its_score_limit() -> None:
    """Refusals, drawn case by case: the limit against the margin is Miettinen and Nurminen's within offices."""
    found = evaluate(material(500, of("randomised_cases"))).evaluation
    shown, held = other(found, "outcome:refused", "newcombe"), other(found, "outcome:refused", "score_limit")
    own = result(found, "outcome:refused")
    assert shown.figure is not None
    assert shown.figure.interval is not None
    assert own.interval.high is not None
    assert shown.figure.interval.high == pytest.approx(own.interval.high, abs=0.004)
    assert held.decides
    assert held.figure is not None
    assert held.figure.interval is not None
    assert held.figure.interval.low is None
    assert held.figure.interval.high == pytest.approx(own.interval.high, abs=0.004)
    by_office = evaluate(material(500, of("parallel_cohorts"))).evaluation
    assert not [o for o in result(by_office, "outcome:refused").beside if o.code in ("newcombe", "score_limit")]


def test_with_few_offices_exchanging_them_must_keep_the_margin_too() -> None:
    """Five offices in both cohorts can refute nothing at 1 in 40, whatever t says; eight can; twelve need not."""
    five = evaluate(within(material(2_000), 5)).evaluation
    limit = other(five, "outcome:refused", "exchange_limit")
    assert limit.figure is None
    assert limit.reason is not None
    assert limit.reason.text == "so few offices give no result that is rarer than one in 32"
    assert result(five, "outcome:refused").reading.code == "cannot_tell"
    eight = evaluate(within(material(2_000), 8)).evaluation
    assert other(eight, "outcome:refused", "exchange_limit").figure is not None
    assert result(eight, "outcome:refused").reading.code == "not_worse"
    twelve = evaluate(within(material(600), 12)).evaluation
    assert not [o for o in result(twelve, "outcome:refused").beside if o.code == "exchange_limit"]


def test_two_primary_metrics_are_tested_together_beside_holm() -> None:
    """Lead and waiting time go together: the joint chance is no larger than Holm's, and one primary has none."""
    found = evaluate(material(600, plan("parallel_cohorts", WAITING))).evaluation
    lead = other(found, "lead_time", "max_t")
    assert lead.figure is not None
    assert lead.figure.value == pytest.approx(result(found, "lead_time").estimate)
    assert lead.note is not None
    assert "by Holm's rule, which decides, in" in lead.note.text
    few = evaluate(within(material(600, plan("parallel_cohorts", WAITING)), 8)).evaluation
    told = other(few, "lead_time", "max_t").reason
    assert told is not None
    assert told.text == "12 offices a cohort needed, 8 present"
    assert not [o for o in result(evaluate(material(200)).evaluation, "lead_time").beside if o.code == "max_t"]


def test_covariates_and_strata_of_a_plan_adjust_beside_the_primary() -> None:
    """Case by case: without the covariates, by a regression of pseudo-values, and with the mix of the strata."""
    design = {"covariates": ["case:kind"], "strata": ["case:kind"]}
    found = evaluate(material(500, plan("randomised_cases", **design))).evaluation
    ways = {o.code: o for o in result(found, "lead_time").beside}
    assert {"unadjusted", "pseudo_regression", "post_stratified"} <= ways.keys()
    for code in ("unadjusted", "pseudo_regression", "post_stratified"):
        figure = ways[code].figure
        assert figure is not None, code
        assert figure.value == pytest.approx(result(found, "lead_time").estimate, abs=0.3)
    late = evaluate(material(300, plan("before_after", covariates=["case:kind"]))).evaluation
    reason = other(late, "lead_time", "covariates").reason
    assert reason is not None
    assert "have no place" in reason.text


def test_resamples_of_offices_hang_on_the_seed_alone() -> None:
    """The same seed gives the same digits, another seed others; both near the interval that decides."""
    whole = material(600)
    first, again = (evaluate(whole).evaluation.panels.trust.bootstrap for _ in range(2))
    assert first == again
    request = whole.request.model_copy(update={"seed": 8})
    changed = evaluate(replace(whole, request=request)).evaluation
    assert changed.panels.trust.bootstrap != first
    assert first is not None
    assert first.figure is not None
    assert first.figure.interval is not None
    lead = result(changed, "lead_time").interval
    own = first.figure.interval
    assert lead.low is not None
    assert lead.high is not None
    assert own.low is not None
    assert own.high is not None
    assert own.high - own.low == pytest.approx(lead.high - lead.low, rel=0.3)


def test_three_offices_are_not_resampled() -> None:
    """Four a cohort are needed."""
    boot = evaluate(within(material(600), 3)).evaluation.panels.trust.bootstrap
    assert boot is not None
    assert boot.reason is not None
    assert boot.reason.text == "4 offices a cohort needed, 3 present"


def test_the_pace_of_the_curves_is_said_in_words() -> None:
    """A fifth shorter waits: decided more often at equal age; no bare p-value, and by office."""
    panel = evaluate(material(600)).evaluation.panels.curves
    assert isinstance(panel, CurvesPanel)
    assert panel.pace is not None
    assert panel.pace.text.startswith("at equal age, cases of the pilot were decided 1.")
    assert panel.pace.text.endswith("of draws (log-rank test by office)")
    assert panel.pace.values["p"] == pytest.approx(0, abs=0.01)


def test_the_pace_at_an_equal_mix_stands_beside_it() -> None:
    """Only where the plan names covariates or strata; here the mix is the same on both sides, so it says much alike."""
    adjusted = evaluate(material(600, plan("parallel_cohorts"))).evaluation.panels.curves
    assert isinstance(adjusted, CurvesPanel)
    assert adjusted.pace is not None
    assert adjusted.adjusted_pace is not None
    assert adjusted.adjusted_pace.text.endswith("of draws (adjusted log-rank test by office)")
    seen, expected = (adjusted.adjusted_pace.values[name] for name in ("seen", "expected"))
    assert seen == adjusted.pace.values["seen"]
    assert expected == pytest.approx(adjusted.pace.values["expected"], rel=0.02)
    plain = evaluate(material(600, plan("parallel_cohorts", covariates=[]))).evaluation.panels.curves
    assert isinstance(plain, CurvesPanel)
    assert plain.adjusted_pace is None


ERRORS = {"metric": "outcome:refused", "role": "primary", "direction": "lower", "unit": "share", "worthwhile": 0.02,
          "target": 0.05, "tau": "40 days", "why": "fewer"}  # fmt: skip


def test_a_share_of_cases_that_count_by_themselves_has_exact_daily_intervals() -> None:
    """Drawn case by case: Bernoulli intervals around the estimate, and it is said so."""
    whole = of("randomised_cases").model_dump(mode="json")
    only = Plan.model_validate({**whole, "metrics": [ERRORS]})
    panel = evaluate(material(600, only)).evaluation.panels.sequential
    assert isinstance(panel, SequentialPanel)
    assert [note.code for note in panel.notes][:1] == ["band_shares"]
    assert panel.days
    for day in panel.days:
        assert day.interval.low is not None
        assert day.interval.high is not None
        assert day.interval.low < day.estimate < day.interval.high
    widths = np.array([d.interval.high - d.interval.low for d in panel.days])  # type: ignore[operator]
    assert widths[-1] < widths[0]
    by_office = evaluate(material(600)).evaluation.panels.sequential
    assert isinstance(by_office, SequentialPanel)
    assert by_office.notes[0].code == "band_error"


def test_the_relative_change_of_cases_drawn_by_lot_has_the_error_of_cases() -> None:
    """Within offices sums of influence vanish, so the error of the ratio comes from cases: the delta method's."""
    lead = result(evaluate(material(500, of("randomised_cases"))).evaluation, "lead_time")
    assert lead.relative is not None
    assert lead.relative.interval is not None
    assert lead.relative.interval.low is not None
    assert lead.relative.interval.high is not None
    half = (lead.relative.interval.high - lead.relative.interval.low) / 2
    # Both means have about the same error, e / sqrt 2: that of the ratio is e / baseline * sqrt((1 + r^2) / 2).
    ratio = lead.pilot / lead.baseline
    assert half == pytest.approx(1.96 * lead.error / lead.baseline * ((1 + ratio**2) / 2) ** 0.5, rel=0.25)
