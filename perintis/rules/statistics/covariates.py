"""Adjustment of an effect for what was known of the cases before: fewer chance differences, a smaller error.

The influence values take the place of the outcome: in each cohort they are regressed on covariates known before the
case was in it, and the effect is moved to the mean of the covariates over both cohorts. For a difference of means that
is the regression with interactions of Lin 2013, and CUPED where the covariate is the metric's value in the period
before (Deng et al. 2013). Never use anything that the pilot could have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.products import combined, crossed

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Floats, Whole


def adjust(effect: Effect, covariates: Mapping[str, Floats]) -> Effect | NoEstimate:
    """The effect at equal covariates; each covariate has one number a case of the units, NaN (unknown) takes the mean.

    The error speaks of the cases that were seen, with their mix. `pilot` and `baseline` stay unadjusted.
    """
    used = effect.used
    table = _filled(np.column_stack([np.asarray(x, dtype=np.float64)[used] for x in covariates.values()]))
    centre, pilot = table.mean(axis=0), effect.units.pilot[used]
    psi, estimate = effect.psi[used].copy(), effect.estimate
    for chosen, sign in ((pilot, 1.0), (~pilot, -1.0)):
        count = int(chosen.sum())
        if count <= table.shape[1] + 1:
            return NoEstimate(
                f"{table.shape[1] + 2} cases a cohort needed for {table.shape[1]} covariates, {count} present",
                "use fewer covariates, or wait for more cases",
            )
        own = table[chosen].mean(axis=0)
        about = table[chosen] - own
        right = crossed(about, (sign * count * psi[chosen])[:, None])[:, 0]
        slope = np.linalg.lstsq(crossed(about, about), right, rcond=None)[0]
        estimate -= sign * float((own - centre) @ slope)
        psi[chosen] -= sign * combined(about, slope) / count
    whole = np.zeros_like(effect.psi)
    whole[used] = psi
    return replace(effect, estimate=estimate, psi=whole)


def post_stratify(effect: Effect, strata: Whole) -> Effect | NoEstimate:
    """The effect where both cohorts have the same mix of strata: that of both together.

    `strata` has one number from 0 a case of the units. Source: Holt and Smith 1979; Miratrix, Sekhon and Yu 2013.
    """
    used = effect.used
    _, place = np.unique(strata[used], return_inverse=True)
    count = int(place.max()) + 1
    pilot = effect.units.pilot[used]
    share = np.bincount(place, minlength=count) / len(place)
    psi, estimate = effect.psi[used].copy(), effect.estimate
    for chosen, sign in ((pilot, 1.0), (~pilot, -1.0)):
        sizes = np.bincount(place[chosen], minlength=count)
        if not sizes.all():
            name = "pilot" if sign > 0 else "baseline"
            return NoEstimate(
                f"{int((sizes == 0).sum())} of {count} strata have no case in the {name}",
                "make the strata coarser, or leave those out in both cohorts",
            )
        values = sign * int(chosen.sum()) * psi[chosen]  # value less the cohort's mean
        means = np.bincount(place[chosen], weights=values, minlength=count) / sizes
        estimate += sign * float(share @ means)
        weight = (share / sizes)[place[chosen]]
        psi[chosen] = sign * weight * (values - means[place[chosen]])
    whole = np.zeros_like(effect.psi)
    whole[used] = psi
    return replace(effect, estimate=estimate, psi=whole)


def _filled(table: Floats) -> Floats:
    known = ~np.isnan(table)
    means = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, table, means)
