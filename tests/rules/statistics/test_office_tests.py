"""The t test over office means and the permutation of office labels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.office_tests import (
    OfficeMeans,
    OfficeT,
    Permuted,
    office_means,
    office_t,
    permutation,
    smallest_p,
)
from perintis.rules.statistics.wild_bootstrap import WildP, wild_bootstrap
from tests.rules.statistics.made import clustered, effect

MEANS = [1.0, 4.0, 2.0, 3.0, 9.0, 5.0, 7.0, 8.5]


def apart(means: list[float], pilot: int) -> OfficeMeans:
    """One case an office, the last `pilot` of them in the pilot."""
    return office_means(effect(means, [k >= len(means) - pilot for k in range(len(means))], range(len(means))))


def permuted(found: Permuted | NoEstimate) -> Permuted:
    assert isinstance(found, Permuted)
    return found


def test_office_means_weigh_offices_equally() -> None:
    """Two cases or one, an office is an office; the mean of a cohort's offices is not that of its cases."""
    made = effect([1, 3, 5, 8, 8, 11], [0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 2, 3])
    means = office_means(made)
    differences = means.single - means.single[0]
    assert differences == pytest.approx([0, 3, 6, 9])
    found = office_t(means)
    assert isinstance(found, OfficeT)
    assert (found.estimate, found.df) == (pytest.approx(6.0), 2)


def test_the_t_test_is_that_of_an_independent_program() -> None:
    """Pooled two-sample t of scipy; paired t where offices are in both cohorts."""
    stats = pytest.importorskip("scipy.stats")
    found = office_t(apart(MEANS, 4))
    assert isinstance(found, OfficeT)
    assert found.p == pytest.approx(stats.ttest_ind(MEANS[4:], MEANS[:4]).pvalue)
    paired = office_t(office_means(effect(MEANS, [0] * 4 + [1] * 4, [0, 1, 2, 3] * 2)))
    assert isinstance(paired, OfficeT)
    assert (paired.p, paired.df) == (pytest.approx(stats.ttest_rel(MEANS[4:], MEANS[:4]).pvalue), 3)


def test_permutation_counts_all_assignments() -> None:
    """70 ways to choose 4 of 8 offices; those at least as far apart as seen, counted by hand."""
    found = permuted(permutation(apart(MEANS, 4)))
    total = sum(MEANS)
    seen = abs(sum(MEANS[4:]) - total / 2)
    reached = sum(abs(sum(chosen) - total / 2) >= seen - 1e-9 for chosen in combinations(MEANS, 4))
    assert (found.tried, found.exact, found.p) == (70, True, reached / 70)


def test_unequal_numbers_of_offices() -> None:
    """5 against 3: 56 assignments, of which one or more are as far out."""
    found = permuted(permutation(apart(MEANS, 3)))
    expected = 3 * sum(MEANS) / 8
    seen = abs(sum(MEANS[5:]) - expected)
    reached = sum(abs(sum(chosen) - expected) >= seen - 1e-9 for chosen in combinations(MEANS, 3))
    assert (found.tried, found.p) == (56, reached / 56)


@pytest.mark.parametrize("pilot", [1, 2, 28, 29])
def test_few_offices_against_many(pilot: int) -> None:
    """30 offices with a few, or all but a few, in the pilot."""
    means = [float(k * k % 17) for k in range(30)]
    found = permuted(permutation(apart(means, pilot)))
    centre = pilot * sum(means) / 30
    seen = abs(sum(means[30 - pilot :]) - centre)
    reached = [abs(sum(chosen) - centre) >= seen - 1e-9 for chosen in combinations(means, pilot)]
    assert (found.exact, found.p) == (True, pytest.approx(np.mean(reached)))


def test_labels_are_exchanged_within_strata_only() -> None:
    """Two strata of 2 + 2 offices: 36 assignments instead of 70."""
    strata = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    found = permuted(permutation(apart(MEANS, 4), strata))
    assert (found.tried, found.smallest) == (36, pytest.approx(2 / 36))


def test_three_offices_against_three_can_never_be_significant() -> None:
    """The smallest two-sided p is 2 of 20, and the text says so."""
    assert smallest_p(3, 3) == pytest.approx(0.10)
    found = permuted(permutation(apart([1, 2, 3, 101, 102, 103], 3)))
    assert found.p == pytest.approx(0.10)
    assert found.text.endswith("the smallest chance they allow is 10%, so no result can be beyond chance")


def test_many_offices_are_drawn_with_a_fixed_seed() -> None:
    """15 + 15 offices have 155 million assignments: the same draws each time, and p is never zero."""
    means = apart([float(k) for k in range(30)], 15)
    found = permuted(permutation(means))
    assert not found.exact
    assert found.p == pytest.approx(1 / (found.tried + 1))
    assert found == permutation(means)


def test_offices_partly_in_both_cohorts_have_no_permutation() -> None:
    """Neither labels nor signs can be exchanged; the reason says what to do."""
    found = permutation(office_means(effect([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], [0, 1, 2, 2, 3, 4])))
    assert isinstance(found, NoEstimate)
    assert "some offices are in both cohorts" in found.reason


def test_the_wild_bootstrap_keeps_its_level_and_finds_effects() -> None:
    """8 + 8 offices: no effect is refused about 5 times in 100; a large one is found."""
    random = np.random.default_rng(6)
    ps = [wild_bootstrap(clustered(random, [30] * 16, 0.05).difference(), resamples=499) for _ in range(200)]
    assert np.mean([isinstance(p, WildP) and p.p < 0.05 for p in ps]) < 0.1
    found = wild_bootstrap(clustered(random, [30] * 16, 0.05, gain=1.0).difference())
    assert isinstance(found, WildP)
    assert found.p < 0.01
    assert isinstance(wild_bootstrap(effect([1, 2, 3], [0, 1, 1], [0, 1, 2])), NoEstimate)


def test_the_wild_bootstrap_agrees_with_plain_regressions() -> None:
    """Each sign pattern, refitted case by case with a cluster-robust t, gives the same p."""
    made = clustered(np.random.default_rng(3), [3, 5, 4, 6, 2, 7], 0.2, gain=0.6)
    y, pilot, office = made.y, made.units.pilot, made.units.office

    def t(values: np.ndarray) -> float:
        squares, means = 0.0, []
        for cohort in (False, True):
            rows = pilot == cohort
            means.append(values[rows].mean())
            sums = np.array([(values[rows & (office == g)] - means[-1]).sum() for g in np.unique(office[rows])])
            squares += (sums**2).sum() / rows.sum() ** 2 * len(sums) / (len(sums) - 1)
        return float((means[1] - means[0]) / np.sqrt(squares))

    drawn = []
    for pattern in range(64):
        signs = np.array([-1.0 if pattern >> g & 1 else 1.0 for g in range(6)])
        drawn.append(abs(t(y.mean() + signs[office] * (y - y.mean()))))
    found = wild_bootstrap(made.difference())
    assert isinstance(found, WildP)
    assert found.t == pytest.approx(t(y))
    assert (found.tried, found.p) == (64, np.mean(np.array(drawn) >= abs(t(y)) * (1 - 1e-9)))
