"""Effects by group and time, after Callaway and Sant'Anna."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.group_time import (
    Average,
    averaged,
    by_exposure,
    group_times,
    jackknife_error,
    weights_for,
)
from perintis.rules.designs.office_periods import NEVER
from tests.rules.designs.staggered_cases import means, twoway_fixed_effects


def average_of(mean, group, how=Average.SIMPLE, **options):
    """An average of the effects over all offices."""
    found = group_times(mean, np.arange(mean.shape[1]), group, **options).found
    return averaged(found, weights_for(found, group, how), mean)


def test_an_effect_is_the_change_since_the_period_before_less_that_of_offices_still_without():
    """Two offices start in period 1 (10 to 7, 12 to 9), one in period 2 (5 to 6), one never (8 to 10)."""
    mean = np.array([[10.0, 7, 7], [12, 9, 8], [5, 6, 3], [8, 10, 11]])
    group = np.array([1, 1, 2, NEVER])
    found = {(one.group, one.period): one for one in group_times(mean, np.arange(3), group).found}
    # Change -3; those still without: +1 and +2.
    assert found[1, 1].estimate == pytest.approx(-3 - 1.5)
    # In period 2 only the office that never starts is left: -3.5 against +3.
    assert found[1, 2].estimate == pytest.approx(-3.5 - 3)
    assert found[2, 2].estimate == pytest.approx(-3 - 1)
    only = {
        (one.group, one.period): one for one in group_times(mean, np.arange(3), group, never_treated_only=True).found
    }
    assert only[1, 1].estimate == pytest.approx(-3 - 2)
    # Before its start, since the period before: +1 against +2 (or -3 is not a control: it has started).
    assert found[2, 1].estimate == pytest.approx(1 - 2)


def test_the_four_averages_by_hand():
    """Effects -1 (group 1, period 1), -2 (group 1, period 2), -4 (group 2, period 2); groups of 3 and 1 offices."""
    mean = np.zeros((6, 3))
    mean[:3] += np.array([0, -1, -2])
    mean[3] += np.array([0, 0, -4])
    group = np.array([1, 1, 1, 2, NEVER, NEVER])
    right = {
        Average.SIMPLE: (3 * -1 + 3 * -2 + -4) / 7,
        Average.DYNAMIC: ((3 * -1 + -4) / 4 + -2) / 2,
        Average.GROUP: 0.75 * -1.5 + 0.25 * -4,
        Average.CALENDAR: (-1 + (3 * -2 + -4) / 4) / 2,
    }
    for how, expected in right.items():
        assert average_of(mean, group, how).estimate == pytest.approx(expected), how


def test_two_way_fixed_effects_are_wrong_where_effects_grow():
    """Effects of -0.05 a period of exposure: group-time effects find the truth, the single coefficient does not."""
    mean, group = means([2, 4, 6, 8, None, None], 10, lambda exposure: -0.05 * (exposure + 1), office=1.0)
    found = average_of(mean, group)
    exposures = np.arange(10) - group[:4, None]
    truth = float((-0.05 * (exposures + 1))[exposures >= 0].mean())
    assert found.estimate == pytest.approx(truth)
    assert abs(twoway_fixed_effects(mean, group, np.arange(10)) - truth) > 0.4 * abs(truth)
    flat, _ = means([2, 4, 6, 8, None, None], 10, lambda _: -0.15)
    assert twoway_fixed_effects(flat, group, np.arange(10)) == pytest.approx(-0.15)
    assert average_of(flat, group).estimate == pytest.approx(-0.15)


def test_when_all_have_started_nothing_is_left_to_compare_with():
    """Three groups and no office that never starts: the last period cannot be read, and is reported."""
    mean, group = means([1, 2, 3], 4, lambda _: -1.0)
    found = group_times(mean, np.arange(4), group)
    assert found.without_controls == ((1, 3), (2, 3), (3, 3))
    assert {(one.group, one.period) for one in found.found if one.exposure >= 0} == {(1, 1), (1, 2), (2, 2)}


def test_the_error_of_two_groups_and_periods_is_that_of_two_samples():
    """With one start it is the difference of changes; the error follows from the offices' own changes."""
    random = np.random.default_rng(3)
    mean = random.normal(size=(20, 2))
    group = np.array([1] * 8 + [NEVER] * 12)
    found = average_of(mean, group)
    change = mean[:, 1] - mean[:, 0]
    right = change[:8].var() / 8 + change[8:].var() / 12
    assert found.estimate == pytest.approx(change[:8].mean() - change[8:].mean())
    assert found.error == pytest.approx(np.sqrt(right * 20 / 19))
    assert found.influence.sum() == pytest.approx(0)


def test_errors_equal_the_spread_over_drawn_offices():
    """An independent check of all four averages: bootstrap of offices within their groups."""
    mean, group = means([2] * 12 + [4] * 12 + [None] * 12, 6, lambda e: -0.2 * (e + 1), noise=1.0, seed=4)
    random = np.random.default_rng(5)
    places = [np.flatnonzero(group == g) for g in np.unique(group)]
    drawn: dict[Average, list[float]] = {how: [] for how in Average}
    for _ in range(250):
        rows = np.concatenate([random.choice(place, len(place)) for place in places])
        found = group_times(mean[rows], np.arange(6), group[rows]).found
        for how in Average:
            weight = weights_for(found, group[rows], how)
            drawn[how].append(sum(one.estimate * share for one, share in zip(found, weight, strict=True)))
    for how in Average:
        assert average_of(mean, group, how).error == pytest.approx(np.std(drawn[how]), rel=0.15), how


def test_a_group_of_one_office_needs_the_jackknife():
    """Its own spread is nil: the sum over influences misses it, leaving out offices does not."""
    unused = np.zeros((6, 8), dtype=bool)
    plain, left_out, estimates = [], [], []
    for seed in range(60):
        mean, group = means([2, 3, 4, 5, None, None], 8, lambda _: 0.0, noise=1.0, seed=seed)
        found = average_of(mean, group)
        plain.append(found.error)
        estimates.append(found.estimate)
        left_out.append(jackknife_error(mean, np.arange(8), group, unused, Average.SIMPLE, False))
    spread = np.std(estimates)
    assert np.sqrt(np.mean(np.square(plain))) < 0.8 * spread
    assert np.sqrt(np.mean(np.square(left_out))) > 0.9 * spread


def test_periods_in_transition_are_passed_over():
    """The period before the start spoilt by preparations: the base is the one before it."""
    mean, group = means([3, 3, None, None], 6, lambda _: -1.0)
    mean[:2, 2] += 9
    unused = np.zeros(mean.shape, dtype=bool)
    unused[:2, 2] = True
    assert average_of(mean, group).estimate == pytest.approx(-10)
    assert average_of(mean, group, unused=unused).estimate == pytest.approx(-1)


def test_the_event_study_shows_times_before_and_after():
    """No effect before, a growing one after, and the number of offices behind each time."""
    mean, group = means([2, 2, 3, None], 5, lambda e: -1.0 - e)
    study = {
        e: (one.estimate, offices)
        for e, one, offices in by_exposure(group_times(mean, np.arange(5), group).found, group, mean)
    }
    assert study[-1] == (pytest.approx(0), 3)
    assert study[0] == (pytest.approx(-1), 3)
    assert study[1] == (pytest.approx(-2), 3)
    assert study[2] == (pytest.approx(-3), 2)
