"""How far follow-up reaches: the largest horizon (tau) up to which both cohorts may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perintis.rules.statistics.risk_sets import RiskSets

AT_RISK = 0.10
KNOWN = 0.90


@dataclass(frozen=True)
class Permitted:
    """The largest permitted tau (infinite where every case of both cohorts was followed to its end), and why."""

    tau: float
    why: str


def permitted_tau(baseline: RiskSets, pilot: RiskSets) -> Permitted:
    """The smaller of both cohorts' horizons.

    A cohort bears a horizon as long as a tenth of its cases was still open and followed so far, or nine tenths of its
    cases are known to it: they ended before, or were followed so far.
    """
    found = [(*_reach(risk), name) for risk, name in ((baseline, "baseline"), (pilot, "pilot"))]
    tau, reason, name = min(found, key=lambda each: each[0])
    if tau == inf:
        return Permitted(tau, "every case of both cohorts was followed to its end")
    return Permitted(tau, f"{reason} in the {name} up to {tau:g}, and no longer")


def _reach(risk: RiskSets) -> tuple[float, str]:
    if (risk.ended.sum() == risk.at_risk[0]) and risk.entered is None:
        return inf, ""
    size = risk.at_risk[0] if risk.entered is None else risk.at_risk.max()
    many = np.flatnonzero(risk.at_risk >= AT_RISK * size)
    followed = float(risk.moments[many[-1]]) if many.size else 0.0
    if risk.entered is not None:
        return followed, "one tenth of the cases was still open and followed"
    leaving = risk.at_risk - np.append(risk.at_risk[1:], 0.0)
    lost = np.cumsum(leaving - risk.ended)
    unknown = np.flatnonzero(lost > (1 - KNOWN) * size * (1 + 1e-12))
    known = float(risk.moments[unknown[0]]) if unknown.size else inf
    if known > followed:
        return known, "nine tenths of the cases are known"
    return followed, "one tenth of the cases was still open and followed"
