"""Cost a case, and what the improvement is worth to a thousand applicants, by the amounts that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import MoneyPanel
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, MetricResult, Missing
from perintis.rules.metrics import NotComparable
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.estimators import cost_per_decision
from perintis.use.evaluation.measuring import tau_days

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import Metric
    from perintis.rules.statistics.effect import Effect
    from perintis.use.evaluation.prepare import Prepared

CASES = 1_000


def money(prepared: Prepared, metrics: tuple[Metric, ...]) -> MoneyPanel | Missing:
    """The panel; missing where neither costs nor the net benefit can be told."""
    found = next((m for m in metrics if isinstance(m, MetricResult) and m.metric == "cost"), None)
    if found is None:
        missing = next((m for m in metrics if m.metric == "cost"), None)
        reason = "costs were not measured" if missing is None else missing.reason.text  # type: ignore[union-attr]
        why, net = Message(code="no_costs", text=reason), _net(prepared, metrics)
        if net is None:
            return Missing(reason=why)
        return MoneyPanel(
            currency=prepared.material.request.currency, cost_per_case=None, difference=None, net_benefit_per_1000=net,
            no_costs=why,
        )  # fmt: skip
    decided = by_decision(prepared)
    return MoneyPanel(
        currency=prepared.material.request.currency,
        cost_per_case=Cohorts(baseline=found.baseline, pilot=found.pilot),
        difference=Figure(value=found.estimate, interval=found.interval), net_benefit_per_1000=_net(prepared, metrics),
        cost_per_decision=None if decided is None else Cohorts(baseline=decided.baseline, pilot=decided.pilot),
        cost_per_decision_difference=None if decided is None else Figure(
            value=decided.estimate, interval=_between(decided)
        ),
    )  # fmt: skip


def by_decision(prepared: Prepared) -> Effect | None:
    """The cost of all matured cases over those of them that were decided; None without a horizon or without costs."""
    tau = tau_days(prepared)
    if tau is None:
        return None
    found = cost_per_decision(prepared.baseline, prepared.pilot, prepared.units, tau=tau)
    return None if isinstance(found, NotComparable) else found


def _between(effect: Effect) -> Between | None:
    """By office; by case where offices are too few for it, as for the other figures beside the verdict."""
    for by in (Clustering.OFFICE, Clustering.NONE):
        found = interval(effect, by)
        if isinstance(found, Interval):
            return Between(low=found.low, high=found.high)
    return None


def net_at(prepared: Prepared, improvement: float) -> float | None:
    """Worth of an improvement less the extra cost of a case; None where the plan has a signed exception."""
    return prepared.plan.value_for_money.net_per_case(improvement)


def _net(prepared: Prepared, metrics: tuple[Metric, ...]) -> Figure | None:
    name = prepared.plan.primaries[0].metric
    first = next((m for m in metrics if isinstance(m, MetricResult) and m.metric == name), None)
    if first is None or first.oriented.interval is None:
        return None
    ends = first.oriented.interval
    if ends.low is None or ends.high is None:
        return None
    middle, low, high = (net_at(prepared, at) for at in (first.oriented.value, ends.low, ends.high))
    if middle is None or low is None or high is None:
        return None
    return Figure(value=CASES * middle, interval=Between(low=CASES * low, high=CASES * high))
