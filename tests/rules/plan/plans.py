"""A small plan, and plans that differ from it in one place."""

from __future__ import annotations

from perintis.rules.plan import Plan, read_plan

PLAN = """
pilot: small
question: Is it faster?
objectives: [decisions come sooner]
design:
  kind: parallel_cohorts
  why: both run at once
  baseline: last-year
  start: 2026-01-05
population: {who: everybody, entry: handed in, exit: decided}
metrics:
  - {metric: lead_time, role: primary, tau: 60 days, unit: days, worthwhile: 2, target: 4, why: noticeable}
  - {metric: "outcome:refused", role: guardrail, direction: lower, unit: share, margin: 0.03, why: no haste}
  - {metric: rework, role: guardrail, unit: percent, margin: 10, why: no haste}
  - {metric: handovers, role: secondary, unit: hand-overs, why: to see}
minimums: {cases: 100, offices: 12}
looks: {fractions: [0.5, 0.75, 1], planned_cases: 3840}
subgroups: [{name: sex, column: "case:sex", equity: true}]
service_levels: [{at_least: 0.9}, {step: clinic.screen, at_least: 0.8}]
missing_data: left out
scalability:
  representative_offices: {met: yes, evidence: drawn by lot}
  marginal_cost: {met: no}
  capacity: {met: unknown}
  legal_basis: {met: unknown}
value_for_money: {extra_cost_per_case: 10, worth_per_unit: 6}
calendar: "2026"
analysis: perintis 1
rule: scale if faster and no guardrail is worse
"""


def plan(old: str = "", new: str = "") -> Plan:
    """The small plan with one text in the place of another, which has to be there."""
    assert old in PLAN
    return read_plan(PLAN.replace(old, new, 1) if old else PLAN)
