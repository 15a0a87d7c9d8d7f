"""The one-sided limit of a permutation test is where the test turns from refuting to not refuting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.exchange import ExchangeLimit, limits_of_many, lower_limit
from perintis.rules.statistics.office_tests import OfficeMeans


def apart(baseline: list[float], pilot: list[float]) -> OfficeMeans:
    """Offices of their own in each cohort."""
    both = len(baseline) + len(pilot)
    mean, sizes = np.full((both, 2), np.nan), np.zeros((both, 2))
    mean[: len(baseline), 0], mean[len(baseline) :, 1] = baseline, pilot
    sizes[: len(baseline), 0], sizes[len(baseline) :, 1] = 10, 10
    return OfficeMeans(mean, sizes, np.arange(both))


def paired(differences: list[float]) -> OfficeMeans:
    """The same offices in both cohorts."""
    count = len(differences)
    return OfficeMeans(np.column_stack([np.zeros(count), differences]), np.full((count, 2), 10.0), np.arange(count))


def chance(means: OfficeMeans, true: float) -> float:
    """Written out: the share of all assignments that do at least as well, were `true` the difference."""
    values = means.single - true * means.pilot
    best = values[means.pilot].sum()
    sums = [values[list(chosen)].sum() for chosen in combinations(range(len(values)), int(means.pilot.sum()))]
    return float(np.mean([s >= best - 1e-9 for s in sums]))


def test_below_the_limit_a_difference_is_refuted_and_above_it_is_not() -> None:
    """5 + 5 offices: the share of 252 assignments passes 2.5 % exactly at the limit."""
    random = np.random.default_rng(2)
    means = apart(list(random.normal(0, 1, 5)), list(random.normal(1.5, 1, 5)))
    found = lower_limit(means)
    assert isinstance(found, ExchangeLimit)
    assert found.tried == 252
    assert chance(means, found.limit - 1e-6) <= 0.025 < chance(means, found.limit + 1e-6)


def test_three_against_three_refute_nothing() -> None:
    """20 assignments: no result is rarer than one in twenty."""
    found = lower_limit(apart([1, 2, 3], [11, 12, 13]))
    assert isinstance(found, ExchangeLimit)
    assert (found.limit, found.smallest) == (float("-inf"), 0.05)


def test_offices_in_both_cohorts_need_six() -> None:
    """Signs of five offices: one in 32 at best. Of six: one in 64, and the limit is the least difference of all."""
    five, six = lower_limit(paired([1, 2, 3, 4, 5])), lower_limit(paired([1, 2, 3, 4, 5, 6]))
    assert isinstance(five, ExchangeLimit)
    assert isinstance(six, ExchangeLimit)
    assert (five.limit, five.smallest) == (float("-inf"), 1 / 32)
    assert (six.limit, six.smallest) == (1.0, 1 / 64)


def test_adding_to_the_pilots_offices_moves_the_limit_by_as_much() -> None:
    """Every office of the pilot two more: the limit is two more."""
    base, pilot = [1.0, 2.5, 3.1, 0.4, 2.2, 1.9], [3.0, 4.5, 2.1, 5.4, 4.2]
    one, two = lower_limit(apart(base, pilot)), lower_limit(apart(base, [p + 2 for p in pilot]))
    assert isinstance(one, ExchangeLimit)
    assert isinstance(two, ExchangeLimit)
    assert two.limit - one.limit == pytest.approx(2.0)


def test_within_strata_labels_stay_in_their_stratum() -> None:
    """Two strata of 4 + 4 offices: 70 times 70 assignments, and a level that differs between strata does not matter."""
    random = np.random.default_rng(5)
    base, pilot = random.normal(0, 1, 8), random.normal(1, 1, 8)
    strata = np.tile(np.repeat([0, 1], 4), 2)
    plain = lower_limit(apart(list(base), list(pilot)), strata=strata)
    lifted = lower_limit(apart(list(base + 50 * strata[:8]), list(pilot + 50 * strata[:8])), strata=strata)
    assert isinstance(plain, ExchangeLimit)
    assert isinstance(lifted, ExchangeLimit)
    assert plain.tried == 4_900
    assert lifted.limit == pytest.approx(plain.limit)


def test_more_offices_than_can_all_be_tried_are_drawn() -> None:
    """14 + 14 offices, 40 million assignments: 20,000 are drawn, and the limit is near that of the t test."""
    random = np.random.default_rng(8)
    base, pilot = random.normal(0, 1, 14), random.normal(1, 1, 14)
    found = lower_limit(apart(list(base), list(pilot)))
    assert isinstance(found, ExchangeLimit)
    assert found.tried == 20_000
    error = float(np.sqrt((base.var(ddof=1) + pilot.var(ddof=1)) / 14))
    assert found.limit == pytest.approx(pilot.mean() - base.mean() - 2.056 * error, abs=0.1)


def test_offices_in_one_and_in_both_cohorts_cannot_be_exchanged() -> None:
    """The reason is told."""
    mixed = OfficeMeans(np.ones((3, 2)), np.array([[10.0, 10], [10, 0], [0, 10]]), np.arange(3))
    assert isinstance(lower_limit(mixed), NoEstimate)


@pytest.mark.parametrize("offices", [4, 6])
def test_many_pilots_at_once_have_the_same_limits(offices: int) -> None:
    """Up to six offices a cohort all assignments are tried, so the limits are those of one pilot after the other."""
    means = np.random.default_rng(1).normal(size=(30, 2, offices))
    low, high = limits_of_many(means, (0.025, 0.05))
    for place, (baseline, pilot) in enumerate(means):
        for level, alpha in enumerate((0.025, 0.05)):
            for sign, found in ((1.0, low), (-1.0, high)):
                one = lower_limit(apart(list(sign * baseline), list(sign * pilot)), alpha)
                assert isinstance(one, ExchangeLimit)
                assert found[level, place] == pytest.approx(sign * one.limit, abs=1e-5)


def test_drawn_assignments_stand_for_all() -> None:
    """Nine offices a cohort: 1,999 drawn of 48,620 give limits near the exact ones."""
    means = np.random.default_rng(2).normal(size=(20, 2, 9))
    drawn = limits_of_many(means, (0.025,))[0][0]
    exact = []
    for baseline, pilot in means:
        one = lower_limit(apart(list(baseline), list(pilot)))
        assert isinstance(one, ExchangeLimit)
        exact.append(one.limit)
    assert np.abs(drawn - exact).max() < 0.25
    assert np.abs(np.mean(drawn - exact)) < 0.05
