"""Cohort sizes against what was agreed, and shares compared within strata."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.contingency import SampleRatio, Stratified, mantel_haenszel, sample_ratio
from perintis.rules.statistics.effect import NoEstimate

BERKELEY = (
    ((512, 313), (89, 19)),
    ((353, 207), (17, 8)),
    ((120, 205), (202, 391)),
    ((138, 279), (131, 244)),
    ((53, 138), (94, 299)),
    ((22, 351), (24, 317)),
)
"""Admissions by sex (rows) in six departments, 1973: Bickel, Hammel and O'Connell 1975; R's UCBAdmissions."""


def stratified(tables: object) -> Stratified:
    found = mantel_haenszel(tables)  # type: ignore[arg-type]
    assert isinstance(found, Stratified)
    return found


def test_a_small_mismatch_of_many_cases_is_found() -> None:
    """821,588 against 815,482 cases, agreed one to one, has p = 1.8e-6. Kohavi, Tang and Xu 2020, chapter 21."""
    found = sample_ratio((821_588, 815_482))
    assert isinstance(found, SampleRatio)
    assert found.p == pytest.approx(1.82e-6, abs=5e-8)
    assert not found.as_agreed


def test_agreed_shares_need_not_be_equal() -> None:
    """One to three as agreed is no mismatch."""
    found = sample_ratio((250, 750), (1, 3))
    assert isinstance(found, SampleRatio)
    assert (found.chi2, found.df, found.as_agreed) == (0.0, 1, True)
    assert sample_ratio((0, 0)) == NoEstimate("no cases were assigned")


def test_case_mix_reverses_the_crude_answer() -> None:
    """Crudely men are admitted more often (odds ratio 1.84); within departments they are not (0.905)."""
    found = stratified(BERKELEY)
    assert found.odds_ratio == pytest.approx(0.9046968, abs=1e-4)
    assert found.chi2 == pytest.approx(1.4269, abs=1e-4)
    assert found.p == pytest.approx(0.2323, abs=1e-4)
    assert found.crude_difference > 0.1
    assert found.risk_difference < 0
    one = stratified([np.sum(BERKELEY, axis=0)])
    assert one.odds_ratio == pytest.approx(1.8411, abs=1e-4)


def test_one_stratum_is_a_plain_difference() -> None:
    """With one stratum the weighted difference is the crude one, and its error nearly the usual."""
    found = stratified([((60, 140), (50, 150))])
    assert found.risk_difference == pytest.approx(0.05)
    assert found.risk_difference_error == pytest.approx(np.sqrt(0.3 * 0.7 / 200 + 0.25 * 0.75 / 200), rel=0.01)


def test_swapping_the_cohorts_turns_the_sign() -> None:
    """Pilot and baseline exchanged: the difference changes its sign, the odds ratio turns over, the test stays."""
    there, back = stratified(BERKELEY), stratified([table[::-1] for table in BERKELEY])
    assert back.risk_difference == pytest.approx(-there.risk_difference)
    assert back.risk_difference_error == pytest.approx(there.risk_difference_error)
    assert back.odds_ratio == pytest.approx(1 / (there.odds_ratio or 0))
    assert back.chi2 == pytest.approx(there.chi2)


def test_the_interval_holds_with_many_small_strata() -> None:
    """In 95 of 100 trials of forty strata of two to six cases the interval holds the true difference."""
    random = np.random.default_rng(5)
    held = 0
    for _ in range(1_000):
        n1, n0 = random.integers(1, 4, 40), random.integers(1, 4, 40)
        base = random.uniform(0.2, 0.6, 40)
        a, c = random.binomial(n1, base + 0.2), random.binomial(n0, base)
        low, high = stratified(np.stack([np.stack([a, n1 - a], 1), np.stack([c, n0 - c], 1)], 1)).risk_interval()
        held += low <= 0.2 <= high
    assert 0.93 <= held / 1_000 <= 0.97


def test_strata_of_one_cohort_say_nothing() -> None:
    """A stratum without cases of both cohorts is left out; where none remains there is a reason."""
    alone = ((5, 5), (0, 0))
    assert stratified([((60, 140), (50, 150)), alone]).strata == 1
    assert isinstance(mantel_haenszel([alone]), NoEstimate)


def test_empty_cells_leave_the_odds_ratio_out() -> None:
    """Without any failure there is a difference of shares (zero), but no odds ratio and no test."""
    found = stratified([((5, 0), (7, 0))])
    assert (found.risk_difference, found.odds_ratio, found.chi2) == (0.0, None, None)
