"""The distance between two processes, and whether offices alone could explain it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.rules.metrics.view import View
from perintis.rules.process.earth_mover import SAME, Apart, as_far, distance_of, earth_mover, levenshtein, moved
from perintis.rules.statistics.effect import NoEstimate
from tests.rules.process.logs import drawn, log

words = st.text("abc", max_size=7)


def apart(baseline: View, pilot: View, **options: int) -> Apart:
    found = earth_mover(baseline, pilot, seed=1, **options)
    assert isinstance(found, Apart)
    return found


def plain(a: str, b: str) -> int:
    """Levenshtein's distance as it is defined, one letter after the other."""
    if not a or not b:
        return len(a) + len(b)
    return min(plain(a[1:], b) + 1, plain(a, b[1:]) + 1, plain(a[1:], b[1:]) + (a[0] != b[0]))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ({"ABC": 0.5, "AC": 0.5}, {"ABC": 1.0}, 1 / 6),
        ({"ABCD": 0.6, "ABD": 0.3, "ABBCD": 0.1}, {"ABCD": 0.8, "ABD": 0.2}, 0.045),
        ({"ABC": 1.0}, {"ABC": 3.0}, 0.0),
        ({"AB": 1.0}, {"CD": 1.0}, 1.0),
    ],
)
def test_by_hand(first: dict[str, float], second: dict[str, float], distance: float) -> None:
    """Half of the cases need one of three steps put in: 1/6. Then 0.1 * 1/5 + 0.1 * 1/4: 0.045."""
    a, b = ({tuple(path): share for path, share in cohort.items()} for cohort in (first, second))
    assert distance_of(a, b) == pytest.approx(distance, abs=1e-9)
    assert distance_of(b, a) == pytest.approx(distance, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(words, min_size=1, max_size=5))
def test_levenshtein_as_defined(texts: list[str]) -> None:
    """All pairs at once give what the definition gives for each."""
    assert levenshtein(texts).tolist() == [[plain(a, b) for b in texts] for a in texts]


def test_equal_cohorts_are_not_apart() -> None:
    """The same paths: distance 0, similarity 1, and every shuffle is at least as far."""
    paths = ["ABC", "AC"] * 40
    found = apart(log(paths, [f"o{k // 2 % 4}" for k in range(80)]), log(paths, [f"p{k // 2 % 4}" for k in range(80)]))
    assert (found.distance, found.similarity, found.p) == (pytest.approx(0), pytest.approx(1), 1.0)


def test_a_change_in_every_office_is_found() -> None:
    """Step B in 3 of 10 instead of 8 of 10 cases: only the true dealing of 6 + 6 offices is so far apart."""
    found = apart(drawn(1, 6, 40, 0.8, prefix="o"), drawn(2, 6, 40, 0.3, prefix="p"))
    assert found.distance == pytest.approx(0.5 / 3, abs=0.06)
    assert found.p is not None
    assert found.p <= 0.01


def test_one_odd_office_is_not() -> None:
    """A single office that works differently does not make the cohorts differ, however many cases it has."""
    baseline = log(["ABC"] * 200, [f"o{k % 5}" for k in range(200)])
    pilot = log(["ABC"] * 160 + ["AC"] * 400, [f"p{k % 4}" for k in range(160)] + ["p9"] * 400)
    found = apart(baseline, pilot, permutations=300)
    assert found.distance > 0.2
    assert found.p is not None
    assert found.p > 0.2
    assert found.permutations == 252  # all ways of dealing 5 + 5 offices


def test_the_p_value_is_fair_without_an_effect() -> None:
    """Offices that differ and no effect: about one of ten p-values lies below 0.1."""
    low = 0
    for seed in range(20):
        found = apart(
            drawn(seed, 5, 30, 0.5, prefix="o", spread=0.2),
            drawn(500 + seed, 5, 30, 0.5, prefix="p", spread=0.2),
            permutations=19,
        )
        low += (found.p or 0) <= 0.1
    assert low <= 6


def test_offices_in_both_cohorts_swap_their_halves() -> None:
    """Before and after in five offices: 32 ways."""
    before, after = drawn(3, 5, 30, 0.8, prefix="o"), drawn(4, 5, 30, 0.3, prefix="o")
    found = apart(before, after)
    assert found.permutations == 32
    assert found.p == pytest.approx(2 / 32)  # the true way and its mirror image


def test_the_same_seed_gives_the_same() -> None:
    """And swapping the cohorts changes nothing."""
    a, b = drawn(5, 8, 30, 0.6, prefix="o"), drawn(6, 8, 30, 0.4, prefix="p")
    assert apart(a, b, permutations=19) == apart(a, b, permutations=19)
    assert apart(b, a, permutations=1).distance == pytest.approx(apart(a, b, permutations=1).distance)


def test_rare_variants_count_as_the_frequent_one_with_the_most_similar_steps() -> None:
    """With room for two variants, AABC is counted as ABC and ACC as AC; the share of such cases is told."""
    paths = ["ABC"] * 10 + ["AC"] * 8 + ["AABC"] + ["ACC"]
    found = apart(log(paths), log(["ABC"] * 11 + ["AC"] * 9), most=2)
    assert found.bucketed == pytest.approx(0.05)
    assert found.distance == pytest.approx(0)
    exact = apart(log(paths), log(["ABC"] * 11 + ["AC"] * 9))
    assert exact.bucketed == 0
    assert exact.distance == pytest.approx((1 / 4 + 1 / 3) / 20)


@pytest.mark.parametrize(
    ("offices", "reason"),
    [
        (None, "the office of some cases was not recorded"),
        (3, "4 offices a cohort needed, 3 present"),
    ],
)
def test_without_enough_offices_there_is_no_p_value(offices: int | None, reason: str) -> None:
    """The distance is told, and why nothing is said of chance."""
    names = None if offices is None else [f"o{k % offices}" for k in range(40)]
    found = apart(log(["AB"] * 40, names), log(["AC"] * 40, names))
    assert (found.distance, found.p, found.reason) == (0.5, None, reason)


def test_four_offices_compared_with_themselves_are_too_few() -> None:
    """Four offices can swap their halves in 16 ways: no p-value of 0.05 is possible."""
    names = [f"o{k % 4}" for k in range(40)]
    found = apart(log(["AB"] * 40, names), log(["AC"] * 40, names))
    assert found.p is None
    assert found.reason == "offices can be shuffled in 16 ways only; 20 are needed to bring chance down to 5%"


def test_without_paths_there_is_no_distance() -> None:
    """A reason, and no distance of zero."""
    assert isinstance(earth_mover(log([]), log(["AB"]), seed=1), NoEstimate)
    with pytest.raises(ValueError, match="at least one variant"):
        distance_of({}, {("A",): 1.0})
    assert np.isfinite(distance_of({(): 1.0}, {("A",): 1.0}))


@pytest.mark.parametrize("shift", [0.0, 0.15, 1.0])
def test_bounds_decide_as_solving_every_way_does(shift: float) -> None:
    """Small, middling and large differences: as many ways are as far apart as when each is solved by itself."""
    random = np.random.default_rng(3)
    texts = sorted({"".join(random.choice(list("abcdef"), 5)) for _ in range(12)})
    size = len(texts)
    lengths = np.array([[float(len(text)) for text in texts]])
    costs = levenshtein(texts) / np.maximum(lengths, lengths.T)
    counts = np.empty((2, 10, size))
    usual, other = random.dirichlet(np.ones(size), 2)
    for cohort, office in np.ndindex(2, 10):
        shares = random.dirichlet(20 * (usual * (1 - shift * cohort) + other * shift * cohort) + 0.001)
        counts[cohort, office] = random.multinomial(200, shares)
    swaps = random.random((60, 10)) < 0.5
    observed = moved(counts[0].sum(axis=0), counts[1].sum(axis=0), costs)
    first, second = (np.where(swaps[:, :, None], counts[a], counts[1 - a]).sum(axis=1) for a in (1, 0))
    solved = [moved(a, b, costs) >= observed - SAME for a, b in zip(first, second, strict=True)]

    assert as_far(counts, swaps, costs) == (60, sum(solved))
