"""The evaluation plan: only metrics that exist, in their own units, with margins that mean something."""

from __future__ import annotations

import pytest

from perintis.rules.metrics import METRICS, Better
from perintis.rules.plan import read_plan
from perintis.words.errors import BadInput

PLAN = """
pilot: fast-track
question: Is it faster?
design: before_after
baseline: last year's cases
minimum_cases: 100
primary:
  - {metric: lead_time, margin: 2, unit: days, why: noticeable}
guardrails:
  - {metric: "outcome:refused", better: lower, margin: 0.03, unit: share, why: no haste}
  - {metric: rework, margin: 10, unit: percent, why: no haste}
service_levels:
  - {at_least: 0.9}
  - {step: kemenkes.health_screening, at_least: 0.8}
rule: scale if faster and no guardrail is worse
"""


def test_a_plan_says_what_is_measured_and_which_change_matters() -> None:
    """Primary metrics come first; a service level without a step is that of the case."""
    plan = read_plan(PLAN)
    assert [m.metric for m in plan.measured] == ["lead_time", "outcome:refused", "rework"]
    assert [m.outcome for m in plan.measured] == [None, "refused", None]
    assert plan.guardrails[0].better is Better.LOWER
    assert [(s.step, s.at_least) for s in plan.service_levels] == [("case", 0.9), ("kemenkes.health_screening", 0.8)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_every_metric_can_be_planned_with_in_its_own_unit(metric: object) -> None:
    """The plan knows the metrics that the program measures, and no others."""
    name, unit, better = (getattr(metric, field) for field in ("name", "unit", "better"))
    entry = f"{{metric: {name}, margin: 1, unit: {unit}, why: w{'' if better else ', better: lower'}}}"
    plan = read_plan(PLAN.replace("{metric: lead_time, margin: 2, unit: days, why: noticeable}", entry)
                     .replace("  - {metric: rework, margin: 10, unit: percent, why: no haste}\n", ""))  # fmt: skip
    assert plan.primary[0].metric == name


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("metric: lead_time", "metric: speed", "there is no metric 'speed'; there is lead_time"),
        ("unit: days", "unit: hours", "lead_time is measured in days; write the margin in days or in percent"),
        ("margin: 2", "margin: 0", "primary, entry 1, margin"),
        ("margin: 2", "margin: .nan", "primary, entry 1, margin"),
        ("why: noticeable", "better: higher, why: x", "lead_time: lower is better, whatever the plan says"),
        ("better: lower, ", "", "outcome:refused: write `better: lower` or `better: higher`"),
        ("metric: rework, margin: 10", "metric: lead_time, margin: 10", "lead_time is in the plan twice"),
        ("step: kemenkes.health_screening", "step: case", "case is in the plan twice"),
        ("at_least: 0.9", "at_least: 90", "service_levels, entry 1, at_least"),
        ("design: before_after", "design: wait_and_see", "design: is none of 'before_after'"),
        ("minimum_cases: 100", "minimum_cases: 0", "minimum_cases"),
        ("rule: scale", "roule: scale", "roule: is not a field here"),
    ],
)
def test_a_plan_that_could_not_be_judged_by_is_refused(old: str, new: str, fault: str) -> None:
    """Before any data is seen, not after."""
    with pytest.raises(BadInput) as refused:
        read_plan(PLAN.replace(old, new, 1))
    assert fault in str(refused.value)


def test_at_most_two_metrics_decide() -> None:
    """With many primary metrics one of them improves by chance."""
    three = "".join(f"  - {{metric: {m}, margin: 5, unit: percent, why: w}}\n" for m in ("handovers", "waiting_time"))
    with pytest.raises(BadInput, match="primary"):
        read_plan(PLAN.replace("guardrails:", three + "guardrails:"))
