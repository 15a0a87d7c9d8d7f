"""Cost and benefit: what can be told is told, and what is lacking is named."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.rules.evaluation.panels import MoneyPanel
from perintis.rules.evaluation.parts import Missing
from perintis.rules.plan import Plan
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.material import Material
from tests.use.test_evaluate import PLAN, material

WORTH = Plan.model_validate(
    PLAN.model_dump(mode="json") | {"value_for_money": {"worth_per_unit": 50_000, "extra_cost_per_case": 10_000}}
)


def without_costs(whole: Material) -> Material:
    """The same cohorts from a log without amounts."""
    bare = [
        replace(data, steps=data.steps.with_columns(pl.lit(None, pl.Float64).alias("cost")))
        for data in (whole.baseline, whole.pilot)
    ]
    return replace(whole, baseline=bare[0], pilot=bare[1])


def test_the_net_benefit_is_told_without_recorded_costs() -> None:
    """It rests on the plan's amounts: 50,000 a day of improvement less 10,000 a case; lacking costs are named."""
    found = evaluate(without_costs(material(200, WORTH))).evaluation
    panel = found.panels.money
    lead = next(m for m in found.panels.metrics if m.metric == "lead_time")
    assert isinstance(panel, MoneyPanel)
    assert panel.net_benefit_per_1000 is not None
    assert panel.net_benefit_per_1000.value == 1_000 * (50_000 * lead.oriented.value - 10_000)  # type: ignore[union-attr]
    assert (panel.cost_per_case, panel.difference) == (None, None)
    assert panel.no_costs is not None
    page = evaluation_page(found, "en")
    assert "Costs cannot be told: baseline: no costs were recorded." in page
    assert "Net benefit for 1,000 cases" in page
    assert "Cost a case, pilot" not in page


def test_where_neither_can_be_told_the_panel_says_why() -> None:
    """An exception was signed, and no cost was recorded."""
    panel = evaluate(without_costs(material(200))).evaluation.panels.money
    assert isinstance(panel, Missing)
    assert panel.reason.code == "no_costs"
