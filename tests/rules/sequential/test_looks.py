"""Looks as stored values, repeated intervals, the estimate after an early stop, conditional power."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from perintis.rules.sequential.curtailment import conditional_power
from perintis.rules.sequential.looks import Look, next_look, normal_equivalent, repeated_interval, t_bound
from perintis.rules.sequential.spending import bounds, equal_fractions
from perintis.rules.sequential.stopped import chance_of_more, median_unbiased
from perintis.words.errors import BadInput, NotAllowed

PLANNED = 4.0
"""Planned information: a standard error of half a day."""


def looks(*errors: float, final: bool = True) -> tuple[Look, ...]:
    taken: list[Look] = []
    for k, error in enumerate(errors):
        taken.append(next_look(taken, error, PLANNED, final=final and k == len(errors) - 1))
    return tuple(taken)


def test_looks_taken_as_planned_have_the_planned_bounds() -> None:
    """Standard errors that give fractions .5, .75 and 1 give the published bounds."""
    taken = looks(*(1 / np.sqrt(PLANNED * t) for t in (0.5, 0.75, 1.0)))
    assert [look.bound for look in taken] == pytest.approx([2.9626, 2.3590, 2.0141], abs=5e-4)
    assert [look.spent for look in taken][-1] == pytest.approx(0.05)


def test_a_look_is_never_changed() -> None:
    """What was decided on is a value."""
    with pytest.raises(FrozenInstanceError):
        looks(0.6)[0].bound = 1.0  # type: ignore[misc]


def test_earlier_bounds_are_kept_even_where_they_would_now_differ() -> None:
    """The bound at look 2 answers to the bound that look 1 had, not to one computed afresh."""
    stored = Look(1, 2.0, 0.5, 0.02, 2.4, False)
    assert next_look((stored,), 0.5, PLANNED, final=True).bound == pytest.approx(2.105, abs=0.02)
    assert next_look(looks(0.7071, final=False), 0.5, PLANNED, final=True).bound == pytest.approx(1.9686, abs=1e-3)


def test_a_look_that_gained_no_information_may_not_decide() -> None:
    """A second look with a larger standard error has no bound and says why; the final one still gets what is left."""
    first = looks(0.65, final=False)
    idle = next_look(first, 0.70, PLANNED, final=False)
    assert (idle.bound, idle.why_none, idle.spent) == (
        None,
        "no information was gained since the look before",
        first[0].spent,
    )
    last = next_look((*first, idle), 0.70, PLANNED, final=True)
    assert last.bound is not None
    assert last.bound == pytest.approx(2.0251, abs=5e-4)  # the normal tail of (.05 - .00714) / 2
    assert last.spent == pytest.approx(0.05)


def test_no_look_follows_the_final_one() -> None:
    """The last look is the last."""
    with pytest.raises(NotAllowed, match="look 1 was the final one"):
        next_look(looks(0.5), 0.4, PLANNED, final=False)
    with pytest.raises(BadInput, match="above 0"):
        next_look((), 0.0, PLANNED, final=False)


@pytest.mark.parametrize(("df", "expected"), [(None, 2.0141), (1000, 2.01665), (22, 2.13663), (8, 2.38791)])
def test_few_offices_widen_the_bound(df: float | None, expected: float) -> None:
    """A bound becomes the t quantile with the same tail: with 8 degrees of freedom a fifth wider."""
    assert t_bound(2.0141, df) == pytest.approx(expected, abs=2e-5)
    assert t_bound(1.959963985, 22) == pytest.approx(2.0738730679, abs=1e-8)


def test_the_normal_equivalent_undoes_the_bound() -> None:
    """A t statistic lies beyond the t bound exactly when its normal equivalent lies beyond the bound."""
    for sign in (1, -1):
        assert normal_equivalent(sign * t_bound(2.5, 10) * 0.3, 0.3, 10) == pytest.approx(sign * 2.5)
    assert normal_equivalent(0.6, 0.3, None) == 2.0


def test_a_repeated_interval_is_bound_times_error() -> None:
    """Four days less, error 1, at a first look with bound 2.9626: from -6.96 to -1.04."""
    interval = repeated_interval(-4.0, 1.0, 2.9626)
    assert (interval.low, interval.high) == pytest.approx((-6.9626, -1.0374))
    assert repeated_interval(-4.0, 1.0, 2.9626, 22).low < interval.low


def test_without_an_early_look_the_estimate_stays() -> None:
    """One look: the median-unbiased estimate is z / sqrt(information), the interval the plain one."""
    found = median_unbiased((1.0,), (), 3.0, 25.0)
    assert (found.estimate, found.low, found.high) == pytest.approx((0.6, 0.208007, 0.991993), abs=1e-6)


@pytest.mark.parametrize("z", [3.1, -3.1])
def test_an_early_stop_is_pulled_towards_zero(z: float) -> None:
    """Stopped at look 2 of 3 just beyond the bound, the plain estimate is too far from zero."""
    inside = bounds((0.5, 0.75, 1.0))
    plain = z / np.sqrt(0.75 * 16)
    found = median_unbiased((0.5, 0.75), inside[:1], z, 16.0)
    assert 0.8 * abs(plain) < abs(found.estimate) < abs(plain)
    assert np.sign(found.estimate) == np.sign(z)
    assert found.low < found.estimate < found.high


def test_the_median_unbiased_estimate_is_too_high_half_of_the_time() -> None:
    """In 4,000 trials it is above the truth in 50 % (Monte-Carlo error .8); the plain mean is 3 % too large."""
    rng, fractions, drift = np.random.default_rng(5), equal_fractions(3), 2.0
    inside = bounds(fractions)
    walk = np.cumsum(rng.normal(drift / 3, np.sqrt(1 / 3), (4000, 3)), axis=1)
    z = walk / np.sqrt(fractions)
    stopped = np.argmax((np.abs(z) > inside) | [False, False, True], axis=1)
    plain = z[np.arange(4000), stopped] / np.sqrt(np.take(fractions, stopped))
    above = np.array([
        chance_of_more(fractions[: k + 1], inside[:k], float(row[k]), drift) for k, row in zip(stopped, z, strict=True)
    ])  # fmt: skip
    # The adjusted estimate lies above the truth exactly where the chance of more, at the truth, is below one half.
    assert float((above < 0.5).mean()) == pytest.approx(0.5, abs=0.025)
    assert float((above < 0.025).mean()) == pytest.approx(0.025, abs=0.0075)
    assert float(plain.mean()) > drift * 1.03


def test_an_estimate_needs_the_bounds_before_it() -> None:
    """The number of bounds is one less than the number of looks."""
    with pytest.raises(BadInput, match="2 looks need the bounds of the 1 before"):
        median_unbiased((0.5, 1.0), (), 2.0, 4.0)


def test_conditional_power_with_one_look_left() -> None:
    """Phi((z sqrt t + drift (1 - t) - c) / sqrt(1 - t)), by hand .2165 under the trend seen."""
    assert conditional_power(1.0, 0.5, (1.0,), (1.9686,)) == pytest.approx(0.21651, abs=1e-4)
    assert conditional_power(1.0, 0.5, (1.0,), (1.9686,), drift=3.24) == pytest.approx(0.69392, abs=1e-4)


def test_more_looks_left_give_more_chances() -> None:
    """Two looks left with Pocock-like bounds exceed the better of either alone."""
    both = conditional_power(1.2, 0.4, (0.7, 1.0), (2.2, 2.2))
    assert both > max(conditional_power(1.2, 0.4, (t,), (2.2,)) for t in (0.7, 1.0))
    with pytest.raises(BadInput, match="at least one later look"):
        conditional_power(1.2, 0.4, (), ())


def test_after_all_information_nothing_may_be_spent() -> None:
    """A look beyond the planned information spends the rest though it was not called final; the next has no bound."""
    over = looks(0.6, 0.45, final=False)
    assert over[-1].spent == pytest.approx(0.05)
    after = next_look(over, 0.40, PLANNED, final=True)
    assert (after.bound, after.why_none) == (None, "nothing of the level may be spent")
