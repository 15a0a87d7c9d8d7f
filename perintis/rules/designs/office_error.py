"""The error of an effect when offices, not cases, are the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Diagnostic, Evidence
from perintis.rules.designs.facts import some
from perintis.rules.statistics.clusters import degrees_of_freedom
from perintis.rules.statistics.effect import NOWHERE
from perintis.rules.statistics.grouped import Clustering, bias_reduced, cells, standard_error

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect

FOR_INFERENCE = 4
TO_CLAIM = 6
FULL_GRADE = 12


def office_clustered(effect: Effect) -> tuple[float, float | None, str]:
    """Standard error, degrees of freedom and what they count: CR2 over offices with Bell and McCaffrey's df.

    Where no office is known, or one office is a whole cohort, cases count as independent: too small an error, which
    the check of offices says.
    """
    table = cells(effect, np.where(effect.used, effect.units.office, NOWHERE))
    known = bool(np.any(effect.units.office[effect.used] != NOWHERE))
    if not known or min(table.per_cohort) < 2:
        return standard_error(effect, Clustering.NONE), None, f"{some(effect.n, 'case')}, taken as independent"
    reduced, df = bias_reduced(table)
    baseline, pilot = table.per_cohort
    df = max(1.0, min(df, degrees_of_freedom(baseline, pilot, shared=table.shared > 0)))
    shared = table.shared == len(table.group)
    return float(np.sqrt(reduced)), df, some(pilot, "office") if shared else f"{pilot} + {baseline} offices"


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
