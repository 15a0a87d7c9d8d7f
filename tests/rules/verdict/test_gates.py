"""Gates: evidence that is invalid or too little gives no verdict, with the cure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perintis.rules.designs.design import Design, Diagnostic
from perintis.rules.statistics.silent_weeks import SilentWeeks
from perintis.rules.verdict.gates import CohortFacts, Facts, check_gates, failed
from perintis.rules.verdict.reading import Role, Unreadable
from tests.rules.plan.plans import plan

SIDE = CohortFacts(
    "baseline", cases=1000, offices=12, matured_per_office=80, known_to_tau=0.97, at_risk_at_tau=0.2,
    resolution_seconds=1, duplicates=0.0, silent=SilentWeeks(0, 96, 41.2), utilisation=0.70,
)  # fmt: skip
GOOD = Facts(
    SIDE, replace(SIDE, name="pilot"), weeks=12.0, planned_reached=True, worst_smd=0.05, effective=0.8,
    same_calendar=True, diagnostics=(Diagnostic("overlap", "Overlap is good.", True),),
)  # fmt: skip
PLAN = plan("cases: 100, offices: 12", "cases: 300, offices: 4, weeks: 8")


SILENT = (
    "pilot: nothing was recorded in 12 of 96 weeks of busy offices, which have about 41 records a week (at most 10%)"
)
FOLLOWED = (
    "pilot: 60% of the cases that entered tau ago are known up to tau and 5% are followed that far (90% or 10% needed)"
)


def pilot(**changes: Any) -> Facts:
    """The good facts, with something else in the pilot."""
    return replace(GOOD, pilot=replace(GOOD.pilot, **changes))


def test_good_evidence_passes_every_gate() -> None:
    """Of each group there is at least one gate."""
    gates = check_gates(PLAN, GOOD)
    assert failed(gates) == ()
    assert {gate.code[:2] for gate in gates} == {"G1", "G2", "G3", "G4", "G5", "G6"}
    assert all(gate.passed for gate in gates)


@pytest.mark.parametrize(
    ("facts", "code", "text", "cure"),
    [
        (pilot(offices=2), "G3.offices", "pilot: 4 offices needed, 2 present", "2 more offices"),
        (pilot(cases=259), "G3.cases", "pilot: 259 cases, 300 needed", "about 41 more cases"),
        (pilot(matured_per_office=24.5), "G3.matured", "pilot: 24.5 matured cases in the middle office, 30 needed",
         "about 66 more matured cases"),
        (replace(GOOD, weeks=7.9), "G3.weeks", "7 whole weeks of intake, 8 needed", "1 more week"),
        (replace(GOOD, planned_reached=False), "G3.look",
         "neither the registered number of cases nor a registered look was reached",
         "wait for the next registered look"),
        (pilot(duplicates=0.02), "G1.duplicates", "2.0% of the events of pilot are there twice (at most 1%)",
         "take out the copies and import the log again"),
        (pilot(silent=SilentWeeks(12, 96, 41.2)), "G1.silent", SILENT,
         "look for weeks or offices that are missing from the log"),
        (pilot(resolution_seconds=86400), "G1.resolution",
         "times are stamped in steps of 1 second on one side and of 1 day on the other",
         "stamp times alike, or plan a larger worthwhile effect"),
        (pilot(known_to_tau=0.6, at_risk_at_tau=0.05), "G4.follow_up",
         FOLLOWED, "wait until more cases were followed for tau, or amend tau to be shorter"),
        (pilot(utilisation=0.5), "G5.volume", "officers were busy 70% and 50% of the time (at most 5% apart)",
         "a baseline of like volume: fewer cases an officer shorten waits by themselves"),
        (replace(GOOD, same_calendar=False), "G5.calendar", "working time is counted by different calendars",
         "count both cohorts by one calendar"),
        (replace(GOOD, co_interventions=("a new fee",)), "G5.co_intervention",
         "something else changed for one cohort only: a new fee",
         "import the log without the time it touched, or compare with a baseline that it touched too"),
        (replace(GOOD, effective=0.4), "G2.effective", "weighting leaves 40% of the sample's weight (at least 50%)",
         "restrict the population to cases found in both cohorts"),
        (replace(GOOD, diagnostics=(Diagnostic("overlap", "No overlap.", False, cure="other cases"),)), "G6.overlap",
         "No overlap.", "other cases"),
        (replace(GOOD, unreadable=(Unreadable("rework", Role.GUARDRAIL, "no steps were recorded"),)),
         "G1.metric.rework", "rework cannot be computed: no steps were recorded",
         "record or import what it needs, or take it out of the plan by an amendment"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_cure(facts: Facts, code: str, text: str, cure: str) -> None:
    """One gate fails and says what would mend it."""
    (gate,) = failed(check_gates(PLAN, facts))
    assert (gate.code, gate.text, gate.cure) == (code, text, cure)


@pytest.mark.parametrize(
    "facts",
    [
        pilot(known_to_tau=0.6),  # but ten percent are followed to tau
        pilot(known_to_tau=None, at_risk_at_tau=0.1),
        replace(pilot(utilisation=0.5), volume_adjusted=True),
        replace(pilot(resolution_seconds=86400), worthwhile_seconds=2 * 86400),
        pilot(utilisation=None, silent=None, duplicates=None),
        replace(GOOD, diagnostics=(Diagnostic("e_value", "Weak.", False, gate=False),)),
        replace(GOOD, unreadable=(Unreadable("handovers", Role.SECONDARY, "no agencies"),)),
        replace(GOOD, same_calendar=None),
    ],
)
def test_what_can_be_lived_with_does_not_forbid_a_verdict(facts: Facts) -> None:
    """Enough follow-up either way, adjusted volume, secondary metrics, and what could not be checked."""
    assert failed(check_gates(PLAN, facts)) == ()


def test_five_offices_give_a_verdict_but_never_scale() -> None:
    """Inference needs four offices a cohort, scaling six."""
    gates = check_gates(PLAN, pilot(offices=5))
    assert failed(gates) == ()
    (short,) = [gate for gate in gates if gate.passed is False]
    assert (short.scale_only, short.text, short.cure) == (
        True, "pilot: 6 offices needed to scale, 5 present", "1 more office",
    )  # fmt: skip


def test_a_lot_is_held_against_the_planned_shares() -> None:
    """Sample ratio mismatch at p < 0.001 is invalid; balance is not asked of a lot."""
    drawn = plan("kind: parallel_cohorts", "kind: randomised_cases\n  randomised: true")
    (gate,) = failed(check_gates(drawn, replace(GOOD, srm_p=0.0005, worst_smd=0.9)))
    assert gate.code == "G2.ratio"
    assert failed(check_gates(drawn, replace(GOOD, srm_p=0.002))) == ()
    unchecked = [g for g in check_gates(drawn, GOOD) if g.code == "G2.ratio"]
    assert [g.passed for g in unchecked] == [None]


def test_one_series_rests_on_weeks_not_on_offices() -> None:
    """A before-after plan needs no four offices."""
    series = plan("kind: parallel_cohorts", "kind: before_after")
    assert failed(check_gates(series, pilot(offices=1))) == ()


def test_a_plan_that_adjusts_for_arrivals_may_compare_cohorts_of_unlike_volume() -> None:
    """A design that cannot is not told to."""
    gap = replace(pilot(utilisation=0.5), volume_adjusted=True)
    assert next(g for g in check_gates(PLAN, gap) if g.code == "G5.volume").passed
    design = PLAN.design.model_copy(update={"kind": Design.BEFORE_AFTER})
    gates = check_gates(PLAN.model_copy(update={"design": design}), pilot(utilisation=0.5))
    cure = next(g for g in gates if g.code == "G5.volume").cure
    assert cure is not None
    assert cure.startswith("write adjust_for_arrivals: true under design")


def test_less_work_a_case_is_the_pilots_effect_and_no_other_volume() -> None:
    """Busy 70 and 50 %: with as many cases an hour the pilot took the work out; with five in seven it had fewer."""
    base = replace(GOOD, baseline=replace(GOOD.baseline, utilisation=0.7, intake=0.7))
    alike = replace(base, pilot=replace(GOOD.pilot, utilisation=0.5, intake=0.7))
    fewer = replace(base, pilot=replace(GOOD.pilot, utilisation=0.5, intake=0.5))
    same, less = (next(g for g in check_gates(PLAN, f) if g.code == "G5.volume") for f in (alike, fewer))
    assert (same.passed, less.passed) == (True, False)
    assert "those of the pilot would have been 70% busy" in same.text
    assert "those of the pilot would have been 50% busy" in less.text
    drawn = plan("kind: parallel_cohorts", "kind: randomised_cases\n  randomised: true")
    assert not [g for g in check_gates(drawn, fewer) if g.code == "G5.volume"]  # the same officers work on both


def test_offices_that_nobody_recorded_are_not_asked_for_as_more_offices() -> None:
    """They are there; the log does not say which case was whose."""
    found = next(g for g in check_gates(PLAN, pilot(offices=0)) if g.code == "G3.offices" and not g.passed)
    assert (found.text, found.cure) == ("pilot: 4 offices needed, 0 present", "record the office of every case")
