"""Prior and u are corrected by what the predictions say, so that weights mean what they claim."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.linkage.calibration import LEAST_M, Column, calibrate

DIFFERENT, EQUAL = 0, 1


def test_the_prior_is_found_again_from_a_wrong_start() -> None:
    """Of 10,000 pairs 100 are surely one person: the prior becomes a hundredth, whatever it was."""
    column = Column(m=(0.01, 0.99), u=(0.999, 0.001), present=1.0, by_frequency=True)
    levels = np.array([[EQUAL]] * 100, dtype=np.int8)
    for start in (0.001, 0.1):
        weights = np.full(100, 20.0) + np.log2(start / (1 - start))
        found = calibrate(weights, levels, [column], prior=start, all_pairs=10_000)
        assert found.prior == pytest.approx(0.01, rel=0.01)


def test_true_pairs_are_taken_out_of_u() -> None:
    """All random pairs with equal addresses are one person: u of `equal` falls, and the weight of `equal` rises."""
    column = Column(m=(0.4, 0.6), u=(0.994, 0.006), present=1.0, by_frequency=False)
    levels = np.array([[EQUAL]] * 60 + [[DIFFERENT]] * 40, dtype=np.int8)
    weights = np.full(100, 15.0)
    found = calibrate(weights, levels, [column], prior=0.01, all_pairs=10_000)
    assert found.u[0][EQUAL] == pytest.approx(0.0003)
    assert (found.weights[:60] > weights[:60] + 4).all()
    assert found.weights[99] == pytest.approx(weights[99], abs=0.1)


def test_one_difference_never_outweighs_everything() -> None:
    """A level that training found to have probability nearly zero is lifted."""
    column = Column(m=(1e-9, 1.0), u=(0.99, 0.01), present=1.0, by_frequency=True)
    weights = np.array([np.log2(1e-9 / 0.99)])
    found = calibrate(weights, np.array([[DIFFERENT]], dtype=np.int8), [column], prior=0.5, all_pairs=2)
    odds_of_prior = found.prior / (1 - found.prior)
    assert found.weights[0] == pytest.approx(np.log2(LEAST_M / 0.99 * odds_of_prior), abs=0.05)


def test_missing_values_change_nothing() -> None:
    """A pair without values keeps the prior's weight."""
    column = Column(m=(0.4, 0.6), u=(0.99, 0.01), present=0.5, by_frequency=False)
    found = calibrate(np.array([0.0]), np.array([[-1]], dtype=np.int8), [column], prior=0.5, all_pairs=1)
    assert found.weights[0] == pytest.approx(0.0, abs=0.01)
