"""Holm's adjustment, for many sets of p-values at once."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.multiplicity import holm_rows as holm


def test_holm_on_the_example_of_benjamini_and_hochberg() -> None:
    """Of 15 p-values (Benjamini and Hochberg 1995) three are below 0.05 after Holm."""
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
                  0.6528, 0.759, 1.0])  # fmt: skip
    assert int((holm(p) <= 0.05).sum()) == 3
    shuffled = np.random.default_rng(1).permutation(p.size)
    assert holm(p[shuffled]) == pytest.approx(holm(p)[shuffled])


def test_each_row_is_adjusted_for_itself() -> None:
    """The smaller of two doubles; the larger is at least that."""
    assert holm(np.array([[0.04, 0.01], [0.02, 0.9]])) == pytest.approx(np.array([[0.04, 0.02], [0.04, 0.9]]))
