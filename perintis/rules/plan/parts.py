"""The smaller parts of a plan: whom it speaks of, when it is read, what scaling would need."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from perintis.rules.plan.strict import Amount, CaseColumn, Count, Share, Strict, Text
from perintis.rules.sequential.spending import Spending
from perintis.words.recorded import CASE_STEP

MOST_LOOKS = 5


class Impact(StrEnum):
    """How the change is expected to come: at once, or growing over `ramp_days`."""

    STEP = "step"
    RAMP = "ramp"


class Filter(Strict):
    """Cases whose `column` is one of `values` belong to the population."""

    column: CaseColumn
    values: tuple[Text, ...] = Field(min_length=1)


class Population(Strict):
    """Which cases the answer is about. `entry` and `exit` say in words which events open and close a case."""

    who: Text
    entry: Text
    exit: Text
    filters: tuple[Filter, ...] = ()


class Minimums(Strict):
    """Below these there is no verdict.

    `cases` and `offices` a cohort, `matured_cases_per_office` (median over offices) and whole `weeks` of intake of the
    pilot; of the values of a metric at most the share `missing`.
    """

    cases: Annotated[int, Field(ge=2)]
    offices: Annotated[int, Field(ge=1)] = 4
    matured_cases_per_office: Count = 30
    weeks: Count = 0
    missing: Share = 0.1


class Looks(Strict):
    """When the rule may be asked: at these fractions of the planned information, the last of which is 1.

    `planned_cases` is how many matured cases, both cohorts together, the last look expects; `alpha` is two-sided.
    """

    fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (1.0,)
    spending: Spending = Spending.OBRIEN_FLEMING
    planned_cases: Annotated[int, Field(ge=2)]
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05

    @field_validator("fractions")
    @classmethod
    def _ascend(cls, given: tuple[float, ...]) -> tuple[float, ...]:
        if not given or len(given) > MOST_LOOKS:
            raise ValueError(f"write one to {MOST_LOOKS} looks, not {len(given)}")
        if any(b <= a for a, b in pairwise(given)):
            raise ValueError(f"looks have to ascend, and {', '.join(f'{f:g}' for f in given)} do not")
        if given[-1] != 1:
            raise ValueError(f"the last look has to be at 1 (all planned cases), not at {given[-1]:g}")
        return given


class Subgroup(Strict):
    """A group of cases that must not be harmed: all values of `column`, or those listed. `equity` says why it is
    looked at: whether the pilot serves this group as well as others."""

    name: Text
    column: CaseColumn
    values: tuple[Text, ...] = ()
    equity: bool = False


class Criterion(Strict):
    """One thing that scaling needs: met or not, and what shows it."""

    met: Literal["yes", "no", "unknown"]
    evidence: Text | None = None

    @field_validator("met", mode="before")
    @classmethod
    def _yes_or_no(cls, given: Any) -> Any:
        return {True: "yes", False: "no"}.get(given, given) if isinstance(given, bool) else given  # YAML's yes is true

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if self.met == "yes" and self.evidence is None:
            raise ValueError("is met: write the `evidence` that shows it")
        return self


class Scalability(Strict):
    """What has to hold before a pilot is scaled (GAO-16-438): each met, not met or unknown."""

    representative_offices: Criterion
    marginal_cost: Criterion
    capacity: Criterion
    legal_basis: Criterion

    @property
    def unmet(self) -> tuple[str, ...]:
        """Names of the criteria that are not met, in words."""
        return tuple(name.replace("_", " ") for name in type(self).model_fields if getattr(self, name).met != "yes")


class Exemption(Strict):
    """Value for money is not asked for, by whom and why."""

    reason: Text
    signed_by: Text


class ValueForMoney(Strict):
    """What a case may cost more, and what an improvement is worth.

    `worth_per_unit` is the money value of one unit of improvement in the first primary metric, `extra_cost_per_case`
    what a case costs more (or less, below 0) when scaled; or an `exception` that somebody signed for.
    """

    extra_cost_per_case: Amount | None = None
    worth_per_unit: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    exception: Exemption | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        numbers = (self.extra_cost_per_case is not None, self.worth_per_unit is not None)
        if self.exception is None and not all(numbers):
            raise ValueError("write extra_cost_per_case and worth_per_unit, or an exception that somebody signed for")
        if self.exception is not None and any(numbers):
            raise ValueError("an exception takes the place of the two amounts; write one or the other")
        return self

    def net_per_case(self, improvement: float) -> float | None:
        """Worth of an improvement (in the metric's unit, positive is better) less the extra cost; None if exempt."""
        if self.worth_per_unit is None or self.extra_cost_per_case is None:
            return None
        return self.worth_per_unit * improvement - self.extra_cost_per_case


class CoIntervention(Strict):
    """Something else that happened at the same time and may have moved the metrics."""

    on: date
    what: Text
    cohort: Literal["pilot", "baseline", "both"] = "both"


class PromisedShare(Strict):
    """At least this share is to be done within its service level: of a step, or of `case` as a whole."""

    step: Text = CASE_STEP
    at_least: Annotated[float, Field(gt=0, le=1)]


class Signature(Strict):
    """A role that agreed to the plan (an office, never a person's name), and when."""

    role: Text
    on: date
