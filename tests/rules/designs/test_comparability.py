"""Whether the two cohorts can be compared at all."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs.comparability import (
    arrivals,
    arrivals_a_week,
    compare_cohorts,
    regression_to_the_mean,
    utilisation,
)
from perintis.rules.designs.covariates import balance, fold
from perintis.rules.designs.facts import Covariate, Facts
from tests.rules.designs.design_cases import START, case_values


def test_the_standardised_difference_is_in_pooled_deviations():
    """Means 3 and 1 with variances 2 and 0 (of the cases themselves): 2 / sqrt((2 + 0) / 2) = 2."""
    x = np.array([3 - np.sqrt(2), 3 + np.sqrt(2), 1, 1])
    folded = fold((Covariate("pages", x),), np.ones(4, dtype=bool))
    pilot = np.array([True, True, False, False])
    (row,) = balance(folded, folded.count(pilot), folded.count(~pilot))
    assert row.difference == pytest.approx(2)


def test_cases_that_agree_in_all_covariates_are_one_row():
    """Six cases of two kinds and two sizes, three of them alike."""
    kind = Covariate("kind", np.array([0.0, 0, 0, 1, 1, 0]), ("new", "renewal"))
    size = Covariate("size", np.array([5.0, 5, 7, 5, 7, 5]))
    folded = fold((kind, size), np.ones(6, dtype=bool))
    assert len(folded) == 4
    assert folded.count(np.ones(6, dtype=bool)).tolist() == [3, 1, 1, 1]
    assert folded.names == ("kind: new", "kind: renewal", "size")


def test_arrivals_are_counted_a_week_and_office():
    """28 cases of two offices over two weeks: 7 a week and office."""
    values = case_values(np.zeros(28), np.ones(28), np.arange(28) % 2, np.arange(28) % 14)
    assert arrivals_a_week(values.units, values.units.pilot) == pytest.approx(7)
    assert arrivals_a_week(values.units, values.units.baseline) is None


def test_a_change_of_volume_fails_unless_it_is_adjusted_for():
    """Half as many cases with the pilot: waits would have fallen by themselves."""
    day = np.concatenate([np.repeat(np.arange(70), 4), np.repeat(np.arange(70, 140), 2)])
    values = case_values(np.zeros(len(day)), day >= 70, day=day)
    found = arrivals(values.units, Facts())
    assert found.passed is False
    assert found.value == pytest.approx(-0.5)
    assert "adjust for arrivals" in found.cure
    assert arrivals(values.units, Facts(arrivals=True)).passed is True


@pytest.mark.parametrize(
    ("given", "passed"), [(None, None), ((0.80, 0.90), False), ((0.86, 0.90), True), ((0.80, 0.75), True)]
)
def test_offices_must_have_been_equally_busy(given, passed):
    """At most five percentage points apart."""
    assert utilisation(Facts(utilisation=given)).passed is passed


def test_offices_picked_in_a_bad_spell_are_warned_of():
    """The worst third of 30 offices by one month's mean: that month was worse than their own past, by chance alone."""
    random = np.random.default_rng(1)
    office, day = np.repeat(np.arange(30), 40), np.tile(np.arange(0, 120, 3), 30)
    y = 20 + random.normal(0, 1, 30)[office] + random.normal(0, 4, len(office))
    month = (day >= 60) & (day < 90)
    means = np.array([y[(office == k) & month].mean() for k in range(30)])
    picked = np.isin(office, np.argsort(means)[-10:])
    anybody = office < 10
    facts = Facts(selection=(START + timedelta(days=60), START + timedelta(days=89)))
    for chosen, passed in ((picked, False), (anybody, True)):
        values = case_values(y, chosen & (day >= 90), office, day)
        (found,) = regression_to_the_mean(values, facts)
        assert found.passed is passed
        assert found.gate is False
    assert regression_to_the_mean(values, Facts()) == ()


def test_everything_at_once():
    """The checks of both cohorts with the balance table; nothing where there is one cohort only."""
    random = np.random.default_rng(2)
    pilot = np.arange(200) < 100
    kind = Covariate("kind", (random.random(200) < np.where(pilot, 0.8, 0.2)).astype(float), ("new", "renewal"))
    values = case_values(np.zeros(200), pilot, np.arange(200) % 10, np.arange(200) % 50)
    diagnostics, panels = compare_cohorts(values, Facts(covariates=(kind,)))
    assert [one.code for one in diagnostics] == ["balance", "arrivals", "utilisation"]
    assert diagnostics[0].passed is False
    assert len(panels["balance"]) == 2
    assert compare_cohorts(case_values([1, 2], [1, 1]), Facts()) == ((), {})
