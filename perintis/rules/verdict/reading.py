"""A metric as the decision rule sees it: turned so that more is better, with what the plan says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a metric is for."""

    PRIMARY = "primary"
    GUARDRAIL = "guardrail"
    SECONDARY = "secondary"


@dataclass(frozen=True)
class Reading:
    """One metric at one look. All numbers are in the metric's unit and turned so that positive is better.

    `low` and `high` bound the interval that is shown: look-adjusted for a primary metric (two-sided, the plan's level),
    and what the rule asks of it. `one_sided_low` is the 97.5 % one-sided limit that guardrails are held against, `p`
    the two-sided p-value, for Holm and, at the level of the look, for harm to a guardrail. `worthwhile` is the smallest
    worthwhile effect (primary), `margin` the largest tolerated harm (guardrail; positive).
    """

    metric: str
    role: Role
    effect: float
    error: float
    df: float | None
    low: float
    high: float
    one_sided_low: float
    p: float
    worthwhile: float | None = None
    margin: float | None = None
    target: float | None = None


@dataclass(frozen=True)
class Unreadable:
    """A metric of the plan that could not be computed, why, and what would mend it where that is known. A primary or
    guardrail of this kind fails a gate."""

    metric: str
    role: Role
    reason: str
    cure: str | None = None
