"""Times of open cases: the curve, the mean within tau, shares, quantiles and pseudo-values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.log_rank import LogRank, log_rank
from perintis.rules.statistics.restricted_mean import (
    FromCurve,
    jackknife_values,
    log_log_interval,
    quantile,
    restricted_mean,
    share_open,
)
from perintis.rules.statistics.risk_sets import RiskSets, follow
from perintis.words.errors import BadInput

# Acute myelogenous leukaemia, Miller 1997; output of therneau/survival, tests/doaml.Rout.save.
M_TIME, M_ENDED = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
N_TIME, N_ENDED = [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]

cases = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=25)


def mean(risk: RiskSets, tau: float) -> FromCurve:
    found = restricted_mean(risk, tau)
    assert isinstance(found, FromCurve)
    return found


def test_the_curve_of_a_published_example() -> None:
    """Shares still open and Greenwood errors of the maintained group, to the printed digits."""
    risk = follow(M_TIME, M_ENDED)
    found = [share_open(risk, t) for t in (9, 13, 18, 23, 31, 34, 48)]
    assert [f.value for f in found if isinstance(f, FromCurve)] == pytest.approx(
        [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], abs=5e-4
    )
    assert [f.greenwood for f in found if isinstance(f, FromCurve)] == pytest.approx(
        [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535], abs=5e-5
    )
    other = follow(N_TIME, N_ENDED)
    assert other.after[other.ended > 0] == pytest.approx(
        [0.8333, 0.6667, 0.5833, 0.4861, 0.3889, 0.2917, 0.1944, 0.0972, 0], abs=5e-5
    )
    assert (quantile(risk, 0.5).value, quantile(other, 0.5).value) == (31, 23)


def test_the_log_rank_test_of_the_same_example() -> None:
    """Chi-square 3.3964, p 0.06534."""
    found = log_rank(M_TIME + N_TIME, M_ENDED + N_ENDED, [True] * 11 + [False] * 12)
    assert isinstance(found, LogRank)
    assert (found.chi2, found.p) == (pytest.approx(3.3964, abs=1e-4), pytest.approx(0.06534, abs=1e-5))
    assert isinstance(log_rank([1, 2], [False, False], [True, False]), NoEstimate)


def test_cases_already_open_when_the_window_began_enter_late() -> None:
    """Shares of therneau/survival, tests/survtest.Rout.save, with left truncation."""
    entry, time = [1, 2, 5, 2, 1, 7, 3, 4, 8, 8], [2, 3, 6, 7, 8, 9, 9, 9, 14, 17]
    risk = follow(time, [1] * 7 + [0] * 3, entry=entry)
    ended = risk.ended > 0
    assert risk.at_risk[ended].tolist() == [2, 3, 5, 4, 4, 5]
    assert risk.after[ended] == pytest.approx([0.5, 1 / 3, 0.8 / 3, 0.2, 0.15, 0.09], abs=1e-12)
    assert mean(risk, 12).influence.sum() == pytest.approx(0, abs=1e-12)


def test_the_mean_within_ten_of_the_walton_flies() -> None:
    """9.7941 (error 0.12324) and 9.97674 (0.023165), difference p 0.1453: survRM2, as quoted in lifelines PR 1526."""
    datasets = pytest.importorskip("lifelines.datasets")
    flies = datasets.load_waltons()
    parts = {name: mean(follow(g["T"], g["E"]), 10.0) for name, g in flies.groupby("group")}
    treated, control = parts["miR-137"], parts["control"]
    assert (treated.value, treated.greenwood) == pytest.approx((9.7941, 0.12324), abs=5e-5)
    assert (control.value, control.greenwood) == pytest.approx((9.97674, 0.023165), abs=5e-6)
    from scipy.special import ndtr

    z = (treated.value - control.value) / np.hypot(treated.greenwood, control.greenwood)
    assert 2 * ndtr(-abs(z)) == pytest.approx(0.1453, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(cases, st.integers(2, 12))
def test_without_open_cases_it_is_the_plain_mean(drawn: list[tuple[int, bool]], tau: int) -> None:
    """Value, influence values and both errors are exactly those of the mean of min(time, tau)."""
    time = np.array([t for t, _ in drawn], dtype=float)
    found, cut = mean(follow(time, np.ones(len(time))), float(tau)), np.minimum(time, tau)
    assert found.value == pytest.approx(cut.mean(), abs=1e-12)
    np.testing.assert_allclose(found.influence, (cut - cut.mean()) / len(cut), atol=1e-12)
    np.testing.assert_allclose(found.pseudo_values, cut, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(cases, st.lists(st.integers(1, 3), min_size=25, max_size=25))
def test_a_weight_is_so_many_equal_rows(drawn: list[tuple[int, bool]], weights: list[int]) -> None:
    """Weighted and replicated tables give the same value and errors."""
    time, ended = np.array([t for t, _ in drawn]), np.array([e for _, e in drawn])
    weight = np.array(weights[: len(time)])
    one = restricted_mean(follow(time, ended, weight=weight), 6.0)
    many = restricted_mean(follow(np.repeat(time, weight), np.repeat(ended, weight)), 6.0)
    assert isinstance(one, FromCurve) == isinstance(many, FromCurve)
    if isinstance(one, FromCurve) and isinstance(many, FromCurve):
        assert (one.value, one.greenwood) == pytest.approx((many.value, many.greenwood), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_greenwood_and_influence_give_one_error(drawn: list[tuple[int, bool]]) -> None:
    """The sum of squared influence values is Greenwood's variance, and the values sum to zero."""
    time, ended = [t for t, _ in drawn], [e for _, e in drawn]
    for found in (restricted_mean(follow(time, ended), 6.0), share_open(follow(time, ended), 4.0)):
        if isinstance(found, FromCurve):
            assert found.error == pytest.approx(found.greenwood, abs=1e-12)
            assert found.influence.sum() == pytest.approx(0, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_exact_pseudo_values_are_those_of_leaving_each_case_out(drawn: list[tuple[int, bool]]) -> None:
    """One pass over the table gives what n curves without one case each would."""
    time, ended = np.array([t for t, _ in drawn], dtype=float), np.array([e for _, e in drawn])
    fast, n = jackknife_values(follow(time, ended), 6.0), len(time)
    if isinstance(fast, NoEstimate):
        return
    whole = mean(follow(time, ended), 6.0).value
    for i in range(n):
        without = restricted_mean(follow(np.delete(time, i), np.delete(ended, i)), 6.0)
        if isinstance(without, FromCurve):
            assert fast[i] == pytest.approx(n * whole - (n - 1) * without.value, abs=1e-9)


def test_both_kinds_of_pseudo_values_agree_up_to_one_over_n() -> None:
    """Four times as many cases, about a quarter of the gap."""
    gaps = []
    for n in (100, 400, 1600):
        random = np.random.default_rng(3)
        time, seen = random.lognormal(3, 0.9, n), random.uniform(10, 90, n)
        risk = follow(np.minimum(time, seen), time <= seen)
        exact = jackknife_values(risk, 40.0)
        assert not isinstance(exact, NoEstimate)
        gaps.append(n * np.abs(exact - mean(risk, 40.0).pseudo_values).max())
    assert max(gaps) < 3 * min(gaps)
    late = follow([2, 3], [1, 1], entry=[1, 1])
    assert isinstance(jackknife_values(late, 2.0), NoEstimate)


def test_hours_instead_of_days_change_the_unit_only() -> None:
    """Times 24 gives the value and its error times 24."""
    days, hours = (mean(follow(np.array(M_TIME) * k, M_ENDED), 40.0 * k) for k in (1, 24))
    assert (hours.value, hours.error) == pytest.approx((24 * days.value, 24 * days.error))


def test_influence_values_are_derivatives_by_the_weight_of_a_case() -> None:
    """With late entries too: a little more weight moves the mean by its influence value."""
    entry = np.array([0, 0, 3, 0, 9, 0, 0, 20, 0, 0, 0])
    risk = follow(M_TIME, M_ENDED, entry=entry)
    for i in range(11):
        more = np.ones(11)
        more[i] += 1e-6
        moved = mean(follow(M_TIME, M_ENDED, entry=entry, weight=more), 40.0).value - mean(risk, 40.0).value
        assert moved / 1e-6 == pytest.approx(mean(risk, 40.0).influence[i], abs=1e-4)


def test_a_time_that_nobody_was_followed_for_has_no_value() -> None:
    """Beyond the last open case nothing is known; where all were closed, everything is."""
    risk = follow(M_TIME, M_ENDED)
    assert isinstance(restricted_mean(risk, 162.0), NoEstimate)
    assert isinstance(share_open(risk, 162.0), NoEstimate)
    assert mean(follow(N_TIME, N_ENDED), 1000.0).value == pytest.approx(mean(follow(N_TIME, N_ENDED), 45.0).value)
    found = quantile(risk, 0.9)
    assert (found.value, found.high) == (None, None)


def test_wrong_times_are_refused() -> None:
    """A missing time, a negative one, or an entry after the end is no observation."""
    for time, entry in (([], None), ([1.0, np.nan], None), ([-1.0], None), ([2.0, 3.0], [0.0, 3.0])):
        with pytest.raises(BadInput):
            follow(time, np.ones(len(time)), entry=entry)


def test_the_interval_of_a_share_stays_within_zero_and_one() -> None:
    """log(-log) limits, by hand for one share; nothing to say of 0 and 1."""
    low, high = log_log_interval(0.9, 0.06)
    assert low == pytest.approx(0.9 ** np.exp(1.959964 * 0.06 / (0.9 * abs(np.log(0.9)))), rel=1e-6)
    assert 0 < low < 0.9 < high < 1
    assert log_log_interval(1.0, 0.0) == (1.0, 1.0)


def test_an_interval_of_hardly_anybody_stays_within_0_and_1() -> None:
    """A share that is a rounding error above nothing: limits within 0 and 1, and no overflow."""
    low, high = log_log_interval(1e-15, 0.005)
    assert 0 <= low <= high <= 1
