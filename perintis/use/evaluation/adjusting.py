"""A primary effect adjusted otherwise than the plan's estimator does: which way decides is the plan's, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.choose import estimate
from perintis.rules.designs.covariates import fold
from perintis.rules.designs.design import Design
from perintis.rules.designs.linear import independent_columns
from perintis.rules.evaluation.parts import Another
from perintis.rules.metrics import LEAD_TIME, LEAD_TIME_WORKING, SERVICE_LEVEL_MET
from perintis.rules.statistics.adjusted import regression_effect
from perintis.rules.statistics.clusters import Clustering
from perintis.rules.statistics.covariates import adjust, post_stratify
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.use.evaluation.intervals import with_interval
from perintis.use.evaluation.ways import by_another_way, not_computed, said

if TYPE_CHECKING:
    from perintis.rules.designs.facts import Covariate
    from perintis.rules.statistics.effect import Effect, Flags, Floats, Whole
    from perintis.use.evaluation.measuring import Measured
    from perintis.use.evaluation.prepare import Prepared

FROM_A_CURVE = (LEAD_TIME.name, LEAD_TIME_WORKING.name, SERVICE_LEVEL_MET.name)
RANDOMISED = (Design.RANDOMISED_CASES, Design.RANDOMISED_OFFICES)
PSEUDO = "a regression of pseudo-values on the covariates"
STRATA = "with the mix of strata of both cohorts together (post-stratified)"
EQUAL = "at equal covariates, cohort by cohort (Lin; CUPED where a covariate is the value before)"
WITHOUT = "without the covariates that the plan's estimate is adjusted for"


def adjusted(prepared: Prepared, found: Measured) -> Iterator[Another]:
    """By covariates and strata of the plan, where cohorts stand side by side; else why not."""
    design, facts = prepared.plan.design, prepared.facts
    if design.kind not in (*RANDOMISED, Design.PARALLEL_COHORTS):
        if facts.covariates:
            yield not_computed(
                "covariates", EQUAL, "the design compares changes over time, in which cases' covariates have no place"
            )
        return
    by = Clustering.NONE if design.kind is Design.RANDOMISED_CASES else Clustering.OFFICE
    if facts.covariates:
        if design.kind is Design.RANDOMISED_CASES:
            yield _without(prepared, found)
        if found.known.name in FROM_A_CURVE:
            yield by_another_way("pseudo_regression", PSEUDO, _regressed(prepared, found), by)
        if design.kind is Design.RANDOMISED_OFFICES:
            plain = replace(found.values, used=found.effect.used).difference()
            yield by_another_way("covariates", EQUAL, adjust(plain, columns_of(prepared, plain.used)), by)
    if design.strata and design.kind in RANDOMISED:
        yield by_another_way("post_stratified", STRATA, _post_stratified(prepared, found), by)


def _without(prepared: Prepared, found: Measured) -> Another:
    """The plain difference within offices."""
    plain = estimate(prepared.plan.design.kind, found.values, replace(prepared.facts, covariates=()))
    if isinstance(plain, NoEstimate):
        return not_computed("unadjusted", WITHOUT, plain.reason)
    figure = with_interval(plain.effect.estimate, plain.error, plain.df)
    return Another(code="unadjusted", what=said("unadjusted", WITHOUT), unit=found.known.unit, figure=figure)


def _regressed(prepared: Prepared, found: Measured) -> Effect | NoEstimate:
    values = replace(found.values, used=found.effect.used)
    return regression_effect(values, columns_of(prepared, values.used))


def _post_stratified(prepared: Prepared, found: Measured) -> Effect | NoEstimate:
    strata = _stratum_of_cases(prepared)
    if strata is None:
        return NoEstimate("a cohort does not have the columns of the strata")
    values = replace(found.values, used=found.effect.used)
    return post_stratify(values.difference(), strata)


def columns_of(prepared: Prepared, used: Flags) -> dict[str, Floats]:
    """The plan's covariates as columns of a regression with a constant, one entry a case of the units."""
    return independent_of(prepared.facts.covariates, used)


def independent_of(covariates: Sequence[Covariate], used: Flags) -> dict[str, Floats]:
    """Covariates as columns of a regression with a constant, one entry a case, without those that others make up."""
    folded = fold(covariates, used)
    count = folded.count(np.ones(len(folded.row), dtype=bool))
    x = np.column_stack([np.ones(len(folded)), folded.x])
    kept = [place - 1 for place in independent_columns(x, count) if place > 0]
    columns = {}
    for place in kept:
        column = np.zeros(len(used))
        column[used] = folded.x[folded.row, place]
        columns[folded.names[place]] = column
    return columns


def stratum_of_offices(prepared: Prepared) -> Whole | None:
    """By case, the stratum of its office as the plan names it; None where the plan names none."""
    strata, units = prepared.facts.strata, prepared.units
    if not strata:
        return None
    names = sorted(set(strata.values()))
    by_office = [names.index(strata[office]) if office in strata else NOWHERE for office in units.offices]
    found: Whole = np.array([*by_office, NOWHERE], dtype=np.int64)[units.office]
    return found


def _stratum_of_cases(prepared: Prepared) -> Whole | None:
    """A number for every combination of the plan's strata, one entry a case of the units."""
    import polars as pl

    columns = list(prepared.plan.design.strata)
    tables = [view.data.cases for view in prepared.views()]
    if any(column not in table.columns for column in columns for table in tables):
        return None
    both = pl.concat([t.select(pl.col(c).cast(pl.String).fill_null("") for c in columns) for t in tables])
    label = both.select(pl.concat_str(columns, separator="\x1f").rank("dense")).to_series()
    return label.to_numpy().astype(np.int64) - 1
