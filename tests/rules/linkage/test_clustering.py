"""Pairs become persons without chains, and no barrier is ever crossed."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.linkage.clustering import Barriers, Edge, cluster, person_id

Pairs = list[tuple[int, int, float]]


def groups(records: int, pairs: Pairs, barriers: Barriers | None = None, **more: list[tuple[int, int]]) -> list[str]:
    """The groups as texts of record numbers: ["012", "3"]."""
    found = cluster(records, [Edge(*pair) for pair in pairs], at_least=0.0, barriers=barriers, **more).group
    return sorted("".join(str(r) for r in range(records) if found[r] == first) for first in set(found))


def test_likely_pairs_are_one_person_and_unlikely_ones_are_not() -> None:
    """A pair below the threshold links nobody."""
    assert groups(4, [(0, 1, 5.0), (2, 3, -1.0)]) == ["01", "2", "3"]


def test_three_records_that_support_each_other_are_one_person() -> None:
    """A weak pair is carried by two strong ones."""
    assert groups(3, [(0, 1, 9.0), (1, 2, 9.0), (0, 2, -3.0)]) == ["012"]


def test_one_doubtful_pair_does_not_chain_two_persons() -> None:
    """Two groups of three with one pair of weight 3 between them: eight other pairs speak against it."""
    strong = [(*pair, 10.0) for trio in ((0, 1, 2), (3, 4, 5)) for pair in combinations(trio, 2)]
    assert groups(6, [*strong, (2, 3, 3.0)]) == ["012", "345"]


def test_a_source_without_duplicates_gives_each_person_one_record() -> None:
    """Records 0 and 1 are of one such source: the weaker of the two pairs is cut, though both are strong."""
    barriers = Barriers(alone={0: "registry", 1: "registry"})
    assert groups(3, [(0, 2, 9.0), (1, 2, 8.0)], barriers) == ["02", "1"]
    assert groups(3, [(0, 2, 8.0), (1, 2, 9.0)], barriers) == ["0", "12"]
    assert groups(3, [(0, 2, 9.0), (1, 2, 8.0)]) == ["012"]


def test_two_verified_numbers_are_two_persons() -> None:
    """Equal verified numbers may be together, different ones never."""
    pairs = [(0, 1, 12.0), (1, 2, 11.0), (0, 2, 12.0)]
    assert groups(3, pairs, Barriers(verified={0: "A", 1: "A"})) == ["012"]
    assert groups(3, pairs, Barriers(verified={0: "A", 1: "B"})) == ["02", "1"]


def test_a_refused_pair_is_reported() -> None:
    """A clerk is shown what a barrier kept apart."""
    edges = [Edge(0, 1, 5.0)]
    found = cluster(2, edges, at_least=0.0, barriers=Barriers(verified={0: "A", 1: "B"}))
    assert found.refused == {(0, 1)}


def test_people_decide_both_ways() -> None:
    """A decision joins without evidence, and parts against it."""
    assert groups(3, [(0, 1, 9.0)], joined=[(1, 2)]) == ["012"]
    assert groups(2, [], joined=[(0, 1)]) == ["01"]
    assert groups(2, [(0, 1, 9.0)], Barriers(apart=frozenset({(0, 1)}))) == ["0", "1"]
    assert groups(3, [(0, 1, 9.0), (1, 2, 9.0), (0, 2, 9.0)], Barriers(apart=frozenset({(0, 2)}))) == ["01", "2"]


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(-6, 15)), max_size=25),
    st.lists(st.sampled_from(["a", "b", None]), min_size=8, max_size=8),
)
def test_no_person_has_two_records_of_a_source_without_duplicates(pairs: Pairs, sources: list[str | None]) -> None:
    """Whatever the pairs, a barrier holds, and the order of the pairs changes nothing."""
    edges = {(min(a, b), max(a, b)): weight for a, b, weight in pairs if a != b}
    given_edges = [Edge(a, b, weight) for (a, b), weight in edges.items()]
    barriers = Barriers(alone={n: source for n, source in enumerate(sources) if source})
    found = cluster(8, given_edges, at_least=0.0, barriers=barriers).group
    for one, other in combinations(range(8), 2):
        if found[one] == found[other] and sources[one]:
            assert sources[one] != sources[other]
    assert found == cluster(8, given_edges[::-1], at_least=0.0, barriers=barriers).group


def test_a_person_id_depends_on_the_record_alone() -> None:
    """The same record gives the same id in every run; source and number cannot run into each other."""
    assert person_id("health", "12") == person_id("health", "12")
    assert person_id("health1", "2") != person_id("health", "12")
