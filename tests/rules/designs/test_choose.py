"""The estimator that belongs to a design."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from perintis.rules.designs import choose
from perintis.rules.designs.design import Design
from perintis.rules.designs.facts import Facts
from perintis.rules.statistics.case_values import CaseValues
from tests.rules.designs.design_cases import START, case_values, estimated, name_of, none

PILOT_OFFICES = frozenset(range(6))


def everything():
    """Twelve offices over 60 weeks; half of them get the pilot after 40, cases in them by lot before."""
    random = np.random.default_rng(1)
    office, week = np.repeat(np.arange(12), 240), np.tile(np.repeat(np.arange(60), 4), 12)
    after = week >= 40
    y = 20 + random.normal(0, 2, 12)[office] - 2 * ((office < 6) & after) + random.normal(size=len(office))
    return case_values(y, (office < 6) & after, office, week * 7 + np.arange(len(office)) % 5)


@pytest.mark.parametrize("design", list(Design))
def test_every_design_has_an_estimator(design):
    """Each gives an estimate near -2 for the cases that fit it, with a method and what it rests on."""
    values = everything()
    start = START + timedelta(weeks=40)
    facts = {
        Design.STAGGERED: Facts(office_starts={name_of(k): start for k in range(6)}),
        Design.COMPARISON_OFFICES: Facts(start=start, comparison_offices=frozenset(name_of(k) for k in range(6, 12))),
        Design.BEFORE_AFTER: Facts(start=start, comparison_offices=frozenset(name_of(k) for k in range(6, 12))),
        Design.RANDOMISED_OFFICES: Facts(start=start),
        Design.FEW_OFFICES: Facts(
            office_starts={name_of(0): start}, comparison_offices=frozenset(name_of(k) for k in range(6, 12))
        ),
    }.get(design, Facts())
    if design in (Design.RANDOMISED_CASES, Design.PARALLEL_COHORTS):
        pilot = np.random.default_rng(2).random(len(values.y)) < 0.5
        values = case_values(20 - 2.0 * pilot + 0.1 * values.y, pilot, values.units.office, values.units.day)
    found = estimated(choose.estimate(design, values, facts))
    assert found.effect.estimate == pytest.approx(-2, abs=0.6)
    assert found.error > 0
    assert found.method
    assert found.rests_on


def test_without_any_usable_case_the_reasons_are_counted():
    """The sentence says how many cases were left out and why."""
    values = everything()
    empty = CaseValues(
        "lead_time", "days", values.y, np.zeros(len(values.y), dtype=bool), values.units, 60.0,
        (("entered less than 60 days ago", 2880),),
    )  # fmt: skip
    found = none(choose.estimate(Design.RANDOMISED_CASES, empty, Facts()))
    assert found.reason == "No case can be used for lead_time (2,880 entered less than 60 days ago)."
