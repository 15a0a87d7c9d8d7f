"""Shares of cases and their differences, against published intervals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import (
    Interval,
    NotWorse,
    mee,
    miettinen_nurminen,
    newcombe,
    not_worse,
    size_at_margin,
    wilson,
)

Table = tuple[int, int, int, int]


def ends(found: Interval | NoEstimate) -> tuple[float, float]:
    assert isinstance(found, Interval)
    return found.low, found.high


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson(successes: int, n: int, low: float, high: float) -> None:
    """The score interval of one share. Newcombe 1998a, table I."""
    assert ends(wilson(successes, n)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_newcombe(table: Table, low: float, high: float) -> None:
    """Method 10 for a difference of two shares. Newcombe 1998b, table II."""
    assert ends(newcombe(*table)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
        ((6, 7, 2, 7), 0.0342, 0.8534),
        ((5, 56, 0, 29), -0.0326, 0.1933),
    ],
)
def test_miettinen_nurminen(table: Table, low: float, high: float) -> None:
    """The score interval of a difference. Newcombe 1998b, table II, method 6."""
    assert ends(miettinen_nurminen(*table)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"), [((56, 70, 48, 80), 0.0533, 0.3377), ((9, 10, 3, 10), 0.1821, 0.8370)]
)
def test_mee(table: Table, low: float, high: float) -> None:
    """The same without the factor N/(N-1). Newcombe 1998b, table II, method 5."""
    assert ends(mee(*table)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("n1", "n0", "share", "margin", "percent"),
    [(100, 100, 0.90, 0.05, 2.49), (200, 200, 0.95, 0.03, 2.42), (150, 150, 0.80, 0.10, 2.50)],
)
def test_a_pilot_worse_by_the_margin_passes_once_in_forty(
    n1: int, n0: int, share: float, margin: float, percent: float
) -> None:
    """The exact size of the non-inferiority test at the margin, by counting all tables."""
    assert 100 * size_at_margin(n1, n0, share, margin) == pytest.approx(percent, abs=0.005)


def test_a_plain_normal_test_passes_too_often() -> None:
    """The check above can fail: with the unrestricted (Wald) error the same pilot passes in 2.82 % of tables."""
    import numpy as np
    from scipy.special import gammaln

    def chance(n: int, p: float) -> np.ndarray:
        k = np.arange(n + 1)
        return np.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k) * np.log1p(-p))

    x1, x0 = np.meshgrid(np.arange(101) / 100, np.arange(101) / 100, indexing="ij")
    error = np.sqrt((x1 * (1 - x1) + x0 * (1 - x0)) / 100)
    passed = (x1 - x0 + 0.05) > 1.959964 * error
    size = float((np.outer(chance(100, 0.85), chance(100, 0.90)) * passed).sum())
    assert 100 * size == pytest.approx(2.82, abs=0.005)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_test_and_interval_agree(n1: int, n0: int, data: st.DataObject) -> None:
    """The pilot passes exactly if the one-sided limit lies inside the margin."""
    x1, x0 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n0))
    found = not_worse(x1, n1, x0, n0, 0.1)
    assert isinstance(found, NotWorse)
    if abs(found.limit + 0.1) > 1e-6:
        assert found.passed == (found.limit > -0.1)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_swapping_the_cohorts_turns_the_interval_around(n1: int, n0: int, data: st.DataObject) -> None:
    """Baseline minus pilot is the mirror image of pilot minus baseline, and so are failures of successes."""
    x1, x0 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n0))
    for method in (newcombe, miettinen_nurminen, mee):
        low, high = ends(method(x1, n1, x0, n0))
        assert -1 <= low <= x1 / n1 - x0 / n0 <= high <= 1
        assert ends(method(x0, n0, x1, n1)) == pytest.approx((-high, -low), abs=1e-9)
        assert ends(method(n1 - x1, n1, n0 - x0, n0)) == pytest.approx((-high, -low), abs=1e-9)


def test_no_cases_give_a_reason() -> None:
    """Nothing is said of a cohort without cases; a single case gives a very wide interval."""
    assert wilson(0, 0) == NoEstimate("no cases")
    assert miettinen_nurminen(0, 0, 3, 9) == NoEstimate("no cases in the pilot")
    assert newcombe(3, 9, 0, 0) == NoEstimate("no cases in the baseline")
    assert not_worse(1, 2, 0, 0, 0.1) == NoEstimate("no cases in the baseline")
    low, high = ends(miettinen_nurminen(1, 1, 0, 1))
    assert low < 0 < high


def test_impossible_counts_are_refused() -> None:
    """More successes than cases cannot be."""
    with pytest.raises(ValueError, match="12 of 10 cases"):
        wilson(12, 10)
