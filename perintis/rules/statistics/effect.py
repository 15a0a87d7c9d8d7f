"""The one result type of every estimator: an estimate, and how much each case contributed to its error.

With `psi[i]` the influence value of case i (already divided by the number of cases, so that `estimate - truth` is about
`sum(psi)`), the variance of the estimate, the covariance of two estimates, clustering by office and by day, adjustment
for covariates and the multiplier bootstrap are all sums over `psi`. Source: Hampel 1974; for the clustered sums Liang
and Zeger 1986; two-way Cameron, Gelbach and Miller 2011.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NOWHERE = -1


class Scale(StrEnum):
    """On which scale an effect is measured: pilot minus baseline, or the logarithm of pilot over baseline."""

    DIFFERENCE = "difference"
    LOG_RATIO = "log ratio"


@dataclass(frozen=True, eq=False)
class Units:
    """The cases of an evaluation, baseline and pilot together, in a fixed order shared by all its effects.

    All arrays have one entry a case: `pilot` is true for a case of the pilot, `office` and `day` are places in the
    sorted `offices` and `days` (the local date on which the case was opened), -1 where nothing is known.
    """

    case: tuple[str, ...]
    pilot: Flags
    office: Whole
    day: Whole
    offices: tuple[str, ...] = ()
    days: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pilot)

    @cached_property
    def baseline(self) -> Flags:
        """True for a case of the baseline."""
        return ~self.pilot

    def offices_of(self, pilot: bool) -> int:
        """How many offices have a case in that cohort."""
        found = np.unique(self.office[self.pilot == pilot])
        return int((found != NOWHERE).sum())


@dataclass(frozen=True, eq=False)
class Effect:
    """Pilot minus baseline (or the log of their ratio), with the influence value of every case of `units`.

    `psi` has one entry a case and sums to zero in each cohort; cases that the metric does not use have zero. `used`
    tells them apart. `pilot` and `baseline` are the two cohorts' own values in the metric's `unit`.
    """

    metric: str
    estimate: float
    psi: Floats
    used: Flags
    units: Units
    pilot: float
    baseline: float
    unit: str
    scale: Scale = Scale.DIFFERENCE

    @property
    def n(self) -> int:
        """How many cases it rests on."""
        return int(self.used.sum())

    def cases(self, pilot: bool) -> int:
        """How many cases of that cohort it rests on."""
        return int((self.used & (self.units.pilot == pilot)).sum())

    def per_office(self) -> Floats:
        """The sum of influence values by office, shape (offices,); cases without an office count as one each."""
        return cluster_sums(self.psi, self.units.office)


@dataclass(frozen=True)
class NoEstimate:
    """There is no estimate, or nothing can be said of its error, and why; `cure` says what would be needed."""

    reason: str
    cure: str | None = None


def cluster_sums(psi: Floats, cluster: Whole) -> Floats:
    """The sum of `psi` in each cluster that occurs; entries without a cluster (-1) are clusters of their own."""
    known = cluster != NOWHERE
    sums = np.bincount(cluster[known], weights=psi[known]) if known.any() else np.zeros(0)
    present = np.bincount(cluster[known], minlength=len(sums)) > 0 if known.any() else np.zeros(0, dtype=bool)
    found: Floats = np.concatenate([sums[present], psi[~known]])
    return found
