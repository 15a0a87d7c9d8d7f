"""The error of an effect when offices, not cases, are the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Diagnostic, Evidence
from perintis.rules.designs.facts import some
from perintis.rules.statistics.effect import NOWHERE, cluster_sums

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats

FOR_INFERENCE = 4
TO_CLAIM = 6
FULL_GRADE = 12


def office_clustered(effect: Effect) -> tuple[float, float | None, str]:
    """Standard error, degrees of freedom and what they count: sums of influence by office, times G/(G-1).

    df is the number of offices (counted once in each cohort) less two. Where no office is known every case counts as
    one of its own. Source: Liang and Zeger 1986.
    """
    units, used = effect.units, effect.used
    if not np.any(units.office[used] != NOWHERE):
        return _spread(cluster_sums(effect.psi[used], units.office[used])), None, some(effect.n, "case")
    found = len(np.unique(units.office[used]))
    pilot, baseline = (used & (units.pilot == side) for side in (True, False))
    each = [len(np.unique(units.office[side])) for side in (pilot, baseline)]
    error = _spread(cluster_sums(effect.psi[used], units.office[used]))
    shared = len(np.intersect1d(units.office[pilot], units.office[baseline])) == found
    df = float(max(found - 1 if shared else sum(each) - 2, 1))
    return error, df, some(found, "office") if shared else f"{each[0]} + {each[1]} offices"


def _spread(sums: Floats) -> float:
    count = len(sums)
    return float(np.sqrt((sums**2).sum() * count / max(count - 1, 1)))


def enough_offices(pilot: int, baseline: int, to_claim: int = TO_CLAIM) -> Diagnostic:
    """Whether both cohorts have enough offices for a claim."""
    least = min(pilot, baseline)
    return Diagnostic(
        "offices",
        f"{some(pilot, 'office')} with the pilot and {some(baseline, 'office')} without; {to_claim} each needed.",
        least >= to_claim,
        value=float(least),
        limit=float(to_claim),
        cure=None
        if least >= to_claim
        else f"{to_claim} offices on either side needed, {pilot} with the pilot and {baseline} without present.",
    )


def grade_by_offices(pilot: int, baseline: int) -> Evidence:
    """A, or A- below twelve offices a cohort."""
    return Evidence.A if min(pilot, baseline) >= FULL_GRADE else Evidence.A_MINUS
