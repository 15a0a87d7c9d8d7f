"""The twelve panels of an evaluation, in the order of the report."""

from __future__ import annotations

from datetime import date, datetime

from perintis.rules.evaluation.parts import (
    Another,
    Between,
    Check,
    Cohorts,
    Count,
    Decided,
    Figure,
    Message,
    MetricMissing,
    MetricResult,
    Missing,
    Number,
    Part,
    Share,
    Told,
    WeekPoint,
)


class VerdictPanel(Part):
    """1. What the rule says. `word` is scale, adjust, stop, continue or no verdict.

    `reason` weighs most, `further` reasons come after it.
    """

    word: str
    reason: Message
    further: tuple[Message, ...] = ()
    change: Message | None = None
    staged: bool = False
    final: bool
    decision: Decided | None = None


class FlowSide(Part):
    """How the cases of one cohort went, in numbers that add up: received = not eligible + assigned.

    `already_open` of the assigned were open when observation began (`observed_from`), and count from then on.
    """

    name: str
    grade: str
    simulated: bool
    clock: str
    period: tuple[date, date]
    observed_until: datetime
    observed_from: datetime | None = None
    received: Told
    not_eligible: Told
    assigned: Told
    followed: Told
    decided: Told
    withdrawn: Told
    open: Told
    offices: Count
    already_open: Told = 0


class FlowPanel(Part):
    """2. Case flow. `followed`: entered at least tau before the reading, or closed by then."""

    baseline: FlowSide
    pilot: FlowSide
    tau_days: Number | None


class Curve(Part):
    """Share decided by time since opening, with a pointwise interval; lists of equal length."""

    cohort: str
    time: tuple[Number, ...]
    decided: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]
    at_risk_time: tuple[Number, ...]
    at_risk: tuple[Told, ...]
    mean: Number
    median: Number | None
    p90: Number | None


class CurvesPanel(Part):
    """4. Cumulative decided curves in `unit`.

    `faster` is the chance that a case of the pilot is decided sooner than one of the baseline, ties shared, over pairs
    of matured cases (Brunner and Munzel 2000); one half means alike. `pace` says in words what the log-rank test of the
    whole curves says, as a supplement, and `adjusted_pace` the same with the mix of cases made equal.
    """

    unit: str
    tau: Number
    service_level: Number | None
    compliance: Cohorts | None
    compliance_gap: Figure | None
    curves: tuple[Curve, ...]
    faster: Figure | None = None
    pace: Message | None = None
    adjusted_pace: Message | None = None
    note: Message | None = None


class StagePart(Part):
    """Where one step's share of the time went: mean a case.

    `cases` is how many cases spent any time there: of waiting and work, whichever fewer did.
    """

    step: str
    agency: str | None
    waiting: Cohorts
    touch: Cohorts | None
    difference: Figure | None
    only_in: str | None = None
    cases: Cohorts | None = None


class TimePanel(Part):
    """6. Where the time went, by step, in `unit` a case; `waiting` is from ready (or the step before) to start."""

    unit: str
    stages: tuple[StagePart, ...]
    handovers: Cohorts | None
    notes: tuple[Message, ...] = ()


class OfficeEffect(Part):
    """One office's own effect, turned so that more is better."""

    office: str
    cases: Cohorts
    effect: Figure
    pilot_office: bool = True


class Subgroup(Part):
    """A registered subgroup. `harmed` is true only where the harm survives the adjustment (BH 10 %); `equity` where
    the plan looks at it to see whether the pilot serves this group as well as others."""

    name: str
    value: str
    effect: Figure
    harmed: bool
    cases: Cohorts
    equity: bool = False


class OfficesPanel(Part):
    """7. Offices and registered subgroups. `differ`: by more than chance; `i2` is the share of it.

    `notes` name subgroups that could not be looked at.
    """

    metric: str
    unit: str
    offices: tuple[OfficeEffect, ...]
    i2: Share | None
    differ: bool | None
    icc: Number | None
    subgroups: tuple[Subgroup, ...] = ()
    notes: tuple[Message, ...] = ()


class ExposurePoint(Part):
    """One point of an event study: periods since the start (negative before), and the cases of that period."""

    period: int
    effect: Figure
    cases: Cohorts | None = None


class TimeSeriesPanel(Part):
    """8. Over time."""

    metric: str
    unit: str
    start: date | None
    unit_of_time: str
    points: tuple[WeekPoint, ...]
    event_study: tuple[ExposurePoint, ...] = ()
    notes: tuple[Message, ...] = ()


class DayPoint(Part):
    """The always-valid interval after one day."""

    day: date
    cases: Count
    estimate: Number
    interval: Between


class LookPoint(Part):
    """One formal look: planned when its numbers are null."""

    look: int
    fraction: Number
    planned: bool
    bound: Number | None = None
    estimate: Number | None = None
    interval: Between | None = None
    at: date | None = None


class SequentialPanel(Part):
    """9. Looks and the daily band, oriented as measured (pilot minus baseline).

    `stopped_early` is the median-unbiased effect with its interval, where this look ended the trial before its time:
    the plain estimate is then too large. `power_as_seen` and `power_at_target` are the chance that a later look proves
    the effect, if it is as seen now and if it is the plan's target.
    """

    metric: str
    unit: str
    spending: str
    fraction: Number
    looks: tuple[LookPoint, ...]
    days: tuple[DayPoint, ...]
    hidden: Message | None = None
    harm: tuple[Message, ...] = ()
    stopped_early: Figure | None = None
    power_as_seen: Share | None = None
    power_at_target: Share | None = None
    notes: tuple[Message, ...] = ()


class EdgeDifference(Part):
    """One step directly followed by another: share of cases and median wait on either side."""

    source: str
    target: str
    share: Cohorts
    median_wait: Cohorts | None
    difference: Figure
    survives: bool


class VariantDifference(Part):
    """One order of steps and the share of cases that took it."""

    steps: tuple[str, ...]
    share: Cohorts
    difference: Figure | None
    survives: bool


class Departure(Part):
    """Where cases left the designed process."""

    step: str
    how: str
    cases: Count


class ProcessPanel(Part):
    """10. The process as it went. `unit` is that of waits; `closed` are the closed cases that shares are of."""

    unit: str
    closed: Cohorts | None = None
    edges: tuple[EdgeDifference, ...]
    variants: tuple[VariantDifference, ...]
    similarity: Number | None
    similarity_p: Share | None
    fidelity: Share | None
    departures: tuple[Departure, ...] = ()
    only_in_baseline: tuple[str, ...] = ()
    only_in_pilot: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


class Element(Part):
    """One of the nine elements, mean of 1 to 4."""

    code: str
    name: str
    baseline: Number | None
    pilot: Number | None
    differs: bool | None


class SatisfactionSide(Part):
    """The index of one cohort with the chance of each category.

    `asked` are closed cases; `response` is the share that answered, `weighted` the index that all who were asked would
    have if silent people are like those who answered in their office.
    """

    respondents: Told
    asked: Told
    index: Figure
    category: str
    chances: dict[str, Share]
    response: Share | None = None
    weighted: Number | None = None


class SatisfactionPanel(Part):
    """11. Satisfaction (SKM, IKM of PermenPAN-RB 14/2017)."""

    baseline: SatisfactionSide | None
    pilot: SatisfactionSide | None
    difference: Figure | None
    elements: tuple[Element, ...]
    notes: tuple[Message, ...] = ()


class Naive(Part):
    """What a wrong way would have said, beside the right one."""

    what: Message
    naive: Figure
    right: Figure
    unit: str


class TrustPanel(Part):
    """12. Why this can be believed, or not.

    `bootstrap` is the effect of the first primary metric with the interval of a thousand resamples of offices.
    """

    gates: tuple[Check, ...]
    diagnostics: tuple[Check, ...]
    cautions: tuple[Message, ...]
    open_share: Cohorts | None
    e_value: Figure | None
    offices: Cohorts
    icc: Number | None
    naive: tuple[Naive, ...]
    bootstrap: Another | None = None


class MoneyPanel(Part):
    """Footer: cost a case and net benefit for 1,000 cases; `cost_per_decision` is the cost of all by those decided.

    Costs are None where they were not recorded in both cohorts, for the reason in `no_costs`; the net benefit, which
    rests on the amounts that the plan names, is there all the same.
    """

    currency: str
    cost_per_case: Cohorts | None
    difference: Figure | None
    net_benefit_per_1000: Figure | None
    no_costs: Message | None = None
    cost_per_decision: Cohorts | None = None
    cost_per_decision_difference: Figure | None = None


Metric = MetricResult | MetricMissing


class Panels(Part):
    """All panels. One that cannot be drawn is `Missing` with its reason. Panels 3 and 5 are drawn from `metrics`."""

    verdict: VerdictPanel
    flow: FlowPanel
    metrics: tuple[Metric, ...]
    curves: CurvesPanel | Missing
    time: TimePanel | Missing
    offices: OfficesPanel | Missing
    series: TimeSeriesPanel | Missing
    sequential: SequentialPanel | Missing
    process: ProcessPanel | Missing
    satisfaction: SatisfactionPanel | Missing
    trust: TrustPanel
    money: MoneyPanel | Missing
