"""What every design gives back: an effect with its interval, its diagnostics, and the grade of its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect


class Design(StrEnum):
    """How the cases of the two cohorts came about."""

    RANDOMISED_CASES = "randomised_cases"
    RANDOMISED_OFFICES = "randomised_offices"
    PARALLEL_COHORTS = "parallel_cohorts"
    BEFORE_AFTER = "before_after"
    COMPARISON_OFFICES = "comparison_offices"
    STAGGERED = "staggered"
    FEW_OFFICES = "few_offices"


class Evidence(StrEnum):
    """How far a design bears a claim of cause, best first. D and E can never give the verdict *scale*."""

    A = "A"
    A_MINUS = "A-"
    B = "B"
    C = "C"
    D = "D"
    E = "E"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Evidence).index(self)

    def at_most(self, other: Evidence) -> Evidence:
        """The lower of the two."""
        return max(self, other, key=lambda grade: grade.rank)


@dataclass(frozen=True)
class Diagnostic:
    """One check of what a design rests on. `passed` is None where it could not be done; `text` says why or what.

    `gate` tells whether a failure forbids a verdict; `cure` what would mend it, in one sentence.
    """

    code: str
    text: str
    passed: bool | None
    gate: bool = True
    value: float | None = None
    limit: float | None = None
    cure: str | None = None


@dataclass(frozen=True, eq=False)
class Estimated:
    """An effect with the error that belongs to its design.

    `error` is its standard error, `df` the degrees of freedom of its t interval (None: normal), `rests_on` in words
    what the error counts ("12 + 12 offices", "48 weeks before, 30 after"). `panels` are the figures behind the design's
    own charts, as plain values for JSON (weekly series with counterfactual, event study, weights).
    """

    effect: Effect
    error: float
    df: float | None
    rests_on: str
    method: str
    evidence: Evidence
    diagnostics: tuple[Diagnostic, ...] = ()
    panels: dict[str, Any] = field(default_factory=dict)
