"""The gates before the rule: evidence that is invalid or too little gives no verdict, never "adjust".

Pure functions of plain facts that the evaluation fills in. A gate that could not be checked (`passed` None) does not
forbid a verdict; it is shown as not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from perintis.rules.chance import in_draws
from perintis.rules.designs.design import Design, Diagnostic
from perintis.rules.plan.model import Plan
from perintis.rules.plan.study import ADJUSTABLE
from perintis.rules.statistics.reaching import SHORTER_TAU
from perintis.rules.statistics.silent_weeks import SilentWeeks
from perintis.rules.verdict.reading import Role, Unreadable
from perintis.rules.verdict.reasons import NEEDS_RECORDING

OFFICES_FOR_INFERENCE = 4
OFFICES_TO_SCALE = 6
MOST_DUPLICATES = 0.01
MOST_SILENT = 0.10
LEAST_SRM_P = 0.001
MOST_SMD = 0.1
LEAST_EFFECTIVE = 0.5
LEAST_KNOWN = 0.9
LEAST_AT_RISK = 0.1
MOST_UTILISATION_GAP = 0.05
LIKE_VOLUME = (
    "a baseline of like volume: fewer cases an officer shorten waits by themselves",
    "write adjust_for_arrivals: true under design, by an amendment: fewer cases an officer shorten waits by themselves",
)
RANDOMISED = (Design.RANDOMISED_CASES, Design.RANDOMISED_OFFICES)
SMALLEST_STEP = 0.5
"""Times may be stamped in steps of at most this share of the smallest worthwhile effect, where cohorts differ."""


@dataclass(frozen=True)
class CohortFacts:
    """What the gates must know of one cohort. None: not known.

    `cases` entered, from `offices`; `matured_per_office` is the median of matured cases an office; of the cases that
    entered at least tau ago, the share `known_to_tau`; `at_risk_at_tau` is the share of cases still followed and open
    just before tau (1 where all have ended); `resolution_seconds` is the step in which times were stamped;
    `followed_on` is the day on which a tenth of the cases will have entered tau ago, where that lies ahead;
    `duplicates` the share of events that are there twice; `silent` says of how many weeks of busy offices
    nothing was recorded; `utilisation` is the busy share of officers, `intake` the cases an hour that one of them has.
    """

    name: str
    cases: int
    offices: int
    matured_per_office: float | None = None
    known_to_tau: float | None = None
    at_risk_at_tau: float | None = None
    followed_on: date | None = None
    resolution_seconds: float | None = None
    duplicates: float | None = None
    silent: SilentWeeks | None = None
    utilisation: float | None = None
    intake: float | None = None


@dataclass(frozen=True)
class Facts:
    """What the gates must know of an evaluation.

    `planned_reached`: the registered number of cases or a registered look was reached. `srm_p` is the p-value of the
    sample ratio (randomised designs); `worst_smd` the largest standardised difference after weighting and `effective`
    the effective share of the sample (others). `worthwhile_seconds` is the smallest worthwhile effect of a primary
    time. `co_interventions` that fall into the period and touch one cohort only.
    """

    baseline: CohortFacts
    pilot: CohortFacts
    weeks: float | None = None
    planned_reached: bool | None = None
    srm_p: float | None = None
    worst_smd: float | None = None
    effective: float | None = None
    same_calendar: bool | None = None
    volume_adjusted: bool = False
    co_interventions: tuple[str, ...] = ()
    worthwhile_seconds: float | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def cohorts(self) -> tuple[CohortFacts, CohortFacts]:
        """Baseline, then pilot."""
        return self.baseline, self.pilot


@dataclass(frozen=True)
class Gate:
    """One check before the rule. `scale_only` gates do not forbid a verdict, only the word *scale*.

    `code` begins with the group (G1 data, G2 balance, G3 amount, G4 follow-up, G5 comparability, G6 design).
    """

    code: str
    passed: bool | None
    text: str
    cure: str | None = None
    scale_only: bool = False


def check_gates(plan: Plan, facts: Facts) -> tuple[Gate, ...]:
    """All gates, in the order of their groups."""
    return (*_data(facts), *_balance(plan, facts), *_amount(plan, facts), *_follow_up(facts),
            *_comparable(plan, facts), *_design(facts))  # fmt: skip


def failed(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    """The gates that forbid a verdict."""
    return tuple(gate for gate in gates if gate.passed is False and not gate.scale_only)


def _data(facts: Facts) -> Iterator[Gate]:
    for metric in facts.unreadable:
        if metric.role is not Role.SECONDARY:
            yield Gate(
                f"G1.metric.{metric.metric}", False, f"{metric.metric} cannot be computed: {metric.reason}",
                metric.cure.rstrip(".") if metric.cure else NEEDS_RECORDING,
            )  # fmt: skip
    yield _resolution(facts)
    for side in facts.cohorts:
        if side.duplicates is not None:
            yield Gate(
                "G1.duplicates", side.duplicates <= MOST_DUPLICATES,
                f"{side.duplicates:.1%} of the events of {side.name} are there twice "
                f"(at most {MOST_DUPLICATES:.0%})", "take out the copies and import the log again",
            )  # fmt: skip
        if side.silent is not None:
            yield Gate(
                "G1.silent", side.silent.share <= MOST_SILENT,
                f"{side.name}: nothing was recorded in {side.silent.silent:,} of {side.silent.judged:,} weeks of busy "
                f"offices, which have about {side.silent.usual:.2g} records a week (at most {MOST_SILENT:.0%})",
                "look for weeks or offices that are missing from the log",
            )  # fmt: skip


def _resolution(facts: Facts) -> Gate:
    steps = [side.resolution_seconds for side in facts.cohorts]
    if None in steps:
        return Gate("G1.resolution", None, "the steps in which times were stamped are not known on both sides")
    low, high = sorted(step for step in steps if step is not None)
    allowed = facts.worthwhile_seconds is not None and high <= SMALLEST_STEP * facts.worthwhile_seconds
    text = (
        "times are stamped in the same steps on both sides" if low == high
        else f"times are stamped in steps of {_span(low)} on one side and of {_span(high)} on the other"
    )  # fmt: skip
    cure = "stamp times alike, or plan a larger worthwhile effect"
    if facts.worthwhile_seconds is not None:
        cure = f"stamp times on both sides in steps of at most {_span(SMALLEST_STEP * facts.worthwhile_seconds)}"
    return Gate("G1.resolution", low == high or allowed, text, None if low == high or allowed else cure)


def _balance(plan: Plan, facts: Facts) -> Iterator[Gate]:
    if plan.design.kind in RANDOMISED:
        if facts.srm_p is None:
            yield Gate("G2.ratio", None, "whether the lot gave the planned shares was not checked")
            return
        yield Gate(
            "G2.ratio", facts.srm_p >= LEAST_SRM_P,
            f"shares as far from the planned ones would come about by chance in {in_draws(facts.srm_p)} of draws "
            f"(at least {in_draws(LEAST_SRM_P)} needed)", "find out which cases were lost or moved between the cohorts",
        )  # fmt: skip
        return
    if facts.worst_smd is not None:
        yield Gate(
            "G2.balance", facts.worst_smd < MOST_SMD,
            f"after weighting, the cohorts differ by at most {facts.worst_smd:.2f} standard deviations in what is "
            f"known of their cases (below {MOST_SMD:g})", "restrict the population to cases found in both cohorts",
        )  # fmt: skip
    if facts.effective is not None:
        yield Gate(
            "G2.effective", facts.effective >= LEAST_EFFECTIVE,
            f"weighting leaves {facts.effective:.0%} of the sample's weight (at least {LEAST_EFFECTIVE:.0%})",
            "restrict the population to cases found in both cohorts",
        )  # fmt: skip


def _amount(plan: Plan, facts: Facts) -> Iterator[Gate]:
    least = plan.minimums
    for side in facts.cohorts:
        lacking = least.cases - side.cases
        yield Gate(
            "G3.cases", lacking <= 0, f"{side.name}: {side.cases:,} cases, {least.cases:,} needed",
            None if lacking <= 0 else f"about {lacking:,} more case{'' if lacking == 1 else 's'}",
        )  # fmt: skip
    if plan.design.kind is not Design.BEFORE_AFTER:
        yield from _offices(plan, facts)
    if facts.weeks is not None and least.weeks:
        lacking = least.weeks - int(facts.weeks)
        yield Gate(
            "G3.weeks", lacking <= 0, f"{int(facts.weeks)} whole weeks of intake, {least.weeks} needed",
            None if lacking <= 0 else f"{lacking} more week{'' if lacking == 1 else 's'}",
        )  # fmt: skip
    if facts.planned_reached is not None:
        yield Gate(
            "G3.look", facts.planned_reached, "a registered look was reached" if facts.planned_reached
            else "neither the registered number of cases nor a registered look was reached",
            None if facts.planned_reached else "wait for the next registered look",
        )  # fmt: skip


def _offices(plan: Plan, facts: Facts) -> Iterator[Gate]:
    shared = plan.design.kind in (Design.RANDOMISED_CASES, Design.STAGGERED)
    few = plan.design.kind is Design.FEW_OFFICES  # its own diagnostics count offices
    needed, to_scale = offices_needed(plan)
    for side in facts.cohorts:
        for code, least, scale_only in (("G3.offices", needed, False), ("G3.scale_offices", to_scale, True)):
            if few or (scale_only and to_scale == needed):
                continue
            yield Gate(
                code, side.offices >= least,
                f"{side.name}: {_counted(least, 'office')} needed{' to scale' if scale_only else ''}, "
                f"{side.offices} present",
                None if side.offices >= least else _more_offices(side, least),
                scale_only=scale_only,
            )  # fmt: skip
        matured = plan.minimums.matured_cases_per_office
        if side.matured_per_office is not None and matured and not shared:
            lacking = max(0, round((matured - side.matured_per_office) * side.offices))
            yield Gate(
                "G3.matured", side.matured_per_office >= matured,
                f"{side.name}: {side.matured_per_office:g} matured cases in the middle office, {matured} needed",
                None if not lacking else f"about {lacking:,} more matured cases",
            )  # fmt: skip


def offices_needed(plan: Plan) -> tuple[int, int]:
    """How many offices each cohort needs for a verdict, and to scale."""
    needed = max(OFFICES_FOR_INFERENCE, plan.minimums.offices)
    return needed, max(OFFICES_TO_SCALE, needed)


def _more_offices(side: CohortFacts, least: int) -> str:
    if side.cases and not side.offices:
        return "record the office of every case"
    return _counted(least - side.offices, "more office")


def _follow_up(facts: Facts) -> Iterator[Gate]:
    for side in facts.cohorts:
        known, risk = side.known_to_tau, side.at_risk_at_tau
        if known is None and risk is None:
            yield Gate("G4.follow_up", None, f"{side.name}: there is no time in the plan that needs follow-up")
            continue
        enough = (known or 0) >= LEAST_KNOWN or (risk or 0) >= LEAST_AT_RISK
        told = [f"{known:.0%} of the cases that entered tau ago are known up to tau"] if known is not None else []
        told += [f"{risk:.0%} are followed that far"] if risk is not None else []
        yield Gate(
            "G4.follow_up", enough, f"{side.name}: {' and '.join(told)} ({LEAST_KNOWN:.0%} or {LEAST_AT_RISK:.0%} "
            "needed)", None if enough else _wait(side, "more cases were followed for tau"),
        )  # fmt: skip


def _wait(side: CohortFacts, what: str) -> str:
    """What mends too short a follow-up, with the day from which it will do where that is known."""
    if side.followed_on is None:
        return f"wait until {what}, or amend tau to be shorter"
    return f"data read on {side.followed_on.isoformat()} or later, or {SHORTER_TAU}"


def _comparable(plan: Plan, facts: Facts) -> Iterator[Gate]:
    if facts.same_calendar is not None:
        yield Gate(
            "G5.calendar", facts.same_calendar, "working time is counted by the same calendar on both sides"
            if facts.same_calendar else "working time is counted by different calendars",
            None if facts.same_calendar else "count both cohorts by one calendar",
        )  # fmt: skip
    yield from _volume(plan, facts)
    for what in facts.co_interventions:
        yield Gate(
            "G5.co_intervention", False, f"something else changed for one cohort only: {what}",
            "import the log without the time it touched, or compare with a baseline that it touched too",
        )  # fmt: skip


def _volume(plan: Plan, facts: Facts) -> Iterator[Gate]:
    """Whether fewer (or more) cases an officer alone would have changed the waits.

    A pilot that takes work out of a case makes officers less busy too: that is its effect, and no other volume. So the
    pilot's officers are taken as busy as they would have been with the baseline's work a case. Where cases are drawn by
    lot, the same officers work on both.
    """
    baseline, pilot = facts.cohorts
    if baseline.utilisation is None or pilot.utilisation is None or plan.design.kind is Design.RANDOMISED_CASES:
        return
    told, like = (
        f"officers were busy {baseline.utilisation:.0%} and {pilot.utilisation:.0%} of the time",
        pilot.utilisation,
    )
    if baseline.intake and pilot.intake is not None:
        like = baseline.utilisation * pilot.intake / baseline.intake
        told += f"; with as much work a case as in the baseline, those of the pilot would have been {like:.0%} busy"
    fine = abs(baseline.utilisation - like) <= MOST_UTILISATION_GAP
    yield Gate(
        "G5.volume", fine or facts.volume_adjusted,
        told + (", which is adjusted for" if facts.volume_adjusted else f" (at most {MOST_UTILISATION_GAP:.0%} apart)"),
        None if fine else LIKE_VOLUME[plan.design.kind in ADJUSTABLE],
    )  # fmt: skip


def _design(facts: Facts) -> Iterator[Gate]:
    for check in facts.diagnostics:
        if check.gate:
            yield Gate(f"G6.{check.code}", check.passed, check.text, check.cure)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _span(seconds: float) -> str:
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or size == 1:
            said = f"{seconds / size:.2g}"
            return f"{said} {word}{'' if said == '1' else 's'}"
    raise AssertionError("a span is told in seconds at the latest")
