"""Times compared at equal covariates, open cases included."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.adjusted import (
    Fit,
    adjusted_mean_time,
    adjusted_time_effect,
    regression,
    regression_effect,
)
from perintis.rules.statistics.clusters import Clustering, standard_error
from perintis.rules.statistics.effect import Effect, NoEstimate
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from tests.rules.statistics.made import values


def fitted(found: Fit | NoEstimate) -> Fit:
    assert isinstance(found, Fit)
    return found


def weighted_by_hand(time: np.ndarray, ended: np.ndarray, x: np.ndarray, pilot: np.ndarray, tau: float) -> Fit:
    """The formulas of Tian, Zhao and Wei written case by case, without any sorting."""
    y, known, n = np.minimum(time, tau), ended | (time >= tau), len(time)
    weights = np.zeros(n)
    for i in range(n):
        if known[i]:
            stay = 1.0
            own = pilot == pilot[i]
            for u in np.unique(y[own & ~known & (y <= y[i])]):
                stay *= 1 - (own & ~known & (y == u)).sum() / (own & (y >= u)).sum()
            weights[i] = 1 / stay
    beta = np.linalg.solve((x * weights[:, None]).T @ x, (x * weights[:, None]).T @ y)
    score = x * (weights * (y - x @ beta))[:, None]
    whole = score.copy()
    for i in range(n):
        own = pilot == pilot[i]
        for k in np.flatnonzero(own & ~known):
            behind = own & (y >= y[k])
            mean = score[behind].sum(axis=0) / behind.sum()
            whole[i] += mean * ((i == k) - (y[i] >= y[k]) / behind.sum())
    return Fit((), beta, whole @ np.linalg.inv(x.T @ x))


def test_the_weighted_line_of_the_larynx_patients() -> None:
    """Time to death within 5 years on stage and age (Kardaun 1983, in lifelines), against the formulas case by case."""
    datasets = pytest.importorskip("lifelines.datasets")
    table = datasets.load_larynx()
    time, ended = table["time"].to_numpy(), table["death"].to_numpy().astype(bool)
    pilot, age = table["Stage_IV"].to_numpy().astype(bool), table["age"].to_numpy().astype(float)
    found = fitted(adjusted_mean_time(time, ended, pilot, {"age": age}, 5.0))
    expected = weighted_by_hand(time, ended, np.column_stack([np.ones(len(time)), pilot, age]), pilot, 5.0)
    assert found.names == ("intercept", "pilot", "age")
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-9)
    np.testing.assert_allclose(found.influence, expected.influence, atol=1e-9)
    assert found.coefficients[1] < -1


def test_without_covariates_it_is_the_difference_of_restricted_means() -> None:
    """Inverse weighting and Kaplan-Meier agree exactly, in value and about in error."""
    random = np.random.default_rng(2)
    n = 400
    pilot = np.arange(n) < n // 2
    time, seen = random.lognormal(3, 0.9, n) * np.where(pilot, 0.8, 1), random.uniform(10, 90, n)
    observed, ended = np.minimum(time, seen), time <= seen
    found = fitted(adjusted_mean_time(observed, ended, pilot, {}, 40.0))
    means = [restricted_mean(follow(observed[c], ended[c]), 40.0) for c in (~pilot, pilot)]
    assert all(isinstance(m, FromCurve) for m in means)
    value = [m.value for m in means if isinstance(m, FromCurve)]
    error = [m.error for m in means if isinstance(m, FromCurve)]
    assert found.coefficients[1] == pytest.approx(value[1] - value[0], rel=0.02)
    assert found.errors[1] == pytest.approx(np.hypot(*error), rel=0.03)


def test_where_all_are_closed_it_is_plain_least_squares() -> None:
    """Coefficients and HC0 errors of statsmodels; the same from the values as from the times."""
    sm = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(2)
    pilot, x = np.arange(90) < 40, random.normal(size=90)
    time = np.exp(3 + 0.3 * x - 0.2 * pilot + 0.5 * random.normal(size=90))
    theirs = sm.OLS(np.minimum(time, 40), np.column_stack([np.ones(90), pilot, x])).fit(cov_type="HC0")
    for found in (
        fitted(adjusted_mean_time(time, np.ones(90), pilot, {"x": x}, 40.0)),
        fitted(regression(values(np.minimum(time, 40), pilot), {"x": x})),
    ):
        np.testing.assert_allclose(found.coefficients, theirs.params, rtol=1e-9)
        np.testing.assert_allclose(found.errors, theirs.bse, rtol=1e-9)


def test_errors_by_office_come_from_the_influence_values() -> None:
    """The cluster-robust error of a regression, as statsmodels has it."""
    sm = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(2)
    office, x = random.integers(0, 9, 200), random.normal(size=200)
    pilot = random.random(200) < 0.5
    made = values(random.normal(size=9)[office] + x + random.normal(size=200), pilot, office)
    fit = sm.OLS(made.y, np.column_stack([np.ones(200), pilot, x])).fit()
    theirs = fit.get_robustcov_results("cluster", groups=office, use_correction=False).bse[1]
    found = regression_effect(made, {"x": x})
    assert isinstance(found, Effect)
    assert standard_error(found, Clustering.OFFICE) == pytest.approx(theirs * np.sqrt(9 / 8))
    assert found.pilot - found.baseline == pytest.approx(found.estimate)


def test_a_mix_that_differs_is_made_equal() -> None:
    """Hard cases take longer and are more frequent in the pilot, which is 20 % faster: seen only at equal mix."""
    random = np.random.default_rng(8)
    n = 4000
    pilot = np.arange(n) < n // 2
    hard = random.random(n) < np.where(pilot, 0.7, 0.3)
    time = random.exponential(np.where(hard, 30, 10) * np.where(pilot, 0.8, 1))
    seen = random.uniform(20, 90, n)
    made = values(np.minimum(time, seen), pilot)
    found = adjusted_time_effect(
        "lead_time", "days", made.y, time <= seen, made.used, made.units, {"hard": hard.astype(float)}, 40.0
    )
    assert isinstance(found, Effect)
    assert made.difference().estimate > 0
    assert found.estimate < -2


def test_covariates_that_say_the_same_are_refused() -> None:
    """There is no telling them apart."""
    x = np.arange(10.0)
    made = values(x, x >= 5)
    assert isinstance(regression(made, {"a": x, "b": 2 * x}), NoEstimate)
    assert isinstance(regression_effect(made, {"a": x, "b": 2 * x}), NoEstimate)
    assert isinstance(adjusted_mean_time(x + 1, np.ones(10), x >= 5, {"a": x, "b": 2 * x}, 5.0), NoEstimate)
    assert isinstance(adjusted_mean_time(x, np.zeros(10), x >= 5, {}, 50.0), NoEstimate)
