"""From which day on a case's value is final, for every kind of metric; and that nothing in the daily series moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perintis.rules.plan import Plan
from perintis.use.evaluation.daily import day_series
from perintis.use.evaluation.measuring import Measured, measure_all
from perintis.use.evaluation.prepare import Prepared, prepare
from perintis.use.evaluation.ripening import Ripe, ripe_cases, ripe_values
from tests.use.test_evaluate import PLAN, material
from tests.use.test_evaluating_with_care import read_early

LATE = {"metric": "service_level_met", "role": "guardrail", "unit": "share", "margin": 0.1, "why": "a promise"}
ALL = Plan.model_validate({**PLAN.model_dump(mode="json"), "metrics": [*PLAN.model_dump(mode="json")["metrics"], LATE]})


def seen(day: int) -> tuple[Prepared, dict[str, Measured]]:
    """The pilot of 600 cases read so many days after its first."""
    whole = material(600, ALL)
    prepared = prepare(replace(whole, pilot=read_early(whole.pilot, day)))
    return prepared, {o.known.name: o for o in measure_all(prepared) if isinstance(o, Measured)}


@pytest.mark.parametrize("metric", ["lead_time", "service_level_met", "outcome:refused", "waiting_time", "handovers"])
def test_a_day_that_was_shown_never_changes(metric: str) -> None:
    """Read on day 120 and on day 200: up to day 120 the series is the same. What Kaplan-Meier says is not."""
    series = []
    for day in (120, 200):
        prepared, found = seen(day)
        ripe = ripe_values(prepared, found[metric])
        assert isinstance(ripe, Ripe)
        series.append(day_series(ripe.y, ripe.used, prepared.units, ripe.day, prepared.pilot.read.date()))
    early, later = ({d.day: (d.pilot, round(d.estimate, 9)) for d in days} for days in series)
    common = sorted(early)[:-2]  # the day of the reading itself was not over
    assert len(common) > 20
    assert [early[day] for day in common] == [later[day] for day in common]


def test_what_kaplan_meier_says_of_a_case_does_change() -> None:
    """The negative control: pseudo-values of cases matured by day 120 differ when read on day 200."""
    values = []
    for day in (120, 200):
        prepared, found = seen(day)
        y = dict(zip(prepared.units.case, found["lead_time"].values.y, strict=True))
        values.append({case: value for case, value in y.items() if case.startswith("pilot")})
    shared = sorted(values[0].keys() & values[1].keys())
    assert not np.allclose([values[0][c] for c in shared], [values[1][c] for c in shared], atol=1e-6)


def test_a_look_counts_matured_cases_not_all_that_are_used() -> None:
    """Kaplan-Meier uses open cases too; the plan's number is of cases that entered tau ago."""
    prepared, found = seen(120)
    lead = found["lead_time"]
    baseline, pilot = ripe_cases(prepared, lead)
    opened = prepared.pilot.cases["opened"]
    assert lead.effect.cases(pilot=True) == prepared.pilot.cases.height
    long_ago = int(((prepared.pilot.read - opened).dt.total_days() >= 40).sum())
    assert pilot == pytest.approx(long_ago, abs=2)  # days here are whole days of the office
    assert pilot < lead.effect.cases(pilot=True)
    assert baseline <= 600


def test_a_metric_in_working_hours_has_no_days() -> None:
    """Its horizon is no number of days; the band says so instead of guessing."""
    hours = {"metric": "lead_time_working", "role": "primary", "tau": "200 working hours", "unit": "working hours",
             "worthwhile": 8, "target": 16, "why": "a day"}  # fmt: skip
    plan = Plan.model_validate({**PLAN.model_dump(mode="json"), "metrics": [hours]})
    prepared = prepare(material(200, plan))
    found = next(o for o in measure_all(prepared) if o.known.name == "lead_time_working")
    assert isinstance(found, Measured)
    assert ripe_values(prepared, found) == "the metric has no horizon in days"
    assert ripe_cases(prepared, found)[1] > 150
