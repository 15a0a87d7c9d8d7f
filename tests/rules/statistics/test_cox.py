"""The log-rank test at equal covariates: as without them where they do not matter, and right where the mix differs."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.cox import Cox, adjusted_log_rank, cox
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.log_rank import ClusteredLogRank, log_rank, log_rank_by_group


def mixed(seed: int, cases: int = 400) -> tuple[np.ndarray, ...]:
    """No effect of the pilot; a hard kind of case takes three times as long, and the baseline has more of them."""
    random = np.random.default_rng(seed)
    pilot = np.arange(cases) % 2 == 0
    hard = random.random(cases) < np.where(pilot, 0.3, 0.5)
    time, seen = random.exponential(np.where(hard, 30.0, 10.0)), random.uniform(5, 60, cases)
    return np.minimum(time, seen), time <= seen, pilot, hard[:, None].astype(np.float64)


def test_without_covariates_it_is_the_plain_test() -> None:
    """Where no two cases end together, Efron's ties do not matter."""
    time, ended, pilot, _ = mixed(1)
    plain = log_rank_by_group(time, ended, pilot, np.arange(len(time)))
    found = adjusted_log_rank(time, ended, pilot, np.zeros((len(time), 0)), np.arange(len(time)))
    assert isinstance(plain, ClusteredLogRank)
    assert isinstance(found, ClusteredLogRank)
    assert (found.seen, found.expected, found.t) == pytest.approx((plain.seen, plain.expected, plain.t))


def test_a_different_mix_alone_is_no_difference() -> None:
    """Of 200 pilots without effect the plain test calls more than a third different, the adjusted about 5 %."""
    plain = adjusted = 0
    for seed in range(200):
        time, ended, pilot, hard = mixed(seed)
        one = log_rank(time, ended, pilot)
        found = adjusted_log_rank(time, ended, pilot, hard, np.arange(len(time)))
        assert not isinstance(one, NoEstimate)
        assert isinstance(found, ClusteredLogRank)
        plain, adjusted = plain + (one.p < 0.05), adjusted + (found.p < 0.05)
    assert plain / 200 > 0.35
    assert 0.015 < adjusted / 200 < 0.095


def test_the_fit_is_where_the_likelihood_is_highest() -> None:
    """Ties of any number, late entries: the gradient is the slope of the likelihood, and nil at the answer."""
    random = np.random.default_rng(2)
    time = random.integers(1, 12, 200).astype(np.float64)
    entry = np.where(random.random(200) < 0.3, time * random.random(200) * 0.9, 0.0)
    x, ended = random.normal(size=(200, 2)), random.random(200) < 0.8
    found = cox(time, ended, x, entry)
    assert isinstance(found, Cox)
    assert found.score == pytest.approx([0, 0], abs=1e-4)
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    assert np.all(errors < 0.2)
    shifted = cox(time + 1, ended, x, entry + 1)  # the same order of moments
    assert isinstance(shifted, Cox)
    assert shifted.coefficients == pytest.approx(found.coefficients)


def test_one_ending_by_hand() -> None:
    """Two of three end together, x = 1, 0, 0: with e = exp(b) Efron's likelihood is e / (e + 2) / ((e + 3) / 2)."""
    time, ended, x = np.array([1.0, 1.0, 2.0]), np.array([True, True, False]), np.array([[1.0], [0.0], [0.0]])
    entered = np.array([0.0, 0.0, 0.0])
    # At b = 0: slope 1 - 1/3 - (1 - 1/2) / (3 - 1) = 5/12, so the answer lies above 0.
    b = np.linspace(-3, 6, 90_001)
    e = np.exp(b)
    highest = float(b[np.argmax(b - np.log(e + 2) - np.log((e + 3) / 2))])
    found = cox(time, ended, x, entered)
    assert isinstance(found, Cox)
    assert found.coefficients[0] == pytest.approx(highest, abs=2e-4)


def test_many_cases_begin_near_the_answer_and_end_at_it() -> None:
    """60,000 cases begin at the coefficients of a sample; swapping the cohorts only turns the sign."""
    time, ended, pilot, hard = mixed(3, 60_000)
    group = np.arange(60_000) % 40
    one, other = (adjusted_log_rank(time, ended, side, hard, group) for side in (pilot, ~pilot))
    assert isinstance(one, ClusteredLogRank)
    assert isinstance(other, ClusteredLogRank)
    assert one.t == pytest.approx(-other.t, rel=1e-3)
    assert abs(one.t) < 3.5


@pytest.mark.parametrize(
    ("x", "ended", "reason"),
    [
        ([[0.0], [1.0], [2.0], [3.0]], [False] * 4, "no case ended"),
        ([[1.0], [1.0], [1.0], [1.0]], [True] * 4, "do not differ"),
        ([[3.0], [2.0], [1.0], [0.0]], [True] * 4, "almost perfectly"),
    ],
)
def test_what_cannot_be_fitted_is_said(x: list[list[float]], ended: list[bool], reason: str) -> None:
    """No ending, a column that is the same for all, one that tells who ends first."""
    found = cox(np.arange(1.0, 5.0), np.array(ended), np.array(x))
    assert isinstance(found, NoEstimate)
    assert reason in found.reason
