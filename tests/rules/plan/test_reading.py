"""The evaluation plan: only metrics that exist, in their own units, with sizes that mean something."""

from __future__ import annotations

import pytest

from perintis.rules.metrics import METRICS, Better, Kind
from perintis.rules.plan import Matured, Plan, Withdrawn, read_plan, tau_beyond_follow_up
from perintis.words.errors import BadInput
from tests.rules.plan.plans import PLAN, plan

LEAD = "{metric: lead_time, role: primary, tau: 60 days, unit: days, worthwhile: 2, target: 4, why: noticeable}"


def test_a_plan_says_what_is_measured_and_which_change_matters() -> None:
    """Metrics by role, in the order of the plan; a service level without a step is that of the case."""
    read = plan()
    assert [m.metric for m in read.primaries] == ["lead_time"]
    assert [m.metric for m in read.guardrails] == ["outcome:refused", "rework"]
    assert [m.metric for m in read.secondaries] == ["handovers"]
    assert [m.outcome for m in read.metrics] == [None, "refused", None, None]
    assert [m.better for m in read.metrics] == [Better.LOWER] * 4
    assert [m.sign for m in read.metrics] == [-1.0] * 4
    assert str(read.primaries[0].tau) == "60 days"
    assert [(s.step, s.at_least) for s in read.service_levels] == [("case", 0.9), ("clinic.screen", 0.8)]
    assert read.metric("touch_time") is None


def test_times_use_all_cases_within_tau_and_counts_the_closed_ones() -> None:
    """Withdrawal is another way of ending for a time; elsewhere a withdrawn case is left out."""
    lead, refused = plan().metrics[:2]
    assert (lead.cases_used, lead.withdrawn_as) == (Matured.TAU, Withdrawn.COMPETING)
    assert (refused.cases_used, refused.withdrawn_as) == (Matured.CLOSED, Withdrawn.LEFT_OUT)


def test_sizes_in_percent_are_of_the_baseline() -> None:
    """Ten percent of 0.5 repeated steps are 0.05; two days stay two days."""
    lead, _, rework, _ = plan().metrics
    assert rework.absolute(10, 0.5) == pytest.approx(0.05)
    assert lead.absolute(2, 30) == 2


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_every_metric_can_be_planned_with_in_its_own_unit(metric: object) -> None:
    """The plan knows the metrics that the program measures, and no others."""
    name, unit, better, kind = (getattr(metric, field) for field in ("name", "unit", "better", "kind"))
    tau = f", tau: 60 {unit}" if kind is Kind.DURATION else ""
    direction = "" if better else ", direction: lower"
    entry = f"{{metric: {name}, role: primary, unit: {unit}, worthwhile: 0.1, target: 0.2, why: w{tau}{direction}}}"
    text = PLAN.replace("  - {metric: rework, role: guardrail, unit: percent, margin: 10, why: no haste}\n", "")
    text = text.replace("  - {metric: handovers, role: secondary, unit: hand-overs, why: to see}\n", "")
    assert read_plan(text.replace(LEAD, entry)).primaries[0].metric == name


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("metric: lead_time", "metric: speed", "entry 1: speed: there is no such metric; there is lead_time"),
        ("unit: days, w", "unit: hours, w", "lead_time: it is measured in days; write the unit as days or as percent"),
        ("worthwhile: 2", "worthwhile: 0", "metrics, entry 1, worthwhile: 0 is on the wrong side"),
        ("worthwhile: 2", "worthwhile: -2", "worthwhile: -2 is on the wrong side; write the size of the change"),
        ("margin: 0.03", "margin: -0.03", "metrics, entry 2, margin: -0.03 is on the wrong side"),
        ("margin: 0.03", "margin: 3", "outcome:refused: a share is between 0 and 1, so margin cannot be 3"),
        ("margin: 0.03", "margin: .nan", "metrics, entry 2, margin"),
        ("margin: 0.03", "worthwhile: 0.03", "outcome:refused: a guardrail has a `margin`, not `worthwhile`"),
        ("margin: 0.03, ", "", "outcome:refused: a guardrail needs a `margin`"),
        ("worthwhile: 2, ", "worthwhile: 2, margin: 1, ", "lead_time: a primary metric has no `margin`"),
        ("target: 4", "target: 2", "lead_time: the target 2 has to be more than the smallest worthwhile effect 2"),
        ("target: 4, ", "", "lead_time: a primary metric needs `target`"),
        ("tau: 60 days, ", "", "lead_time: a time needs `tau`, how long each case is looked at, like `tau: 60 days`"),
        ("tau: 60 days", "tau: 0 days", "metrics, entry 1, tau: tau has to be more than 0, not 0 days"),
        ("tau: 60 days", "tau: 60", "metrics, entry 1, tau: write a number with its unit, like `60 days`"),
        ("tau: 60 days", "tau: 8 weeks", "lead_time: write tau in days, as the metric is measured, not in weeks"),
        ("start: 2026-01-05", "start: 2026-01-05\n  ends: 2026-02-04",
         "lead_time: tau is 60 days, but the plan's dates allow 30 days (2026-01-05 to 2026-02-04)"),
        ("direction: lower, ", "", "outcome:refused: write `direction: lower` or `direction: higher`"),
        ("tau: 60 days", "tau: 60 days, direction: higher", "lead_time: lower is better, whatever the plan says"),
        ("metric: rework, role: guardrail, unit: percent", "metric: handovers, role: guardrail, unit: percent",
         "handovers is in the plan twice"),
        ("step: clinic.screen", "step: case", "case is in the plan twice"),
        ("role: primary, tau: 60 days", "role: secondary, tau: 60 days",
         "no metric has the role primary"),
        ("[0.5, 0.75, 1]", "[0.5, 0.5, 1]", "looks, fractions: looks have to ascend, and 0.5, 0.5, 1 do not"),
        ("[0.5, 0.75, 1]", "[0.5, 0.75]", "looks, fractions: the last look has to be at 1"),
        ("[0.5, 0.75, 1]", "[0.1, 0.2, 0.3, 0.4, 0.5, 1]", "looks, fractions: write one to 5 looks, not 6"),
        ("baseline: last-year", "baseline: last-year\n  cases: last-year",
         "cases and baseline are both last-year; an evaluation needs two cohorts"),
        ("kind: parallel_cohorts", "kind: randomised_offices\n  randomised: true",
         "design: randomised_offices compares offices: list at least one of group pilot and one of group comparison"),
        ("kind: parallel_cohorts", "kind: randomised_cases", "design: randomised_cases needs `randomised: true`"),
        ("kind: parallel_cohorts", "kind: parallel_cohorts\n  randomised: true",
         "design: parallel_cohorts draws no lot; take out `randomised`"),
        ("kind: parallel_cohorts", "kind: parallel_cohorts\n  adjust_for_arrivals: true",
         "design: only before_after and comparison_offices can adjust for arrivals"),
        ("kind: parallel_cohorts", "kind: staggered\n  offices: [{office: a, group: pilot}]",
         "design: office a has no start date, which a staggered roll-out needs"),
        ("kind: parallel_cohorts", "kind: staggered\n  offices: [{office: a, group: pilot, start: 2026-01-05}]",
         "all offices start on the same day, so there are fewer than two cohorts"),
        ("kind: parallel_cohorts",
         "kind: few_offices\n  offices: [{office: a, group: pilot}, {office: b, group: comparison}]",
         "looks: few_offices is read once"),
        ("kind: parallel_cohorts", "kind: wait_and_see", "design, kind: is none of 'randomised_cases'"),
        ("why: both run at once", "why: both run at once\n  impact: ramp", "write `ramp_days` with `impact: ramp`"),
        ('"case:sex"', "sex", "subgroups, entry 1, column: 'sex' is no fact of a case; write office, or"),
        ("{met: yes, evidence: drawn by lot}", "{met: yes}", "representative_offices: is met: write the `evidence`"),
        ("{extra_cost_per_case: 10, worth_per_unit: 6}", "{extra_cost_per_case: 10}",
         "value_for_money: write extra_cost_per_case and worth_per_unit, or an exception"),
        ("cases: 100,", "cases: 1,", "minimums, cases: has to be at least 2"),
        ("rule: scale", "roule: scale", "roule: is not a field here"),
    ],
)  # fmt: skip
def test_a_plan_that_could_not_be_judged_by_is_refused(old: str, new: str, fault: str) -> None:
    """Before any data is seen, with the entry and what to write."""
    with pytest.raises(BadInput) as refused:
        plan(old, new)
    assert fault in str(refused.value)
    assert str(refused.value).startswith("plan.yaml: ")


def test_at_most_two_metrics_decide() -> None:
    """With many primary metrics one of them improves by chance."""
    entry = "  - {{metric: {}, role: primary, unit: percent, worthwhile: 5, target: 9, why: w}}\n"
    more = entry.format("duplicate_entry") + entry.format("any_rework")
    with pytest.raises(BadInput, match="3 metrics have the role primary"):
        plan("minimums:", more + "minimums:")


def test_yes_and_no_of_yaml_are_words_here() -> None:
    """YAML reads `yes` as true; unmet criteria are listed in words."""
    scalability = plan().scalability
    assert (scalability.representative_offices.met, scalability.marginal_cost.met) == ("yes", "no")
    assert scalability.unmet == ("marginal cost", "capacity", "legal basis")


def test_value_for_money_is_worth_less_cost() -> None:
    """Two days at 6 each, for 10 more a case: 2 are left; an exception has no amount."""
    assert plan().value_for_money.net_per_case(2.0) == 2.0
    exempt = plan("{extra_cost_per_case: 10, worth_per_unit: 6}", "{exception: {reason: law, signed_by: minister}}")
    assert exempt.value_for_money.net_per_case(2.0) is None


def test_tau_beyond_follow_up_is_told_with_the_cohort() -> None:
    """A horizon that no case was followed to could not be estimated."""
    followed = {"baseline": {"lead_time": 400.0}, "pilot": {"lead_time": 33.0}}
    assert tau_beyond_follow_up(plan(), followed) == [
        (
            "lead_time: tau is 60 days, but the pilot was followed for only 33 days; choose a shorter tau in an "
            "amendment, or wait"
        )
    ]
    assert tau_beyond_follow_up(plan(), {"pilot": {"lead_time": 60.0}}) == []


def test_a_plan_is_frozen() -> None:
    """What was read is what was registered."""
    with pytest.raises(ValueError, match="frozen"):
        plan().pilot = "other"  # type: ignore[misc]
    assert isinstance(plan(), Plan)
