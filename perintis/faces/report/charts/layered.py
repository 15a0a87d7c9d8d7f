"""A layered layout for small directed graphs: every edge runs downward, save those that would close a circle.

The four steps of Sugiyama, Tagawa and Toda 1981: break circles, give layers (longest path), order by the mean place of
neighbours, then set places. The same input gives the same drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
SETTLING = 10

Node = tuple[str, int]
"""A step with 0, or a bend of an edge: the edge's name with the layer it bends in."""


@dataclass(frozen=True)
class Layout:
    """Where steps stand (middle x, layer), and through which points (x, layer) each edge runs, from source to target.

    `turned` are the places of edges that run upward.
    """

    places: dict[str, tuple[float, int]]
    paths: tuple[tuple[tuple[float, int], ...], ...]
    turned: frozenset[int]
    width: float
    layers: int


def layered(edges: Sequence[tuple[str, str]], box: float, bend: float, gap: float) -> Layout:
    """The layout of edges given by weight, heaviest first; boxes are `box` wide, bends `bend`, `gap` lies between."""
    turned = frozenset(_closing(edges))
    forward = [(b, a) if k in turned else (a, b) for k, (a, b) in enumerate(edges)]
    rank = _ranks([edge for edge in forward if edge[0] != edge[1]])
    for a, _ in forward:
        rank.setdefault(a, 0)
    rows, chains = _with_bends(forward, rank)
    _order(rows, chains)
    at, width = _settle(rows, chains, box, bend, gap)
    paths = tuple(
        tuple((at[node], _layer(node, rank)) for node in (reversed(chain) if k in turned else chain))
        for k, chain in enumerate(chains)
    )
    return Layout({n: (at[(n, 0)], r) for n, r in rank.items()}, paths, turned, width, len(rows))


def _layer(node: Node, rank: dict[str, int]) -> int:
    return rank[node[0]] if node[1] == 0 else node[1]


def _closing(edges: Sequence[tuple[str, str]]) -> list[int]:
    """The places of edges that close a circle with heavier ones; loops of a step to itself are none of these."""
    after: dict[str, set[str]] = {}
    closing = []
    for k, (a, b) in enumerate(edges):
        if a != b and _reaches(after, b, a):
            closing.append(k)
        elif a != b:
            after.setdefault(a, set()).add(b)
    return closing


def _reaches(after: dict[str, set[str]], start: str, goal: str) -> bool:
    seen, open_ones = {start}, [start]
    while open_ones:
        node = open_ones.pop()
        if node == goal:
            return True
        fresh = after.get(node, set()) - seen
        seen |= fresh
        open_ones += sorted(fresh)
    return False


def _ranks(edges: list[tuple[str, str]]) -> dict[str, int]:
    """The longest way from a beginning; the graph has no circles."""
    rank = dict.fromkeys((node for edge in edges for node in edge), 0)
    for _ in rank:
        moved = False
        for a, b in edges:
            if rank[b] < rank[a] + 1:
                rank[b], moved = rank[a] + 1, True
        if not moved:
            break
    return rank


def _with_bends(
    edges: list[tuple[str, str]], rank: dict[str, int]
) -> tuple[list[list[Node]], list[list[Node]]]:  # fmt: skip
    rows: list[list[Node]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name in sorted(rank, key=lambda n: (rank[n], n)):
        rows[rank[name]].append((name, 0))
    chains = []
    for k, (a, b) in enumerate(edges):
        bends: list[Node] = [(f"\0{k}", layer) for layer in range(rank[a] + 1, rank[b])]
        for node in bends:
            rows[node[1]].append(node)
        chains.append([(a, 0), *bends, (b, 0)])
    return rows, chains


def _neighbours(chains: list[list[Node]]) -> dict[Node, list[Node]]:
    found: dict[Node, list[Node]] = {}
    for chain in chains:
        for a, b in pairwise(chain):
            if a != b:
                found.setdefault(a, []).append(b)
                found.setdefault(b, []).append(a)
    return found


def _order(rows: list[list[Node]], chains: list[list[Node]]) -> None:
    """Sorts each row by the mean place of what its nodes are joined to in the row before, down and up again."""
    near = _neighbours(chains)
    place = {node: k for row in rows for k, node in enumerate(row)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for r in order:
            fixed = set(rows[r - 1] if down else rows[r + 1])
            mean = {n: _mean([place[m] for m in near.get(n, []) if m in fixed], place[n]) for n in rows[r]}
            rows[r].sort(key=lambda n: (mean[n], place[n]))
            place |= {node: k for k, node in enumerate(rows[r])}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else float(otherwise)


def _settle(
    rows: list[list[Node]], chains: list[list[Node]], box: float, bend: float, gap: float
) -> tuple[dict[Node, float], float]:
    """Middles of all nodes: near those of their neighbours, in order, without touching."""
    near = _neighbours(chains)
    wide = {node: box if node[1] == 0 else bend for row in rows for node in row}
    at: dict[Node, float] = {}
    for row in rows:
        left = -sum(wide[n] + gap for n in row) / 2
        for node in row:
            at[node] = left + (wide[node] + gap) / 2
            left += wide[node] + gap
    for _ in range(SETTLING):
        for row in rows:
            wanted = [_mean([at[m] for m in near.get(n, [])], at[n]) for n in row]
            at |= dict(zip(row, _apart(wanted, [wide[n] for n in row], gap), strict=True))
    low = min(at[n] - wide[n] / 2 for n in at)
    high = max(at[n] + wide[n] / 2 for n in at)
    return {n: x - low for n, x in at.items()}, high - low


def _apart(wanted: list[float], wide: list[float], gap: float) -> list[float]:
    """Places near the wanted ones that keep order and gaps: the mean of pushing right and pushing left."""
    right, left = list(wanted), list(wanted)
    for k in range(1, len(wanted)):
        right[k] = max(right[k], right[k - 1] + (wide[k - 1] + wide[k]) / 2 + gap)
    for k in range(len(wanted) - 2, -1, -1):
        left[k] = min(left[k], left[k + 1] - (wide[k] + wide[k + 1]) / 2 - gap)
    return [(a + b) / 2 for a, b in zip(right, left, strict=True)]
