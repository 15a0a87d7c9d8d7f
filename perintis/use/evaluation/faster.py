"""How likely a case of the pilot is decided sooner than one of the baseline: one number that everybody can read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.parts import Between, Figure
from perintis.rules.metrics import LEAD_TIME, LEAD_TIME_WORKING, NotComparable, measure
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.ranks import faster_effect
from perintis.use.evaluation.flow import LOST

if TYPE_CHECKING:
    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Flags
    from perintis.use.evaluation.prepare import Prepared

TIMES = {metric.name: metric for metric in (LEAD_TIME, LEAD_TIME_WORKING)}


def fresh(view: View) -> Flags:
    """True for cases that were followed from their opening; one that was open before is there because it took long."""
    began = view.data.observed_from
    if began is None:
        return np.ones(view.size, dtype=bool)
    found: Flags = (view.cases["opened"] >= began).fill_null(False).to_numpy()
    return found


def faster(prepared: Prepared, metric: str, tau: float) -> Figure | None:
    """The chance that a pilot case is decided sooner than one of the baseline, ties shared; None with too few cases.

    On min(T, tau) of cases that ended or were followed for tau among those that entered tau ago; for working hours
    among all that ended or were followed so far. A withdrawn case counts tau.
    """
    parts = []
    for view in prepared.views():
        table = measure(TIMES[metric], view)
        if isinstance(table, NotComparable):
            return None
        value = table["value"].cast(float).fill_null(float("nan")).to_numpy()
        lost = view.cases["outcome"].is_in(LOST).fill_null(False).to_numpy()
        known = np.isfinite(value)
        if metric == LEAD_TIME.name:
            known &= (view.cases["opened"] <= view.read - timedelta(days=tau)).to_numpy()
        else:
            known &= table["ended"].to_numpy() | (value >= tau)
        known &= fresh(view)
        parts.append(np.where(known, np.where(lost, tau, np.minimum(value, tau)), np.nan))
    y = np.concatenate(parts)
    effect = faster_effect(CaseValues(metric, "probability", y, ~np.isnan(y), prepared.units))
    if isinstance(effect, NoEstimate):
        return None
    found = interval(effect)
    if not isinstance(found, Interval):
        found = interval(effect, Clustering.NONE)
    between = None
    if isinstance(found, Interval):
        between = Between(low=max(0.0, (1 + found.low) / 2), high=min(1.0, (1 + found.high) / 2))
    return Figure(value=effect.pilot, interval=between)
