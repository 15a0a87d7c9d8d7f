"""What a data set holds, for whoever must judge how far to trust it: gaps, times, seasons, repeats, steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.rules.seasons import Seasons, seasons_of
from perintis.rules.vocabulary import NO_WORK, SharedSteps, shared_steps
from perintis.words.tables import ATTRIBUTE_PREFIX, DataSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

CASE_TIMES, STEP_TIMES = ("opened", "closed"), ("ready", "started", "completed")
CASE_VALUES = ("office", "opened", "closed", "due", "outcome")
STEP_VALUES = ("agency", "office", "officer", "ready", "started", "completed", "cost", "keyed")
SAME_EVENT = ("case", "step", "agency", "officer", "started", "completed")
DAY, MINUTE, SECOND = 86_400_000_000, 60_000_000, 1_000_000


@dataclass(frozen=True)
class Missing:
    """How many values of a column are not there; `column` is `case.NAME` or `step.NAME`."""

    column: str
    missing: int
    of: int

    @property
    def share(self) -> float:
        """The missing as a share; 0 where there are no rows."""
        return self.missing / self.of if self.of else 0.0


@dataclass(frozen=True)
class Fineness:
    """How finely the times of a column are written: the share that is a whole day, minute, second, or finer.

    A time counts once, by the coarsest unit that it fits in its local time: midnight is a day.
    """

    column: str
    times: int
    day: float
    minute: float
    second: float
    finer: float

    @property
    def mostly(self) -> str:
        """The unit of more than half of the times, else "mixed"."""
        shares = {"day": self.day, "minute": self.minute, "second": self.second, "finer": self.finer}
        return next((unit for unit, share in shares.items() if share > 0.5), "mixed")


@dataclass(frozen=True)
class StepCount:
    """How often a step occurs, in how many cases, and whether the pilot has it (None: the pilot is not known here)."""

    step: str
    visits: int
    cases: int
    in_pilot: bool | None


@dataclass(frozen=True)
class Contents:
    """What a data set holds. `repeated` counts step visits that another one equals in case, step, people and times.

    `vocabulary` is None where the pilot's steps are not known; a data set without steps speaks of lead time only.
    """

    cases: int
    open_cases: int
    missing: tuple[Missing, ...]
    fineness: tuple[Fineness, ...]
    repeated: int
    seasons: Seasons | None
    steps: tuple[StepCount, ...]
    vocabulary: SharedSteps | None

    @property
    def open_share(self) -> float | None:
        """Open cases as a share of all; None where there are no cases."""
        return self.open_cases / self.cases if self.cases else None


def contents_of(data: DataSet, pilot_steps: Iterable[str] | None = None, country: str | None = None) -> Contents:
    """Look through a data set. `pilot_steps` are the pilot's, None where unknown; `country` is that of its feasts."""
    known = None if pilot_steps is None else frozenset(pilot_steps)
    return Contents(
        cases=data.cases.height,
        open_cases=data.cases["closed"].null_count(),
        missing=(*_missing(data.cases, "case"), *_missing(data.steps, "step")),
        fineness=tuple(_finenesses(data)),
        repeated=_repeated(data.steps),
        seasons=seasons_of(data.cases, country) if data.cases.height else None,
        steps=tuple(_step_counts(data.steps, known)),
        vocabulary=None if known is None else shared_steps(known, data),
    )


def _missing(table: pl.DataFrame, kind: str) -> list[Missing]:
    if not table.height:
        return []
    attributes = [name for name in table.columns if name.startswith(ATTRIBUTE_PREFIX)]
    names = [*(CASE_VALUES if kind == "case" else STEP_VALUES), *attributes]
    prefix = kind + "."
    return [
        Missing(prefix + name.removeprefix(ATTRIBUTE_PREFIX), table[name].null_count(), table.height) for name in names
    ]


def _finenesses(data: DataSet) -> list[Fineness]:
    offsets = _offsets(data)
    found = [
        _fineness(f"{kind}.{name}", table[name].drop_nulls(), offsets)
        for kind, table, names in (("case", data.cases, CASE_TIMES), ("step", data.steps, STEP_TIMES))
        for name in names
    ]
    return [one for one in found if one.times]


def _offsets(data: DataSet) -> list[int]:
    """All offsets from UTC met: not every column keeps its own, and midnight is midnight where it was written."""
    met = {*data.cases["opened_offset"].drop_nulls().unique(), *data.steps["offset"].drop_nulls().unique()}
    return sorted(int(offset) for offset in met) or [0]


def _fineness(column: str, times: pl.Series, offsets: list[int]) -> Fineness:
    import polars as pl

    micros = times.dt.epoch("us")
    whole = pl.DataFrame([((micros + offset * MINUTE) % DAY == 0).alias(str(offset)) for offset in offsets])
    day = whole.select(pl.any_horizontal(pl.all())).to_series()
    minute = ~day & (micros % MINUTE == 0)
    second = ~day & ~minute & (micros % SECOND == 0)
    day_share, minute_share, second_share = (int(unit.sum()) / max(len(times), 1) for unit in (day, minute, second))
    finer = int((~day & ~minute & ~second).sum()) / max(len(times), 1)
    return Fineness(column, len(times), day_share, minute_share, second_share, finer)


def _repeated(steps: pl.DataFrame) -> int:
    return steps.height - steps.select(SAME_EVENT).n_unique() if steps.height else 0


def _step_counts(steps: pl.DataFrame, known: frozenset[str] | None) -> list[StepCount]:
    """The steps that are work, the most frequent first."""
    import polars as pl

    counts = (
        steps.filter(~pl.col("step").is_in(list(NO_WORK)))
        .group_by("step")
        .agg(visits=pl.len(), cases=pl.col("case").n_unique())
        .sort(["visits", "step"], descending=[True, False])
    )
    return [
        StepCount(step, visits, cases, None if known is None else step in known)
        for step, visits, cases in counts.rows()
    ]
