"""Whether offices differ, and how alike the cases of one are."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.office_differences import Alike, Heterogeneity, heterogeneity, intra_office
from tests.rules.statistics.made import clustered, effect, values


def differing(gains: list[float], seed: int = 5) -> Heterogeneity:
    """Offices in both cohorts, 40 cases each, with these effects."""
    random, count = np.random.default_rng(seed), len(gains)
    office = np.tile(np.repeat(np.arange(count), 40), 2)
    pilot = np.repeat([False, True], 40 * count)
    y = random.normal(size=len(office)) + np.array(gains)[office] * pilot + np.arange(count)[office]
    found = heterogeneity(effect(y, pilot, office))
    assert isinstance(found, Heterogeneity)
    return found


def test_equal_effects_do_not_differ_by_more_than_chance() -> None:
    """Offices at different levels, one effect: over 100 samples Q is on average its degrees of freedom."""
    found = [differing([1.0] * 8, seed) for seed in range(100)]
    assert (found[0].df, found[0].of) == (7, "effects of the offices")
    assert np.mean([f.q for f in found]) == pytest.approx(7, abs=1.2)
    assert np.mean([f.p < 0.05 for f in found]) < 0.13
    assert [e.office for e in found[0].effects] == [f"office {k}" for k in range(8)]


def test_an_office_that_goes_its_own_way_is_found() -> None:
    """One office with the opposite effect: Q is large, its interval lies apart."""
    found = differing([1.0] * 7 + [-2.0])
    assert found.p < 0.001
    assert found.i2 > 0.7
    assert found.effects[-1].high < 0 < found.effects[0].low


def test_q_by_hand() -> None:
    """Effects 1 and 3 with errors by Welch: Q = (3 - 1)^2 / (v1 + v2)."""
    y = [0, 1, 2, 3, 4, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 3, 4, 5, 6, 7]
    found = heterogeneity(effect(y, [0] * 5 + [1] * 5 + [0] * 5 + [1] * 5, [0] * 10 + [1] * 10))
    assert isinstance(found, Heterogeneity)
    assert [e.estimate for e in found.effects] == pytest.approx([1, 3])
    assert found.q == pytest.approx(4 / (4 * 2.5 / 5))


def test_cohorts_with_offices_of_their_own() -> None:
    """Each office of the pilot is held against the whole baseline; how much the baseline's differ is told beside it."""
    found = heterogeneity(clustered(np.random.default_rng(1), [30] * 10, 0.2).difference())
    assert isinstance(found, Heterogeneity)
    assert found.of.startswith("offices of the pilot")
    assert len(found.effects) == 5
    assert found.baseline_i2 is not None
    assert isinstance(heterogeneity(effect([1, 2, 3], [0, 1, 1], [0, 1, 2])), NoEstimate)


def test_the_intra_office_correlation_that_was_put_in_comes_out() -> None:
    """200 offices of 30 cases with correlation 0.1: the estimate is near, the design effect 1 + 29 * 0.1."""
    found = intra_office(clustered(np.random.default_rng(1), [30] * 200, 0.1).difference())
    assert isinstance(found, Alike)
    assert found.correlation == pytest.approx(0.1, abs=0.02)
    assert found.design_effect == pytest.approx(1 + 29 * found.correlation)


def test_the_analysis_of_variance_by_hand() -> None:
    """Offices {1, 3} and {5, 7}, {0, 2} and {0, 2}: between 16 and 0 on 2, within 2; (8 - 2) / (8 + 2)."""
    found = intra_office(effect([1, 3, 5, 7, 0, 2, 0, 2], [0] * 4 + [1] * 4, [0, 0, 1, 1, 2, 2, 3, 3]))
    assert isinstance(found, Alike)
    assert found.correlation == pytest.approx(0.6)
    assert isinstance(intra_office(values([1, 2], [0, 1], [0, 1]).difference()), NoEstimate)
