"""The small parts of which the panels of an evaluation are made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perintis.rules.suppression import Withheld
from perintis.rules.verdict.reading import Role

Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Told = Count | Withheld
"""A count; in what is published also the reason why it is not shown. evaluation.json always has the count."""


class Part(BaseModel):
    """Strict: a key too many or too few is an error, and nothing changes once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(Part):
    """One thing said. `text` is plain English; `code` and `values` let a page say it in another language."""

    code: str
    text: str
    values: dict[str, str | int | float] = {}


class Missing(Part):
    """Something that could not be computed, and why; never shown as a number."""

    reason: Message


class Between(Part):
    """An interval. An end is null where it is not bounded."""

    low: Number | None
    high: Number | None


class Figure(Part):
    """A number with its interval."""

    value: Number
    interval: Between | None = None


class Cohorts(Part):
    """A count or value on either side."""

    baseline: Number
    pilot: Number


class Another(Part):
    """The same effect by another way, beside the one that decides: a figure, or the reason why there is none.

    `what` says which way. `figure` is pilot minus baseline in `unit` as measured, or pilot over baseline where `unit`
    is "ratio", with a plain 95 % interval; a one-sided limit has one open end. It decides nothing, unless `decides`
    says so.
    """

    code: str
    what: Message
    unit: str
    figure: Figure | None = None
    reason: Message | None = None
    note: Message | None = None
    decides: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.figure is None) == (self.reason is None):
            raise ValueError(f"{self.code} needs a figure or a reason, and not both")
        return self


class MetricResult(Part):
    """One metric of the plan: both cohorts' values and pilot minus baseline, in `unit`.

    `estimate` is pilot minus baseline as measured; `oriented` says the same turned so that more is better, which is
    what margins are held against. `interval` is look-adjusted for primary metrics and plain 95 % otherwise. `relative`
    is the change as a share of the baseline. `reading` is what may be said: better, worse, not worse by more than the
    margin, cannot tell. `beside` are the same effect by other ways. `cases` are null only where they are not published.
    """

    metric: str
    label: str
    unit: str
    role: Role
    better: str
    registered: bool
    estimate: Number
    interval: Between
    relative: Figure | None
    oriented: Figure
    pilot: Number
    baseline: Number
    cases: Cohorts | None
    error: Number
    df: Number | None
    p: Share
    p_adjusted: Share | None
    worthwhile: Number | None = None
    target: Number | None = None
    margin: Number | None = None
    tau: Number | None = None
    reading: Message
    rests_on: str
    method: str
    left_out: tuple[tuple[str, int], ...] = ()
    beside: tuple[Another, ...] = ()


class MetricMissing(Part):
    """A metric of the plan (or of the list) that is not comparable here."""

    metric: str
    label: str
    role: Role
    registered: bool
    reason: Message


class Check(Part):
    """A gate or a diagnostic. `passed` is null where it could not be done."""

    code: str
    passed: bool | None
    gate: bool
    message: Message
    cure: Message | None = None


class Amended(Part):
    """A later change of the plan."""

    at: datetime
    reason: str
    results_visible: bool
    changes: tuple[str, ...]


class Decided(Part):
    """What people decided about the verdict."""

    word: str
    by: str
    reason: str
    at: datetime
    confirmed_by: str | None = None
    differs: bool


class WeekPoint(Part):
    """One point of a weekly (or daily) series, by date of opening."""

    start: date
    cohort: str
    cases: Count
    value: Number
    fitted: Number | None = None
    counterfactual: Number | None = None
