"""One metric of the plan: what it is for, which way is better, and which change in it matters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_serializer, model_validator

from perintis.rules.metrics import METRICS, Better, Kind, figure_metric
from perintis.rules.metrics.counted import FIGURE_SHARE
from perintis.rules.plan.strict import Amount, Strict, Text
from perintis.rules.verdict.reading import Role
from perintis.words.counted import FIGURE

OUTCOME = "outcome:"
PERCENT = "percent"
SATISFACTION = "satisfaction"
_HORIZON = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s+(\S.*?)\s*")
_DAY = {"day": "days", "working hour": "working hours"}


class Matured(StrEnum):
    """Which cases a metric may use.

    `tau`: cases that entered at least tau before the reading, each looked at for tau. `closed`: cases that have ended.
    `past_due`: cases whose deadline has passed.
    """

    TAU = "tau"
    CLOSED = "closed"
    PAST_DUE = "past_due"


class Withdrawn(StrEnum):
    """What a withdrawn application counts as.

    `competing`: a way of ending that is not a decision (never "still open"). `ended`: like a decision. `left_out`: not
    counted at all, and the number left out is told.
    """

    COMPETING = "competing"
    ENDED = "ended"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class KnownMetric:
    """What the program knows of a metric that a plan may name."""

    name: str
    label: str
    unit: str
    kind: Kind
    better: Better | None

    @property
    def timed(self) -> bool:
        """Whether it is a time, which needs a horizon."""
        return self.kind is Kind.DURATION


KNOWN = {
    **{m.name: KnownMetric(m.name, m.label, m.unit, m.kind, m.better) for m in METRICS},
    SATISFACTION: KnownMetric(SATISFACTION, "Satisfaction index", "points", Kind.COUNT, Better.HIGHER),
}
"""The metrics that a plan may name, beside `outcome:NAME` and figures of the pilot."""


def known_metric(name: str) -> KnownMetric | None:
    """The metric of that name, or None where the program cannot measure it."""
    if name.startswith(OUTCOME) and len(name) > len(OUTCOME):
        return KnownMetric(name, f"Outcome: {name.removeprefix(OUTCOME)}", "share", Kind.SHARE, None)
    figure = figure_metric(name)
    if figure is not None:
        return KnownMetric(name, figure.label, figure.unit, figure.kind, figure.better)
    return KNOWN.get(name)


class Horizon(Strict):
    """A length of time with its unit, written as `60 days`: how long each case is looked at (tau)."""

    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: Text

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return given
        found = _HORIZON.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            raise ValueError("write a number with its unit, like `60 days`")
        return {"value": float(found[1]), "unit": _DAY.get(found[2], found[2])}

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.value <= 0:
            raise ValueError(f"tau has to be more than 0, not {self}")
        return self

    @model_serializer
    def _as_text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


class PlannedMetric(Strict):
    """A metric with its role and the change in it that matters.

    `worthwhile` is the smallest improvement worth having, `target` the improvement the pilot is planned for (beyond
    `worthwhile`), `margin` the largest worsening that a guardrail tolerates. All three are sizes, written as positive
    numbers: in the metric's own `unit`, or in `percent` of the baseline's value. `tau` is the horizon of a time, in
    the metric's own unit. `direction` is needed only where the metric does not say which way is an improvement.
    """

    metric: Text
    role: Role
    unit: Text
    why: Text
    direction: Better | None = None
    tau: Horizon | None = None
    worthwhile: Amount | None = None
    target: Amount | None = None
    margin: Amount | None = None
    matured: Matured | None = None
    withdrawn: Withdrawn | None = None

    @field_validator("worthwhile", "target", "margin")
    @classmethod
    def _size(cls, given: float | None) -> float | None:
        if given is not None and given <= 0:
            raise ValueError(f"{given:g} is on the wrong side; write the size of the change as a number above 0")
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for look in (self._name_fault, self._role_fault, self._tau_fault, self._size_fault):
            fault = look()  # one after the other: what is not known cannot be looked at further
            if fault is not None:
                raise ValueError(f"{self.metric}: {fault}")
        return self

    def _name_fault(self) -> str | None:
        known = known_metric(self.metric)
        if known is None:
            named = ", ".join((*KNOWN, f"{OUTCOME}NAME", f"{FIGURE}NAME"))
            return f"there is no such metric; there is {named} and {FIGURE_SHARE}NAME"
        if self.unit not in (known.unit, PERCENT):
            return f"it is measured in {known.unit}; write the unit as {known.unit} or as {PERCENT}"
        if known.better is None and self.direction is None:
            return "write `direction: lower` or `direction: higher`"
        if None not in (known.better, self.direction) and known.better != self.direction:
            return f"{known.better} is better, whatever the plan says"
        return None

    def _role_fault(self) -> str | None:
        primary, guardrail = self.role is Role.PRIMARY, self.role is Role.GUARDRAIL
        for name in ("worthwhile", "target"):
            given = getattr(self, name) is not None
            if primary and not given:
                return f"a primary metric needs `{name}`"
            if guardrail and given:
                return f"a guardrail has a `margin`, not `{name}`"
        if guardrail and self.margin is None:
            return "a guardrail needs a `margin`: the largest worsening that is tolerated"
        if not guardrail and self.margin is not None:
            return f"a {self.role} metric has no `margin`; that is for guardrails"
        return None

    def _tau_fault(self) -> str | None:
        if self.known.timed:
            if self.tau is None:
                return f"a time needs `tau`, how long each case is looked at, like `tau: 60 {self.known.unit}`"
            if self.tau.unit != self.known.unit:
                return f"write tau in {self.known.unit}, as the metric is measured, not in {self.tau.unit}"
        elif self.matured is Matured.TAU and self.tau is None:
            return "`matured: tau` needs a `tau`"
        return None

    def _size_fault(self) -> str | None:
        if self.worthwhile is not None and self.target is not None and self.target <= self.worthwhile:
            return (
                f"the target {self.target:g} has to be more than the smallest worthwhile effect {self.worthwhile:g}: "
                "an effect of exactly that size would be found about half of the time"
            )
        if self.known.kind in (Kind.SHARE, Kind.RATIO) and self.unit != PERCENT:
            for name in ("worthwhile", "target", "margin"):
                if (getattr(self, name) or 0) >= 1:
                    return f"a share is between 0 and 1, so {name} cannot be {getattr(self, name):g}"
        return None

    @property
    def known(self) -> KnownMetric:
        """What the program knows of it."""
        found = known_metric(self.metric)
        assert found is not None  # checked when the plan was read
        return found

    @property
    def better(self) -> Better:
        """Which way is an improvement."""
        better = self.known.better or self.direction
        assert better is not None  # checked when the plan was read
        return better

    @property
    def sign(self) -> float:
        """What pilot minus baseline is multiplied with, so that positive is better."""
        return 1.0 if self.better is Better.HIGHER else -1.0

    @property
    def outcome(self) -> str | None:
        """The outcome whose share is measured, or None."""
        return self.metric.removeprefix(OUTCOME) if self.metric.startswith(OUTCOME) else None

    @property
    def cases_used(self) -> Matured:
        """Which cases it uses: as written, else all within tau where it has one, else closed ones."""
        if self.matured is not None:
            return self.matured
        if self.metric == "service_level_met":
            return Matured.PAST_DUE
        return Matured.TAU if self.tau is not None else Matured.CLOSED

    @property
    def withdrawn_as(self) -> Withdrawn:
        """What withdrawn applications count as: as written, else a competing end for times, and left out elsewhere."""
        if self.withdrawn is not None:
            return self.withdrawn
        return Withdrawn.COMPETING if self.known.timed else Withdrawn.LEFT_OUT

    def absolute(self, size: float, baseline: float) -> float:
        """A size of this entry in the metric's own unit, given the baseline's value."""
        return size / 100 * abs(baseline) if self.unit == PERCENT else size
