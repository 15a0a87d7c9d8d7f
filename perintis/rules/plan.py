"""The evaluation plan (`plan.yaml`): what will be measured and which change matters, fixed before the first case."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from perintis.rules.metrics import METRICS, Better
from perintis.rules.yaml_text import read_yaml
from perintis.words.recorded import CASE_STEP

_STRICT = ConfigDict(extra="forbid", frozen=True)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

OUTCOME = "outcome:"
PERCENT = "percent"
_KNOWN = {metric.name: metric for metric in METRICS}


class Measured(BaseModel):
    """A metric with the change in it that matters.

    For a primary metric `margin` is the smallest improvement worth having, for a guardrail the largest worsening that
    is tolerated: in the metric's own `unit`, or in `percent` of the baseline. `better` is needed only where the metric
    does not say which way is an improvement, as for an outcome.
    """

    model_config = _STRICT

    metric: _Text
    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    unit: _Text
    why: _Text
    better: Better | None = None

    @property
    def outcome(self) -> str | None:
        """The outcome whose share is measured, or None."""
        return self.metric.removeprefix(OUTCOME) if self.metric.startswith(OUTCOME) else None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.outcome is None and self.metric not in _KNOWN:
            raise ValueError(f"there is no metric {self.metric!r}; there is {', '.join(_KNOWN)} and {OUTCOME}NAME")
        known = _KNOWN.get(self.metric)
        unit = known.unit if known else "share"
        if self.unit not in (unit, PERCENT):
            raise ValueError(f"{self.metric} is measured in {unit}; write the margin in {unit} or in {PERCENT}")
        if known is None or known.better is None:
            if self.better is None:
                raise ValueError(f"{self.metric}: write `better: lower` or `better: higher`")
        elif self.better not in (None, known.better):
            raise ValueError(f"{self.metric}: {known.better} is better, whatever the plan says")
        return self


class PromisedShare(BaseModel):
    """At least this share is to be done within its service level: of a step, or of `case` as a whole."""

    model_config = _STRICT

    step: _Text = CASE_STEP
    at_least: Annotated[float, Field(gt=0, le=1)]


class Plan(BaseModel):
    """What is to be found out, from what, and by which rule."""

    model_config = _STRICT

    pilot: _Text
    question: _Text
    design: Literal["before_after", "side_by_side", "randomised", "staggered"]
    baseline: _Text
    minimum_cases: Annotated[int, Field(ge=1)]
    primary: tuple[Measured, ...] = Field(min_length=1, max_length=2)
    guardrails: tuple[Measured, ...] = ()
    service_levels: tuple[PromisedShare, ...] = ()
    rule: _Text

    @property
    def measured(self) -> tuple[Measured, ...]:
        """Primary metrics, then guardrails."""
        return (*self.primary, *self.guardrails)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for named in ([m.metric for m in self.measured], [s.step for s in self.service_levels]):
            for name in named:
                if named.count(name) > 1:
                    raise ValueError(f"{name} is in the plan twice")
        return self


def read_plan(text: str, where: str = "plan.yaml") -> Plan:
    """The plan written in a YAML text; raises BadInput, naming file and entry."""
    return read_yaml(text, Plan, where)
