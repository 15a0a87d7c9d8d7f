"""How strong a hidden trait would have to be, and the bootstrap of uneven values."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.bca import bootstrap_mean
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import Interval
from perintis.rules.statistics.sensitivity import EValue, e_value, e_value_of_means

UNEVEN = np.array([10, 12, 12.5, 12.5, 13.9, 15, 21, 22, 23, 34, 50, 81, 89, 121, 134, 213])


def test_e_values() -> None:
    """A risk ratio of 3.9 with lower end 1.8 has 7.26 and 3.0. VanderWeele and Ding 2017."""
    assert e_value(3.9, 1.8, 8.7) == pytest.approx((7.263, 3.0), abs=1e-3)


def test_a_protective_ratio_is_turned_over() -> None:
    """1 / 3.9 is as strong as 3.9; the end nearer to no effect counts."""
    assert e_value(1 / 3.9, 1 / 8.7, 1 / 1.8) == pytest.approx((7.263, 3.0), abs=1e-3)


def test_an_interval_over_no_effect_needs_nothing_to_explain_it() -> None:
    """Its end has the E-value 1."""
    assert e_value(1.3, 0.9, 1.8) == EValue(pytest.approx(1.3 + np.sqrt(0.39)), 1.0)  # type: ignore[arg-type]
    assert isinstance(e_value(0.0, 0.0, 1.0), NoEstimate)


def test_means_by_their_deviation() -> None:
    """A difference of d standard deviations counts as the ratio exp(0.91 d)."""
    found = e_value_of_means(-4.0, -6.0, -2.0, 10.0)
    assert found == pytest.approx(e_value(np.exp(-0.364), np.exp(-0.546), np.exp(-0.182)))
    assert isinstance(e_value_of_means(1.0, 0.5, 1.5, 0.0), NoEstimate)


@pytest.mark.parametrize(
    ("method", "low", "high"), [("basic", 23.77, 79.12), ("percentile", 28.86, 84.21), ("BCa", 32.31, 91.43)]
)
def test_bootstrap_of_a_mean(method: str, low: float, high: float) -> None:
    """R's boot.ci with a million resamples, as quoted in SciPy's test_resampling.py."""
    found = bootstrap_mean(UNEVEN, 7, 1_000_000, method)  # type: ignore[arg-type]
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.005)


def test_the_bootstrap_depends_on_its_seed_alone() -> None:
    """The same seed gives the same interval."""
    assert bootstrap_mean(UNEVEN, 3, 999) == bootstrap_mean(UNEVEN, 3, 999)
    assert bootstrap_mean(UNEVEN, 3, 999) != bootstrap_mean(UNEVEN, 4, 999)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones(1), "1 cases; 2 are needed"),
        (np.ones(5), "the values do not vary"),
        (np.arange(2_001.0), "2001 cases are too many for this bootstrap"),
    ],
)
def test_what_cannot_be_bootstrapped(values: np.ndarray, reason: str) -> None:
    """Too few, equal, or too many values give a reason."""
    found = bootstrap_mean(values, 1)
    assert isinstance(found, NoEstimate)
    assert found.reason == reason
