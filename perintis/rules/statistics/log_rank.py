"""The log-rank test: whether two cohorts end at the same pace throughout. A supplement; it gives no size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from perintis.rules.statistics.effect import Floats, Whole


@dataclass(frozen=True)
class LogRank:
    """Chi-square on one degree of freedom and its p; endings seen and expected in the pilot. For independent cases."""

    chi2: float
    p: float
    seen: float
    expected: float


def log_rank(time: ArrayLike, ended: ArrayLike, pilot: ArrayLike) -> LogRank | NoEstimate:
    """Compare the cases of the pilot with the others. Source: Mantel 1966, hypergeometric variance."""
    times, done, chosen = (
        np.asarray(time, dtype=np.float64),
        np.asarray(ended, dtype=bool),
        np.asarray(pilot, dtype=bool),
    )
    moments = np.unique(times[done])
    all_risk, pilot_risk = (_at_least(times[rows], moments) for rows in (np.ones_like(chosen), chosen))
    all_done, pilot_done = (
        np.bincount(np.searchsorted(moments, times[rows]), minlength=len(moments)) for rows in (done, done & chosen)
    )
    expected = all_done * pilot_risk / np.maximum(all_risk, 1)
    spread = np.divide(
        expected * (all_risk - pilot_risk) * (all_risk - all_done),
        all_risk * (all_risk - 1),
        out=np.zeros(len(moments)),
        where=all_risk > 1,
    )
    if spread.sum() <= 0:
        return NoEstimate("no case ended while both cohorts had open ones", "wait for more cases to end")
    gap = float(pilot_done.sum() - expected.sum())
    chi2 = gap**2 / float(spread.sum())
    return LogRank(chi2, float(chdtrc(1, chi2)), float(pilot_done.sum()), float(expected.sum()))


def _at_least(times: Floats, moments: Floats) -> Whole:
    return len(times) - np.searchsorted(np.sort(times), moments, side="left")
