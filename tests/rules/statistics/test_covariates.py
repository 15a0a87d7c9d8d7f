"""Effects at equal covariates and equal mixes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perintis.rules.statistics.clusters import Clustering, standard_error
from perintis.rules.statistics.covariates import adjust, post_stratify
from perintis.rules.statistics.effect import Effect, NoEstimate
from tests.rules.statistics.made import values


def adjusted(found: Effect | NoEstimate) -> Effect:
    assert isinstance(found, Effect)
    return found


def test_it_is_the_regression_with_interactions() -> None:
    """The pilot's coefficient of y on pilot, centred x and their product; and its HC0 error."""
    sm = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(1)
    pilot, x = random.random(300) < 0.4, random.normal(2, 1, 300)
    made = values(1 + 0.5 * pilot + (1 + pilot) * x + random.normal(size=300), pilot)
    about = x - x.mean()
    design = np.column_stack([np.ones(300), pilot, about, pilot * about])
    fit = sm.OLS(made.y, design).fit(cov_type="HC0")
    found = adjusted(adjust(made.difference(), {"x": x}))
    assert found.estimate == pytest.approx(fit.params[1])
    assert np.sqrt((found.psi**2).sum()) == pytest.approx(fit.bse[1], rel=0.02)
    assert found.psi[pilot].sum() == pytest.approx(0, abs=1e-12)


def test_what_was_known_before_makes_the_error_smaller() -> None:
    """A covariate that explains nine tenths of the variance takes the error down to a third of it."""
    random = np.random.default_rng(2)
    pilot, x = np.arange(1000) < 500, random.normal(0, 3, 1000)
    plain = values(x + random.normal(0, 1, 1000), pilot).difference()
    found = adjusted(adjust(plain, {"before": x}))
    assert standard_error(found, Clustering.NONE) == pytest.approx(
        standard_error(plain, Clustering.NONE) / np.sqrt(10), rel=0.1
    )


def test_a_covariate_of_no_use_changes_little_and_an_unknown_one_nothing() -> None:
    """NaN takes the mean: a covariate that is nowhere known leaves the effect as it was."""
    random = np.random.default_rng(3)
    plain = values(random.normal(size=200), np.arange(200) < 100).difference()
    found = adjusted(adjust(plain, {"nothing": np.full(200, np.nan)}))
    assert (found.estimate, found.psi.tolist()) == (pytest.approx(plain.estimate), pytest.approx(plain.psi.tolist()))
    few = values([1, 2, 3, 4], [0, 0, 1, 1]).difference()
    assert isinstance(adjust(few, {"x": np.arange(4.0)}), NoEstimate)


def test_equal_mixes_of_strata_by_hand() -> None:
    """Simple cases take 1 day less, hard ones 2 days less; the mixes differ, so the plain difference misleads."""
    y = [2, 2, 2, 12, 1, 10, 10, 10]
    made = values(y, [0, 0, 0, 0, 1, 1, 1, 1]).difference()
    strata = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    assert made.estimate > 0
    assert adjusted(post_stratify(made, strata)).estimate == pytest.approx(-1.5)
    assert isinstance(post_stratify(made, np.array([0, 0, 0, 0, 0, 0, 0, 1])), NoEstimate)


def test_strata_are_covariates_with_one_column_each() -> None:
    """Both ways give the same estimate and influence values; unused cases stay at zero."""
    random = np.random.default_rng(4)
    strata, pilot = random.integers(0, 3, 120), random.random(120) < 0.5
    y = random.normal(size=120) + strata
    y[:5] = np.nan
    made = values(y, pilot)
    one = adjusted(post_stratify(made.difference(), strata))
    other = adjusted(adjust(made.difference(), {f"s{k}": (strata == k).astype(float) for k in (1, 2)}))
    assert one.estimate == pytest.approx(other.estimate)
    assert not one.psi[:5].any()
    turned = replace(made, units=replace(made.units, pilot=~pilot)).difference()
    assert adjusted(post_stratify(turned, strata)).estimate == pytest.approx(-one.estimate)
