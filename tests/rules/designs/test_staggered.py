"""A staggered roll-out from cases to effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs.design import Evidence
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.linear import t_p_value
from perintis.rules.designs.staggered import estimate
from tests.rules.designs.design_cases import START, case_values, check, estimated, name_of, none, shuffled
from tests.rules.designs.staggered_cases import cases

STARTS = [3] * 6 + [5] * 6 + [None] * 6


def test_growing_effects_are_averaged_as_they_are():
    """-1 in the first period, -2 in the second, and so on: the truth, over all groups and periods, is within reach."""
    values, facts = cases(STARTS, 8, lambda e: -1.0 - e)
    found = estimated(estimate(values, facts))
    truth = -np.mean([1, 2, 3, 4, 5, 1, 2, 3])
    assert found.effect.estimate == pytest.approx(truth, abs=3 * found.error)
    assert found.error < 0.3
    assert found.evidence is Evidence.B
    assert found.rests_on == "18 offices with 2 starts over 8 periods, 6 never started"
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-9)
    assert check(found, "pre_trend").passed is True
    assert check(found, "without_controls").passed is True


def test_influences_by_office_give_the_error():
    """Summed by office, squared, times G / (G - 1)."""
    found = estimated(estimate(*cases(STARTS, 8, lambda _: -1.0)))
    assert np.sqrt((found.effect.per_office() ** 2).sum() * 18 / 17) == pytest.approx(found.error)


def test_a_drawn_order_uses_the_exposure_model():
    """Twelve offices in a drawn order are grade A, with the test over orders and the group-time effects beside."""
    starts = [1 + k // 3 for k in range(12)]
    values, facts = cases(starts, 6, lambda e: -0.5 * (e + 1))
    found = estimated(estimate(values, replace(facts, order_randomised=True)))
    assert found.evidence is Evidence.A
    assert found.effect.estimate == pytest.approx(-1.5, abs=3 * found.error)
    assert check(found, "order_permutation").value < 0.05
    assert check(found, "group_time").value < 0
    assert [point["period"] for point in found.panels["exposure_model"]] == [0, 1, 2, 3, 4]
    assert found.effect.psi.sum() == pytest.approx(0, abs=1e-9)
    fewer, facts = cases(starts[:9], 5, lambda _: -0.5)
    small = estimated(estimate(fewer, replace(facts, order_randomised=True)))
    assert small.evidence is Evidence.B
    assert check(small, "offices").cure == "12 offices needed, 9 present."


def test_periods_in_which_all_have_started_are_reported():
    """Nobody is left to compare with in the last step."""
    found = estimated(estimate(*cases([2] * 5 + [4] * 5, 6, lambda _: -1.0)))
    assert check(found, "without_controls").passed is False
    assert check(found, "without_controls").gate is False
    assert {cell["period"] for cell in found.panels["without_controls"]} == {2, 3}


def test_groups_that_moved_apart_before_fail_the_gate():
    """The first group slowed by 2 a period before it started."""
    values, facts = cases(STARTS, 8, lambda _: -1.0)
    early = values.units.office < 6
    period = values.units.day // 28
    moved = case_values(values.y + 2 * early * period, values.units.pilot, values.units.office, values.units.day)
    assert check(estimated(estimate(moved, facts)), "pre_trend").passed is False


def test_days_of_wash_in_and_of_broken_periods_are_left_out():
    """An office that starts ten days into a period, with four weeks of wash-in: two of its periods do not count."""
    values, facts = cases([2] * 6 + [None] * 6, 8, lambda _: -1.0, case_noise=0.01)
    late = {name: start + timedelta(days=10) for name, start in facts.office_starts.items()}
    other = replace(facts, office_starts={**late, name_of(0): facts.office_starts[name_of(0)]}, wash_in_days=28)
    moved = values.units.day // 28
    wild = (values.units.office < 6) & ((moved == 2) | (moved == 3)) & (values.units.office > 0)
    wild |= (values.units.office == 0) & (moved == 2)
    spoiled = case_values(values.y + 50 * wild, values.units.pilot, values.units.office, values.units.day)
    found = estimated(estimate(spoiled, other))
    assert found.effect.estimate == pytest.approx(-1, abs=0.05)


def test_the_event_study_is_a_panel():
    """Times since the start with estimate, error and offices."""
    found = estimated(estimate(*cases(STARTS, 8, lambda e: -1.0 - e)))
    study = {point["period"]: point for point in found.panels["event_study"]}
    assert study[2]["estimate"] == pytest.approx(-3, abs=4 * study[2]["error"])
    assert study[-1]["estimate"] == pytest.approx(0, abs=4 * study[-1]["error"])
    assert study[4]["offices"] == 6
    assert all(min(point["cases"]) > 0 for point in study.values())
    assert study[4]["cases"][1] < study[0]["cases"][1]  # later starters have not been there for so long
    assert set(found.panels["averages"]) == {"simple", "dynamic", "group", "calendar"}


def test_what_is_missing_is_said():
    """No starts, too few offices, nobody to compare with."""
    values, facts = cases(STARTS, 8, lambda _: 0.0)
    assert "no first day for any office" in none(estimate(values, Facts())).reason
    few, some = cases([2, None, None], 6, lambda _: 0.0)
    assert none(estimate(few, some)).reason == "4 offices needed, 3 present."
    together = Facts(office_starts={name_of(k): START for k in range(18)})
    assert "No office can be compared" in none(estimate(values, together)).reason
    assert facts.office_starts


def test_groups_of_one_office_take_the_error_of_leaving_out_offices():
    """A group of one has no spread of its own: the influences alone would give too small an error."""
    values, facts = cases([2, 3, 4, 5, None, None], 8, lambda _: -1.0, noise=1.0)
    found = estimated(estimate(values, facts))
    assert "leaving out one office" in found.method
    assert found.error > 1.1 * np.sqrt((found.effect.per_office() ** 2).sum() * 6 / 5)


def test_false_alarms_keep_their_level():
    """Twelve offices, three starts, no effect: the jackknife with t errs in about 5 % of trials."""
    false, rounds = 0, 100
    for seed in range(rounds):
        values, facts = cases([2] * 3 + [4] * 3 + [6] * 3 + [None] * 3, 8, lambda _: 0.0, each=2, seed=seed, noise=0.7)
        found = estimated(estimate(values, facts))
        false += t_p_value(found.effect.estimate / found.error, found.df) < 0.05
    assert 0.0 < false / rounds <= 0.11


def test_rows_shuffled():
    """The order of rows does nothing, drawn order or not."""
    values, facts = cases(STARTS, 7, lambda _: -1.0, each=4)
    moved, order = shuffled(values)
    for drawn in (False, True):
        one, other = (estimated(estimate(v, replace(facts, order_randomised=drawn))) for v in (values, moved))
        assert other.effect.estimate == pytest.approx(one.effect.estimate, abs=1e-8)
        assert other.error == pytest.approx(one.error, abs=1e-8)
        np.testing.assert_allclose(one.effect.psi[order], other.effect.psi, atol=1e-9)
