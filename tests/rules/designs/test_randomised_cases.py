"""Cases drawn by lot within offices."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Covariate, Facts
from perintis.rules.designs.randomised_cases import estimate, sample_ratio
from tests.rules.designs.design_cases import case_values, check, estimated, none, shuffled, swapped


def drawn(seed=1, size=400, offices=4):
    """Cases of several offices, drawn with even chances, faster by 2 with the pilot."""
    random = np.random.default_rng(seed)
    office = random.integers(0, offices, size)
    pilot = random.random(size) < 0.5
    pages, kind = random.normal(size=size), random.integers(0, 3, size).astype(float)
    y = 20 + office * 3 + 2 * pages + kind - 2 * pilot + pages * pilot + random.normal(size=size)
    return case_values(y, pilot, office), pages, kind


def test_the_difference_is_that_within_offices_weighted_by_their_cases():
    """Office 0 has six cases and differs by -1, office 1 four and differs by -3: the effect is -1.8."""
    y = [5, 4, 6, 6, 5, 7, 20, 20, 23, 23]
    pilot = [1, 1, 1, 0, 0, 0, 1, 1, 0, 0]
    office = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    found = estimated(estimate(case_values(y, pilot, office)))
    assert found.effect.estimate == pytest.approx(0.6 * -1 + 0.4 * -3)
    # The variance of a cohort's mean within office 0 is 1/3 on either side, within office 1 nil.
    assert found.error == pytest.approx(0.6 * np.sqrt(1 / 3 + 1 / 3))
    assert found.evidence is Evidence.A
    assert found.effect.psi.sum() == pytest.approx(0)


def test_with_covariates_it_is_the_regression_with_every_arm_its_own_slopes():
    """Equal to statsmodels' `y ~ arm * office + arm * covariates`, centred, with HC2 errors."""
    import statsmodels.api as sm

    values, pages, kind = drawn()
    covariates = (Covariate("pages", pages), Covariate("kind", kind, ("a", "b", "c")))
    found = estimated(estimate(values, Facts(covariates=covariates)))
    arm = values.units.pilot.astype(float)
    rest = np.column_stack([values.units.office == k for k in (1, 2, 3)] + [pages, kind == 1, kind == 2]).astype(float)
    centred = rest - rest.mean(axis=0)
    x = np.column_stack([np.ones(len(arm)), arm, centred, centred * arm[:, None]])
    right = sm.OLS(values.y, x).fit(cov_type="HC2")
    assert found.effect.estimate == pytest.approx(right.params[1], abs=1e-9)
    assert found.error == pytest.approx(right.bse[1], abs=1e-9)
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-12)
    assert found.error < estimated(estimate(values)).error


def test_shares_other_than_those_of_the_lot_make_it_invalid():
    """821,588 against 815,482 is p = 1.8e-6 (Kohavi, Tang and Xu 2020): the lot did not work as planned."""
    found = sample_ratio(821_588, 815_482)
    assert found.value == pytest.approx(1.82e-6, abs=5e-8)
    assert found.passed is False
    assert found.gate
    assert sample_ratio(2_000, 1_000, expected_share=2 / 3).passed is True


def test_yes_or_no_is_checked_with_mantel_haenszel():
    """For values of 0 and 1 the Mantel-Haenszel risk difference stands beside it and agrees."""
    random = np.random.default_rng(3)
    office, pilot = random.integers(0, 5, 2_000), random.random(2_000) < 0.5
    y = (random.random(2_000) < 0.3 - 0.1 * pilot).astype(float)
    found = estimated(estimate(case_values(y, pilot, office)))
    assert check(found, "mantel_haenszel").passed is True
    assert check(found, "mantel_haenszel").value == pytest.approx(found.effect.estimate, abs=0.005)


def test_cases_treated_otherwise_than_drawn_are_counted_and_said():
    """Cross-over is a note, never a reason to move a case to the other cohort."""
    values, _, _ = drawn()
    crossed = np.zeros(len(values.y), dtype=bool)
    crossed[:80] = True
    found = estimated(estimate(values, Facts(crossed=crossed)))
    assert found.effect.estimate == estimated(estimate(values)).effect.estimate
    assert check(found, "cross_over").value == pytest.approx(0.2)
    assert check(found, "cross_over").passed is False


def test_offices_with_one_cohort_only_are_left_out_and_counted():
    """An office without the pilot says nothing of it: its cases are reported, not used."""
    values = case_values([1, 2, 3, 4, 9, 9, 9], [1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1])
    found = estimated(estimate(values))
    assert found.effect.estimate == pytest.approx(-2)
    assert found.effect.n == 4
    assert check(found, "strata_left_out").value == 3


def test_without_any_office_of_both_kinds_there_is_no_estimate():
    """The reason says how many cases of each kind there are and what to do."""
    found = none(estimate(case_values([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1])))
    assert "2 cases with the pilot, 2 cases without" in found.reason
    assert "every office has cases of both kinds" in found.cure


def test_exchanging_cohorts_turns_the_sign_and_nothing_else():
    """Effect of pilot over baseline = minus that of baseline over pilot."""
    values, pages, kind = drawn()
    facts = Facts(covariates=(Covariate("pages", pages), Covariate("kind", kind, ("a", "b", "c"))))
    one, other = estimated(estimate(values, facts)), estimated(estimate(swapped(values), facts))
    assert one.effect.estimate == pytest.approx(-other.effect.estimate, abs=1e-9)
    assert one.error == pytest.approx(other.error, abs=1e-9)


def test_the_order_of_rows_does_not_matter():
    """Shuffled cases give the same effect, error and influences."""
    values, pages, _ = drawn()
    moved, order = shuffled(values)
    one = estimated(estimate(values, Facts(covariates=(Covariate("pages", pages),))))
    other = estimated(estimate(moved, Facts(covariates=(Covariate("pages", pages[order]),))))
    assert one.effect.estimate == pytest.approx(other.effect.estimate, abs=1e-9)
    assert one.error == pytest.approx(other.error, abs=1e-9)
    np.testing.assert_allclose(one.effect.psi[order], other.effect.psi, atol=1e-12)


def test_cases_that_are_not_used_have_no_influence():
    """A case outside `used` changes nothing, whatever its value."""
    values = case_values([1, 2, 3, 4, np.nan], [1, 1, 0, 0, 0], used=np.array([True] * 4 + [False]))
    found = estimated(estimate(values))
    assert found.effect.estimate == pytest.approx(-2)
    assert found.effect.psi[4] == 0
