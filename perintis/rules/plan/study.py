"""How the cases of the two cohorts come about: the design, its dates and its offices."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from perintis.rules.designs.design import Design
from perintis.rules.plan.parts import Impact
from perintis.rules.plan.strict import CaseColumn, Count, Strict, Text, repeated

_BY_OFFICE = (Design.RANDOMISED_OFFICES, Design.COMPARISON_OFFICES, Design.STAGGERED, Design.FEW_OFFICES)
ADJUSTABLE = (Design.BEFORE_AFTER, Design.COMPARISON_OFFICES)
"""Designs that see how the volume changes over time, and can adjust for it."""

_RANDOMISED = (Design.RANDOMISED_CASES, Design.RANDOMISED_OFFICES)


class OfficeGroup(StrEnum):
    """Whether an office gets the new process (at once or at its start date) or serves as comparison."""

    PILOT = "pilot"
    COMPARISON = "comparison"


class TimeUnit(StrEnum):
    """The length of one point of a series over time."""

    WEEK = "week"
    DAY = "day"


class PlannedOffice(Strict):
    """One office: its group and, for a staggered roll-out, the day on which it starts."""

    office: Text
    group: OfficeGroup
    start: date | None = None


class Study(Strict):
    """The design with everything that is fixed about it.

    `baseline` names the data set compared with (a baseline, NAME:COHORT, PILOT/as-is, rehearsal:N); `cases` names the
    data set that is judged, where that is not the pilot's own cases. `start` is the day from which the new process
    holds; `washin_days` after it are left out; `ends` is the last day that will be read. `randomised` says that the
    assignment, or for a staggered roll-out the order of offices, was drawn by lot. `adjust_for_arrivals` takes out what
    a change of volume alone does to waits.
    """

    kind: Design
    why: Text
    baseline: Text
    cases: Text | None = None
    start: date
    ends: date | None = None
    washin_days: Count = 0
    impact: Impact = Impact.STEP
    ramp_days: Annotated[int, Field(ge=1)] | None = None
    unit: TimeUnit = TimeUnit.WEEK
    offices: tuple[PlannedOffice, ...] = ()
    randomised: bool = False
    strata: tuple[CaseColumn, ...] = ()
    covariates: tuple[CaseColumn, ...] = ()
    adjust_for_arrivals: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for fault in (
            self._cohort_fault(),
            self._date_fault(),
            self._lot_fault(),
            self._arrivals_fault(),
            self._twice(),
        ):
            if fault is not None:
                raise ValueError(fault)
        return self

    def _cohort_fault(self) -> str | None:
        if self.cases is not None and self.cases == self.baseline:
            return f"cases and baseline are both {self.baseline}; an evaluation needs two cohorts"
        if self.kind not in _BY_OFFICE:
            return None
        groups = {office.group for office in self.offices}
        if self.kind is Design.STAGGERED:
            starts = {office.start for office in self.offices if office.group is OfficeGroup.PILOT}
            missing = next((o.office for o in self.offices if o.group is OfficeGroup.PILOT and o.start is None), None)
            if missing is not None:
                return f"office {missing} has no start date, which a staggered roll-out needs"
            if len(starts) < 2 and OfficeGroup.COMPARISON not in groups:
                return "all offices start on the same day, so there are fewer than two cohorts; list later ones too"
        elif len(groups) < 2:
            return f"{self.kind} compares offices: list at least one of group pilot and one of group comparison"
        return None

    def _date_fault(self) -> str | None:
        if self.ends is not None and self.ends <= self.start:
            return f"it ends on {self.ends}, which is not after its start on {self.start}"
        if (self.impact is Impact.RAMP) != (self.ramp_days is not None):
            return "write `ramp_days` with `impact: ramp`, and only then"
        return None

    def _lot_fault(self) -> str | None:
        if self.kind in _RANDOMISED and not self.randomised:
            return f"{self.kind} needs `randomised: true`; without a lot, choose parallel_cohorts or comparison_offices"
        if self.randomised and self.kind not in (*_RANDOMISED, Design.STAGGERED):
            return f"{self.kind} draws no lot; take out `randomised`"
        return None

    def _arrivals_fault(self) -> str | None:
        if self.adjust_for_arrivals and self.kind not in ADJUSTABLE:
            kinds = " and ".join(ADJUSTABLE)
            return f"only {kinds} can adjust for arrivals, from one week to the next; take out `adjust_for_arrivals`"
        return None

    def _twice(self) -> str | None:
        twice = repeated([o.office for o in self.offices]) or repeated([*self.strata]) or repeated([*self.covariates])
        return twice and f"{twice} is listed twice"
