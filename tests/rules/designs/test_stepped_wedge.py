"""Offices that start in a drawn order: the mixed model with exposure times."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.office_periods import Pattern
from perintis.rules.designs.stepped_wedge import (
    constant_effect_variance,
    fit_exposure,
    hussey_hughes_variance,
    order_p_value,
    stepped_wedge_power,
    steps,
)
from tests.rules.designs.staggered_cases import means, twoway_fixed_effects


def fitted(mean, group, each=10, within=0.0):
    """The model on means of equally many cases a cell."""
    patterns = [Pattern(int(g), np.zeros(mean.shape[1], dtype=bool)) for g in group]
    return fit_exposure(mean, np.full(mean.shape, float(each)), np.arange(mean.shape[1]), patterns, within), patterns


def test_the_closed_form_is_generalised_least_squares():
    """24 clusters in 4 steps, 120 each, .05 against .035, tau .01: variance 2.96823e-5 and power .7862."""
    treated = steps(24, 4)
    cell = 0.0425 * 0.9575 / 120
    closed = hussey_hughes_variance(treated, cell, 0.01**2)
    assert closed == pytest.approx(2.96823e-5, rel=1e-4)
    assert closed == pytest.approx(constant_effect_variance(treated, cell, 0.01**2), rel=1e-12)
    assert stepped_wedge_power(0.015, closed) == pytest.approx(0.7862, abs=1e-4)


def test_a_stepped_wedge_starts_without_and_ends_with_all():
    """Six offices in three steps: two more each."""
    assert steps(6, 3).sum(axis=0).tolist() == [0, 2, 4, 6]


def test_growing_effects_are_found_at_each_exposure():
    """Without noise the coefficients are the truth, and their average is TATE; two-way fixed effects are far off."""
    mean, group = means([1, 1, 2, 2, 3, 3, 4, 4], 6, lambda e: -0.05 * (e + 1), office=0.5)
    found, _ = fitted(mean, group)
    places = len(found.coefficient) - len(found.exposures)
    np.testing.assert_allclose(found.coefficient[places:], [-0.05, -0.1, -0.15, -0.2, -0.25], atol=1e-6)
    assert found.estimate == pytest.approx(-0.15, abs=1e-6)
    assert twoway_fixed_effects(mean, group, np.arange(6)) > -0.05


def test_for_given_variances_the_error_is_that_of_least_squares():
    """With one exposure time (two periods) the model's error is the closed form of Hussey and Hughes."""
    random = np.random.default_rng(1)
    mean, group = means([1] * 10 + [None] * 10, 2, lambda _: -1.0, seed=2, office=2.0)
    found, _ = fitted(mean + 0.5 * random.normal(size=mean.shape), group)
    treated = np.column_stack([np.zeros(20), np.arange(20) < 10]).astype(float)
    cell = found.spread.cell + found.spread.case / 10
    assert found.error**2 == pytest.approx(hussey_hughes_variance(treated, cell, found.spread.office), rel=1e-8)


def test_variances_are_found():
    """Between offices 4, between periods of an office 0.25, cases 1 in tens: restricted likelihood comes near."""
    random = np.random.default_rng(3)
    mean, group = means([1 + k % 4 for k in range(80)], 6, lambda _: -1.0, seed=4, office=2.0)
    mean = mean + np.sqrt(0.25 + 1 / 10) * random.normal(size=mean.shape)
    found, _ = fitted(mean, group, within=1.0)
    assert found.spread.office == pytest.approx(4, rel=0.35)
    assert found.spread.cell == pytest.approx(0.25, rel=0.3)


def test_the_lot_itself_gives_a_test():
    """A clear effect is rarer than one order in a hundred; none is not."""
    for effect, low, high in ((-3.0, 0.0, 0.01), (0.0, 0.05, 1.0)):
        mean, group = means([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], 6, lambda _, size=effect: size, noise=0.5, seed=6)
        found, patterns = fitted(mean, group)
        n = np.full(mean.shape, 10.0)
        p = order_p_value(mean, n, np.arange(6), patterns, found, [""] * 12, seed=1, orders=499)
        assert low < p <= high


def test_false_alarms_of_the_model_keep_their_level():
    """16 offices in four steps, no effect: the model's t test with G - 2 errs in about 5 % of trials."""
    from perintis.rules.designs.linear import t_p_value

    rounds, false = 100, 0
    for seed in range(rounds):
        mean, group = means([1 + k // 4 for k in range(16)], 6, lambda _: 0.0, noise=0.6, seed=100 + seed)
        found, _ = fitted(mean, group)
        false += t_p_value(found.estimate / found.error, 14) < 0.05
    assert false / rounds <= 0.12
