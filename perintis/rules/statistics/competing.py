"""Decided by t, when a case may also end without a decision: the Aalen-Johansen estimate.

A withdrawn case will never be decided. To treat it as merely unseen from then on would pretend that it would have been
decided like the others. The share decided by t counts it as not decided, for good. Source: Aalen and Johansen 1978;
restricted mean time lost Andersen 2013.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.restricted_mean import FromCurve, too_short

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats
    from perintis.rules.statistics.risk_sets import RiskSets


def share_decided(risk: RiskSets, by: float) -> FromCurve | NoEstimate:
    """The share of cases decided by `by`; open ones past it count as not decided in time."""
    if not risk.knows(by):
        return too_short(risk, by)
    return _weighed(risk, np.where(risk.moments <= by, 1.0, 0.0))


def time_decided(risk: RiskSets, tau: float) -> FromCurve | NoEstimate:
    """The mean time within the first `tau` for which a case has been decided: the area under the share decided."""
    if not risk.knows(tau):
        return too_short(risk, tau)
    return _weighed(risk, np.maximum(tau - risk.moments, 0.0))


def time_to_decision(risk: RiskSets, tau: float) -> FromCurve | NoEstimate:
    """The mean time without a decision within the first `tau`; a withdrawn case counts tau.

    Where no case was withdrawn it is the restricted mean.
    """
    decided = time_decided(risk, tau)
    if isinstance(decided, NoEstimate):
        return decided
    return FromCurve(tau - decided.value, -decided.influence, decided.greenwood)


def decided_curve(risk: RiskSets) -> tuple[Floats, Floats]:
    """The moments and the share decided just after each."""
    return risk.moments, np.cumsum(risk.before * risk.decided / risk.at_risk)


def _weighed(risk: RiskSets, worth: Floats) -> FromCurve:
    """The sum over decisions of their worth, and its influence values (see `RiskSets.influence`)."""
    chance = risk.decided / risk.at_risk
    now = worth * risk.before
    parts = now * chance
    ahead = np.append(np.cumsum(parts[::-1])[::-1][1:], 0.0)
    losing = risk.over_left(ahead)
    gain = now / risk.at_risk - losing
    ending = risk.ended / risk.at_risk
    psi = risk.influence(gain, -losing, now * chance / risk.at_risk - losing * ending)
    error = sqrt(float((psi**2).sum()))
    return FromCurve(float(parts.sum()), psi, error)
