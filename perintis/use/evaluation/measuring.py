"""Measures every metric of the plan by its design, and those beside the plan that can be explored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy.special import stdtr

from perintis.rules.designs.choose import estimate
from perintis.rules.designs.design import Design, Estimated
from perintis.rules.metrics import (
    ANY_REWORK,
    COST,
    DUPLICATE_ENTRY,
    ERROR_RATE,
    HANDOVERS,
    LEAD_TIME,
    OFFICER_HANDOVERS,
    REWORK,
    SERVICE_LEVEL_MET,
    TOUCH_TIME,
    WAITING_TIME,
    Better,
    NotComparable,
)
from perintis.rules.plan import SATISFACTION, KnownMetric, Matured, PlannedMetric
from perintis.rules.plan.metric import known_metric
from perintis.rules.statistics.clusters import ENOUGH_OFFICES, Interval, interval
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.estimators import case_values
from perintis.rules.statistics.options import Counted, Withdrawal
from perintis.rules.statistics.satisfaction import case_index
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.at_margin import AtMargin, at_margin
from perintis.use.evaluation.satisfied import answers_of

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Effect
    from perintis.use.evaluation.prepare import Prepared

BY_DAY = (Design.BEFORE_AFTER, Design.COMPARISON_OFFICES, Design.STAGGERED, Design.FEW_OFFICES)
"""Designs that take means by day of opening."""

EXPLORED = (
    LEAD_TIME, WAITING_TIME, TOUCH_TIME, HANDOVERS, OFFICER_HANDOVERS, REWORK, ANY_REWORK, DUPLICATE_ENTRY,
    SERVICE_LEVEL_MET, ERROR_RATE, COST,
)  # fmt: skip
"""Measured also where the plan does not name them; they never decide."""


@dataclass(frozen=True)
class Inference:
    """The error of an effect with its degrees of freedom and its two-sided p-value; `caution` says what to mind."""

    error: float
    df: float | None
    p: float
    method: str
    rests_on: str
    caution: str | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """A metric with its values, its effect by the plan's design, and how far that may be off.

    `held` is how else a guardrail is held against its margin.
    """

    known: KnownMetric
    planned: PlannedMetric | None
    values: CaseValues
    estimated: Estimated
    inference: Inference
    held: AtMargin | None = None

    @property
    def role(self) -> Role:
        """What it is for; metrics beside the plan are secondary."""
        return self.planned.role if self.planned else Role.SECONDARY

    @property
    def effect(self) -> Effect:
        """Pilot minus baseline."""
        return self.estimated.effect

    @property
    def better(self) -> Better:
        """Which way is an improvement."""
        better = self.planned.better if self.planned else self.known.better
        return better or Better.LOWER

    @property
    def sign(self) -> float:
        """What pilot minus baseline is multiplied with, so that positive is better."""
        return 1.0 if self.better is Better.HIGHER else -1.0


@dataclass(frozen=True)
class Unmeasured:
    """A metric that cannot be compared here, and why."""

    known: KnownMetric
    planned: PlannedMetric | None
    reason: str
    cure: str | None = None

    @property
    def role(self) -> Role:
        """What it is for."""
        return self.planned.role if self.planned else Role.SECONDARY


Outcome = Measured | Unmeasured


def measure_all(prepared: Prepared) -> tuple[Outcome, ...]:
    """The metrics of the plan in its order, then those that are explored beside it."""
    return tuple(_measured(prepared, known, planned) for known, planned in _wanted(prepared))


def _wanted(prepared: Prepared) -> Iterator[tuple[KnownMetric, PlannedMetric | None]]:
    for planned in prepared.plan.metrics:
        yield planned.known, planned
    named = {m.metric for m in prepared.plan.metrics}
    for metric in EXPLORED:
        known = known_metric(metric.name)
        if metric.name not in named and known is not None:
            yield known, None


def _measured(prepared: Prepared, known: KnownMetric, planned: PlannedMetric | None) -> Outcome:
    values = _values(prepared, known, planned)
    if isinstance(values, NotComparable):
        return Unmeasured(known, planned, values.reason, values.cure)
    facts = prepared.facts
    if planned is not None and planned.worthwhile is not None:
        facts = replace(facts, smallest_worthwhile=planned.absolute(planned.worthwhile, values.mean(pilot=False)))
    found = estimate(prepared.plan.design.kind, values, facts)
    if isinstance(found, NoEstimate):
        return Unmeasured(known, planned, found.reason.rstrip("."), found.cure)
    measured = Measured(known, planned, values, found, infer(prepared.plan.design.kind, found))
    if planned is None or planned.margin is None:
        return measured
    return replace(measured, held=at_margin(prepared.plan.design.kind, values, found, facts, measured.sign))


def _values(prepared: Prepared, known: KnownMetric, planned: PlannedMetric | None) -> CaseValues | NotComparable:
    if known.name == SATISFACTION:
        answers = answers_of(prepared)
        if answers is None:
            return NotComparable("no satisfaction answers were recorded")
        return case_index(answers, prepared.units)
    tau = _horizon(prepared, known, planned)
    counted = Counted.TAU if tau is not None else Counted.CLOSED
    if planned is not None and planned.cases_used is Matured.CLOSED:
        counted = Counted.CLOSED
    withdrawal = Withdrawal.COMPETING if planned is None else Withdrawal(planned.withdrawn_as.value)

    def counting(enter_late: bool) -> CaseValues | NotComparable:
        return case_values(
            known.name, prepared.baseline, prepared.pilot, prepared.units, tau=tau, withdrawal=withdrawal,
            counted=counted, enter_late=enter_late,
            observed_from=(prepared.baseline.data.observed_from, prepared.pilot.data.observed_from),
        )  # fmt: skip

    if not adjusts(prepared):
        return counting(prepared.plan.design.kind not in BY_DAY)
    found = counting(False)
    return counting(True) if isinstance(found, NotComparable) else found


def adjusts(prepared: Prepared) -> bool:
    """Whether the estimate rests on the adjustment for covariates, which holds for cases seen from their opening.

    Of a slow kind of case more are still open when observation begins. The estimate for all cases is right then, but
    the mean value of each kind is not, and another mix in the other cohort would be taken out wrongly. So such cases
    are left out, unless a cohort cannot be followed to tau without them. After Grand et al. 2019.
    """
    return prepared.plan.design.kind is Design.PARALLEL_COHORTS and bool(prepared.facts.covariates)


def _horizon(prepared: Prepared, known: KnownMetric, planned: PlannedMetric | None) -> float | None:
    """The plan's own tau; for a metric beside the plan the longest tau in days that the plan has."""
    if planned is not None:
        return planned.tau.value if planned.tau else None
    return tau_days(prepared) if known.unit != "working hours" else None


def tau_days(prepared: Prepared) -> float | None:
    """The longest horizon in days that the plan names, primary metrics first."""
    for metrics in (prepared.plan.primaries, prepared.plan.metrics):
        found = [m.tau.value for m in metrics if m.tau is not None and m.tau.unit == "days"]
        if found:
            return max(found)
    return None


def infer(design: Design, found: Estimated) -> Inference:
    """The error of an estimate: that of its design, or where offices are the sample size the stricter of two tests.

    Offices drawn by lot keep the error of their own means and, below twelve a cohort, the larger of the two p-values of
    the t test and of exchanging the lot; so does a pilot in a few offices, with others in their place. Parallel cohorts
    take the interval by offices. All other designs bring their own error and degrees of freedom.
    """
    own = _own(found, None)
    if design is Design.RANDOMISED_OFFICES:
        return _confirmed(found, own, "exchanging the lot among offices gives")
    if design is Design.FEW_OFFICES:
        return _confirmed(found, own, "comparison offices in the pilot's place give")
    if design is not Design.PARALLEL_COHORTS:
        return own
    by_office = interval(found.effect)
    if isinstance(by_office, Interval):
        return Inference(
            by_office.error, by_office.df, by_office.p, f"{found.method}; {by_office.method}",
            by_office.rests_on, by_office.caution,
        )  # fmt: skip
    return replace(own, caution=f"{by_office.reason}; the interval takes cases as independent and is too narrow")


def _confirmed(found: Estimated, own: Inference, told: str) -> Inference:
    """The inference of the t test where the permutation bears it out; with few offices the more careful of both."""
    exchanged = found.panels.get("permutation_p")
    fewest = min(found.effect.units.offices_of(True), found.effect.units.offices_of(False))
    if exchanged is None or fewest >= ENOUGH_OFFICES or exchanged <= own.p:
        return own
    caution = f"{told} such an effect in {exchanged:.0%} of all draws"
    return replace(own, p=float(exchanged), caution=caution if exchanged > 0.05 >= own.p else None)


def _own(found: Estimated, caution: str | None) -> Inference:
    if found.error <= 0:
        p = float(found.effect.estimate == 0)
    else:
        p = float(2 * stdtr(found.df or 1e9, -abs(found.effect.estimate) / found.error))
    return Inference(found.error, found.df, p, found.method, found.rests_on, caution)
