"""The estimate after an early stop. A trial that stops early stops on a high: its plain estimate is too large.

Outcomes are put in order by the look at which the trial stopped and, within a look, by Z (stage-wise ordering). The
effect for which half of all outcomes would lie above the one seen is median-unbiased; the effects for which 2.5 % and
97.5 % would are a 95 % interval. Source: Tsiatis, Rosner and Mehta 1984; Jennison and Turnbull 2000, section 8.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from perintis.rules.sequential.crossing import exits, run_on
from perintis.rules.sequential.looks import Interval
from perintis.words.errors import BadInput


def chance_of_more(fractions: Sequence[float], bounds: Sequence[float], z: float, drift: float) -> float:
    """The chance of an outcome at or above this one: stopped at the last of `fractions` with `z`.

    `bounds` are those of the looks before, one fewer than `fractions`. `drift` is the effect times the root of the
    information at fraction 1.
    """
    if len(bounds) != len(fractions) - 1:
        raise BadInput(
            f"{len(fractions)} looks need the bounds of the {len(fractions) - 1} before the last; {len(bounds)} given"
        )
    before, now = fractions[:-1], fractions[-1]
    stopped_above = sum(up for up, _ in exits(before, bounds, drift))
    return stopped_above + run_on(before, bounds, drift).above(z * math.sqrt(now), now, drift)


def median_unbiased(
    fractions: Sequence[float], bounds: Sequence[float], z: float, planned_information: float, alpha: float = 0.05
) -> Interval:
    """The median-unbiased effect and its interval, in the unit of the effect.

    `fractions` are those of all looks up to the stop, `bounds` of all but the last, `z` the normal equivalent of
    estimate / error at the stop, with the sign of the estimate.
    """
    unit = math.sqrt(planned_information)
    low, middle, high = (_drift(fractions, bounds, z, share) / unit for share in (alpha / 2, 0.5, 1 - alpha / 2))
    return Interval(middle, low, high)


def _drift(fractions: Sequence[float], bounds: Sequence[float], z: float, share: float) -> float:
    """The drift under which `share` of all outcomes lie at or above the one seen."""
    centre, reach = z / math.sqrt(fractions[-1]), 10 / math.sqrt(fractions[0])
    low, high = centre - reach, centre + reach
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_of_more(fractions, bounds, z, middle) < share else (low, middle)
    return (low + high) / 2
