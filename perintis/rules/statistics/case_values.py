"""One number a case, whose mean over a cohort is that cohort's estimate: what every design works with.

For a count or a share it is the case's own value. For a time that may be cut short (lead time within tau, closed by the
deadline) it is the pseudo-value `mean + n * influence` of the Kaplan-Meier or Aalen-Johansen estimate of its cohort:
open cases have one too, and regressions, weekly means and differences of means on it are right for censored times.
Source: Andersen, Klein and Rosthoj 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import Effect, Scale

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Units


@dataclass(frozen=True, eq=False)
class CaseValues:
    """The values of one metric for the cases of `units`: `y` is NaN where `used` is false.

    `tau` is the horizon in the metric's unit for times, else None. `left_out` says, by reason, how many cases are not
    used ("entered less than tau ago", "no start times").
    """

    metric: str
    unit: str
    y: Floats
    used: Flags
    units: Units
    tau: float | None = None
    left_out: tuple[tuple[str, int], ...] = ()

    def mean(self, pilot: bool) -> float:
        """The cohort's estimate; NaN where it has no case."""
        chosen = self.used & (self.units.pilot == pilot)
        return float(self.y[chosen].mean()) if chosen.any() else float("nan")

    def difference(self) -> Effect:
        """Pilot minus baseline without any adjustment. Both cohorts need at least one used case."""
        estimate, psi = [], np.zeros(len(self.units))
        for pilot, sign in ((True, 1.0), (False, -1.0)):
            chosen = self.used & (self.units.pilot == pilot)
            mean = self.mean(pilot)
            psi[chosen] = sign * (self.y[chosen] - mean) / int(chosen.sum())
            estimate.append(mean)
        return Effect(
            self.metric, estimate[0] - estimate[1], psi, self.used, self.units, estimate[0], estimate[1], self.unit,
            Scale.DIFFERENCE,
        )  # fmt: skip

    def log_ratio(self) -> Effect | None:
        """The logarithm of the pilot's mean over the baseline's, by the delta method; None unless both are above 0."""
        plain = self.difference()
        if not (plain.pilot > 0 and plain.baseline > 0):
            return None
        own = np.where(self.units.pilot, plain.pilot, plain.baseline)
        return Effect(
            self.metric, float(np.log(plain.pilot / plain.baseline)), plain.psi / own, self.used, self.units,
            plain.pilot, plain.baseline, self.unit, Scale.LOG_RATIO,
        )  # fmt: skip
