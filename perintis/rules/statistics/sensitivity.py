"""How strong something unmeasured would have to be to explain an effect away: the E-value.

Source: VanderWeele and Ding 2017. It is the least risk ratio by which a hidden trait would have to go with both the
cohort and the outcome.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import NamedTuple

from perintis.rules.statistics.effect import NoEstimate

PER_DEVIATION = 0.91
"""The log risk ratio that stands for one standard deviation of a mean. Source: VanderWeele and Ding 2017, table 2."""


class EValue(NamedTuple):
    """The E-value of the estimate and of that end of its interval that lies nearer to no effect (1: not excluded)."""

    estimate: float
    limit: float


def e_value(ratio: float, low: float, high: float) -> EValue | NoEstimate:
    """For a risk ratio (or rate ratio) with its interval."""
    if not 0 < low <= ratio <= high:
        return NoEstimate("a risk ratio and its interval must be above zero and in order")
    if low <= 1 <= high:
        return EValue(_strength(ratio), 1.0)
    return EValue(_strength(ratio), _strength(low if ratio > 1 else high))


def e_value_of_means(difference: float, low: float, high: float, deviation: float) -> EValue | NoEstimate:
    """For a difference of means with its interval and the standard deviation of a case."""
    if deviation <= 0:
        return NoEstimate("the values do not vary")
    return e_value(*(exp(PER_DEVIATION * value / deviation) for value in (difference, low, high)))


def _strength(ratio: float) -> float:
    ratio = ratio if ratio >= 1 else 1 / ratio
    return ratio + sqrt(ratio * (ratio - 1))
