"""Checks beside those of the design, for the eye: were offices equally busy, and do few of them bear the result?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from perintis.rules.designs.comparability import compare_cohorts
from perintis.rules.designs.design import Design, Diagnostic
from perintis.rules.statistics.clusters import ENOUGH_OFFICES, FEWEST_OFFICES
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.wild_bootstrap import wild_bootstrap
from perintis.use.evaluation.measuring import Measured

if TYPE_CHECKING:
    from perintis.use.evaluation.prepare import Prepared

RANDOMISED = (Design.RANDOMISED_CASES, Design.RANDOMISED_OFFICES)
BY_OFFICE = (Design.RANDOMISED_OFFICES, Design.PARALLEL_COHORTS)
BALANCE = "balance"
LEVEL = 0.05


def comparable(prepared: Prepared, first: Measured | None, known: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Arrivals and regression to the mean, and a wild bootstrap; `known` are checks the design did itself.

    None of them is a gate here: how busy officers were is a gate by itself (G5), and arrivals of cohorts that a lot or
    a channel divided differ by design.
    """
    if first is None:
        return ()
    found = compare_cohorts(first.values, prepared.facts)[0]
    drawn = prepared.plan.design.kind is Design.RANDOMISED_CASES
    skipped = {*known, BALANCE, "utilisation", *(["arrivals"] if drawn else [])}
    beside = tuple(replace(check, gate=False) for check in found if check.code not in skipped)
    return (*beside, *_wild(prepared, first))


def _wild(prepared: Prepared, first: Measured) -> Iterator[Diagnostic]:
    """With four to eleven offices a cohort, a second opinion on the error."""
    units = prepared.units
    fewest = min(units.offices_of(True), units.offices_of(False))
    if prepared.plan.design.kind not in BY_OFFICE or not FEWEST_OFFICES <= fewest < ENOUGH_OFFICES:
        return
    found = wild_bootstrap(first.effect, seed=prepared.material.request.seed)
    if isinstance(found, NoEstimate):
        yield Diagnostic("wild_bootstrap", f"No wild bootstrap over offices: {found.reason}.", None, gate=False)
        return
    agree = (found.p <= LEVEL) == (first.inference.p <= LEVEL)
    text = (
        f"With the signs of offices' deviations drawn by lot, an effect so large comes about in {found.p:.1%} of draws"
    )
    text += "." if agree else "; this contradicts the interval that is shown."
    yield Diagnostic("wild_bootstrap", text, agree, False, found.p, LEVEL)
