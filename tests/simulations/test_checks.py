"""The simulation checks with few repetitions: each figure in its range, each negative control outside."""

from __future__ import annotations

import pytest

from simulations.catalogue import ALL, rng_of
from simulations.check import Check, Figure, exact, mean, near, rate

SEED = 11


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_the_check_holds_in_short(check: Check) -> None:
    """With few repetitions (ranges widened by what that adds to the Monte-Carlo error) all is as it should be."""
    figures = check.run(check.short, rng_of(check, SEED))
    assert any(figure.control for figure in figures), "a check without a negative control shows nothing"
    wrong = [f"{f.name}: {f.value:.4f}, range {f.low:.4f} to {f.high:.4f}" for f in figures if not f.holds]
    assert not wrong, "\n".join(wrong)


def test_every_check_has_a_name_of_its_own_and_says_what_it_shows() -> None:
    """S-1, S-2 and so on, in order."""
    numbers = [int(check.name.removeprefix("S-")) for check in ALL]
    assert numbers == sorted(set(numbers))
    assert all(check.shows for check in ALL)


@pytest.mark.parametrize(
    ("value", "control", "holds"), [(0.05, False, True), (0.09, False, False), (0.5, True, True), (0.05, True, False)]
)
def test_a_control_must_lie_outside(value: float, control: bool, holds: bool) -> None:
    """A figure of ours holds inside its range; a negative control only outside."""
    assert exact("x", value, (0.0, 0.06), control=control).holds is holds


def test_few_repetitions_widen_the_range() -> None:
    """With 2,000 repetitions a rate of .06 is the limit; with 100 three times the added error (1.84 points) more."""
    full = rate("x", [True, False] * 1000, (0.0, 0.06))
    assert (full.low, full.high) == (0.0, 0.06)
    few = rate("x", [True, False] * 50, (0.0, 0.06))
    assert few.high == pytest.approx(0.06 + 3 * (0.02375 - 0.00531), abs=1e-4)
    assert few.error == 0.05


def test_a_mean_states_its_error() -> None:
    """The mean of 1, 2, 3, 4 has an error of sqrt(5/3) / 2."""
    import numpy as np

    found: Figure = mean("x", np.array([1.0, 2, 3, 4]), near(2.5, 0.1))
    assert (found.value, found.error) == pytest.approx((2.5, (5 / 3) ** 0.5 / 2))
    assert found.high > 2.6
