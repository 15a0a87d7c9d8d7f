"""One series before and after."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from perintis.rules.designs.before_after import estimate
from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Facts, Impact, Logged, Season
from perintis.rules.designs.linear import t_p_value
from perintis.rules.statistics.effect import Scale
from tests.rules.designs.design_cases import (
    START,
    ar1,
    case_values,
    check,
    estimated,
    name_of,
    none,
    shuffled,
)


def weeks(before=40, after=20, each=10, level=20.0, trend=0.0, effect=0.0, seed=1, noise=1.0, rho=0.0, ramp=0):
    """Cases of consecutive weeks, `each` a week, and the facts with the start after `before` of them."""
    random = np.random.default_rng(seed)
    size = before + after
    week = np.repeat(np.arange(size), each)
    day = week * 7 + np.tile(np.arange(each) % 7, size)
    grown = np.minimum((np.arange(size) - before + 1) / ramp, 1) if ramp else np.ones(size)
    mean = level + trend * np.arange(size) + effect * grown * (np.arange(size) >= before)
    mean = mean + 0.5 * noise * ar1(random, size, rho)
    y = mean[week] + noise * random.normal(size=len(week))
    return case_values(y, week >= before, day=day), Facts(start=START + timedelta(weeks=before))


def test_a_step_is_found_beside_a_trend():
    """Means fall by 0.1 a week anyway; the pilot takes off 3 more. The plain difference says 6."""
    values, facts = weeks(trend=-0.1, effect=-3)
    found = estimated(estimate(values, facts))
    assert values.difference().estimate == pytest.approx(-6, abs=0.5)
    assert found.effect.estimate == pytest.approx(-3, abs=2.5 * found.error)
    assert found.error < 1
    assert found.rests_on == "40 weeks before, 20 after"
    assert found.evidence is Evidence.D
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-9)
    assert found.effect.pilot - found.effect.baseline == pytest.approx(found.effect.estimate)


def test_the_series_has_its_counterfactual():
    """Every week has its mean, the fitted mean and, after the start, what it would have been."""
    values, facts = weeks(effect=-3)
    found = estimated(estimate(values, facts))
    series = found.panels["series"]
    assert len(series) == 60
    assert series[0]["counterfactual"] is None
    gaps = [point["fitted"] - point["counterfactual"] for point in series if point["counterfactual"] is not None]
    np.testing.assert_allclose(gaps, found.effect.estimate)
    assert [point["n"] for point in series] == [10] * 60


def test_without_noise_each_impact_gives_the_mean_effect():
    """A ramp of 10 weeks over 20 weeks: the mean effect is -3 (0.55 + 1) / 2; a step has it from the first week."""
    ramped, facts = weeks(effect=-3, ramp=10, noise=0)
    found = estimated(estimate(ramped, Facts(start=facts.start, impact=Impact.RAMP, ramp_days=70)))
    assert found.effect.estimate == pytest.approx(-3 * (0.55 + 1) / 2)
    stepped, facts = weeks(effect=-3, trend=-0.1, noise=0)
    for impact in (Impact.STEP, Impact.STEP_AND_SLOPE):
        found = estimated(estimate(stepped, Facts(start=facts.start, impact=impact)))
        assert found.effect.estimate == pytest.approx(-3)


def test_the_wash_in_is_left_out():
    """The first four weeks, in which everything was late, do not count."""
    values, facts = weeks(effect=-3, noise=0)
    late = values.units.day // 7 - 40
    y = values.y + 30 * ((late >= 0) & (late < 4))
    spoiled = case_values(y, values.units.pilot, day=values.units.day)
    found = estimated(estimate(spoiled, Facts(start=facts.start, wash_in_days=28)))
    assert found.effect.estimate == pytest.approx(-3)
    assert found.rests_on == "40 weeks before, 16 after"
    assert found.effect.n == 560


def test_counts_have_a_rate_ratio():
    """Twice as many returns a case before as after: the log ratio is near log(1/2)."""
    values, facts = weeks(before=50, after=30, each=30)
    random = np.random.default_rng(3)
    y = random.poisson(np.where(values.units.pilot, 0.5, 1.0)).astype(float)
    counted = case_values(y, values.units.pilot, day=values.units.day)
    found = estimated(estimate(counted, Facts(start=facts.start, counts=True)))
    assert found.effect.scale is Scale.LOG_RATIO
    assert found.effect.estimate == pytest.approx(np.log(0.5), abs=2.5 * found.error)
    assert found.error < 0.2
    assert found.effect.pilot / found.effect.baseline == pytest.approx(np.exp(found.effect.estimate))


def test_offices_that_had_the_same_change_take_it_out():
    """A new law speeds all offices up by 4 at the start; 2 more is the pilot's. Four comparison offices: B."""
    values, facts = weeks(before=40, after=20, each=16, effect=-4)
    office = np.tile(np.arange(8), len(values.y) // 8)
    y = values.y - 2 * (office < 4) * values.units.pilot
    both = case_values(y, values.units.pilot & (office < 4), office, values.units.day)
    compared = Facts(start=facts.start, comparison_offices=frozenset(name_of(k) for k in range(4, 8)))
    found = estimated(estimate(both, compared))
    assert found.effect.estimate == pytest.approx(-2, abs=3 * found.error)
    assert estimated(estimate(both, facts)).effect.estimate < -4
    assert found.evidence is Evidence.B
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-9)
    two = Facts(start=facts.start, comparison_offices=frozenset({name_of(6), name_of(7)}))
    assert estimated(estimate(both, two)).evidence is Evidence.C


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (11, 20, "24 weeks before the start needed, 11 present."),
        (30, 8, "12 weeks after the start needed, 8 present."),
        (20, 10, "24 weeks before the start needed, 20 present; 12 weeks after the start needed, 10 present."),
    ],
)
def test_too_few_weeks_fail_the_gate(before, after, text):
    """The text counts what is needed and present; the cure says what to do."""
    found = estimated(estimate(*weeks(before, after)))
    assert check(found, "length").passed is False
    assert check(found, "length").gate
    assert check(found, "length").text == text
    assert check(found, "length").cure


def test_far_too_few_weeks_give_no_estimate():
    """Five weeks before bear no trend."""
    found = none(estimate(*weeks(5, 20)))
    assert found.reason == "24 weeks before the start needed, 5 present."
    assert "no first day" in none(estimate(weeks()[0], Facts())).reason


def test_a_season_after_the_start_must_have_been_seen_before_it():
    """Ramadan falls into the pilot: a baseline of 40 weeks does not hold one, one of 60 weeks does."""
    for before, passed in ((40, False), (60, True)):
        values, facts = weeks(before, 20)
        this_year = facts.start + timedelta(weeks=10)
        spans = tuple((day, day + timedelta(days=33)) for day in (this_year - timedelta(days=354), this_year))
        found = estimated(estimate(values, Facts(start=facts.start, seasons=(Season("Ramadan and Eid", spans),))))
        assert check(found, "seasons").passed is passed
    _, facts = weeks(40, 20)
    assert check(estimated(estimate(*weeks(40, 20))), "seasons").passed is None


def test_a_change_before_the_start_fails_the_placebo():
    """Things had become faster twelve weeks before the pilot began."""
    values, facts = weeks(before=60, after=20)
    early = values.units.day // 7 >= 36
    found = estimated(estimate(case_values(values.y - 4 * early, values.units.pilot, day=values.units.day), facts))
    assert check(found, "placebo").passed is False
    assert check(estimated(estimate(values, facts)), "placebo").passed is True


def test_other_changes_in_the_log_fail_the_gate():
    """A new form three weeks after the start cannot be told from the pilot; an empty log passes; none is not known."""
    values, facts = weeks()
    cases = ((None, None), ((), True), ((Logged(facts.start + timedelta(days=21), "new form"),), False),
             ((Logged(date(2030, 1, 1), "new law"),), True))  # fmt: skip
    for logged, passed in cases:
        found = check(estimated(estimate(values, Facts(start=facts.start, logged=logged))), "co_interventions")
        assert found.passed is passed
    found = estimated(estimate(values, Facts(start=facts.start, logged=cases[2][0])))
    assert "new form" in check(found, "co_interventions").text


def test_holidays_and_seasons_enter_the_regression():
    """Weeks of a holiday take 10 days longer; without the calendar the step would be off."""
    values, facts = weeks(before=60, after=20, noise=0.1, effect=-3)
    week = values.units.day // 7
    held = frozenset(START + timedelta(weeks=int(k)) for k in (5, 20, 33, 50, 61, 63, 66, 70))
    closed = np.isin(week, [5, 20, 33, 50, 61, 63, 66, 70])
    slow = case_values(values.y + 10 * closed, values.units.pilot, day=values.units.day)
    found = estimated(estimate(slow, Facts(start=facts.start, holidays=held)))
    assert found.effect.estimate == pytest.approx(-3, abs=0.2)
    assert abs(estimated(estimate(slow, facts)).effect.estimate + 3) > 0.5


def test_days_instead_of_weeks_have_their_weekday():
    """Mondays take 5 days longer; a series of days takes it out and finds the step."""
    values, facts = weeks(before=30, after=15, each=14, effect=-3, noise=0.2)
    monday = values.units.day % 7 == 0
    slow = case_values(values.y + 5 * monday, values.units.pilot, day=values.units.day)
    found = estimated(estimate(slow, Facts(start=facts.start, daily=True)))
    assert found.effect.estimate == pytest.approx(-3, abs=3 * found.error)
    assert found.rests_on == "210 days before, 105 after"
    assert found.error < 0.3


def test_a_plain_comparison_of_before_and_after_is_wrong_under_a_trend():
    """No effect, a slow trend: the plain t test errs in most series, the regression in about 5 %."""
    plain = right = 0
    rounds = 120
    for seed in range(rounds):
        values, facts = weeks(before=60, after=40, each=2, trend=-0.02, seed=seed, rho=0.3)
        found = estimated(estimate(values, facts))
        right += t_p_value(found.effect.estimate / found.error, found.df) < 0.05
        naive = values.difference()
        plain += abs(naive.estimate) > 1.96 * np.sqrt((naive.psi**2).sum())
    assert right / rounds <= 0.12
    assert plain / rounds > 0.6


def test_rows_shuffled_and_units_of_time():
    """The order of rows does nothing; minutes instead of days multiply effect and error."""
    values, facts = weeks(effect=-2)
    one = estimated(estimate(values, facts))
    moved, order = shuffled(values)
    again = estimated(estimate(moved, facts))
    assert again.effect.estimate == pytest.approx(one.effect.estimate, abs=1e-9)
    np.testing.assert_allclose(one.effect.psi[order], again.effect.psi, atol=1e-12)
    minutes = case_values(values.y * 1440, values.units.pilot, day=values.units.day)
    assert estimated(estimate(minutes, facts)).effect.estimate == pytest.approx(1440 * one.effect.estimate)
    assert estimated(estimate(minutes, facts)).error == pytest.approx(1440 * one.error)


def test_influences_of_cases_give_about_the_error_where_weeks_do_not_hang_together():
    """Clustered by week they come near the regression's error, so covariances between metrics can be had from them."""
    values, facts = weeks(before=80, after=60, each=20)
    found = estimated(estimate(values, facts))
    weekly = np.bincount(values.units.day // 7, weights=found.effect.psi)
    assert np.sqrt((weekly**2).sum()) == pytest.approx(found.error, rel=0.15)


def test_arrivals_can_be_adjusted_for():
    """Waits grow with the week's arrivals, which halve after the start: adjusted, no effect is left."""
    random = np.random.default_rng(5)
    number = np.where(np.arange(80) < 50, 40, 20) + random.integers(-8, 9, 80)
    week = np.repeat(np.arange(80), number)
    y = 5 * np.log(number)[week] + 0.2 * random.normal(size=len(week))
    values = case_values(y, week >= 50, day=week * 7 + np.arange(len(week)) % 7)
    start = START + timedelta(weeks=50)
    assert estimated(estimate(values, Facts(start=start))).effect.estimate < -2
    found = estimated(estimate(values, Facts(start=start, arrivals=True)))
    assert found.effect.estimate == pytest.approx(0, abs=0.15)


def test_comparison_offices_without_cases_fail_the_gate():
    """The plan names an office that is not in the data: the series stands alone, and that is said."""
    values, facts = weeks()
    found = estimated(estimate(values, Facts(start=facts.start, comparison_offices=frozenset({"elsewhere"}))))
    assert check(found, "comparison_offices").passed is False
    assert found.evidence is Evidence.D


def test_a_week_counts_as_its_cases():
    """A single wild case in an otherwise empty week hardly moves the effect."""
    values, facts = weeks(each=50, effect=-3)
    week = values.units.day // 7
    kept = (week != 45) | (np.arange(len(week)) == 45 * 50)
    y = np.where(week == 45, 120.0, values.y)
    thin = case_values(y[kept], values.units.pilot[kept], day=values.units.day[kept])
    whole = estimated(estimate(values, facts)).effect.estimate
    assert estimated(estimate(thin, facts)).effect.estimate == pytest.approx(whole, abs=1.0)


def test_days_of_wash_in_are_left_out_of_a_daily_series():
    """The first ten days are late by 30 and do not count."""
    values, facts = weeks(before=30, after=15, each=14, effect=-3, noise=0.2)
    late = values.units.day - 30 * 7
    spoiled = case_values(values.y + 30 * ((late >= 0) & (late < 10)), values.units.pilot, day=values.units.day)
    found = estimated(estimate(spoiled, Facts(start=facts.start, daily=True, wash_in_days=10)))
    assert found.effect.estimate == pytest.approx(-3, abs=0.5)
    assert found.rests_on == "210 days before, 95 after"
