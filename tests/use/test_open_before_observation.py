"""A baseline of all cases that were in hand from some day on: those open then are there because they took long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.parts import MetricResult
from perintis.rules.plan import Plan
from perintis.rules.statistics.case_values import CaseValues
from perintis.use.evaluation.bundle import write_bundle
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.keep import replay
from perintis.use.evaluation.material import Material
from perintis.use.evaluation.measuring import _values, _wanted
from perintis.use.evaluation.prepare import prepare
from perintis.words.tables import DataSet
from tests.use.test_evaluate import PLAN, material


def in_hand(data: DataSet, since: datetime) -> DataSet:
    """Only cases that had not ended before that day, as an extract of the cases in hand has them."""
    kept = data.cases.filter(pl.col("closed").is_null() | (pl.col("closed") > since))
    steps = data.steps.join(kept.select("case"), on="case", how="semi", maintain_order="left")
    return replace(data, cases=kept, steps=steps)


def skewed(whole: Material) -> Material:
    """The same process on both sides, with lead times that differ widely: exponential, 12 days in the mean."""
    draws = np.random.default_rng(3)
    sides = []
    for data in (whole.baseline, replace(whole.baseline, name="the same again")):
        days = pl.Series(draws.exponential(12.0, data.cases.height) * 86_400_000_000).cast(pl.Duration("us"))
        sides.append(replace(data, cases=data.cases.with_columns((pl.col("opened") + days).alias("closed"))))
    read = max(data.cases["closed"].max() for data in sides)  # type: ignore[type-var]
    baseline, pilot = (replace(data, observed_until=read) for data in sides)  # type: ignore[arg-type]
    return replace(whole, baseline=baseline, pilot=pilot)


def lead(found: Evaluation) -> MetricResult:
    return next(m for m in found.panels.metrics if isinstance(m, MetricResult) and m.metric == "lead_time")


@pytest.fixture(scope="module")
def began() -> datetime:
    """Late, so that many of the cases still in hand were open then."""
    late = material(1_000).baseline.cases["opened"].quantile(0.9, "lower")
    assert isinstance(late, datetime)
    return late + timedelta(hours=7)


def test_the_same_process_is_not_called_faster_when_old_cases_enter_late(began: datetime, tmp_path: Path) -> None:
    """Equal cohorts, one picked from those in hand: no difference with the right entry, one beyond chance without.

    That the wrong way differs is the negative control. The flow counts who was open, and the bundle keeps the day.
    """
    whole = skewed(material(4_000))
    picked = in_hand(whole.baseline, began)
    ended = whole.baseline.cases.height - picked.cases.height
    right = replace(whole, baseline=replace(picked, observed_from=began))
    found = evaluate(right).evaluation
    interval = lead(found).interval
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < 0 < interval.high
    wrong = lead(evaluate(replace(right, baseline=picked)).evaluation).interval
    assert wrong.high is not None
    assert wrong.high < 0
    early = int((picked.cases["opened"] < began).sum())
    assert early > 0.2 * picked.cases.height
    flow = found.panels.flow
    assert (flow.baseline.already_open, flow.pilot.already_open) == (early, 0)
    unpicked = replace(right, baseline=replace(whole.baseline, observed_from=began))
    again = evaluate(unpicked).evaluation.panels.flow.baseline
    assert (again.not_eligible, again.assigned, again.already_open) == (ended, picked.cases.height, early)
    write_bundle(right, found, tmp_path / "bundle.zip")
    assert replay(tmp_path / "bundle.zip").differences == ()


def test_a_design_that_takes_means_by_day_leaves_them_out(began: datetime) -> None:
    """And tells how many."""
    design = PLAN.model_dump(mode="json") | {"design": {**PLAN.design.model_dump(mode="json"), "kind": "before_after"}}
    by_day = Plan.model_validate(design)
    picked = replace(in_hand(material(1_000).baseline, began), observed_from=began)
    prepared = prepare(replace(material(1_000), plan=by_day, baseline=picked))
    left_out = [dict(v.left_out) for known, planned in _wanted(prepared)
                if isinstance(v := _values(prepared, known, planned), CaseValues)]  # fmt: skip
    early = int((picked.cases["opened"] < began).sum())
    assert left_out[0]["were open already when observation began (baseline)"] == early


def test_an_adjusted_estimate_leaves_them_out_too(began: datetime) -> None:
    """With covariates they would weaken the adjustment; without covariates they count from the age they had."""
    whole = skewed(material(4_000))
    right = replace(whole, baseline=replace(in_hand(whole.baseline, began), observed_from=began))
    early = int((right.baseline.cases["opened"] < began).sum())
    why = "were open already when observation began (baseline)"
    assert dict(lead(evaluate(right).evaluation).left_out)[why] == early
    design = {**PLAN.design.model_dump(mode="json"), "covariates": []}
    plain = Plan.model_validate(PLAN.model_dump(mode="json") | {"design": design})
    assert why not in dict(lead(evaluate(replace(right, plan=plain)).evaluation).left_out)


def test_where_it_cannot_do_without_them_the_report_says_so() -> None:
    """Observed for 35 days only, and tau is 40: with them it can be computed, and a caution says what that costs."""
    whole = skewed(material(4_000))
    read = whole.baseline.cases["opened"].max()
    assert isinstance(read, datetime)
    since = read - timedelta(days=35)
    ended = pl.col("closed") <= read
    cases = whole.baseline.cases.with_columns(pl.when(ended).then(pl.col(c)) for c in ("closed", "outcome"))
    seen = replace(whole.baseline, cases=cases, observed_until=read)
    short = replace(whole, baseline=replace(in_hand(seen, since), observed_from=since))
    found = evaluate(short).evaluation
    codes = {caution.code for caution in found.panels.trust.cautions}
    assert isinstance(lead(found), MetricResult)
    assert "adjusted_late" in codes
    assert "adjusted_late" not in {c.code for c in evaluate(whole).evaluation.panels.trust.cautions}
