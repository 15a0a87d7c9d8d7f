"""Formulas written for many repetitions at once give what the product gives for one."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.designs.design import Evidence
from perintis.rules.statistics.effect import Effect, Units
from perintis.rules.statistics.grouped import Clustering, standard_error
from perintis.rules.verdict.conditions import WORDS, Guardrails, Primaries, Word, conditions, words
from perintis.rules.verdict.reading import Reading, Role
from perintis.rules.verdict.rule import Context, judge
from simulations import cohorts, lognormal
from simulations import s11_peeking_with_offices as peeking
from simulations import s13_whole_verdict as verdict


def test_the_clustered_errors_of_the_peeking_check_are_those_of_the_product() -> None:
    """Last day of one repetition: cases of one office and day given their mean, so that sums agree."""
    offices, per_day = 10, peeking.PER_DAY // 10
    sums = peeking.day_office_means(np.random.default_rng(3), 1, offices, 0.05, own=0.3)
    estimate, _, by_office, largest = (part[0, -1] for part in peeking.errors(sums, 1.0))
    grid = np.indices((2, offices, peeking.DAYS, per_day)).reshape(4, -1)
    cohort, office, day = grid[0], grid[1] + offices * grid[0], grid[2]
    value = sums[0, grid[0], grid[1], grid[2]] / per_day
    pilot = cohort == 1
    means = [value[pilot == side].mean() for side in (False, True)]
    psi = np.where(pilot, 1.0, -1.0) * (value - np.where(pilot, means[1], means[0])) / pilot.sum()
    names = tuple(map(str, range(len(pilot))))
    units = Units(names, pilot, office, day, names[: 2 * offices], names[: peeking.DAYS])
    effect = Effect("x", means[1] - means[0], psi, np.ones(len(pilot), bool), units, means[1], means[0], "day")
    assert estimate == pytest.approx(effect.estimate)
    assert by_office == pytest.approx(standard_error(effect, Clustering.OFFICE))
    assert largest == pytest.approx(standard_error(effect, Clustering.BOTH))


def test_the_errors_of_the_verdict_check_are_those_of_the_product() -> None:
    """Office means with equal numbers of cases: estimate and CR2 error of twelve offices a cohort, one repetition."""
    rng = np.random.default_rng(8)
    value = rng.normal(rng.normal(0, 0.3, (24, 1)), 1.0, (24, 40))
    units = cohorts.units_of((40,) * 24, 12)
    given = cohorts.judged(cohorts.mean_effect(value.ravel(), units))
    means = value.mean(axis=1)[None]
    estimate, error = verdict._difference(np.stack([means[:, 12:], means[:, :12]], axis=1))
    assert (given.error, given.df) == (pytest.approx(error[0]), 22)
    assert (given.low + given.high) / 2 == pytest.approx(estimate[0])


def test_the_rule_over_many_is_the_rule_for_one() -> None:
    """The verdict for one evaluation and the words for thousands agree: a clear success is scaled, a clear harm not."""
    good = Reading("lead", Role.PRIMARY, 3.0, 1.0, 22, 0.9, 5.1, 1.0, 0.006, worthwhile=2.0)
    lead = {"effect": 3.0, "low": 0.9, "high": 5.1, "p": 0.006}
    primaries = Primaries(**{name: np.array([[x]]) for name, x in lead.items()}, worthwhile=np.array([2.0]))
    for harm, p, word in ((0.0, 1.0, Word.SCALE), (-9.0, 1e-8, Word.STOP)):
        guard = Reading("errors", Role.GUARDRAIL, harm, 1.0, 22, harm - 2, harm + 2, harm - 1.9, p, margin=3.0)
        assert judge([good, guard], Context(Evidence.A, final=True, net_benefit=1.0)).word is word
        errors = {"effect": harm, "p": p, "low": harm - 1.9}
        guardrails = Guardrails(**{name: np.array([[x]]) for name, x in errors.items()}, margin=np.array([3.0]))
        one = conditions(primaries, guardrails, 0.05)
        assert WORDS[words(one, may_scale=True, final=True)[0]] is word


def test_true_restricted_means_and_variances() -> None:
    """The closed forms behind S-2 and S-13, against 400,000 draws: mean 25.43 days, a fifth faster 4.016 less."""
    assert lognormal.restricted_mean() == pytest.approx(25.4307, abs=1e-4)
    assert lognormal.restricted_mean(0.8) - lognormal.restricted_mean() == pytest.approx(-4.016, abs=5e-4)
    rng = np.random.default_rng(2)
    shift, left = lognormal.office_shifts(rng, (4000, 1), 0.05)
    y = np.minimum(lognormal.lead_times(rng, (4000, 100), office=shift, spread=left), lognormal.TAU)
    between, every = lognormal.restricted_variances(0.05)
    assert float(y.var()) == pytest.approx(every, rel=0.02)
    assert float(y.mean(axis=1).var()) == pytest.approx(between + (every - between) / 100, rel=0.08)
