"""How likely the remaining looks are to show what the trial set out to show, given what is seen now.

A number for the report, never for the rule. Source: Lan, Simon and Halperin 1982; Jennison and Turnbull 2000, ch. 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from perintis.rules.sequential.crossing import exits, start
from perintis.words.errors import BadInput


def conditional_power(
    z: float, fraction: float, later: Sequence[float], bounds: Sequence[float], drift: float | None = None
) -> float:
    """The chance that a later look crosses its upper bound, with positive `z` better.

    `later` are the fractions of the remaining looks, `bounds` theirs. `drift` is the true effect times the root of the
    planned information; None takes the one seen now.
    """
    if not 0 < fraction < min(later, default=0.0):
        raise BadInput("conditional power needs a look at a fraction above 0 and at least one later look")
    seen = z / math.sqrt(fraction)
    now = start(fraction, z * math.sqrt(fraction))
    return sum(up for up, _ in exits(later, bounds, seen if drift is None else drift, now))
