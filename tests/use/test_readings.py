"""What a metric says at a look: its bound, the agreement of tests where offices are few, and whose error it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perintis.rules.designs.design import Design, Estimated, Evidence
from perintis.rules.evaluation.parts import MetricResult
from perintis.rules.plan.metric import PlannedMetric, known_metric
from perintis.rules.sequential.looks import t_bound
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Units
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.at_margin import AtMargin
from perintis.use.evaluation.measuring import Inference, Measured, infer
from perintis.use.evaluation.readings import reading_of, results

LEAD = PlannedMetric.model_validate(
    {"metric": "lead_time", "role": "primary", "tau": "60 days", "unit": "days", "worthwhile": 1, "target": 2,
     "why": "noticeable"}
)  # fmt: skip
REWORK = PlannedMetric.model_validate(
    {"metric": "rework", "role": "guardrail", "unit": "percent", "margin": 20, "why": "no haste"}
)
Z95 = 1.959964


def values(effect: float = -4.0, offices: int = 4, each: int = 10, seed: int = 3) -> CaseValues:
    """Cases of so many offices a cohort, none in both, the pilot's lower by `effect` from a mean of 20."""
    random = np.random.default_rng(seed)
    count = 2 * offices * each
    office = np.repeat(np.arange(2 * offices), each)
    pilot = office >= offices
    y = 20 + random.normal(0, 1, count) + effect * pilot
    units = Units(tuple(map(str, range(count))), pilot, office, np.zeros(count, dtype=np.int64),
                  tuple(f"o{k:02}" for k in range(2 * offices)), ("2026-01-01",))  # fmt: skip
    return CaseValues("lead_time", "days", y, np.ones(count, dtype=bool), units, 60.0)


def estimated(found: CaseValues, error: float = 0.5, df: float | None = 6.0, **panels: Any) -> Estimated:
    return Estimated(found.difference(), error, df, "a series", "its own", Evidence.B, (), panels)


def measured(p: float, planned: PlannedMetric = LEAD, *, error: float = 0.5, df: float | None = 6.0) -> Measured:
    found = values()
    known = known_metric(planned.metric)
    assert known is not None
    return Measured(known, planned, found, estimated(found, error, df), Inference(error, df, p, "made up", "8 offices"))


def test_few_offices_cannot_decide_at_a_look_that_asks_for_more_than_the_permutation_can_give() -> None:
    """4 + 4 offices reach p = 2/70 at best: below 0.05, above the 0.003 of a first look; zero stays inside there."""
    exchanged = measured(p=2 / 70)

    assert reading_of(exchanged, Z95, 0.05).low > 0
    first = reading_of(exchanged, 2.9626, 0.00305)
    assert first.effect - t_bound(2.9626, 6.0) * 0.5 > 0  # the t test alone would decide
    assert first.low == 0


def test_a_primary_has_the_bound_of_its_look_and_a_guardrail_its_one_sided_limit() -> None:
    """Half-widths of t with 6 degrees of freedom: the look's bound, and 97.5 % one-sided whatever the look is."""
    lead = reading_of(measured(p=0.001), 2.5, 0.0124)
    assert lead.effect - lead.low == pytest.approx(t_bound(2.5, 6.0) * 0.5)
    rework = reading_of(measured(p=0.001, planned=REWORK), 2.5, 0.0124)
    assert rework.effect - rework.one_sided_low == pytest.approx(2.4469 * 0.5, abs=1e-4)
    assert rework.high - rework.effect == pytest.approx(2.4469 * 0.5, abs=1e-4)


def test_a_guardrail_is_held_by_the_limit_that_its_design_asks_for() -> None:
    """The score limit takes the place of t's; that of exchanged offices counts where lower; none keeps nothing."""
    plain = measured(p=0.5, planned=REWORK, error=0.05)
    margin = reading_of(plain, Z95, 0.05).margin
    by_t = reading_of(plain, Z95, 0.05).one_sided_low
    assert margin is not None

    def held(limit: float | None, *, alone: bool = False) -> float:
        other = replace(plain, held=AtMargin("made up", limit, None, alone))
        return reading_of(other, Z95, 0.05).one_sided_low

    assert held(by_t + 1, alone=True) == by_t + 1
    assert held(by_t - 1, alone=True) == by_t - 1
    assert held(by_t + 1) == by_t
    assert held(by_t - 1) == by_t - 1
    assert held(None) == min(by_t, -margin)
    assert held(None, alone=True) == by_t


def test_a_margin_in_percent_is_of_the_designs_own_baseline() -> None:
    """20 % of the mean without the pilot, as the table shows it."""
    rework = measured(p=0.5, planned=REWORK)
    assert reading_of(rework, Z95, 0.05).margin == pytest.approx(0.2 * rework.effect.baseline)


def test_two_primaries_are_adjusted_by_holm_and_guardrails_are_not() -> None:
    """p of 0.03 and 0.02: both 0.04; a guardrail has none."""
    waiting = PlannedMetric.model_validate({**LEAD.model_dump(mode="json"), "metric": "waiting_time"})
    found = results([measured(0.03), measured(0.02, waiting), measured(0.02, REWORK)], Z95, 0.05)
    adjusted = {m.metric: m.p_adjusted for m in found if isinstance(m, MetricResult)}
    assert adjusted == {"lead_time": pytest.approx(0.04), "waiting_time": pytest.approx(0.04), "rework": None}


@pytest.mark.parametrize(
    "design", [Design.BEFORE_AFTER, Design.COMPARISON_OFFICES, Design.STAGGERED, Design.RANDOMISED_CASES]
)
def test_designs_with_an_error_of_their_own_keep_it(design: Design) -> None:
    """A series over weeks is not read as so many independent cases or offices."""
    own = infer(design, estimated(values(), error=1.25, df=30.0))
    assert (own.error, own.df, own.method) == (1.25, 30.0, "its own")
    offices = infer(Design.PARALLEL_COHORTS, estimated(values(), error=1.25, df=30.0))
    assert offices.error != 1.25


def test_a_lot_between_offices_needs_the_permutation_as_well_while_offices_are_few() -> None:
    """t says 0.003, exchanging the lot 0.2: with 4 + 4 offices 0.2 counts, and is told; with 12 + 12 t does."""
    few = infer(Design.RANDOMISED_OFFICES, estimated(values(), error=0.8, permutation_p=0.2))
    assert few.p == 0.2
    assert few.caution is not None
    many = infer(Design.RANDOMISED_OFFICES, estimated(values(offices=12), error=0.8, df=22.0, permutation_p=0.2))
    assert many.p < 0.01


def test_less_than_four_offices_say_that_their_interval_is_too_narrow() -> None:
    """Three offices a side give no test over offices."""
    found = infer(Design.PARALLEL_COHORTS, estimated(values(offices=3)))
    assert found.caution is not None
    assert "4 offices a cohort needed, 3 present" in found.caution


def test_a_wide_interval_is_never_called_no_effect() -> None:
    """We cannot tell; and the role of a metric is told with it."""
    (found,) = results([measured(p=0.6, error=5.0)], Z95, 0.05)
    assert isinstance(found, MetricResult)
    assert found.role is Role.PRIMARY
    assert found.reading.code == "cannot_tell"
    assert "no effect" not in found.reading.text
