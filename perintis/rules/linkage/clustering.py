"""From pairs to persons, without blind chains.

Records are merged from the strongest pair downwards, and two groups only where the pairs between them support it on
average (average linkage on match weights, Sokal and Michener, 1958). A pair that was never compared, or was found
unlike, counts against the merge, so one strong pair does not chain two persons together. A merge that would put two
records of a source without duplicates, or two different verified identity numbers, into one person is refused.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

UNSUPPORTED = -4.0
"""The weight (log2 of the odds) that stands for a pair without evidence."""
STRONGEST = 12.0
"""The weight above which a pair counts no further, so that one pair does not outvote many."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Two records by their numbers (left below right) and the match weight of the pair."""

    left: int
    right: int
    weight: float


@dataclass(frozen=True, slots=True)
class Barriers:
    """What keeps records apart.

    `alone[record]` is a source that holds no person twice, `verified[record]` a verified identity number, and `apart`
    are pairs that people decided to be two persons.
    """

    alone: Mapping[int, Hashable] = field(default_factory=dict)
    verified: Mapping[int, str] = field(default_factory=dict)
    apart: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Grouping:
    """`group[record]` is the smallest record number of its person; `refused` are the edges that a barrier refused."""

    group: tuple[int, ...]
    refused: frozenset[tuple[int, int]]


def cluster(
    records: int,
    edges: Sequence[Edge],
    *,
    at_least: float,
    barriers: Barriers | None = None,
    joined: Sequence[tuple[int, int]] = (),
) -> Grouping:
    """Groups records 0 to `records` - 1; two groups merge while the mean weight between them is `at_least`.

    `joined` are pairs that people decided to be one person: they are merged first, where no barrier forbids it.
    """
    state = _State(records, barriers or Barriers())
    for edge in edges:
        state.connect(edge)
    for left, right in joined:
        state.join(left, right)
    refused: set[tuple[int, int]] = set()
    while state.heap:
        negative, left, right = heapq.heappop(state.heap)
        if not state.is_current(left, right, -negative):
            continue
        if -negative < at_least:
            break
        if state.may_merge(left, right):
            state.merge(left, right)
        else:
            refused.update(state.strong_between(left, right, at_least))
            state.part(left, right)
    return Grouping(state.groups(), frozenset(refused))


class _State:
    """Groups under construction: members, sums of weights to neighbouring groups, and a heap of candidate merges."""

    def __init__(self, records: int, barriers: Barriers) -> None:
        self.members: dict[int, list[int]] = {record: [record] for record in range(records)}
        self.group_of = list(range(records))
        self.sums: dict[int, dict[int, tuple[float, int]]] = {}
        self.heap: list[tuple[float, int, int]] = []
        self.direct: dict[tuple[int, int], float] = {}
        self.alone = {record: {source} for record, source in barriers.alone.items()}
        self.verified = {record: {number} for record, number in barriers.verified.items()}
        self.apart: dict[int, set[int]] = {}
        for left, right in barriers.apart:
            self.apart.setdefault(left, set()).add(right)
            self.apart.setdefault(right, set()).add(left)

    def connect(self, edge: Edge) -> None:
        weight = max(UNSUPPORTED, min(STRONGEST, edge.weight))
        self.direct[edge.left, edge.right] = weight
        self.sums.setdefault(edge.left, {})[edge.right] = (weight, 1)
        self.sums.setdefault(edge.right, {})[edge.left] = (weight, 1)
        heapq.heappush(self.heap, (-weight, edge.left, edge.right))

    def mean(self, left: int, right: int) -> float:
        """The mean weight over all pairs between two groups; pairs without evidence count as UNSUPPORTED."""
        total, known = self.sums[left][right]
        pairs = len(self.members[left]) * len(self.members[right])
        return (total + UNSUPPORTED * (pairs - known)) / pairs

    def is_current(self, left: int, right: int, mean: float) -> bool:
        return left in self.members and right in self.sums.get(left, ()) and self.mean(left, right) == mean

    def may_merge(self, left: int, right: int) -> bool:
        if self.alone.get(left, set()) & self.alone.get(right, set()):
            return False
        if not self.apart.get(left, set()).isdisjoint(self.members[right]):
            return False
        return len(self.verified.get(left, set()) | self.verified.get(right, set())) <= 1

    def merge(self, left: int, right: int) -> None:
        """Takes the group with fewer neighbours into the other."""
        keep, drop = (left, right) if len(self.sums[left]) >= len(self.sums[right]) else (right, left)
        moved = self.members.pop(drop)
        for record in moved:
            self.group_of[record] = keep
        self.members[keep] += moved
        _hand_over(self.alone, drop, keep)
        _hand_over(self.verified, drop, keep)
        _hand_over(self.apart, drop, keep)
        own = self.sums[keep]
        own.pop(drop)
        for neighbour, (total, known) in self.sums.pop(drop).items():
            if neighbour == keep:
                continue
            before, count = own.get(neighbour, (0.0, 0))
            own[neighbour] = (before + total, count + known)
            theirs = self.sums[neighbour]
            theirs.pop(drop, None)
            theirs[keep] = own[neighbour]
        for neighbour in own:
            first, second = min(keep, neighbour), max(keep, neighbour)
            heapq.heappush(self.heap, (-self.mean(first, second), first, second))

    def join(self, left: int, right: int) -> None:
        """Merges the groups of two records whatever the weights, where no barrier forbids it."""
        first, second = self.group_of[left], self.group_of[right]
        if first == second or not self.may_merge(first, second):
            return
        for group, other in ((first, second), (second, first)):
            self.sums.setdefault(group, {}).setdefault(other, (0.0, 0))
        self.merge(first, second)

    def part(self, left: int, right: int) -> None:
        """Forgets that two groups are neighbours: a barrier keeps them apart for good."""
        self.sums[left].pop(right)
        self.sums[right].pop(left)

    def strong_between(self, left: int, right: int, at_least: float) -> list[tuple[int, int]]:
        pairs = ((min(a, b), max(a, b)) for a in self.members[left] for b in self.members[right])
        return [pair for pair in pairs if self.direct.get(pair, UNSUPPORTED) >= at_least]

    def groups(self) -> tuple[int, ...]:
        first = {record: min(members) for members in self.members.values() for record in members}
        return tuple(first[record] for record in range(len(first)))


def _hand_over(kept: dict[int, set[T]], drop: int, keep: int) -> None:
    if drop in kept:
        kept[keep] = kept.get(keep, set()) | kept.pop(drop)


def person_id(source: str, record: str) -> str:
    """The id of a person from the first of their records: the same records give the same id, and it tells nothing."""
    return "P" + sha256(f"{source}\x1f{record}".encode()).hexdigest()[:15]
