"""The limit of two shares within strata is Miettinen and Nurminen's with one stratum, and holds its level with many."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import NotWorse, not_worse
from perintis.rules.statistics.stratified_shares import stratified_lower_limit


def table(x1: int, n1: int, x0: int, n0: int) -> np.ndarray:
    return np.array([[[x1, n1 - x1], [x0, n0 - x0]]], dtype=float)


@pytest.mark.parametrize("counts", [(85, 100, 90, 100), (195, 200, 190, 200), (30, 30, 28, 30), (0, 40, 1, 40)])
def test_one_stratum_is_the_interval_for_two_shares(counts: tuple[int, int, int, int]) -> None:
    """The limit of the score interval, to six digits."""
    known = not_worse(*counts, margin=0.05)
    assert isinstance(known, NotWorse)
    assert stratified_lower_limit(table(*counts)) == pytest.approx(known.limit, abs=1e-6)


def test_strata_with_one_cohort_only_say_nothing() -> None:
    """As if they were not there; and with no other there is no limit."""
    lone = table(5, 9, 0, 0)
    both = table(85, 100, 90, 100)
    assert stratified_lower_limit(np.concatenate([both, lone])) == stratified_lower_limit(both)
    assert stratified_lower_limit(lone) == NoEstimate("no stratum has cases of both cohorts")


def test_offices_of_different_levels_do_not_blur_the_difference() -> None:
    """Half of the offices at 95 %, half at 55 %, the lot unequal: pooling invents a loss, strata do not."""
    good, poor = table(57, 60, 190, 200), table(110, 200, 33, 60)
    pooled = (good + poor)[0]
    together = not_worse(int(pooled[0, 0]), 260, int(pooled[1, 0]), 260, margin=0.1)
    assert isinstance(together, NotWorse)
    assert not together.passed
    limit = stratified_lower_limit(np.concatenate([good, poor]))
    assert isinstance(limit, float)
    assert -0.1 < limit < 0


def test_at_the_margin_it_passes_one_in_forty() -> None:
    """300 trials in 8 offices, worse by exactly 8 points: about 2.5 % pass, where 1,500 gave 1.2 to 3.6 %."""
    random = np.random.default_rng(11)
    base = np.linspace(0.85, 0.97, 8)
    passed = 0
    for _ in range(300):
        x0, x1 = random.binomial(25, base), random.binomial(25, base - 0.08)
        tables = np.stack([np.stack([x1, 25 - x1], axis=1), np.stack([x0, 25 - x0], axis=1)], axis=1).astype(float)
        limit = stratified_lower_limit(tables)
        assert isinstance(limit, float)
        passed += limit > -0.08
    assert 1 <= passed <= 16
