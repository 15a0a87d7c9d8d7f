"""Cost a case, and what the improvement is worth to a thousand applicants, by the amounts that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import MoneyPanel
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, MetricResult, Missing

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import Metric
    from perintis.use.evaluation.prepare import Prepared

CASES = 1_000


def money(prepared: Prepared, metrics: tuple[Metric, ...]) -> MoneyPanel | Missing:
    """The panel; missing where no cost was recorded in both cohorts."""
    found = next((m for m in metrics if isinstance(m, MetricResult) and m.metric == "cost"), None)
    if found is None:
        missing = next((m for m in metrics if m.metric == "cost"), None)
        reason = "costs were not measured" if missing is None else missing.reason.text  # type: ignore[union-attr]
        return Missing(reason=Message(code="no_costs", text=reason))
    return MoneyPanel(
        currency=prepared.material.request.currency,
        cost_per_case=Cohorts(baseline=found.baseline, pilot=found.pilot),
        difference=Figure(value=found.estimate, interval=found.interval),
        net_benefit_per_1000=_net(prepared, metrics),
    )  # fmt: skip


def net_at(prepared: Prepared, improvement: float) -> float | None:
    """Worth of an improvement less the extra cost of a case; None where the plan has a signed exception."""
    return prepared.plan.value_for_money.net_per_case(improvement)


def _net(prepared: Prepared, metrics: tuple[Metric, ...]) -> Figure | None:
    name = prepared.plan.primaries[0].metric
    first = next((m for m in metrics if isinstance(m, MetricResult) and m.metric == name), None)
    if first is None or first.oriented.interval is None:
        return None
    ends = first.oriented.interval
    values = [net_at(prepared, at) for at in (first.oriented.value, ends.low or 0.0, ends.high or 0.0)]
    middle, low, high = values
    if middle is None or low is None or high is None:
        return None
    return Figure(value=CASES * middle, interval=Between(low=CASES * low, high=CASES * high))
