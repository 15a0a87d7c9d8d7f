"""One value a case for every metric of an evaluation, or why the two cohorts cannot be compared in it.

| metric | value of a case | cases |
|---|---|---|
| lead_time, lead_time_working | pseudo-value of the mean time without a decision within tau | all |
| service_level_met | pseudo-value of the share decided by the deadline | all |
| waiting_time, touch_time (+ _working) | days (working hours) within the first tau | matured |
| handovers, officer_handovers, rework, any_rework, duplicate_entry, cost | count or sum within tau | matured |
| outcome:NAME | 1 if it closed so within tau | matured |
| figure:NAME, figure_share:NAME | what its process counted; that over its whole, linearised | closed |
| error_rate | 1 if its decision was found wrong within tau of it | decided at least tau ago |

Matured cases entered at least tau before the reading. `cost` by decided case is `cost_per_decision`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import (
    ERROR_RATE,
    METRICS,
    SERVICE_LEVEL_MET,
    Kind,
    Metric,
    NotComparable,
    figure_metric,
    lacking,
)
from perintis.rules.metrics.counts import outcome_is
from perintis.rules.statistics.cohort_values import CohortValues, both, withdrawn
from perintis.rules.statistics.followed_values import lead_time_values, service_level_values
from perintis.rules.statistics.matured_values import counted_values, error_values, share_values
from perintis.rules.statistics.options import Counted, Options, Withdrawal

if TYPE_CHECKING:
    from datetime import datetime

    from perintis.rules.metrics import View
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Effect, Units

OUTCOME = "outcome:"
FOLLOWED = ("lead_time", "lead_time_working")
WORKING = "_working"


def metric_named(name: str) -> Metric | None:
    """The metric of that name, `outcome:NAME` and figures included; None where there is none."""
    if name.startswith(OUTCOME) and len(name) > len(OUTCOME):
        outcome = name.removeprefix(OUTCOME)
        return Metric(name, f"Outcome: {outcome}", "share", Kind.SHARE, partial(outcome_is, outcome), better=None)
    return next((metric for metric in METRICS if metric.name == name), None) or figure_metric(name)


def case_values(
    metric_name: str,
    baseline: View,
    pilot: View,
    units: Units,
    *,
    tau: float | None = None,
    service_level_days: float | None = None,
    withdrawal: Withdrawal | str = Withdrawal.COMPETING,
    counted: Counted | str = Counted.TAU,
    observed_from: tuple[datetime | None, datetime | None] = (None, None),
    enter_late: bool = True,
) -> CaseValues | NotComparable:
    """The values of a metric in the order of `units` (from `units_of` on the same two data sets).

    `tau` is in the metric's own unit for times (working hours for those in working time), else in days. `observed_from`
    is when observation of each cohort began, for data that hold cases already open then: a time counts them from the
    age they had, or leaves them out where `enter_late` is false, and what is counted up leaves them out. A metric in
    working time needs calendars in the views; work is cut to the views' `longest_session`, if any.
    """
    metric = metric_named(metric_name)
    if metric is None:
        return NotComparable(f"there is no metric {metric_name!r}; there is {', '.join(m.name for m in METRICS)}")
    options = Options(
        tau, service_level_days, Withdrawal(withdrawal), Counted(counted), metric_name.endswith(WORKING), enter_late
    )  # fmt: skip
    if options.tau is not None and options.tau <= 0:
        return NotComparable("the horizon (tau) has to be more than zero")
    if options.tau is None and metric_name in FOLLOWED:
        return NotComparable("a horizon (tau) is needed: the mean of a time is read up to it")
    found = tuple(
        _values(metric, view, options, since)
        for view, since in zip((baseline, pilot), observed_from, strict=True)
    )  # fmt: skip
    horizon = None if metric is SERVICE_LEVEL_MET else tau
    return both(metric_name, metric.unit, (baseline, pilot), units, (found[0], found[1]), horizon)


def _values(
    metric: Metric, view: View, options: Options, observed_from: datetime | None
) -> CohortValues | NotComparable:
    if metric.name in FOLLOWED:
        return lead_time_values(view, options, observed_from)
    if metric is SERVICE_LEVEL_MET:
        return service_level_values(view, options, observed_from)
    if metric is ERROR_RATE:
        missing = lacking(metric, view)
        return NotComparable(missing) if missing is not None else error_values(view, options)
    values = share_values if metric.kind is Kind.RATIO else counted_values
    return values(metric, view, options, observed_from)


def cost_per_decision(baseline: View, pilot: View, units: Units, *, tau: float) -> Effect | NotComparable:
    """The cost of all matured cases divided by the number of them decided within tau: pilot minus baseline."""
    from perintis.rules.metrics import matured
    from perintis.rules.statistics.effect import NoEstimate
    from perintis.rules.statistics.ratios import ratio_effect

    costs = case_values("cost", baseline, pilot, units, tau=tau)
    if isinstance(costs, NotComparable):
        return costs
    decided = np.zeros(len(units))
    for view, begin in ((baseline, 0), (pilot, baseline.data.cases.height)):
        ripe = matured(view, tau)
        closed = ripe.cases["closed"].is_not_null().to_numpy() & ~withdrawn(ripe)
        decided[begin + view.rank[ripe.cases["i"].to_numpy()]] = closed
    found = ratio_effect(
        "cost_per_decision", f"{costs.unit} a decided case", costs.y, decided, costs.used, units
    )  # fmt: skip
    return NotComparable(found.reason) if isinstance(found, NoEstimate) else found


__all__ = [
    "Counted",
    "Withdrawal",
    "case_values",
    "cost_per_decision",
    "metric_named",
]
