"""Two cohorts side by side that nobody drew by lot."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.covariates import fold
from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Covariate, Facts
from perintis.rules.designs.linear import expit, independent_columns, logistic
from perintis.rules.designs.parallel_cohorts import estimate
from perintis.rules.designs.strata import stratified_difference
from tests.rules.designs.design_cases import case_values, check, estimated, none, shuffled, swapped


def mixed(seed=1, size=4_000, effect=-2.0, offices=20):
    """Hard cases take longer and seldom go to the pilot; the effect is the same in all."""
    random = np.random.default_rng(seed)
    hard, kind = random.normal(size=size), random.integers(0, 3, size)
    pilot = random.random(size) < expit(-0.8 * hard + 0.3 * kind)
    y = 20 + 4 * hard + 2 * kind + effect * pilot + random.normal(size=size)
    values = case_values(y, pilot, random.integers(0, offices, size))
    return values, (Covariate("hard", hard), Covariate("kind", kind.astype(float), ("a", "b", "c")))


def test_like_is_compared_with_like():
    """The crude difference is far off (-2 becomes about -5); the adjusted one is not."""
    values, covariates = mixed()
    crude = estimated(estimate(values)).effect.estimate
    found = estimated(estimate(values, Facts(covariates=covariates)))
    assert crude < -4
    assert found.effect.estimate == pytest.approx(-2, abs=4 * found.error)
    assert found.error < 0.1
    assert found.evidence is Evidence.C


def test_it_is_right_if_either_model_is():
    """The expected value is curved, which the linear model misses; the chances are right, and the effect with them."""
    random = np.random.default_rng(7)
    hard = random.normal(size=20_000)
    pilot = random.random(20_000) < expit(0.7 * hard)
    y = np.exp(hard) - pilot + random.normal(size=20_000)
    facts = Facts(covariates=(Covariate("hard", hard),))
    found = estimated(estimate(case_values(y, pilot, np.arange(20_000) % 40), facts))
    assert found.effect.estimate == pytest.approx(-1, abs=3 * found.error)


def test_without_covariates_it_is_the_difference_of_means():
    """The experiment of LaLonde as in Dehejia and Wahba 1999: 1794.343, error 670.997 (Welch) or 632.853 (pooled)."""
    from causaldata import nsw_mixtape

    data = nsw_mixtape.load_pandas().data
    treated = data["treat"].to_numpy() == 1
    y = data["re78"].to_numpy(dtype=float)
    # Each person is an office of their own.
    found = estimated(estimate(case_values(y, treated, np.arange(len(y)))))
    assert found.effect.estimate == pytest.approx(1794.343, abs=0.01)
    assert found.error == pytest.approx(670.997, abs=0.01)
    whole = stratified_difference(y, treated, np.zeros(len(y), dtype=np.int64))
    assert whole.error == pytest.approx(670.997, abs=0.01)
    pooled = np.sqrt(
        ((treated.sum() - 1) * y[treated].var(ddof=1) + ((~treated).sum() - 1) * y[~treated].var(ddof=1))
        / (len(y) - 2) * (1 / treated.sum() + 1 / (~treated).sum())
    )  # fmt: skip
    assert pooled == pytest.approx(632.853, abs=0.01)


def test_adjusting_the_experiment_hardly_moves_it():
    """In a real experiment the covariates change the estimate by less than half an error."""
    from causaldata import nsw_mixtape

    data = nsw_mixtape.load_pandas().data
    treated, y = data["treat"].to_numpy() == 1, data["re78"].to_numpy(dtype=float)
    names = ("age", "educ", "re74", "re75")
    facts = Facts(covariates=tuple(Covariate(name, data[name].to_numpy(dtype=float)) for name in names))
    found = estimated(estimate(case_values(y, treated, np.arange(len(y))), facts))
    assert found.effect.estimate == pytest.approx(1794.343, abs=335)


def test_the_chance_of_the_pilot_is_a_logistic_regression():
    """Coefficients equal those of statsmodels, from folded rows as from single cases."""
    import statsmodels.api as sm

    values, covariates = mixed(size=1_000)
    used = values.used
    folded = fold(covariates, used)
    x = np.column_stack([np.ones(len(folded)), folded.x])
    x = x[:, independent_columns(x)]
    ours = logistic(x, folded.count(values.units.pilot), folded.count(used))
    right = sm.Logit(values.units.pilot.astype(float), x[folded.row]).fit(disp=0)
    np.testing.assert_allclose(ours, right.params, atol=1e-6)


def test_cross_fitting_keeps_offices_whole_and_gives_nearly_the_same():
    """Five folds move the estimate by less than an error, on a plain problem."""
    values, covariates = mixed()
    plain = estimated(estimate(values, Facts(covariates=covariates)))
    crossed = estimated(estimate(values, Facts(covariates=covariates, cross_fit=5)))
    assert crossed.effect.estimate != plain.effect.estimate
    assert crossed.effect.estimate == pytest.approx(plain.effect.estimate, abs=plain.error)
    assert "5-fold" in crossed.method


def test_balance_and_effective_sample_are_gates():
    """A covariate that all but decides the cohort leaves little to compare: both say so, with a cure."""
    random = np.random.default_rng(8)
    hard = random.normal(size=2_000)
    pilot = random.random(2_000) < expit(4 * hard)
    values = case_values(hard + random.normal(size=2_000), pilot, np.arange(2_000) % 20)
    found = estimated(estimate(values, Facts(covariates=(Covariate("hard", hard),))))
    assert check(found, "effective_sample").passed is False
    assert "compare only cases" in check(found, "effective_sample").cure
    assert check(found, "weighted_balance").passed is False
    fine, covariates = mixed()
    good = estimated(estimate(fine, Facts(covariates=covariates)))
    assert check(good, "weighted_balance").passed is True
    assert check(good, "effective_sample").passed is True


def test_sensitivities_stand_beside_it():
    """Overlap weights and the comparison within strata tell the same story here, and the E-value how robust it is."""
    values, covariates = mixed()
    found = estimated(estimate(values, Facts(covariates=covariates)))
    assert check(found, "overlap_weights").value == pytest.approx(-2, abs=0.3)
    assert check(found, "overlap_weights").passed is True
    # Fifths of a number leave some of it within the strata.
    assert check(found, "stratified").value == pytest.approx(-2, abs=0.8)
    assert check(found, "e_value").value > check(found, "e_value").limit > 1


def test_a_metric_that_the_pilot_cannot_touch_must_not_move():
    """Something unseen makes pilot cases faster; a step before the pilot shows it and fails the gate."""
    values, covariates = mixed()
    random = np.random.default_rng(9)
    touched = values.units.pilot * -1.0 + random.normal(size=len(values.y))
    untouched = random.normal(size=len(values.y))
    for y, passed in ((touched, False), (untouched, True)):
        control = case_values(y, values.units.pilot, values.units.office)
        found = estimated(estimate(values, Facts(covariates=covariates, negative_control=control)))
        assert check(found, "negative_control").passed is passed


def test_yes_or_no_is_compared_within_strata_as_well():
    """Berkeley's admissions 1973: crude odds favour men, within departments the odds ratio is 0.905."""
    tables = [[[512, 313], [89, 19]], [[353, 207], [17, 8]], [[120, 205], [202, 391]], [[138, 279], [131, 244]],
              [[53, 138], [94, 299]], [[22, 351], [24, 317]]]  # fmt: skip
    rows = [
        (department, 1 - sex, 1 - refused)
        for department, table in enumerate(tables)
        for sex in (0, 1)
        for refused in (0, 1)
        for _ in range(table[sex][refused])
    ]
    department, man, admitted = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    values = case_values(admitted, man == 1, np.arange(len(man)) % 30)
    found = estimated(estimate(values, Facts(covariates=(Covariate("department", department, tuple("ABCDEF")),))))
    assert "odds ratio 0.905" in check(found, "mantel_haenszel").text
    assert admitted[man == 1].mean() > admitted[man == 0].mean()
    assert found.effect.estimate < 0


def test_one_office_leaves_the_error_to_cases_and_fails_the_gate():
    """Nothing is known of how offices differ: the estimate stands, with a gate that says what is needed."""
    values, covariates = mixed(offices=1)
    found = estimated(estimate(values, Facts(covariates=covariates)))
    assert found.df is None
    assert check(found, "offices").passed is False
    assert check(found, "offices").cure.startswith("4 offices on either side needed")


def test_cohorts_without_any_overlap_are_not_compared():
    """A covariate that decides the cohort gives no estimate, and the reason says so."""
    pilot = np.arange(100) < 50
    facts = Facts(covariates=(Covariate("channel", pilot.astype(float), ("desk", "internet")),))
    found = none(estimate(case_values(np.arange(100.0), pilot, np.arange(100) % 10), facts))
    assert "tell the two cohorts apart completely" in found.reason
    assert "2 cases of either cohort needed, 0" in none(estimate(case_values([1, 2], [0, 0]))).reason


@pytest.mark.parametrize("cross_fit", [0, 5])
def test_cohorts_exchanged_and_rows_shuffled(cross_fit):
    """The sign turns with the cohorts; the order of rows does nothing, with cross-fitting too."""
    values, covariates = mixed(size=1_500)
    facts = Facts(covariates=covariates, cross_fit=cross_fit)
    one, other = estimated(estimate(values, facts)), estimated(estimate(swapped(values), facts))
    assert one.effect.estimate == pytest.approx(-other.effect.estimate, abs=1e-9)
    assert one.error == pytest.approx(other.error, abs=1e-9)
    moved, order = shuffled(values)
    same = tuple(Covariate(c.name, c.values[order], c.categories) for c in covariates)
    again = estimated(estimate(moved, Facts(covariates=same, cross_fit=cross_fit)))
    assert again.effect.estimate == pytest.approx(one.effect.estimate, abs=1e-9)
    assert again.error == pytest.approx(one.error, abs=1e-9)


def test_what_is_not_known_is_a_category_of_its_own():
    """Missing values neither drop a case nor pass for zero."""
    values, covariates = mixed(size=500)
    gaps = covariates[1].values.copy()
    gaps[:50] = np.nan
    number = covariates[0].values.copy()
    number[20:70] = np.nan
    facts = Facts(covariates=(Covariate("hard", number), Covariate("kind", gaps, ("a", "b", "c"))))
    found = estimated(estimate(values, facts))
    assert found.effect.n == 500
    assert {"hard: not known", "kind: not known"} <= {row["column"] for row in found.panels["balance_before"]}
