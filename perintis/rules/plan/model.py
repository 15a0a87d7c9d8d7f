"""The whole plan: what is to be found out, from what, and by which rule."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from perintis.rules.designs.design import Design
from perintis.rules.plan.metric import PlannedMetric
from perintis.rules.plan.parts import (
    CoIntervention,
    Looks,
    Minimums,
    Population,
    PromisedShare,
    Scalability,
    Signature,
    Subgroup,
    ValueForMoney,
)
from perintis.rules.plan.strict import Strict, Text, repeated
from perintis.rules.plan.study import Study, TimeUnit
from perintis.rules.verdict.reading import Role

MOST_PRIMARIES = 2
MOST_SUBGROUPS = 5


class Plan(Strict):
    """What is to be found out, from what, and by which rule.

    `missing_data` and `rule` are told in words; the program's rule is fixed (`perintis.rules.verdict.rule`).
    `calendar` names the calendar version in which working time is counted, `analysis` the version of the analysis.
    """

    pilot: Text
    question: Text
    objectives: tuple[Text, ...] = Field(min_length=1)
    theory_of_change: Text | None = None
    design: Study
    population: Population
    metrics: tuple[PlannedMetric, ...] = Field(min_length=1)
    minimums: Minimums
    looks: Looks
    subgroups: tuple[Subgroup, ...] = Field(default=(), max_length=MOST_SUBGROUPS)
    service_levels: tuple[PromisedShare, ...] = ()
    missing_data: Text
    scalability: Scalability
    value_for_money: ValueForMoney
    co_interventions: tuple[CoIntervention, ...] = ()
    calendar: Text
    analysis: Text
    signed: tuple[Signature, ...] = ()
    rule: Text

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for fault in (self._metric_fault(), self._twice(), self._tau_fault(), self._looks_fault()):
            if fault is not None:
                raise ValueError(fault)
        return self

    def _metric_fault(self) -> str | None:
        primaries = len(self.primaries)
        if not primaries:
            return "no metric has the role primary; name the one that decides"
        if primaries > MOST_PRIMARIES:
            return (
                f"{primaries} metrics have the role primary; with more than {MOST_PRIMARIES} one of them improves by "
                "chance, so make the others secondary"
            )
        return None

    def _twice(self) -> str | None:
        for named in (
            [m.metric for m in self.metrics], [s.step for s in self.service_levels], [s.name for s in self.subgroups],
        ):  # fmt: skip
            twice = repeated(named)
            if twice is not None:
                return f"{twice} is in the plan twice"
        return None

    def _tau_fault(self) -> str | None:
        if self.design.ends is None:
            return None
        days = (self.design.ends - self.design.start).days
        for metric in self.metrics:
            if metric.tau is not None and metric.tau.unit == "days" and metric.tau.value > days:
                return (
                    f"{metric.metric}: tau is {metric.tau}, but the plan's dates allow {days} days "
                    f"({self.design.start} to {self.design.ends})"
                )
        return None

    def _looks_fault(self) -> str | None:
        if self.design.kind is Design.FEW_OFFICES and len(self.looks.fractions) > 1:
            return (
                f"looks: {self.design.kind} is read once, for exchanging a few dozen offices gives no result rare"
                " enough for a look before the last; write `fractions: [1]`"
            )
        return None

    def of_role(self, role: Role) -> tuple[PlannedMetric, ...]:
        """The metrics of that role, in the order of the plan."""
        return tuple(metric for metric in self.metrics if metric.role is role)

    @property
    def primaries(self) -> tuple[PlannedMetric, ...]:
        """The one or two metrics that decide."""
        return self.of_role(Role.PRIMARY)

    @property
    def guardrails(self) -> tuple[PlannedMetric, ...]:
        """The metrics that must not get worse by more than their margin."""
        return self.of_role(Role.GUARDRAIL)

    @property
    def secondaries(self) -> tuple[PlannedMetric, ...]:
        """The metrics that are reported and never decide."""
        return self.of_role(Role.SECONDARY)

    def metric(self, name: str) -> PlannedMetric | None:
        """The entry of that metric, or None: then it may be explored, and never decides."""
        return next((metric for metric in self.metrics if metric.metric == name), None)

    @property
    def weekly(self) -> bool:
        """Whether series over time are by week (else by day)."""
        return self.design.unit is TimeUnit.WEEK


def tau_beyond_follow_up(plan: Plan, followed: dict[str, dict[str, float]]) -> list[str]:
    """One sentence for each metric whose tau is longer than its cases were followed.

    `followed[cohort][metric]` is the longest time, in the metric's unit, to which a cohort was followed with enough
    cases still at risk.
    """
    return [
        f"{metric.metric}: tau is {metric.tau}, but the {cohort} was followed for only {longest[metric.metric]:.3g} "
        f"{metric.tau.unit}; choose a shorter tau in an amendment, or wait"
        for metric in plan.metrics
        for cohort, longest in followed.items()
        if metric.tau is not None and metric.metric in longest and longest[metric.metric] < metric.tau.value
    ]
