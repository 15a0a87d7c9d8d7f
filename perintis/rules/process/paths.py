"""The work on each closed case in its order: begun first, then ended first, then recorded first.

Only closed cases are compared: an open case has not shown its whole path yet. Waits for a date and withdrawn visits are
no work (see `View.steps`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics.tally import order_of_work
from perintis.rules.statistics.effect import NOWHERE, NoEstimate

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View
    from perintis.rules.statistics.effect import Floats, Whole

START, END = "(start)", "(end)"
MICROSECONDS_A_DAY = 86_400_000_000
FIRST_LETTER = 0x4E00
MOST_STEPS = 2_000


@dataclass(frozen=True, eq=False)
class Side:
    """One cohort. One entry a case: `opened`, `closed` (microseconds), `office` (place in the pair's offices, or -1).

    One entry a piece of work, sorted by case: `case` (place of its case), `step` (place in the pair's steps), `begin`
    and `completed` in microseconds, the latter -1 where nothing was recorded. `left_out` counts cases without a path.
    """

    opened: Whole
    closed: Whole
    office: Whole
    case: Whole
    step: Whole
    begin: Whole
    completed: Whole
    left_out: tuple[tuple[str, int], ...]

    @property
    def cases(self) -> int:
        """How many closed cases with work there are."""
        return len(self.opened)


@dataclass(frozen=True, eq=False)
class Pair:
    """Both cohorts, with steps and offices numbered alike."""

    baseline: Side
    pilot: Side
    steps: tuple[str, ...]
    offices: tuple[str, ...]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Baseline first."""
        return self.baseline, self.pilot


def pair(baseline: View, pilot: View) -> Pair | NoEstimate:
    """The paths of both cohorts; a reason where one has no closed case with recorded work."""
    return baseline.once(("pair", pilot), lambda: _paired(((baseline, "the baseline"), (pilot, "the pilot"))))


def alone(view: View) -> Pair | NoEstimate:
    """One data set as both cohorts, for what is asked of one alone."""
    return view.once(("alone",), lambda: _paired(((view, "the data set"),)))


def _paired(views: tuple[tuple[View, str], ...]) -> Pair | NoEstimate:
    for view, name in views:
        if not view.data.has_steps:
            return NoEstimate(f"{name} has no recorded steps", "import an event log")
    steps = _names(*(view.begun["step"] for view, _ in views))
    if len(steps) > MOST_STEPS:
        return NoEstimate(f"{len(steps)} different steps; up to {MOST_STEPS} can be compared", "map them to fewer")
    offices = _names(*(view.data.cases["office"] for view, _ in views))
    sides = [side(view, steps, offices) for view, _ in views]
    for found, (_, name) in zip(sides, views, strict=True):
        if not found.cases:
            return NoEstimate(f"{name} has no closed case with recorded work")
    return Pair(sides[0], sides[-1], steps, offices)


def side(view: View, steps: tuple[str, ...], offices: tuple[str, ...]) -> Side:
    """The paths of one data set."""
    import polars as pl

    begin = pl.coalesce("started", "completed").cast(pl.Int64)
    number = pl.col("step").cast(pl.Enum(steps)).to_physical().cast(pl.Int64)
    events = view.begun.select("i", number.alias("step"), begin.alias("begin"), pl.col("completed").cast(pl.Int64))
    order = order_of_work(view.begun)
    if order is not None:
        events = events.select(pl.all().gather(pl.Series(order)))
    table = view.cases.select("i", "opened", "closed", "ended").with_columns(view.data.cases["office"])
    worked = np.zeros(table.height, dtype=bool)
    worked[events["i"].to_numpy()] = True
    ended = table["ended"].to_numpy()
    kept = worked & ended
    place = np.cumsum(kept) - 1
    of_kept = kept[events["i"].to_numpy()]
    chosen = table.filter(pl.Series(kept))
    office = chosen["office"].cast(pl.Enum(offices)).to_physical().cast(pl.Int64).fill_null(NOWHERE)
    left_out = (("still open", int((~ended).sum())), ("no work was recorded", int((ended & ~worked).sum())))
    return Side(
        _whole(chosen["opened"].cast(pl.Int64)), _whole(chosen["closed"].cast(pl.Int64)), _whole(office),
        place[events["i"].to_numpy()[of_kept]], _whole(events["step"])[of_kept], _whole(events["begin"])[of_kept],
        _whole(events["completed"].fill_null(-1))[of_kept], tuple(part for part in left_out if part[1]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Follows:
    """Each direct succession of two steps: `edge` = source * width + target, `wait` in days (NaN where unknown).

    Steps are numbered as in the pair; then come the start and the end of a case. A wait lasts from the end of the
    source (or opening) to the beginning of the target (or closing), 0 where they overlap.
    """

    case: Whole
    edge: Whole
    wait: Floats
    width: int


def follows(found: Side, steps: int) -> Follows:
    """All direct successions of one cohort, with those from the start and to the end of each case."""
    start, end, width = steps, steps + 1, steps + 2
    first = np.concatenate([[True], found.case[1:] != found.case[:-1]])
    last = np.concatenate([first[1:], [True]])
    target = np.where(last, end, np.concatenate([found.step[1:], [end]]))
    until = np.where(last, found.closed[found.case], np.concatenate([found.begin[1:], [0]]))
    wait = np.maximum(until - found.completed, 0) / MICROSECONDS_A_DAY
    wait[found.completed < 0] = np.nan
    entry = np.maximum(found.begin[first] - found.opened, 0) / MICROSECONDS_A_DAY
    return Follows(
        np.concatenate([found.case, found.case[first]]),
        np.concatenate([found.step * width + target, start * width + found.step[first]]),
        np.concatenate([wait, entry]),
        width,
    )


def edge_name(edge: int, steps: tuple[str, ...]) -> tuple[str, str]:
    """Source and target of an edge number."""
    names = (*steps, START, END)
    return names[edge // len(names)], names[edge % len(names)]


def orders(found: Side) -> pl.Series:
    """The order of steps of each case as a text with one letter a step (see `steps_of`)."""
    import polars as pl

    letters = pl.Series([chr(FIRST_LETTER + k) for k in range(int(found.step.max()) + 1)])
    table = pl.DataFrame({"case": found.case, "step": letters.gather(pl.Series(found.step))})
    return table.group_by("case", maintain_order=True).agg(pl.col("step").str.join(""))["step"]


def steps_of(order: str, steps: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the steps in such a text."""
    return tuple(steps[ord(letter) - FIRST_LETTER] for letter in order)


def _names(*columns: pl.Series) -> tuple[str, ...]:
    return tuple(sorted({name for column in columns for name in column.drop_nulls().unique()}))


def _whole(column: pl.Series) -> Whole:
    return column.to_numpy().astype(np.int64)
