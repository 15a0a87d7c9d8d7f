"""Holds the material against the plan's population and lays it out: views, units, and the facts the designs need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.facts import Covariate, Facts, Impact, Logged, Season
from perintis.rules.metrics import View
from perintis.rules.plan import Impact as PlannedImpact
from perintis.rules.plan import OfficeGroup, Plan
from perintis.rules.statistics.units import units_of
from perintis.rules.vocabulary import shared_steps
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Units
    from perintis.use.evaluation.material import Material


@dataclass(frozen=True, eq=False)
class Prepared:
    """The two cohorts ready to be measured. The rows of both views are in the order of `units`."""

    material: Material
    baseline: View
    pilot: View
    units: Units
    received: tuple[int, int]
    facts: Facts

    @property
    def plan(self) -> Plan:
        """The plan of the material."""
        return self.material.plan

    def views(self) -> tuple[View, View]:
        """Baseline, then pilot."""
        return self.baseline, self.pilot


def prepare(material: Material) -> Prepared:
    """Lay the material out; BadInput where there are fewer than two cohorts, or where they share no step."""
    _check_cohorts(material)
    plan = material.plan
    chosen = [_population(data, plan) for data in (material.baseline, material.pilot)]
    for data in chosen:
        if data.cases.is_empty():
            raise BadInput(f"{data.name} has no case of the plan's population; look at `population` in the plan")
    baseline, pilot = (View(data, material.calendars) for data in chosen)
    units = units_of(*chosen)
    return Prepared(
        material, baseline, pilot, units, (material.baseline.cases.height, material.pilot.cases.height),
        _facts(material, chosen, units),
    )  # fmt: skip


def _check_cohorts(material: Material) -> None:
    baseline, pilot = material.baseline, material.pilot
    if baseline.standard is not None:
        raise BadInput(
            f"{baseline.name} is a published standard: it promises times and has no cases, so there is nothing to"
            " evaluate against; `perintis compare` shows which share of the pilot's cases is within the promise"
        )
    if baseline.name == pilot.name:
        raise BadInput(f"both cohorts are {pilot.name}; an evaluation needs two")
    if baseline.has_steps and pilot.has_steps:
        steps = {str(step) for step in pilot.steps["step"].unique()} | set(material.request.steps)
        if shared_steps(steps, baseline).none_shared:
            raise BadInput(
                f"{baseline.name} is of a different process: it shares no step with {material.request.pilot}; map its"
                " activities to the pilot's steps when you import it, or choose another baseline"
            )


def _population(data: DataSet, plan: Plan) -> DataSet:
    """The cases that the plan speaks of, sorted by identifier, with their steps; none that had ended before
    observation began."""
    import polars as pl

    cases = data.cases
    for wanted in plan.population.filters:
        if wanted.column not in cases.columns:
            raise BadInput(
                f"the plan's population asks for {wanted.column}, which {data.name} does not have; it has "
                + (", ".join(c for c in cases.columns if c.startswith("case:")) or "no attributes")
            )
        cases = cases.filter(pl.col(wanted.column).cast(pl.String).is_in(wanted.values))
    if data.observed_from is not None:
        cases = cases.filter(pl.col("closed").is_null() | (pl.col("closed") > pl.lit(data.observed_from)))
    cases = cases.sort("case")
    steps = data.steps
    if cases.height < data.cases.height:
        steps = steps.join(cases.select("case"), on="case", how="semi", maintain_order="left")
    return replace(data, cases=cases, steps=steps)


def _facts(material: Material, chosen: list[DataSet], units: Units) -> Facts:
    plan, request = material.plan, material.request
    design, primary = plan.design, plan.primaries[0]
    return Facts(
        start=design.start,
        office_starts=_office_starts(plan, units),
        wash_in_days=design.washin_days,
        impact=Impact.RAMP if design.impact is PlannedImpact.RAMP else Impact.STEP,
        ramp_days=design.ramp_days or Facts.ramp_days,
        daily=not plan.weekly,
        comparison_offices=frozenset(o.office for o in design.offices if o.group is OfficeGroup.COMPARISON),
        covariates=tuple(_covariate(name, chosen) for name in design.covariates),
        strata=_strata(plan, chosen),
        order_randomised=design.randomised,
        holidays=frozenset(request.holidays),
        seasons=tuple(Season(s.name, s.spans) for s in request.seasons),
        placebo_starts=tuple(design.start - timedelta(days=d) for d in (56, 84, 112)),
        logged=tuple(Logged(c.on, c.what) for c in plan.co_interventions),
        smallest_worthwhile=None if primary.unit == "percent" else primary.worthwhile,
        arrivals=design.adjust_for_arrivals,
        seed=request.seed,
    )  # fmt: skip


def _office_starts(plan: Plan, units: Units) -> dict[str, date]:
    """The day on which each office of the pilot starts: as planned, else the start of the pilot."""
    planned = {o.office: o.start or plan.design.start for o in plan.design.offices if o.group is OfficeGroup.PILOT}
    if planned:
        return planned
    with_pilot = np.unique(units.office[units.pilot])
    return {units.offices[place]: plan.design.start for place in with_pilot if place >= 0}


def mix_of(prepared: Prepared) -> tuple[Covariate, ...]:
    """The plan's covariates and the columns of its strata, but for the office: what says which cases came."""
    material, facts = prepared.material, prepared.facts
    named = {covariate.name for covariate in facts.covariates}
    strata = [c for c in material.plan.design.strata if c != "office" and c not in named]
    data = [view.data for view in prepared.views()]
    known = [c for c in strata if all(c in one.cases.columns for one in data)]
    return (*facts.covariates, *(_covariate(name, data) for name in known))


def _covariate(name: str, chosen: list[DataSet]) -> Covariate:
    import polars as pl

    columns = []
    for data in chosen:
        if name not in data.cases.columns:
            raise BadInput(f"the plan adjusts for {name}, which {data.name} does not have; amend the plan")
        columns.append(data.cases[name])
    if all(column.dtype.is_numeric() for column in columns):
        values = np.concatenate([c.cast(pl.Float64).fill_null(float("nan")).to_numpy() for c in columns])
        return Covariate(name, values)
    both = pl.concat([c.cast(pl.String).alias("value") for c in columns])
    names = both.drop_nulls().unique().sort().to_list()
    places = both.replace_strict(names, list(range(len(names))), default=None, return_dtype=pl.Float64)
    return Covariate(name, places.fill_null(float("nan")).to_numpy(), tuple(str(n) for n in names))


def _strata(plan: Plan, chosen: list[DataSet]) -> dict[str, str]:
    """The stratum of each office: its most frequent combination of the columns named in the plan."""
    import polars as pl

    columns = [c for c in plan.design.strata if c != "office"]
    if not columns or any(c not in data.cases.columns for c in columns for data in chosen):
        return {}
    cases = pl.concat([d.cases.select("office", *(pl.col(c).cast(pl.String) for c in columns)) for d in chosen])
    label = pl.concat_str(columns, separator=" / ", ignore_nulls=True).alias("stratum")
    counted = (
        cases.drop_nulls("office").group_by("office", label).len().sort(["len", "stratum"], descending=[True, False])
    )
    return dict(counted.group_by("office", maintain_order=True).first().select("office", "stratum").iter_rows())
