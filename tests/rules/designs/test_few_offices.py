"""One or a few offices with the pilot beside a weighted mix of others."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs.design import Design, Evidence
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.few_offices import estimate
from perintis.use.evaluation.measuring import infer
from tests.rules.designs.design_cases import START, case_values, check, estimated, name_of, none, shuffled

WEEKS, BEFORE = 30, 20


def offices(pilots=1, others=24, effect=-3.0, cases=6, noise=0.5, odd=0.0, before=BEFORE, seed=1):
    """Offices follow two common courses, each in its own degree; office 0 may have an `odd` course of its own."""
    random = np.random.default_rng(seed)
    count, weeks = pilots + others, before + WEEKS - BEFORE
    common = np.vstack([np.linspace(0, 4, weeks), np.sin(np.arange(weeks) / 2)])
    course = 20 + random.normal(0, 3, (count, 1)) + random.uniform(0.2, 0.8, (count, 2)) @ common
    course[:pilots] += odd * np.cos(np.arange(weeks) * 1.7)
    office, week = np.repeat(np.arange(count), weeks * cases), np.tile(np.repeat(np.arange(weeks), cases), count)
    treated = (office < pilots) & (week >= before)
    y = course[office, week] + effect * treated + noise * random.normal(size=len(office))
    start = START + timedelta(weeks=before)
    facts = Facts(start=start, office_starts={name_of(k): start for k in range(pilots)})
    return case_values(y, treated, office, week * 7 + np.tile(np.arange(cases) % 7, count * weeks)), facts


def test_the_effect_of_one_office_is_found():
    """A fall of 3 days in one of 25 offices that all drift: within its interval, with grade C at best."""
    found = estimated(estimate(*offices()))
    assert found.effect.estimate == pytest.approx(-3, abs=0.4)
    assert found.error < 0.4
    assert found.evidence is Evidence.C
    assert found.rests_on == "1 office beside 24 comparison offices"
    assert found.effect.pilot - found.effect.baseline == pytest.approx(found.effect.estimate)
    assert all(d.passed is not False for d in found.diagnostics)


def test_no_result_is_rarer_than_the_offices_allow():
    """An effect beyond all doubt: 1 in 25 with 24 comparison offices; the t test alone would say far less."""
    found = estimated(estimate(*offices(effect=-30.0)))
    assert found.panels["permutation_p"] == pytest.approx(1 / 25)
    own = infer(Design.FEW_OFFICES, found)
    assert own.p == pytest.approx(1 / 25)
    assert abs(found.effect.estimate) / found.error > 10


def test_ten_comparison_offices_are_too_few():
    """With them nothing is rarer than 1 in 11: a gate that says how many are needed."""
    found = check(estimated(estimate(*offices(others=10))), "comparison_offices")
    assert found.passed is False
    assert found.gate
    assert found.cure == "19 comparison offices needed, 10 present."


def test_a_mix_that_does_not_follow_the_pilot_is_no_comparison():
    """An office with a course of its own: the mix misses it more than twice as much as the others."""
    found = estimated(estimate(*offices(odd=4.0)))
    assert check(found, "pre_fit").passed is False
    assert found.error > estimated(estimate(*offices())).error


def test_six_weeks_before_the_start_are_too_few():
    """Twelve periods are needed; two weeks are not even estimated."""
    assert check(estimated(estimate(*offices(before=6))), "periods").passed is False
    assert "whole period" in none(estimate(*offices(before=2))).reason


def test_two_offices_count_as_one_pilot():
    """Pairs of comparison offices take their place; the chance is still never below 1 in (comparison offices + 1)."""
    found = estimated(estimate(*offices(pilots=2)))
    assert found.effect.estimate == pytest.approx(-3, abs=0.4)
    assert found.panels["permutation_p"] == pytest.approx(1 / 25)
    assert found.df == 11


def test_few_cases_make_longer_periods():
    """One case a week: periods of four weeks; a comparison office without cases in one of them is left out."""
    values, facts = offices(cases=1, before=52)
    found = estimated(estimate(values, facts))
    assert "periods of 28 days" in check(found, "periods").text
    gone = values.used & ~((values.units.office == 7) & (values.units.day < 200))
    fewer = estimated(estimate(type(values)(values.metric, values.unit, values.y, gone, values.units), facts))
    assert fewer.rests_on == "1 office beside 23 comparison offices"


def test_influence_values_add_up_by_office():
    """They sum to nothing over all cases, and by comparison office to its weight times its distance from the mix."""
    found = estimated(estimate(*offices()))
    sums = found.effect.per_office()
    assert sums.sum() == pytest.approx(0, abs=1e-9)
    assert sums[0] == pytest.approx(0, abs=1e-9)  # one office is its own mean
    assert np.abs(sums[1:]).max() > 1e-4


def test_the_order_of_cases_does_not_matter():
    """The same to the last digits."""
    values, facts = offices()
    one, other = (estimated(estimate(v, facts)) for v in (values, shuffled(values)[0]))
    assert one.effect.estimate == pytest.approx(other.effect.estimate)
    assert one.error == pytest.approx(other.error)


def test_the_series_shows_what_would_have_been():
    """Weekly means of the pilot; the mix at its level after the start, and the model's line on either side."""
    found = estimated(estimate(*offices(noise=0.1)))
    rows = found.panels["series"]
    after = [row for row in rows if row["counterfactual"] is not None]
    assert (len(rows), len(after)) == (30, 10)
    gaps = [row["mean"] - row["counterfactual"] for row in after]
    assert np.mean(gaps) == pytest.approx(found.effect.estimate, abs=0.1)
    assert all(row["fitted"] == pytest.approx(row["mean"], abs=1) for row in rows)
