"""Who was under observation when: the sorted table from which curves of cases that end are made.

A case is at risk after its entry (0 unless it was already open when the window began) up to and including the time for
which it was seen. At equal times endings come before censoring.

Every estimate made from the table is a function of the weights of the cases, and its influence values are the
derivatives by those weights (the infinitesimal jackknife). Without open cases they are those of a plain mean. Source:
Efron 1982; Therneau, Crowson and Atkinson 2020 on pseudo-values by the infinitesimal jackknife.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from perintis.rules.statistics.effect import Flags, Floats, Whole

DECIDED, OTHER = 1, 2
"""How a case ended: as the metric asks, or in another way that makes it impossible (withdrawn). 0 is still open."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """The distinct `moments` at which cases ended or were last seen, ascending, with counts by weight.

    `at_risk` is the weight just before each moment, `ended` and `decided` what ended then (in any way, or decided).
    `order` sorts the cases by time; in that order `at` gives the moment of each, `cause` is 0 open, 1 decided, 2 ended
    otherwise, and `entered` tells how many moments lie at or before its entry (None where no case entered late).
    Times are in any one unit.
    """

    moments: Floats
    at_risk: Floats
    ended: Floats
    decided: Floats
    order: Whole
    at: Whole
    cause: NDArray[np.int8]
    entered: Whole | None
    weight: Floats | None

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def after(self) -> Floats:
        """The share still open just after each moment (Kaplan-Meier, any ending)."""
        share: Floats = np.cumprod(1 - self.ended / self.at_risk, dtype=np.float64)
        return share

    @cached_property
    def before(self) -> Floats:
        """The share still open just before each moment."""
        return np.concatenate([[1.0], self.after[:-1]])

    @property
    def last(self) -> float:
        """The longest time for which any case was seen."""
        return float(self.moments[-1])

    def until(self, time: float) -> int:
        """How many moments lie at or before `time`."""
        return int(np.searchsorted(self.moments, time, side="right"))

    def knows(self, time: float) -> bool:
        """Whether the curve is known up to `time`: somebody was followed so far, or nobody was left open."""
        return time <= self.last or bool(self.after[-1] <= 0)

    def influence(self, decided: Floats, other: Floats | None, passing: Floats) -> Floats:
        """Influence values from what a case gains by being decided or ending otherwise at each moment.

        `passing` is what it loses by being at risk at each moment. All have one entry a moment. `other` is None where
        no case ended otherwise.
        """
        lost = np.cumsum(passing)
        gain = np.where(self.cause == DECIDED, decided[self.at], 0.0) - lost[self.at]
        if other is not None:
            gain += np.where(self.cause == OTHER, other[self.at], 0.0)
        if self.entered is not None:
            gain += np.concatenate([[0.0], lost])[self.entered]
        if self.weight is not None:
            gain *= self.weight
        return self.as_given(gain)

    def as_given(self, arranged: Floats) -> Floats:
        """Put one number a case, in order of time, back into the order in which the cases were given."""
        found = np.empty_like(arranged)
        found[self.order] = arranged
        return found

    def over_left(self, value: Floats) -> Floats:
        """`value` over the number left after each moment; zero where none is left, as nothing can vary there."""
        left = self.at_risk - self.ended
        found = np.zeros_like(left)
        np.divide(value, left, out=found, where=left > 0)
        return found


def follow(
    time: ArrayLike, cause: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> RiskSets:
    """The table of cases seen for `time`, with `cause` 0 (open), 1 (decided) or 2 (ended otherwise).

    Booleans say decided or open. `entry` is the age at which a case came under observation; `weight` counts a row as
    so many cases. `BadInput` where there is no case, a time is missing or negative, or an entry is not before it.
    """
    times = np.asarray(time, dtype=np.float64)
    if not times.size:
        raise BadInput("there is no case to follow")
    order = np.argsort(times)
    arranged, causes = times[order], np.asarray(cause)[order].astype(np.int8)
    if not (arranged[0] >= 0 and arranged[-1] < np.inf):
        raise BadInput("every case needs a time of zero or more; leave out those without one first")
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)[order]
    starts = np.flatnonzero(np.concatenate([[True], arranged[1:] != arranged[:-1]]))
    at = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, times.size)))
    moments = arranged[starts]
    behind = _behind(weights, times.size)
    at_risk, entered = behind[starts], None
    if entry is not None:
        begun = _checked(np.asarray(entry, dtype=np.float64)[order], arranged)
        entered = np.where(begun <= 0, 0, np.searchsorted(moments, begun, side="right"))
        arriving = np.bincount(entered, weights=weights, minlength=moments.size + 1)
        at_risk = at_risk - np.cumsum(arriving[::-1])[::-1][1:]
    ended, decided = (_sums(flag, weights, starts) for flag in (causes > 0, causes == DECIDED))
    return RiskSets(moments, at_risk, ended, decided, order, at, causes, entered, weights)


def _behind(weights: Floats | None, size: int) -> Floats:
    """The weight of each case and all those after it."""
    if weights is None:
        return np.arange(size, 0, -1, dtype=np.float64)
    found: Floats = np.cumsum(weights[::-1])[::-1]
    return found


def _sums(flag: Flags, weights: Floats | None, starts: Whole) -> Floats:
    counted = flag.astype(np.float64) if weights is None else np.where(flag, weights, 0.0)
    return counted if len(starts) == len(flag) else np.add.reduceat(counted, starts)


def _checked(entry: Floats, times: Floats) -> Floats:
    if not ((entry < times) | (entry <= 0)).all():
        raise BadInput("a case must be seen for longer than the age at which it came under observation")
    return entry
