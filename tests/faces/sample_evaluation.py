"""A whole evaluation with every panel filled, made up by hand, for tests of pages and of the JSON form."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import exp

from perintis.rules.designs.design import Design, Evidence
from perintis.rules.evaluation.document import Evaluation, Phase, PlanFacts, Provenance
from perintis.rules.evaluation.panels import (
    Curve,
    CurvesPanel,
    DayPoint,
    Departure,
    EdgeDifference,
    Element,
    ExposurePoint,
    FlowPanel,
    FlowSide,
    LookPoint,
    MoneyPanel,
    Naive,
    OfficeEffect,
    OfficesPanel,
    Panels,
    ProcessPanel,
    SatisfactionPanel,
    SatisfactionSide,
    SequentialPanel,
    StagePart,
    Subgroup,
    TimePanel,
    TimeSeriesPanel,
    TrustPanel,
    VariantDifference,
    VerdictPanel,
)
from perintis.rules.evaluation.parts import (
    Amended,
    Another,
    Between,
    Check,
    Cohorts,
    Decided,
    Figure,
    Message,
    MetricMissing,
    MetricResult,
    WeekPoint,
)
from perintis.rules.verdict.reading import Role

READ = datetime(2026, 9, 30, 16, tzinfo=UTC)
START = date(2026, 3, 2)


def said(code: str, text: str, **values: str | float) -> Message:
    return Message(code=code, text=text, values=values)


def figure(value: float, half: float) -> Figure:
    return Figure(value=value, interval=Between(low=value - half, high=value + half))


def sample(word: str = "scale") -> Evaluation:
    """The sample with that verdict."""
    return Evaluation(
        pilot="fast-track", title="Fast-track stay permits",
        phase=Phase(version="1", first=READ - timedelta(days=210), last=READ, cases=1_920),
        design=Design.PARALLEL_COHORTS, evidence=Evidence.C,
        evidence_why=said(
            "evidence_design", "the design parallel cohorts gives evidence C at best", design="parallel_cohorts"
        ),
        simulated=True, data_until=READ, look=2, looks=3, information=0.75, level=0.95,
        plan=PlanFacts(
            hash="4f1c" * 16, registered_at=READ - timedelta(days=240), late=False, results_visible=False,
            amendments=(
                Amended(at=READ - timedelta(days=90), reason="an office joined", results_visible=False,
                        changes=("design, offices: Medan was added",)),
            ),
            question="Do agencies that check side by side decide sooner, without deciding worse?",
            objectives=("a decision noticeably sooner", "nobody types the same facts twice"), rule="as registered",
        ),
        panels=panels(word),
        provenance=Provenance(
            snapshot="ab12" * 16, baseline="cd34" * 16, code_version="0.1.0", lock_hash="ef56" * 16, seed=1,
            methods=(
                ("augmented inverse-probability weighting, clustered by office; "
                "office-mean t and permutation of offices"),
            ),
        ),
    )  # fmt: skip


def panels(word: str) -> Panels:
    return Panels(
        verdict=VerdictPanel(
            word=word, staged=word == "scale",
            reason=said("scale", "Lead time: better by 4 days (1.9 to 6.1 days better), and no guardrail can be worse "
                        "by its margin; expand in stages and compare each, for no lot was drawn and the cohorts may "
                        "differ unseen",
                        effect=4.0),
            change=said("change_scale", "about 1,900 more cases or 6 more offices", cases=1900, offices=6),
            final=False,
            decision=Decided(word="adjust", by="steering committee", reason="capacity in two offices", at=READ,
                             confirmed_by="inspectorate", differs=True),
        ),
        flow=FlowPanel(baseline=side("fast-track/as-is", 1_950), pilot=side("fast-track", 1_920), tau_days=40.0),
        metrics=metrics(), curves=curves(), time=stages(), offices=offices(), series=series(),
        sequential=sequential(), process=process(), satisfaction=satisfaction(), trust=trust(),
        money=MoneyPanel(
            currency="IDR", cost_per_case=Cohorts(baseline=812_000, pilot=765_000), difference=figure(-47_000, 21_000),
            net_benefit_per_1000=figure(47_000_000, 21_000_000),
        ),
    )  # fmt: skip


def side(name: str, received: int) -> FlowSide:
    return FlowSide(
        name=name, grade="rehearsal", simulated=True, clock="from the application to the decision",
        period=(START, date(2026, 9, 29)), observed_until=READ, received=received, not_eligible=30,
        assigned=received - 30, followed=received - 250, decided=received - 200, withdrawn=40, open=130, offices=8,
    )  # fmt: skip


def metric(
    name: str,
    label: str,
    unit: str,
    role: Role,
    baseline: float,
    pilot: float,
    half: float,
    reading: str,
    **more: float,
) -> MetricResult:
    lower = name != "service_level_met"
    gap = pilot - baseline
    return MetricResult(
        metric=name, label=label, unit=unit, role=role, better="lower" if lower else "higher", registered=True,
        estimate=gap, interval=Between(low=gap - half, high=gap + half),
        relative=figure(gap / baseline, half / baseline), oriented=figure(-gap if lower else gap, half), pilot=pilot,
        baseline=baseline, cases=Cohorts(baseline=1_700, pilot=1_670), error=half / 2, df=14.0, p=0.004,
        p_adjusted=0.008, reading=said(reading, reading.replace("_", " ")), rests_on="8 offices in both cohorts",
        method="AIPW, CR2 by office", beside=BESIDE.get(name, ()), **more,
    )  # fmt: skip


RATIO = said("rate_ratio", "the ratio of counts a case, pilot over baseline")
BESIDE = {
    "lead_time": (
        Another(
            code="pseudo_regression", unit="days", figure=figure(-3.9, 2.2),
            what=said("pseudo_regression", "a regression of pseudo-values on the covariates"),
        ),
        Another(
            code="max_t", unit="days", figure=figure(-4.0, 2.3),
            what=said(
                "max_t", "an interval that holds for all primary metrics at once (largest t, signs drawn by lot)"
            ),
            note=said(
                "max_t", "were there nothing, one of the primary metrics would reach as much in 0.3% of draws; by"
                " Holm's rule, which decides, in 0.8%",
            ),
        ),
    ),
    "outcome:refused": (
        Another(
            code="exchange_limit", unit="share", decides=True,
            what=said("exchange_limit", "the limit by exchanging offices, which must keep the margin too"),
            figure=Figure(value=-0.002, interval=Between(low=None, high=0.0173)),
        ),
    ),
    "handovers": (Another(code="rate_ratio", what=RATIO, unit="ratio", figure=figure(0.981, 0.057)),),
    "rework": (
        Another(
            code="rate_ratio", what=RATIO, unit="",
            reason=said("not_computed", "nothing was counted in the pilot: there is no ratio"),
        ),
    ),
}  # fmt: skip
"""By metric, the same effect by other ways."""


def metrics() -> tuple[MetricResult | MetricMissing, ...]:
    return (
        metric("lead_time", "Lead time", "days", Role.PRIMARY, 25.1, 21.1, 2.1, "better",
               worthwhile=2.5, target=5.0, tau=40.0),
        metric("duplicate_entry", "Fields typed again", "fields", Role.PRIMARY, 7.2, 1.1, 0.8, "better",
               worthwhile=3.0, target=5.0),
        metric("outcome:refused", "Outcome: refused", "share", Role.GUARDRAIL, 0.081, 0.079, 0.018, "not_worse",
               margin=0.03),
        metric("rework", "Rework", "repeated steps", Role.GUARDRAIL, 0.41, 0.45, 0.22, "cannot_tell", margin=0.2),
        metric("service_level_met", "Closed by the deadline", "share", Role.GUARDRAIL, 0.74, 0.88, 0.06, "better",
               margin=0.05),
        metric("handovers", "Hand-overs between agencies", "hand-overs", Role.SECONDARY, 5.2, 5.1, 0.3, "cannot_tell"),
        MetricMissing(metric="touch_time", label="Time worked on", role=Role.SECONDARY, registered=True,
                      reason=said("not_comparable", "baseline: no times at which work started were recorded",
                                  metric="touch_time")),
    )  # fmt: skip


def curves() -> CurvesPanel:
    def curve(cohort: str, scale: float) -> Curve:
        time = tuple(float(day) for day in range(61))
        decided = tuple(1 - exp(-((day / scale) ** 1.6)) for day in time)
        return Curve(
            cohort=cohort, time=time, decided=decided, low=tuple(max(d - 0.03, 0) for d in decided),
            high=tuple(min(d + 0.03, 1) for d in decided), at_risk_time=(0, 10, 20, 30, 40, 50, 60),
            at_risk=tuple(round(1_700 * exp(-((day / scale) ** 1.6))) for day in (0, 10, 20, 30, 40, 50, 60)),
            mean=scale * 0.88, median=scale * 0.8, p90=scale * 1.7,
        )  # fmt: skip

    return CurvesPanel(
        unit="days", tau=40.0, service_level=30.0, compliance=Cohorts(baseline=0.62, pilot=0.81),
        compliance_gap=figure(0.19, 0.05), curves=(curve("baseline", 28.0), curve("pilot", 22.0)),
        pace=said(
            "pace", "at equal age, cases of the pilot were decided 1.29 times as often as at a common pace; were there"
            " nothing, as large a difference would come about in 1.2% of draws (log-rank test by office)",
        ),
        adjusted_pace=said(
            "adjusted_pace", "at equal age and with the mix of cases made equal (covariates and strata of the plan),"
            " they were decided 1.24 times as often as at a common pace; were there nothing, as large a difference"
            " would come about in 2.3% of draws (adjusted log-rank test by office)",
        ),
    )  # fmt: skip


def stages() -> TimePanel:
    rows = (
        ("imigrasi.check_documents", "imigrasi", 3.1, 2.8), ("dukcapil.verify_identity", "dukcapil", 4.0, 0.2),
        ("kemenkes.health_screening", "kemenkes", 6.2, 5.9), ("polri.police_record", "polri", 5.0, 4.8),
        ("kemnaker.approve_work", "kemnaker", 4.4, 4.1), ("imigrasi.decide", "imigrasi", 1.9, 1.6),
    )  # fmt: skip
    return TimePanel(
        unit="days",
        stages=(
            *(StagePart(step=step, agency=agency, waiting=Cohorts(baseline=a, pilot=b),
                        touch=Cohorts(baseline=0.05, pilot=0.04), difference=figure(b - a, 0.4),
                        cases=Cohorts(baseline=1000, pilot=900))
              for step, agency, a, b in rows),
            StagePart(step="imigrasi.enter_again", agency="imigrasi", waiting=Cohorts(baseline=0.6, pilot=0),
                      touch=Cohorts(baseline=0.02, pilot=0), difference=None, only_in="baseline",
                      cases=Cohorts(baseline=800, pilot=0)),
        ),
        handovers=Cohorts(baseline=5.2, pilot=5.1),
        notes=(said("side_by_side",
                    "steps side by side wait at the same time, so stages do not add up to the lead time"),),
    )  # fmt: skip


def offices() -> OfficesPanel:
    names = ("Jakarta Selatan", "Surabaya", "Denpasar", "Medan", "Makassar", "Batam", "Bandung", "Semarang")
    return OfficesPanel(
        metric="lead_time", unit="days",
        offices=tuple(
            OfficeEffect(office=name, cases=Cohorts(baseline=200 + 9 * k, pilot=190 + 8 * k),
                         effect=figure(4.0 + (k - 3.5) * 0.6, 2.4))
            for k, name in enumerate(names)
        ),
        i2=0.21, differ=False, icc=0.04,
        subgroups=(
            Subgroup(name="category", value="worker", effect=figure(4.6, 2.0), harmed=False,
                     cases=Cohorts(baseline=900, pilot=880)),
            Subgroup(name="category", value="family", effect=figure(3.1, 2.6), harmed=False,
                     cases=Cohorts(baseline=800, pilot=790)),
        ),
    )  # fmt: skip


def series() -> TimeSeriesPanel:
    def week(k: int, cohort: str, value: float) -> WeekPoint:
        return WeekPoint(
            start=START + timedelta(weeks=k), cohort=cohort, cases=60 + k % 7, value=value + (k % 5 - 2) * 0.6,
            fitted=value, counterfactual=25.0 if cohort == "pilot" else None,
        )  # fmt: skip

    return TimeSeriesPanel(
        metric="lead_time", unit="days", start=START, unit_of_time="week",
        points=tuple(week(k, c, v) for k in range(28) for c, v in (("baseline", 25.0), ("pilot", 21.2))),
        event_study=tuple(ExposurePoint(period=p, effect=figure(0.2 if p < 0 else -1.0 - 0.3 * p, 1.2),
                                        cases=Cohorts(baseline=60, pilot=40))
                          for p in range(-6, 11)),
    )  # fmt: skip


def sequential() -> SequentialPanel:
    days = tuple(
        DayPoint(day=START + timedelta(days=45 + k), cases=200 + 20 * k, estimate=-4 + 3 / (k + 1),
                 interval=Between(low=-4 - 30 / (k + 4), high=-4 + 30 / (k + 4)))
        for k in range(120)
    )  # fmt: skip
    looks = (
        LookPoint(look=1, fraction=0.5, planned=False, bound=2.963, estimate=-3.6,
                  interval=Between(low=-7.0, high=-0.2), at=date(2026, 6, 15)),
        LookPoint(look=2, fraction=0.75, planned=False, bound=2.359, estimate=-4.0,
                  interval=Between(low=-6.1, high=-1.9), at=date(2026, 9, 30)),
        LookPoint(look=3, fraction=1.0, planned=True),
    )  # fmt: skip
    return SequentialPanel(
        metric="lead_time", unit="days", spending="obrien_fleming", fraction=0.75, looks=looks, days=days,
    )  # fmt: skip


def process() -> ProcessPanel:
    def edge(a: str, b: str, before: float, after: float, *, survives: bool) -> EdgeDifference:
        return EdgeDifference(
            source=a, target=b, share=Cohorts(baseline=before, pilot=after),
            median_wait=Cohorts(baseline=2.0, pilot=1.2), difference=figure(after - before, 0.06), survives=survives,
        )  # fmt: skip

    return ProcessPanel(
        unit="days",
        edges=(
            edge("(start)", "imigrasi.check_documents", 1.0, 1.0, survives=False),
            edge("imigrasi.check_documents", "dukcapil.verify_identity", 0.9, 0.35, survives=True),
            edge("imigrasi.check_documents", "kemenkes.health_screening", 0.05, 0.4, survives=True),
            edge("dukcapil.verify_identity", "kemenkes.health_screening", 0.85, 0.3, survives=True),
            edge("kemenkes.health_screening", "polri.police_record", 0.8, 0.5, survives=True),
            edge("polri.police_record", "imigrasi.decide", 0.7, 0.6, survives=False),
            edge("imigrasi.decide", "(end)", 0.95, 0.96, survives=False),
        ),
        variants=(
            VariantDifference(
                steps=("imigrasi.check_documents", "dukcapil.verify_identity", "kemenkes.health_screening"),
                share=Cohorts(baseline=0.52, pilot=0.11), difference=figure(-0.41, 0.08), survives=True,
            ),
        ),
        similarity=0.61, similarity_p=0.004, fidelity=0.93,
        departures=(Departure(step="imigrasi.request_documents", how="sent_back", cases=61),),
        only_in_baseline=("imigrasi.enter_again",),
    )  # fmt: skip


def satisfaction() -> SatisfactionPanel:
    names = (
        "Requirements", "System, mechanism and procedure", "Time to completion", "Fees",
        "Product specification and type of service", "Competence of staff", "Conduct of staff",
        "Handling of complaints, suggestions and input", "Facilities",
    )  # fmt: skip
    return SatisfactionPanel(
        baseline=SatisfactionSide(respondents=310, asked=1_500, index=figure(78.74, 2.5), category="B",
                                  chances={"A": 0.0, "B": 0.96, "C": 0.04, "D": 0.0}),
        pilot=SatisfactionSide(respondents=402, asked=1_480, index=figure(84.1, 2.1), category="B",
                               chances={"A": 0.01, "B": 0.99, "C": 0.0, "D": 0.0}),
        difference=figure(5.4, 3.2),
        elements=tuple(
            Element(code=f"U{k}", name=name, baseline=3.1 + 0.03 * k, pilot=3.3 + 0.02 * k, differs=k == 3)
            for k, name in enumerate(names, 1)
        ),
        notes=(said("no_index", "no index for the baseline: nobody answered", cohort="baseline"),),
    )  # fmt: skip


def trust() -> TrustPanel:
    return TrustPanel(
        gates=(
            Check(code="G1.resolution", passed=True, gate=True,
                  message=said("G1.resolution", "times are stamped in the same steps on both sides")),
            Check(code="G3.scale_offices", passed=False, gate=False,
                  message=said("G3.scale_offices", "the pilot: 6 offices needed to scale, 5 present"),
                  cure=said("cure", "1 more office", offices=1)),
            Check(code="G4.follow_up", passed=None, gate=True,
                  message=said("G4.follow_up", "the pilot: there is no time in the plan that needs follow-up")),
        ),
        diagnostics=(
            Check(code="effective_sample", passed=True, gate=True,
                  message=said("effective_sample", "Weighting leaves the worth of 84% of the cases; 50% needed",
                               value=0.84)),
        ),
        cautions=(said("simulated", "the pilot is simulated: agencies and cases are made up", cohort="pilot"),),
        open_share=Cohorts(baseline=0.07, pilot=0.068), e_value=figure(1.9, 0.4), offices=Cohorts(baseline=8, pilot=8),
        icc=0.04,
        naive=(Naive(what=said("closed_mean", "the mean of the closed cases, tested case by case"),
                     naive=figure(-8.9, 1.1),
                     right=figure(-4.0, 2.1), unit="days"),),
        bootstrap=Another(
            code="office_bootstrap", unit="days", figure=figure(-4.0, 1.9),
            what=said("office_bootstrap", "the effect in 1,000 resamples of offices (percentiles)"),
        ),
    )  # fmt: skip
