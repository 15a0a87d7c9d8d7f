"""Lead times and deadlines met, from all cases: open ones count for as long as they were seen.

Each cohort has its own curve; a case's value is its pseudo-value, so that the mean over a cohort is the estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import LEAD_TIME, LEAD_TIME_WORKING, NotComparable, measure
from perintis.rules.statistics.cohort_values import CohortValues, withdrawn
from perintis.rules.statistics.competing import share_decided, time_to_decision
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.options import Withdrawal
from perintis.rules.statistics.reaching import too_short
from perintis.rules.statistics.risk_sets import DECIDED, OTHER, follow

if TYPE_CHECKING:
    from datetime import datetime

    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Flags, Floats, Whole
    from perintis.rules.statistics.options import Options

MICROSECONDS_A_DAY = 86_400_000_000
DAYS, WORKING = LEAD_TIME.unit, LEAD_TIME_WORKING.unit
BACKWARDS = "close before they open"
LEFT_EARLY = "were withdrawn"
ENDED_EARLY = "ended before observation began"
OPEN_EARLY = "were open already when observation began"


def lead_time_values(view: View, options: Options, observed_from: datetime | None) -> CohortValues | NotComparable:
    """Days (or working hours) without a decision within the first tau of them."""
    metric = LEAD_TIME_WORKING if options.working else LEAD_TIME
    found = measure(metric, view)
    if isinstance(found, NotComparable):
        return found
    assert options.tau is not None
    time = found["value"].cast(float).fill_null(np.nan).to_numpy()
    entry = None if observed_from is None else ages(view, observed_from, working=options.working)
    return _from_curve(view, time, entry, options, options.tau, at_horizon=False)


def service_level_values(view: View, options: Options, observed_from: datetime | None) -> CohortValues | NotComparable:
    """Decided by the deadline: the share decided by 1, in units of each case's own promised time.

    That is `service_level_days` for all, or from opening to the deadline that was recorded for the case. An open case
    is late from the moment its deadline passes.
    """
    taken = _micros(view, "until") - _micros(view, "opened")
    if options.service_level_days is not None:
        promised = np.full(len(taken), options.service_level_days * MICROSECONDS_A_DAY)
    elif view.data.cases["due"].null_count() == view.data.cases.height:
        return NotComparable("no deadlines were recorded, and no promised number of days was given")
    else:
        promised = _micros(view, "due") - _micros(view, "opened")
    promised = np.where(promised > 0, promised, np.nan)
    time = np.where(taken >= 0, taken, np.nan) / promised
    entry = None if observed_from is None else ages(view, observed_from) * MICROSECONDS_A_DAY / promised
    return _from_curve(view, time, entry, options, 1.0, at_horizon=True)


def _from_curve(
    view: View, time: Floats, entry: Floats | None, options: Options, horizon: float, *, at_horizon: bool
) -> CohortValues | NotComparable:
    known = ~np.isnan(time)
    left = withdrawn(view)
    left_out = {"close before they open or have no deadline" if at_horizon else BACKWARDS: int((~known).sum())}
    if options.withdrawal is Withdrawal.LEFT_OUT:
        left_out[LEFT_EARLY] = int((known & left).sum())
        known &= ~left
    if entry is not None:
        late = known & (entry > 0) & (entry >= time)
        left_out[ENDED_EARLY] = int(late.sum())
        known &= ~late
        if not options.enter_late:
            left_out[OPEN_EARLY] = int((known & (entry > 0)).sum())
            known &= entry <= 0
            entry = None
    if not known.any():
        return CohortValues(np.full(len(time), np.nan), left_out)
    cause = _causes(view, left, options.withdrawal)[known]
    risk = follow(time[known], cause, entry=None if entry is None else entry[known])
    found = share_decided(risk, horizon) if at_horizon else time_to_decision(risk, horizon)
    if isinstance(found, NoEstimate):
        if at_horizon:
            return NotComparable(
                "no case was followed up to its deadline, and some were still open",
                "data read when deadlines have passed",
            )
        return too_short(view, risk, horizon, WORKING if options.working else DAYS, working=options.working)
    y = np.full(len(time), np.nan)
    y[known] = found.pseudo_values
    return CohortValues(y, left_out)


def _causes(view: View, left: Flags, withdrawal: Withdrawal) -> Whole:
    ended = view.cases["ended"].to_numpy()
    competing = left & (withdrawal is Withdrawal.COMPETING)
    return np.where(ended, np.where(competing, OTHER, DECIDED), 0)


def ages(view: View, since: datetime, *, working: bool = False) -> Floats:
    """How old each case was when observation began, 0 if it came later; in days or working hours."""
    import polars as pl

    opened = view.cases["opened"]
    start = pl.Series([since]).cast(pl.Datetime("us", "UTC")).new_from_index(0, len(opened))
    if working:
        found: Floats = view.minutes(opened, start).fill_null(0).to_numpy() / 60
    else:
        found = (start - opened).dt.total_microseconds().fill_null(0).to_numpy() / MICROSECONDS_A_DAY
    return np.maximum(found, 0.0)


def _micros(view: View, column: str) -> Floats:
    import polars as pl

    return view.cases[column].cast(pl.Int64).cast(float).fill_null(np.nan).to_numpy()
