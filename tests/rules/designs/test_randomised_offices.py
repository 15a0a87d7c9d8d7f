"""Offices drawn by lot: the office is the unit."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.linear import t_p_value
from perintis.rules.designs.randomised_offices import estimate, office_means, permutation_p
from tests.rules.designs.design_cases import (
    START,
    case_values,
    check,
    estimated,
    name_of,
    none,
    shuffled,
    swapped,
)


def means_of(pilot, baseline, cases=3):
    """One office a mean, with a few cases around it."""
    means = [*pilot, *baseline]
    office = np.repeat(np.arange(len(means)), cases)
    y = np.repeat(means, cases) + np.tile(np.linspace(-1, 1, cases), len(means))
    return case_values(y, office < len(pilot), office)


def test_every_office_counts_once_with_t_of_2g_minus_2():
    """Means 8, 9, 10, 9 against 11, 12, 13, 12: -3, and the error of Student's two-sample t over four and four."""
    from scipy.stats import ttest_ind

    found = estimated(estimate(means_of([8, 9, 10, 9], [11, 12, 13, 12])))
    right = ttest_ind([8, 9, 10, 9], [11, 12, 13, 12])
    assert found.effect.estimate == pytest.approx(-3)
    assert found.effect.estimate / found.error == pytest.approx(right.statistic)
    assert found.df == 6
    assert found.rests_on == "4 + 4 offices"
    assert found.effect.psi.sum() == pytest.approx(0)


def test_influences_by_office_are_what_the_office_adds():
    """Summed by office they are (mean - mean of its cohort) / offices, plus in the pilot, minus in the baseline."""
    found = estimated(estimate(means_of([8, 9, 10, 9], [11, 12, 13, 12])))
    np.testing.assert_allclose(found.effect.per_office(), np.array([-1, 0, 1, 0, 1, 0, -1, 0]) / 4, atol=1e-12)


def test_three_against_three_can_never_be_significant():
    """Twenty lots are possible, so the smallest two-sided p is 0.10, however far the offices are apart."""
    values = means_of([1, 2, 3], [101, 102, 103])
    table, _ = office_means(values, Facts())
    x = np.column_stack([np.ones(6), table.pilot])
    assert permutation_p(table, x, seed=1) == pytest.approx(0.10)
    found = estimated(estimate(values))
    assert check(found, "permutation").passed is False
    assert check(found, "permutation").gate
    assert check(found, "offices").cure.startswith("6 offices on either side needed, 3 with the pilot")


def test_offices_own_means_before_are_adjusted_for():
    """Equal to ordinary least squares on office means with the mean before as covariate."""
    import statsmodels.api as sm

    random = np.random.default_rng(2)
    before = random.normal(20, 4, 16)
    mean = before + random.normal(0, 1, 16) - 2 * (np.arange(16) < 8)
    facts = Facts(office_baseline={name_of(k): float(b) for k, b in enumerate(before)})
    found = estimated(estimate(means_of(mean[:8], mean[8:]), facts))
    right = sm.OLS(mean, np.column_stack([np.ones(16), np.arange(16) < 8, before])).fit()
    assert found.effect.estimate == pytest.approx(right.params[1])
    assert found.error == pytest.approx(right.bse[1])
    assert found.df == 13
    assert found.error < 0.6 * estimated(estimate(means_of(mean[:8], mean[8:]))).error


def test_cases_before_the_start_give_the_offices_baseline():
    """With a start date earlier cases are no part of the cohorts, but each office's own baseline."""
    office = np.repeat(np.arange(8), 4)
    day = np.tile([0, 10, 100, 110], 8)
    own = np.array([3, -2, 5, 0, 1, -4, 2, -1])[office]
    wobble = np.array([1, -1, 0, 1, 0, 1, -1, 0])[office] * (day >= 100)
    values = case_values(
        20 + own + wobble - 5 * ((office < 4) & (day >= 100)), (office < 4) & (day >= 100), office, day
    )
    found = estimated(estimate(values, Facts(start=START + timedelta(days=100))))
    assert found.effect.estimate == pytest.approx(-5, abs=0.8)
    assert found.effect.n == 16
    assert found.df == 5


def test_strata_are_honoured_by_the_permutation():
    """Two strata of two offices allow four lots, not six: the smallest p is 1/2."""
    values = case_values([1, 1, 5, 5, 2, 2, 6, 6], [1, 1, 0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2, 3, 3])
    strata = {name_of(0): "rural", name_of(1): "rural", name_of(2): "urban", name_of(3): "urban"}
    table, _ = office_means(values, Facts(strata=strata))
    x = np.column_stack([np.ones(4), table.pilot, table.stratum])
    assert permutation_p(table, x, seed=1) == pytest.approx(0.5)


def test_grade_is_a_from_twelve_offices_a_cohort():
    """Below twelve A-."""
    random = np.random.default_rng(4)
    assert estimated(estimate(means_of(random.normal(size=12), random.normal(size=12)))).evidence is Evidence.A
    assert estimated(estimate(means_of(random.normal(size=11), random.normal(size=12)))).evidence is Evidence.A_MINUS


def test_one_office_a_side_gives_no_estimate():
    """The reason counts the offices, the cure says how many are needed."""
    found = none(estimate(means_of([1], [2, 3])))
    assert found.reason == "2 offices on either side needed for any error, 1 with the pilot and 2 without present."


def test_cohorts_exchanged_and_rows_shuffled():
    """The sign turns with the cohorts; the order of rows does nothing."""
    values = means_of([8, 9, 10, 9.5], [11, 12.5, 13, 12])
    one, other = estimated(estimate(values)), estimated(estimate(swapped(values)))
    assert one.effect.estimate == pytest.approx(-other.effect.estimate)
    assert one.error == pytest.approx(other.error)
    assert estimated(estimate(shuffled(values)[0])).error == pytest.approx(one.error)


def test_counting_cases_instead_of_offices_would_find_effects_that_are_not_there():
    """10 offices a cohort, 50 cases each, correlation 0.05 within offices, no effect: 5 % against more than 20 %."""
    random = np.random.default_rng(6)
    office = np.repeat(np.arange(20), 50)
    pilot = office < 10
    right = wrong = 0
    rounds = 250
    for _ in range(rounds):
        y = random.normal(0, np.sqrt(0.05), 20)[office] + random.normal(0, np.sqrt(0.95), len(office))
        found = estimated(estimate(case_values(y, pilot, office)))
        right += t_p_value(found.effect.estimate / found.error, found.df) < 0.05
        naive = np.sqrt(y[pilot].var(ddof=1) / pilot.sum() + y[~pilot].var(ddof=1) / (~pilot).sum())
        wrong += abs(y[pilot].mean() - y[~pilot].mean()) > 1.96 * naive
    assert 0.02 <= right / rounds <= 0.085
    assert wrong / rounds > 0.20
