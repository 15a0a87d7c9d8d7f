"""Time-uniform bounds give the numbers of the program of their authors."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.sequential.mixtures import (
    BetaBinomialMixture,
    NormalMixture,
    OneSidedNormalMixture,
    best_rho,
    best_rho_one_sided,
    share_interval,
    share_intervals,
)
from perintis.words.errors import BadInput

# All expected values: gostevehoward/confseq, test/uniform_boundaries_unittest.cpp.


def test_the_two_sided_normal_mixture() -> None:
    """Tuned for v = 100 at alpha .05, the bound on the sum is 30.352 there."""
    rho = best_rho(100, 0.05)
    mixture = NormalMixture(rho)
    assert rho == pytest.approx(12.60056, abs=1e-5)
    assert mixture.log_mixture(10, 100) == pytest.approx(-0.6510052, abs=1e-5)
    assert mixture.bound(100, 0.05) == pytest.approx(30.35209, abs=1e-5)


def test_the_one_sided_normal_mixture() -> None:
    """One side costs less: 27.661."""
    mixture = OneSidedNormalMixture(best_rho_one_sided(100, 0.05))
    assert mixture.log_mixture(10, 100) == pytest.approx(-0.06502391, abs=1e-5)
    assert mixture.bound(100, 0.05) == pytest.approx(27.66071, abs=1e-5)


def test_the_beta_binomial_mixture() -> None:
    """Outcomes between .2 below and .8 above their mean."""
    mixture = BetaBinomialMixture(0.2, 0.8, best_rho(100, 0.05))
    assert mixture.log_mixture(10, 100) == pytest.approx(-0.6941012, abs=1e-5)
    assert mixture.bound(100, 0.05) == pytest.approx(31.4308, abs=1e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "best_at", "expected"),
    [
        (700, 1000, 100, (0.651629, 0.745949)),
        (15, 50, 50, (0.129556, 0.511896)),
        (5, 50, 50, (0.013021, 0.269264)),
        (1, 50, 50, (0.0, 0.13489)),
        (100, 200, 1, (0.328923, 0.671076)),
    ],
)
def test_the_interval_of_a_share(successes: int, trials: int, best_at: float, expected: tuple[float, float]) -> None:
    """Bernoulli confidence sequence at alpha .05."""
    assert share_interval(successes, trials, best_at=best_at) == pytest.approx(expected, abs=1e-5)


def test_none_and_all_are_mirror_images() -> None:
    """No error among 40 does not mean there is none; swapping success and failure mirrors the interval."""
    low, high = share_interval(0, 40)
    assert low == 0
    assert 0.05 < high < 0.25
    assert share_interval(40, 40) == pytest.approx((1 - high, 1.0), abs=1e-9)


def test_counts_that_do_not_fit_are_refused() -> None:
    """More successes than trials is an error, not an interval."""
    with pytest.raises(BadInput, match="5 of 3 is no share"):
        share_interval(5, 3)


def test_a_bound_beyond_what_is_possible_is_the_largest_possible_sum() -> None:
    """After two outcomes nothing can be refuted at alpha 1e-9."""
    assert BetaBinomialMixture(0.2, 0.8, best_rho(100, 0.05)).bound(0.32, 1e-9) == pytest.approx(1.6)


def test_many_days_at_once_are_the_same_as_one_by_one() -> None:
    """None, some, most and all of them: both ends of every interval."""
    successes, trials = np.array([0.0, 3, 15, 700, 40, 1]), np.array([40.0, 10, 50, 1000, 40, 1])
    low, high = share_intervals(successes, trials, 0.05, 50)
    for k, (x, n) in enumerate(zip(successes, trials, strict=True)):
        assert (low[k], high[k]) == pytest.approx(share_interval(int(x), int(n), best_at=50), abs=1e-9)
