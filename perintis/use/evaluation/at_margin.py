"""How a guardrail is held against its margin where the t interval is not enough by itself.

Cases drawn by lot and a yes or no: the score limit of Miettinen and Nurminen within offices takes its place. Four to
eleven offices a cohort: exchanging offices must bear it out, so the lower of both limits counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.covariates import places
from perintis.rules.designs.design import Design, Estimated
from perintis.rules.designs.randomised_offices import adjusted_means
from perintis.rules.designs.strata import is_binary, tables_of
from perintis.rules.statistics.clusters import ENOUGH_OFFICES, FEWEST_OFFICES
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.exchange import lower_limit
from perintis.rules.statistics.office_tests import office_means
from perintis.rules.statistics.stratified_shares import stratified_lower_limit

if TYPE_CHECKING:
    from perintis.rules.designs.facts import Facts
    from perintis.rules.statistics.case_values import CaseValues

SCORE, EXCHANGE = "score_limit", "exchange_limit"


@dataclass(frozen=True)
class AtMargin:
    """The one-sided 97.5 % limit by another way, turned so that more is better.

    `limit` is None where there is none, for the `reason`. `alone`: it takes the place of the t limit.
    """

    way: str
    limit: float | None
    reason: str | None = None
    alone: bool = False

    def held(self, plain: float, margin: float) -> float:
        """The limit that counts beside the t limit `plain`: where nothing can be refuted, the margin is not kept."""
        if self.alone:
            return plain if self.limit is None else self.limit
        return min(plain, -margin if self.limit is None else self.limit)


def at_margin(design: Design, values: CaseValues, found: Estimated, facts: Facts, sign: float) -> AtMargin | None:
    """The other limit that this design asks for; None where the t limit is enough. `sign` is 1 where more is better."""
    if design is Design.RANDOMISED_CASES:
        return None if facts.covariates else _by_score(values, found, sign)
    units = found.effect.units
    fewest = min(units.offices_of(True), units.offices_of(False))
    if not FEWEST_OFFICES <= fewest < ENOUGH_OFFICES:
        return None
    if design is Design.RANDOMISED_OFFICES:
        means, strata = adjusted_means(values, facts)
    elif design is Design.PARALLEL_COHORTS:
        means, strata = office_means(found.effect), None
    else:
        return None
    limit = lower_limit(replace(means, mean=sign * means.mean), strata=strata)
    if isinstance(limit, NoEstimate):
        return AtMargin(EXCHANGE, None, limit.reason)
    if not isfinite(limit.limit):
        return AtMargin(EXCHANGE, None, f"so few offices give no result that is rarer than one in {limit.tried:,}")
    return AtMargin(EXCHANGE, limit.limit)


def _by_score(values: CaseValues, found: Estimated, sign: float) -> AtMargin | None:
    used = found.effect.used
    y = values.y[used]
    if not is_binary(y):
        return None
    stratum = places(values.units.office[used] - NOWHERE)[1]
    good = y if sign > 0 else 1 - y
    limit = stratified_lower_limit(tables_of(good, np.asarray(values.units.pilot[used]), stratum))
    if isinstance(limit, NoEstimate):
        return AtMargin(SCORE, None, limit.reason, alone=True)
    return AtMargin(SCORE, limit, alone=True)
