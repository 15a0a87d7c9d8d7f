"""Decided by t, where cases may be withdrawn."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.competing import decided_curve, share_decided, time_to_decision
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.horizon import permitted_tau
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import RiskSets, follow

TIME = [1, 2, 2, 3, 4, 5, 6, 6]
CAUSE = [1, 2, 1, 0, 1, 2, 0, 1]


def known(found: FromCurve | NoEstimate) -> FromCurve:
    assert isinstance(found, FromCurve)
    return found


def drawn(n: int, *, censored: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    time, cause = np.ceil(random.lognormal(3, 0.9, n)), random.choice([1, 2], n, p=[0.8, 0.2])
    if censored:
        seen = random.uniform(20, 90, n)
        time, cause = np.minimum(time, seen), np.where(time <= seen, cause, 0)
    return time, cause


def test_the_share_decided_by_hand() -> None:
    """1/8 at 1; 7/8 * 1/7 at 2; then 5/8 are open, one leaves view, 5/8 * 1/4 at 4."""
    risk = follow(TIME, CAUSE)
    assert known(share_decided(risk, 1)).value == pytest.approx(1 / 8)
    assert known(share_decided(risk, 2)).value == pytest.approx(2 / 8)
    assert known(share_decided(risk, 4)).value == pytest.approx(2 / 8 + 5 / 8 / 4)
    moments, curve = decided_curve(risk)
    assert curve[moments == 4][0] == pytest.approx(2 / 8 + 5 / 8 / 4)


def test_withdrawn_cases_are_not_decided_later() -> None:
    """Treated as unseen they would count as decided like the others: the share decided would be too large."""
    right = known(share_decided(follow(TIME, CAUSE), 5)).value
    wrong = 1 - follow(TIME, np.array(CAUSE) == 1).after[4]
    assert right < wrong


def test_where_all_ended_it_is_the_plain_mean() -> None:
    """A withdrawn case counts tau; values and influence are those of a mean."""
    time, cause = drawn(200, censored=False)
    cut = np.where(cause == 1, np.minimum(time, 40), 40)
    found = known(time_to_decision(follow(time, cause), 40.0))
    assert found.value == pytest.approx(cut.mean())
    np.testing.assert_allclose(found.influence, (cut - cut.mean()) / 200, atol=1e-12)


def test_without_withdrawals_it_is_the_restricted_mean() -> None:
    """Aalen-Johansen and Kaplan-Meier agree, case by case."""
    time, cause = drawn(200, censored=True)
    risk = follow(time, cause > 0)
    one, other = known(time_to_decision(risk, 40.0)), known(restricted_mean(risk, 40.0))
    assert one.value == pytest.approx(other.value)
    np.testing.assert_allclose(one.influence, other.influence, atol=1e-12)


def test_influence_values_are_derivatives_by_the_weight_of_a_case() -> None:
    """For the time and the share, with late entries."""
    time, cause = drawn(60, censored=True)
    entry = np.where(time > 8, 5.0, 0.0)

    def at(weight: np.ndarray) -> RiskSets:
        return follow(time, cause, entry=entry, weight=weight)

    for statistic, horizon in ((time_to_decision, 40.0), (share_decided, 15.0)):
        found = known(statistic(at(np.ones(60)), horizon))
        for i in range(0, 60, 7):
            up, down = np.ones(60), np.ones(60)
            up[i], down[i] = 1 + 1e-5, 1 - 1e-5
            slope = (known(statistic(at(up), horizon)).value - known(statistic(at(down), horizon)).value) / 2e-5
            assert slope == pytest.approx(found.influence[i], abs=1e-7)


def test_the_error_covers_what_repetition_shows() -> None:
    """Over 400 repetitions the spread of the estimate is what its error says."""
    estimates, errors = [], []
    for seed in range(400):
        random = np.random.default_rng(seed)
        time, cause, seen = (
            random.lognormal(3, 0.9, 80),
            random.choice([1, 2], 80, p=[0.7, 0.3]),
            random.uniform(20, 90, 80),
        )
        found = time_to_decision(follow(np.minimum(time, seen), np.where(time <= seen, cause, 0)), 30.0)
        estimates.append(known(found).value)
        errors.append(known(found).error)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.08)


def test_follow_up_limits_the_horizon() -> None:
    """One open case of ten followed for 50 days bears that horizon, one of twenty does not."""
    closed = follow(np.arange(1, 11), np.ones(10))
    few = follow([10.0] * 19 + [50.0], np.zeros(20))
    assert permitted_tau(closed, closed).tau == np.inf
    found = permitted_tau(closed, few)
    assert found.tau == 10.0
    assert "pilot" in found.why
    assert permitted_tau(follow([10.0] * 9 + [50.0], np.zeros(10)), closed).tau == 50.0


def test_cases_that_ended_do_not_limit_the_horizon() -> None:
    """95 of 100 closed within 5 days, five open ones seen for 30: nine tenths are known to the end."""
    risk = follow([5.0] * 95 + [30.0] * 5, [1] * 95 + [0] * 5)
    assert permitted_tau(risk, risk).tau == np.inf
