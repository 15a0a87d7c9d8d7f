"""Fidelity: the share of pilot cases that followed the designed process, and where the others left it.

There is no second language for "as designed". A case that the engine ran followed the flow by construction, because the
flow's own code asked for every step; it left the design only where a step failed or never finished, or where the case
was withdrawn or cancelled. Work that was sent back or answered late is foreseen: rework and service levels are metrics
of their own. For imported logs the design is learnt from a rehearsal of `to_be`: which steps every case has, and which
step may directly follow which.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.process.paths import END, START, Pair, alone, edge_name, follows
from perintis.rules.statistics.effect import NoEstimate
from perintis.words.recorded import Outcome, WorkStatus

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View
    from perintis.rules.statistics.effect import Whole

MIN_SHARE = 0.01
CASE_ENDS = (Outcome.WITHDRAWN.value, Outcome.CANCELLED.value)


class How(StrEnum):
    """In which way a case left the design at a step."""

    FAILED = "failed"
    UNFINISHED = "was not finished"
    WITHDRAWN = "the case was withdrawn"
    CANCELLED = "the case was cancelled"
    SKIPPED = "was left out"
    UNKNOWN = "is not in the design"
    ORDER = "was followed by another step than designed"


@dataclass(frozen=True)
class Designed:
    """The design learnt from a rehearsal: `steps` that every case has, and `edges` (source, target) that occur."""

    steps: frozenset[str]
    edges: frozenset[tuple[str, str]]

    @property
    def known(self) -> frozenset[str]:
        """Every step that the design knows."""
        return self.steps | {name for edge in self.edges for name in edge} - {START, END}


@dataclass(frozen=True)
class Left:
    """So many cases left the design at this step, in this way; a case may be in several."""

    step: str
    how: How
    cases: int


@dataclass(frozen=True)
class Fidelity:
    """Of `cases` closed cases `followed` went as designed; `left` says where others did not, most frequent first."""

    share: float
    followed: int
    cases: int
    left: tuple[Left, ...]
    left_out: tuple[tuple[str, int], ...] = ()


def designed_from(view: View, min_share: float = MIN_SHARE) -> Designed | NoEstimate:
    """The design as a rehearsal shows it; withdrawn and cancelled cases do not count.

    An edge belongs to it if at least `min_share` of the cases took it; a step is required if all but fewer than
    `min_share` of them had it.
    """
    if not 0 < min_share < 0.5:
        raise ValueError(f"the share {min_share} must lie between 0 and 0.5")
    both = alone(view)
    if isinstance(both, NoEstimate):
        return both
    side = both.pilot
    regular = ~np.isin(_outcomes(view), CASE_ENDS)
    n = int(regular.sum())
    if n == 0:
        return NoEstimate("every case of the rehearsal was withdrawn or cancelled")
    way = follows(side, len(both.steps))
    kept = regular[way.case]
    edges = _cases_by(way.case[kept], way.edge[kept], way.width**2) / n
    steps = _cases_by(side.case, side.step, len(both.steps), regular) / n
    return Designed(
        frozenset(name for name, share in zip(both.steps, steps, strict=True) if share > 1 - min_share),
        frozenset(edge_name(int(e), both.steps) for e in np.flatnonzero(edges >= min_share)),
    )


def fidelity(view: View, designed: Designed | None = None) -> Fidelity | NoEstimate:
    """Which closed cases went as designed. Without a design only what was recorded of the steps themselves counts."""
    both = alone(view)
    if isinstance(both, NoEstimate):
        return both
    found = [*_recorded(view, both), *_ended(view, both)]
    if designed is not None:
        found += _order(both, designed)
    n = both.pilot.cases
    off = np.zeros(n, dtype=bool)
    counts: Counter[tuple[str, How]] = Counter()
    for step, how, cases in found:
        distinct = np.unique(cases)
        off[distinct] = True
        counts[step, how] += len(distinct)
    left = [Left(step, how, count) for (step, how), count in counts.items() if count]
    left.sort(key=lambda one: (-one.cases, one.step, one.how.value))
    followed = int((~off).sum())
    return Fidelity(followed / n, followed, n, tuple(left), both.pilot.left_out)


def _recorded(view: View, both: Pair) -> list[tuple[str, How, Whole]]:
    """What the step table says of single steps of closed cases."""
    import polars as pl

    places = _places(view)
    rows = view.steps.select("i", "step", "outcome", "completed").join(places, on="i")
    rules = {
        How.FAILED: pl.col("outcome") == WorkStatus.FAILED.value,
        How.UNFINISHED: pl.col("completed").is_null(),
    }
    found = []
    for how, rule in rules.items():
        chosen = rows.filter(rule).select("step", "place").unique().sort("step", "place")
        for (step,), part in chosen.group_by("step", maintain_order=True):
            found.append((str(step), how, part["place"].to_numpy().astype(np.int64)))
    return found


def _ended(view: View, both: Pair) -> list[tuple[str, How, Whole]]:
    """Cases that were withdrawn or cancelled, at the last step they had."""
    side, outcome = both.pilot, _outcomes(view)
    last = side.step[np.searchsorted(side.case, np.arange(side.cases), side="right") - 1]
    found = []
    for word, how in zip(CASE_ENDS, (How.WITHDRAWN, How.CANCELLED), strict=True):
        for step in np.unique(last[outcome == word]):
            found.append((both.steps[step], how, np.flatnonzero((outcome == word) & (last == step))))
    return found


def _order(both: Pair, designed: Designed) -> list[tuple[str, How, Whole]]:
    """Steps that the design does not know, required steps that were left out, and successions it does not have."""
    side, width = both.pilot, len(both.steps) + 2
    found: list[tuple[str, How, Whole]] = []
    for k, step in enumerate(both.steps):
        having = np.unique(side.case[side.step == k])
        if step not in designed.known:
            found.append((step, How.UNKNOWN, having))
        if step in designed.steps:
            found.append((step, How.SKIPPED, np.setdiff1d(np.arange(side.cases), having)))
    for step in sorted(designed.steps - set(both.steps)):
        found.append((step, How.SKIPPED, np.arange(side.cases)))
    way = follows(side, width - 2)
    for edge in np.unique(way.edge):
        source, target = edge_name(int(edge), both.steps)
        strange = ({source, target} - {START, END}) - designed.known
        if (source, target) not in designed.edges and not strange:
            found.append((source, How.ORDER, way.case[way.edge == edge]))
    return _united(found)


def _united(found: list[tuple[str, How, Whole]]) -> list[tuple[str, How, Whole]]:
    """One entry for each step and way, so that a case is counted once in it."""
    cases: dict[tuple[str, How], list[Whole]] = {}
    for step, how, which in found:
        cases.setdefault((step, how), []).append(which)
    return [(step, how, np.concatenate(parts)) for (step, how), parts in cases.items()]


def _cases_by(case: Whole, feature: Whole, features: int, among: np.ndarray | None = None) -> Whole:
    """How many cases have each feature, each counted once."""
    if among is not None:
        case, feature = case[among[case]], feature[among[case]]
    cells = np.unique(case * features + feature)
    return np.bincount(cells % features, minlength=features)


def _places(view: View) -> pl.DataFrame:
    """The number `i` of each closed case with work, and its place among them."""
    import polars as pl

    worked = view.begun.select(pl.col("i").unique())
    kept = view.cases.filter(pl.col("ended")).join(worked, on="i", how="semi").select("i").sort("i")
    return kept.with_row_index("place")


def _outcomes(view: View) -> np.ndarray:
    """The outcome of each closed case with work."""
    import polars as pl

    kept = _places(view).join(view.cases.select("i", "outcome"), on="i", how="left", maintain_order="left")
    return kept.select(pl.col("outcome").fill_null(""))["outcome"].to_numpy()
