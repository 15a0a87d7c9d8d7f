"""The Kaplan-Meier curve, held against published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.rules.survival import Curve, kaplan_meier

# Leukaemia trial of Miller (1981), "aml" of R's survival package, tests/doaml.Rout.save; known answer S1.
MAINTAINED = ([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])
NOT_MAINTAINED = ([5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])

unhurried = settings(deadline=None)
samples = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=40)


def curve(sample: tuple[list[int], list[int]]) -> Curve:
    return kaplan_meier(*sample)


def test_share_still_open_with_greenwood_error() -> None:
    """Miller's maintained group: times, shares, standard errors and median as printed."""
    found = curve(MAINTAINED)
    assert found.times.tolist() == [9, 13, 18, 23, 31, 34, 48]
    assert found.open == pytest.approx([0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], abs=5e-4)
    errors = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    assert np.sqrt(found.variance) == pytest.approx(errors, abs=5e-5)
    assert found.quantile(0.5) == 31


def test_ties_and_a_curve_that_reaches_zero() -> None:
    """Miller's other group: two cases end together, and none is left at the end."""
    found = curve(NOT_MAINTAINED)
    shares = [0.8333, 0.6667, 0.5833, 0.4861, 0.3889, 0.2917, 0.1944, 0.0972, 0]
    assert found.open == pytest.approx(shares, abs=5e-5)
    assert found.quantile(0.5) == 23
    assert np.isnan(found.variance[-1])


def test_cases_already_open_when_the_window_began() -> None:
    """A case counts as at risk only after its entry; R's survival tests/survtest.Rout.save, known answer S2."""
    entry = [1, 2, 5, 2, 1, 7, 3, 4, 8, 8]
    leave = [2, 3, 6, 7, 8, 9, 9, 9, 14, 17]
    found = kaplan_meier(leave, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0], entry=entry)
    assert found.at_risk.tolist() == [2, 3, 5, 4, 4, 5]
    assert found.open == pytest.approx([1 / 2, 1 / 3, 4 / 15, 0.2, 0.15, 0.09], abs=1e-12)


def test_no_number_where_follow_up_is_too_short() -> None:
    """A median, share or mean that lies beyond what was seen is None, never a guess."""
    found = kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0])
    assert found.quantile(0.25) == 1
    assert found.quantile(0.5) is None
    assert found.still_open(4) == 0.75
    assert found.still_open(5) is None
    assert found.restricted_mean(5) is None
    assert curve(NOT_MAINTAINED).still_open(500) == 0


def test_nothing_ended_yet() -> None:
    """With only open cases the curve stays at one."""
    found = kaplan_meier([3, 5], [0, 0])
    assert found.quantile(0.5) is None
    assert found.still_open(5) == 1
    mean = found.restricted_mean(4)
    assert mean is not None
    assert (mean.value, mean.error) == (4, 0)


def test_restricted_mean_by_hand() -> None:
    """All until 1, 3/4 until 2, 1/2 until 4; variance by Greenwood's sum with the areas ahead."""
    mean = kaplan_meier([1, 2, 2, 4], [1, 1, 0, 1]).restricted_mean(4)
    assert mean is not None
    assert mean.value == pytest.approx(1 + 0.75 + 2 * 0.5)
    assert mean.error == pytest.approx((1.75**2 / (4 * 3) + 1.0**2 / (3 * 2)) ** 0.5)


@unhurried
@given(times=st.lists(st.integers(1, 50), min_size=1, max_size=50), tau=st.integers(1, 60))
def test_without_open_cases_it_is_the_plain_mean(times: list[int], tau: int) -> None:
    """The restricted mean of finished cases is the mean of min(time, tau)."""
    mean = kaplan_meier(times, [True] * len(times)).restricted_mean(tau)
    assert mean is not None
    assert mean.value == pytest.approx(np.minimum(times, tau).mean())


@unhurried
@given(sample=samples, copies=st.data())
def test_a_weight_is_so_many_equal_cases(sample: list[tuple[int, bool]], copies: st.DataObject) -> None:
    """Weighting a row by three is the same as writing it three times; the order of rows does not matter."""
    weights = copies.draw(st.lists(st.integers(1, 4), min_size=len(sample), max_size=len(sample)))
    times, ended = zip(*sample, strict=True)
    repeated = [row for row, times_seen in zip(sample, weights, strict=True) for _ in range(times_seen)]
    shuffled = copies.draw(st.permutations(repeated))
    one = kaplan_meier(times, ended, weight=weights)
    other = kaplan_meier(*zip(*shuffled, strict=True))
    assert one.open == pytest.approx(other.open)
    assert one.variance == pytest.approx(other.variance, nan_ok=True)


@unhurried
@given(sample=samples, factor=st.sampled_from([0.25, 24, 1440]))
def test_the_unit_of_time_does_not_matter(sample: list[tuple[int, bool]], factor: float) -> None:
    """Days or minutes: the same curve, stretched."""
    times, ended = zip(*sample, strict=True)
    one = kaplan_meier(times, ended)
    other = kaplan_meier([t * factor for t in times], ended)
    assert one.open.tolist() == other.open.tolist()
    assert (one.times * factor).tolist() == other.times.tolist()
