"""Weights that are not negative and add up to one, with which a mix comes nearest to a target."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.simplex import nearest_mix


def test_a_target_within_reach_is_met() -> None:
    """A quarter of one column and three quarters of the other; the third has no part in it."""
    columns = np.array([[0.0, 4.0, 10.0], [4.0, 0.0, 10.0]])
    assert nearest_mix(columns, np.array([3.0, 1.0])) == pytest.approx([0.25, 0.75, 0.0])


def test_beyond_reach_the_nearest_column_has_all() -> None:
    """A target below all columns: the lowest of them, never a negative weight."""
    assert nearest_mix(np.array([[1.0, 2.0, 5.0]]), np.array([-3.0])) == pytest.approx([1, 0, 0])


def test_the_ridge_spreads_the_weights() -> None:
    """Two columns alike share; with a heavy ridge all three do."""
    columns = np.array([[1.0, 1.0, 3.0]])
    light, heavy = (nearest_mix(columns, np.array([1.0]), ridge) for ridge in (1e-6, 1e6))
    assert light == pytest.approx([0.5, 0.5, 0.0], abs=1e-5)
    assert heavy == pytest.approx([1 / 3] * 3, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_mix_is_nearer(seed: int) -> None:
    """At the answer no move towards any single column makes it better (the condition of Karush, Kuhn and Tucker)."""
    random = np.random.default_rng(seed)
    columns, target, ridge = random.normal(size=(12, 30)) * 7, random.normal(size=12) * 5, 3.0
    weights = nearest_mix(columns, target, ridge)
    slope = columns.T @ (columns @ weights - target) + ridge * weights
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert slope.min() >= slope @ weights - 1e-8 * np.abs(slope).max()
