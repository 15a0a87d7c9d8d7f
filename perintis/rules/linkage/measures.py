"""How good a linkage is where the truth is known: precision, recall and F1 by pairs, by clusters and by records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from perintis.words.errors import BadInput

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares between 0 and 1; None where there is nothing to divide by (nothing linked, or nothing to be found)."""

    precision: float | None
    recall: float | None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where either is, and 0 where both are 0."""
        if self.precision is None or self.recall is None:
            return None
        together = self.precision + self.recall
        return 2 * self.precision * self.recall / together if together else 0.0


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def pair_quality(linked: Iterable[tuple[Hashable, Hashable]], true: Iterable[tuple[Hashable, Hashable]]) -> Quality:
    """By pairs: which linked pairs are true, which true pairs are linked. The order inside a pair does not matter."""
    found = {frozenset(pair) for pair in linked}
    wanted = {frozenset(pair) for pair in true}
    return Quality(_share(len(found & wanted), len(found)), _share(len(found & wanted), len(wanted)))


def pair_quality_of_clusters(found: Mapping[K, Hashable], true: Mapping[K, Hashable]) -> Quality:
    """By all pairs that share a cluster, counted without listing them; both map each record to its cluster."""
    _same_records(found, true)
    both = _pairs((found[record], true[record]) for record in found)
    return Quality(_share(both, _pairs(found.values())), _share(both, _pairs(true.values())))


def _pairs(clusters: Iterable[Hashable]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(clusters).values())


def cluster_quality(found: Mapping[K, Hashable], true: Mapping[K, Hashable]) -> Quality:
    """By whole clusters: which found clusters are exactly a true one, and the other way round."""
    _same_records(found, true)
    exact = len(_member_sets(found) & _member_sets(true))
    return Quality(_share(exact, len(set(found.values()))), _share(exact, len(set(true.values()))))


def _member_sets(clusters: Mapping[K, Hashable]) -> set[frozenset[K]]:
    members: dict[Hashable, set[K]] = {}
    for record, cluster in clusters.items():
        members.setdefault(cluster, set()).add(record)
    return {frozenset(records) for records in members.values()}


def b_cubed(found: Mapping[K, Hashable], true: Mapping[K, Hashable]) -> Quality:
    """By records: the mean share of a record's found cluster that is truly the same person, and of its true cluster
    that was found (Bagga and Baldwin, 1998). Large clusters do not outweigh small ones as they do by pairs.
    """
    _same_records(found, true)
    sizes_found, sizes_true = Counter(found.values()), Counter(true.values())
    shared = Counter((found[record], true[record]) for record in found)
    precision = sum(size * size / sizes_found[cluster] for (cluster, _), size in shared.items())
    recall = sum(size * size / sizes_true[person] for (_, person), size in shared.items())
    return Quality(_share(precision, len(found)), _share(recall, len(found)))


def _same_records(found: Mapping[K, Hashable], true: Mapping[K, Hashable]) -> None:
    if found.keys() != true.keys():
        missing = len(true.keys() ^ found.keys())
        raise BadInput(f"{missing} records are in the linkage or in the truth alone; give both for the same records")
