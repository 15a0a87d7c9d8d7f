"""Errors of effects where cases of an office, or of a day, resemble each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perintis.rules.statistics.clusters import (
    Clustering,
    Interval,
    covariance,
    degrees_of_freedom,
    interval,
    standard_error,
    variance,
)
from perintis.rules.statistics.effect import Effect, NoEstimate
from perintis.rules.statistics.grouped import bias_reduced, cells
from tests.rules.statistics.made import clustered, effect


def shown(found: Interval | NoEstimate) -> Interval:
    assert isinstance(found, Interval), found
    return found


def excludes_zero(found: Interval | NoEstimate) -> bool:
    return not shown(found).low <= 0 <= shown(found).high


def test_equal_offices_give_the_error_of_their_means() -> None:
    """With equal sizes it is the two-sample error over office means, and CR2 is the same with 2G - 2."""
    made = clustered(np.random.default_rng(1), [7] * 10, 0.3)
    means = made.y.reshape(10, 7).mean(axis=1)
    expected = np.sqrt(means[:5].var(ddof=1) / 5 + means[5:].var(ddof=1) / 5)
    assert standard_error(made.difference()) == pytest.approx(expected)
    squares, df = bias_reduced(cells(made.difference(), made.units.office))
    assert (np.sqrt(squares), df) == pytest.approx((expected, 8))


def test_independent_cases_give_welch() -> None:
    """Without clusters it is s1^2/n1 + s0^2/n0."""
    found = effect([1, 2, 4, 3, 7, 9, 8], [0, 0, 0, 1, 1, 1, 1])
    a, b = np.array([1, 2, 4]), np.array([3, 7, 9, 8])
    assert variance(found, Clustering.NONE) == pytest.approx(a.var(ddof=1) / 3 + b.var(ddof=1) / 4)


def test_two_ways_agree_with_an_independent_program() -> None:
    """Offices and days crossed, against statsmodels' two-way sums without small-sample factors."""
    sm = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(4)
    n = 240
    office, day, pilot = random.integers(0, 8, n), random.integers(0, 12, n), random.random(n) < 0.5
    y = random.normal(size=8)[office] + random.normal(size=12)[day] + random.normal(size=n)
    found = effect(y, pilot, office, day)
    fit = sm.OLS(y, np.column_stack([np.ones(n), pilot])).fit()
    for by, groups in ((Clustering.OFFICE, office), (Clustering.DAY, day)):
        count = len(np.unique(groups))
        theirs = fit.get_robustcov_results("cluster", groups=groups, use_correction=False).bse[1] ** 2
        assert variance(found, by) == pytest.approx(theirs * count / (count - 1))
    both = office * 12 + day
    count = len(np.unique(both))
    cross = fit.get_robustcov_results("cluster", groups=both, use_correction=False).bse[1] ** 2 * count / (count - 1)
    one, other = variance(found, Clustering.OFFICE), variance(found, Clustering.DAY)
    assert variance(found, Clustering.BOTH) == pytest.approx(max(one + other - cross, one, other))


def test_unequal_offices_have_fewer_degrees_of_freedom() -> None:
    """CR2 and Bell-McCaffrey by matrices: A = (I - H)^-1/2 by office, df for independent cases."""
    made = clustered(np.random.default_rng(2), [3, 5, 20, 4, 6, 30, 2, 9], 0.2)
    office, n = made.units.office, len(made.y)
    x = np.column_stack([np.ones(n), made.units.pilot])
    bread = np.linalg.inv(x.T @ x)
    rest = np.eye(n) - x @ bread @ x.T
    residual, scores, columns = rest @ made.y, [], []
    for g in range(8):
        rows = office == g
        eigen, vectors = np.linalg.eigh(rest[np.ix_(rows, rows)])
        adjusted = vectors @ np.diag(eigen**-0.5) @ vectors.T
        weights = adjusted @ x[rows] @ bread[:, 1]
        scores.append(residual[rows] @ weights)
        columns.append(rest[:, rows] @ weights)
    products = np.array(columns) @ np.array(columns).T
    squares, df = bias_reduced(cells(made.difference(), office))
    assert squares == pytest.approx(np.square(scores).sum())
    assert df == pytest.approx(np.trace(products) ** 2 / (products**2).sum())
    assert df < 6


def test_the_same_offices_in_both_cohorts_have_g_less_one() -> None:
    """Equal sizes: df G - 1 by Bell and McCaffrey as well."""
    made = clustered(np.random.default_rng(2), [6] * 16, 0.2, shared=True)
    assert bias_reduced(cells(made.difference(), made.units.office))[1] == pytest.approx(7)
    assert (degrees_of_freedom(8, 8, True), degrees_of_freedom(8, 9, False)) == (7, 15)
    assert shown(interval(made.difference())).rests_on == "8 offices"


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ([9, 9, 9, 9], "4 offices a cohort needed, 2 present in the baseline"),
        ([9] * 6, "4 offices a cohort needed, 3 present in the baseline"),
    ],
)
def test_fewer_than_four_offices_say_nothing(sizes: list[int], reason: str) -> None:
    """However many cases there are."""
    found = interval(clustered(np.random.default_rng(2), sizes, 0.0, gain=9.0).difference())
    assert isinstance(found, NoEstimate)
    assert found.reason == reason
    assert interval(effect([1, 2, 3, 4], [0, 0, 1, 1])) == NoEstimate(
        "no offices were recorded", "record the office of every case"
    )
    assert isinstance(interval(effect([1, 2, 3], [0, 0, 1]), Clustering.NONE), NoEstimate)


def test_with_few_offices_t_and_permutation_must_agree() -> None:
    """Five pairs of the same offices have a smallest p of 1/16: however large the effect, zero stays inside."""
    random = np.random.default_rng(2)
    paired = shown(interval(clustered(random, [30] * 10, 0.02, shared=True, gain=3.0).difference()))
    assert (paired.low, paired.high, paired.agreed) == (0.0, pytest.approx(paired.high), False)
    assert paired.p == pytest.approx(1 / 16)
    assert (
        paired.caution
        == "all 32 assignments of offices; the smallest chance they allow is 6.2%, so no result can be beyond chance"
    )
    apart = shown(interval(clustered(random, [30] * 10, 0.02, gain=3.0).difference()))
    assert apart.low > 0
    assert apart.p == pytest.approx(2 / 252)
    assert (apart.agreed, apart.df, apart.rests_on) == (True, 8, "5 + 5 offices")


def test_twelve_offices_are_enough_for_cr2() -> None:
    """The method changes, and is named."""
    found = shown(interval(clustered(np.random.default_rng(2), [10] * 24, 0.1).difference()))
    assert (found.method, found.df) == ("cluster-robust error (CR2) with t", pytest.approx(22))


def test_days_that_are_bad_for_everybody_widen_the_interval() -> None:
    """A shock shared by all offices on a day, with other days in each cohort: only days or both ways see it."""
    random = np.random.default_rng(3)
    office, day = np.repeat(np.arange(24), 40), np.tile(np.arange(20), 48)
    pilot = office >= 12
    day = day + 20 * pilot
    y = random.normal(size=40)[day] + random.normal(size=len(day))
    by_office, both = (interval(effect(y, pilot, office, day), by) for by in (Clustering.OFFICE, Clustering.BOTH))
    assert shown(both).error > 2 * shown(by_office).error
    assert shown(both).rests_on == "12 + 12 offices, 40 days"


def test_errors_that_ignore_offices_are_too_small() -> None:
    """10 + 10 offices, no effect, correlation 0.05: tests over cases are wrong 4 times in 10, over offices rarely."""
    random, naive, right = np.random.default_rng(20), 0, 0
    for _ in range(150):
        made = clustered(random, [100] * 20, 0.05).difference()
        naive += excludes_zero(interval(made, Clustering.NONE))
        right += excludes_zero(interval(made))
    assert naive > 0.3 * 150
    assert right < 0.1 * 150


def test_cohorts_swapped_turn_the_sign_only() -> None:
    """Estimate and limits change sign, the error does not."""
    made = clustered(np.random.default_rng(8), [4, 7, 12, 5, 6, 9, 8, 11], 0.1, gain=0.5)
    turned = replace(made, units=replace(made.units, pilot=~made.units.pilot))
    one, other = shown(interval(made.difference())), shown(interval(turned.difference()))
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert (other.error, other.df, other.p) == pytest.approx((one.error, one.df, one.p))


def test_neither_the_order_of_cases_nor_their_names_matter() -> None:
    """Shuffled rows, renumbered offices: the same interval."""
    made = clustered(np.random.default_rng(8), [4, 7, 12, 5, 6, 9, 8, 11], 0.1, gain=0.5)
    order = np.random.default_rng(9).permutation(len(made.y))
    units = made.units
    mixed = replace(
        made, y=made.y[order],
        units=replace(units, pilot=units.pilot[order], office=7 - units.office[order], day=units.day[order]),
    )  # fmt: skip
    one, other = shown(interval(made.difference())), shown(interval(mixed.difference()))
    assert (other.low, other.high, other.p) == pytest.approx((one.low, one.high, one.p))


def test_a_case_without_an_office_counts_as_one_of_its_own() -> None:
    """It adds its own square to the variance, and no office to what the interval rests on."""
    made = clustered(np.random.default_rng(8), [5] * 24, 0.1)
    office = made.units.office.copy()
    office[0] = -1
    found = replace(made, units=replace(made.units, office=office)).difference()
    assert len(cells(found, office).group) == 25
    assert shown(interval(found)).rests_on == "12 + 12 offices"


def test_the_covariance_of_a_metric_with_itself_is_its_variance() -> None:
    """Twice a metric is correlated 1 with it, and the matrix is never negative."""
    made = clustered(np.random.default_rng(8), [5] * 24, 0.1)
    one = made.difference()
    twice: Effect = replace(made, y=2 * made.y).difference()
    matrix = covariance([one, twice])
    assert matrix == pytest.approx(np.array([[1, 2], [2, 4]]) * variance(one))
    noise = replace(made, y=np.random.default_rng(1).normal(size=len(made.y))).difference()
    assert np.linalg.eigvalsh(covariance([one, noise, twice])).min() > -1e-12


def test_many_calls_are_cheap() -> None:
    """Simulations call it thousands of times: a call over a few hundred cases stays far below 10 ms."""
    import time

    made = clustered(np.random.default_rng(8), [20] * 24, 0.1).difference()
    interval(made)
    begin = time.perf_counter()
    for _ in range(100):
        interval(made)
    assert time.perf_counter() - begin < 1.0
