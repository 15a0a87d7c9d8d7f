"""The map of what directly follows what: how many cases went each way, and how long they waited there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics.metric import Need
from perintis.rules.process.by_office import FEWEST_CASES, Difference, compare_medians, compare_shares, judged
from perintis.rules.process.paths import edge_name, follows, pair
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.grouped import Clustering

if TYPE_CHECKING:
    from perintis.rules.metrics.view import View
    from perintis.rules.process.paths import Follows, Pair
    from perintis.rules.statistics.effect import Floats, Whole

UNIT = "days"

Waits = tuple[float | None, float | None, Difference | None]


@dataclass(frozen=True)
class Edge:
    """One step (or the start) directly followed by another (or the end); pairs of values are baseline first.

    `shares` are of closed cases that went this way at least once, `waits` the median days from the end of the source to
    the beginning of the target, over all times. `share` and `wait` are the differences; `wait` is None where one cohort
    never went this way.
    """

    source: str
    target: str
    cases: tuple[int, int]
    shares: tuple[float, float]
    waits: tuple[float | None, float | None]
    share: Difference
    wait: Difference | None

    @property
    def survives(self) -> bool:
        """Whether either difference is more than chance: only such edges are drawn as changed."""
        return self.share.survives or (self.wait is not None and self.wait.survives)


@dataclass(frozen=True)
class FlowMap:
    """The edges, most frequent first; `cases` are closed cases with recorded work, baseline first.

    `waits_note` says what waits include, or why those of the two cohorts are not compared.
    """

    edges: tuple[Edge, ...]
    cases: tuple[int, int]
    left_out: tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]
    waits_note: str | None = None


def flow_map(
    baseline: View, pilot: View, by: Clustering = Clustering.OFFICE, fewest: int = FEWEST_CASES
) -> FlowMap | NoEstimate:
    """Both cohorts' maps with their differences; shares and waits with enough cases are tested together (BH, 10 %)."""
    both = pair(baseline, pilot)
    if isinstance(both, NoEstimate):
        return both
    ways = [follows(side, len(both.steps)) for side in both.sides]
    edges = np.flatnonzero(sum(np.bincount(way.edge, minlength=way.width**2) for way in ways))
    marked = [_once(way, edges) for way in ways]
    counted = compare_shares(both, marked, len(edges), by, fewest)
    waits = _waits(both, ways, edges, by, fewest)
    lacking, note = _starts(baseline, pilot)
    if lacking:
        waits = [(before, after, None) for before, after, _ in waits]
    tested = judged((*counted.differences, *(w[2] for w in waits if w[2] is not None)))
    share, rest = tested[: len(edges)], iter(tested[len(edges) :])
    found = [
        Edge(
            *edge_name(int(edge), both.steps),
            (int(counted.cases[k, 0]), int(counted.cases[k, 1])),
            (float(counted.shares[k, 0]), float(counted.shares[k, 1])),
            waits[k][:2],
            share[k],
            None if waits[k][2] is None else next(rest),
        )
        for k, edge in enumerate(edges)
    ]
    found.sort(key=lambda e: (-sum(e.cases), e.source, e.target))
    return FlowMap(
        tuple(found), (both.baseline.cases, both.pilot.cases), (both.baseline.left_out, both.pilot.left_out), note
    )


def _starts(baseline: View, pilot: View) -> tuple[bool, str | None]:
    """Whether the waits of the cohorts mean different things, and what there is to say of them."""
    lacking = [name for view, name in ((baseline, "baseline"), (pilot, "pilot")) if view.lacks(Need.START_TIMES)]
    if len(lacking) == 1:
        return True, f"times at which work started were not recorded in the {lacking[0]}: waits are not compared"
    return False, "start times were not recorded: waits include the work on the next step" if lacking else None


def _once(way: Follows, edges: Whole) -> tuple[Whole, Whole]:
    """Each case and edge once, the edge as its place in `edges`."""
    place = np.full(way.width**2, -1, dtype=np.int64)
    place[edges] = np.arange(len(edges))
    cells = np.sort(way.case * len(edges) + place[way.edge])
    fresh = cells[np.concatenate([[True], cells[1:] != cells[:-1]])]
    return fresh // len(edges), fresh % len(edges)


def _waits(both: Pair, ways: list[Follows], edges: Whole, by: Clustering, fewest: int) -> list[Waits]:
    """The median waits of every edge."""
    parts = [_by_edge(way, edges) for way in ways]
    return [compare_medians(both, [part[k] for part in parts], by, fewest) for k in range(len(edges))]


def _by_edge(way: Follows, edges: Whole) -> list[tuple[Whole, Floats]]:
    """Cases and known waits of each edge."""
    known = ~np.isnan(way.wait)
    edge = way.edge[known]
    order = np.argsort(edge.astype(np.uint16 if way.width**2 < 1 << 16 else np.int64), kind="stable")
    case, wait = way.case[known][order], way.wait[known][order]
    cuts = np.searchsorted(edge[order], edges), np.searchsorted(edge[order], edges, side="right")
    return [(case[a:b], wait[a:b]) for a, b in zip(*cuts, strict=True)]
