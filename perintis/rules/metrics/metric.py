"""What a metric is: a name, a unit, a direction, what it needs, and one function that measures every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from perintis.words.agency import Calendar

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View


class Kind(StrEnum):
    """What sort of number a metric gives, and so how it is summed up."""

    DURATION = "duration"  # median and 90th percentile, open cases counted for as long as they were seen
    COUNT = "count"  # mean
    SHARE = "share"  # mean of 0 and 1
    MONEY = "money"  # mean
    RATIO = "ratio"  # mean of linearised values, which is one sum over another


class Better(StrEnum):
    """Which way is an improvement."""

    LOWER = "lower"
    HIGHER = "higher"


class Need(StrEnum):
    """What must have been recorded. The text completes "... were not recorded"."""

    STEPS = "steps"
    START_TIMES = "times at which work started"
    AGENCIES = "agencies"
    OFFICERS = "officers"
    KEYED = "fields typed by hand"
    COSTS = "costs"
    DEADLINES = "deadlines"
    ERRORS = "errors in decisions"
    CALENDAR = "office hours"


class Basis(StrEnum):
    """Which cases a figure speaks of."""

    ALL = "all cases, open ones for as long as they were seen"
    CLOSED = "closed cases"
    PAST_DUE_DATE = "cases whose deadline has passed"


@dataclass(frozen=True)
class Calendars:
    """The office hours in which working time is counted: one for the whole case, and one for each agency."""

    case: Calendar | None = None
    agencies: Mapping[str, Calendar] = field(default_factory=dict)


@dataclass(frozen=True)
class NotComparable:
    """A metric that cannot be measured here, why, and where it can be told, what would mend that."""

    reason: str
    cure: str | None = None


@dataclass(frozen=True)
class Metric:
    """One case in, one value out.

    `measure` gives one row for each case: `case`, `value` (null where it cannot be known) and `ended`: whether the
    value is final. Durations use all rows, as "at least so much" where it is not; other kinds use final values only.
    `columns` are attributes of cases that have to be there.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    measure: Callable[[View], pl.DataFrame] = field(repr=False, compare=False)
    better: Better | None = Better.LOWER
    requires: tuple[Need, ...] = ()
    basis: Basis = Basis.CLOSED
    columns: tuple[str, ...] = ()
