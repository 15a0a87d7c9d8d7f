"""Metrics that are counted up case by case: times waited and worked, hand-overs, rework, cost, outcomes, errors.

An open case under-counts, so only cases that entered at least tau ago are used, each cut to its first tau.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import Metric, NotComparable, lacking, matured
from perintis.rules.metrics.counted import figure, linearised
from perintis.rules.metrics.errors import errors_within
from perintis.rules.statistics.cohort_values import OPEN, YOUNG, CohortValues, withdrawn
from perintis.rules.statistics.followed_values import LEFT_EARLY, OPEN_EARLY
from perintis.rules.statistics.options import Counted, Withdrawal

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from perintis.rules.metrics import MaturedView, View
    from perintis.rules.statistics.effect import Flags, Floats
    from perintis.rules.statistics.options import Options

UNKNOWN = "lack what this needs"
UNDECIDED = "were not decided, or less than tau ago"
COUNTED_FROM_WORK = ("handovers", "officer_handovers", "rework", "any_rework")


def counted_values(
    metric: Metric, view: View, options: Options, observed_from: datetime | None = None
) -> CohortValues | NotComparable:
    """The metric's value of every case that is used.

    Cases that were open already when observation began are not: they are there because they took long, and what was
    done on them before was perhaps not seen.
    """
    missing = lacking(metric, view)
    if missing is not None:
        return NotComparable(missing)
    if options.counted is Counted.CLOSED:
        return _left_out(view, options, observed_from, _closed(metric, view))
    if options.tau is None:
        return NotComparable("a horizon (tau) is needed, so that old and young cases are seen for equally long")
    return _left_out(view, options, observed_from, _matured(metric, view, options.tau, options.working))


def share_values(
    metric: Metric, view: View, options: Options, observed_from: datetime | None = None
) -> CohortValues | NotComparable:
    """Of a figure that is a part: one sum over another, linearised over the cases that are used in the end."""
    found = [counted_values(_of_column(metric, c), view, options, observed_from) for c in metric.columns]
    part, whole = found
    if isinstance(part, NotComparable):
        return part
    if isinstance(whole, NotComparable):
        return whole
    y = linearised(part.y, whole.y)
    lost = int((~np.isnan(part.y) & np.isnan(y)).sum())
    return CohortValues(y, {**part.left_out, UNKNOWN: part.left_out.get(UNKNOWN, 0) + lost})


def _of_column(metric: Metric, column: str) -> Metric:
    return replace(metric, measure=partial(figure, column), columns=(column,))


def error_values(view: View, options: Options) -> CohortValues:
    """Whether a decision was wrong, as found within tau days of it; withdrawn cases were not decided."""
    span = None if options.tau is None else timedelta(days=options.tau)
    found = errors_within(view, span)
    value = _numbers(found["value"])
    decided = found["ended"].to_numpy() & view.cases["ended"].to_numpy() & ~withdrawn(view)
    y = np.where(decided, value, np.nan)
    return CohortValues(y, {UNDECIDED: int((~decided).sum()), UNKNOWN: int((decided & np.isnan(value)).sum())})


def _matured(metric: Metric, view: View, tau: float, working: bool) -> CohortValues:
    ripe = matured(view, tau, working=working)
    rows = ripe.cases["i"].to_numpy().astype(np.int64)
    value = _numbers(metric.measure(ripe)["value"])
    if metric.name.startswith("outcome:"):
        value = np.nan_to_num(value)  # not closed by the horizon: not with this outcome
    elif metric.name in COUNTED_FROM_WORK:
        value[np.isnan(value) & _idle(ripe)[rows]] = 0.0
    y = np.full(view.cases.height, np.nan)
    y[rows] = value
    return CohortValues(y, {YOUNG: len(y) - len(rows), UNKNOWN: int(np.isnan(value).sum())})


def _closed(metric: Metric, view: View) -> CohortValues:
    value = _numbers(metric.measure(view)["value"])
    ended = view.cases["ended"].to_numpy()
    y = np.where(ended, value, np.nan)
    return CohortValues(y, {OPEN: int((~ended).sum()), UNKNOWN: int((ended & np.isnan(value)).sum())})


def _left_out(view: View, options: Options, observed_from: datetime | None, found: CohortValues) -> CohortValues:
    if observed_from is not None:
        early = (view.cases["opened"] < observed_from).fill_null(False).to_numpy() & ~np.isnan(found.y)
        found = CohortValues(np.where(early, np.nan, found.y), {**found.left_out, OPEN_EARLY: int(early.sum())})
    if options.withdrawal is not Withdrawal.LEFT_OUT:
        return found
    left = withdrawn(view) & ~np.isnan(found.y)
    return CohortValues(np.where(left, np.nan, found.y), {**found.left_out, LEFT_EARLY: int(left.sum())})


def _idle(ripe: MaturedView) -> Flags:
    """Cases whose work was recorded, but had not begun by the horizon: nothing happened to them yet."""
    found: Flags = (ripe.whole.begun_count > 0) & (ripe.tally.begun == 0)
    return found


def _numbers(column: pl.Series) -> Floats:
    return column.cast(float).fill_null(np.nan).to_numpy().copy()
