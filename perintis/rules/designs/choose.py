"""The estimate that belongs to a design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.designs import (
    before_after,
    comparison_offices,
    few_offices,
    parallel_cohorts,
    randomised_cases,
    randomised_offices,
    staggered,
)
from perintis.rules.designs.design import Design, Estimated
from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from perintis.rules.designs.facts import Facts
    from perintis.rules.statistics.case_values import CaseValues

ESTIMATORS: dict[Design, Callable[[CaseValues, Facts | None], Estimated | NoEstimate]] = {
    Design.RANDOMISED_CASES: randomised_cases.estimate,
    Design.RANDOMISED_OFFICES: randomised_offices.estimate,
    Design.PARALLEL_COHORTS: parallel_cohorts.estimate,
    Design.BEFORE_AFTER: before_after.estimate,
    Design.COMPARISON_OFFICES: comparison_offices.estimate,
    Design.STAGGERED: staggered.estimate,
    Design.FEW_OFFICES: few_offices.estimate,
}


def estimate(design: Design, values: CaseValues, facts: Facts) -> Estimated | NoEstimate:
    """The effect with the estimator of the design; no estimate, with the reason, where it cannot be had."""
    if not values.used.any():
        reasons = "; ".join(f"{number:,} {reason}" for reason, number in values.left_out)
        why = f" ({reasons})" if reasons else ""
        return NoEstimate(
            f"No case can be used for {values.metric}{why}.", "Wait until cases can be followed to the end."
        )
    return ESTIMATORS[design](values, facts)
