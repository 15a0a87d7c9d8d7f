"""What of an evaluation may be published: the same document without small numbers, and without what would tell them.

The rule is in `perintis.rules.suppression`. What is left out is no number any more: a count becomes `Withheld`, a row
goes, a panel becomes `Missing`; each says so. A document without small numbers comes back as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import FlowPanel, FlowSide, MoneyPanel, Panels, TrustPanel, VerdictPanel
from perintis.rules.evaluation.parts import Check, Cohorts, Message, MetricMissing, MetricResult, Missing
from perintis.rules.evaluation.publishing_panels import (
    curves_shown,
    offices_shown,
    process_shown,
    satisfaction_shown,
    sequential_shown,
    series_shown,
    tells_few,
    time_shown,
)
from perintis.rules.evaluation.publishing_words import unsaid
from perintis.rules.suppression import THRESHOLD, Withheld, few, withheld

if TYPE_CHECKING:
    from perintis.rules.evaluation.document import Evaluation, Phase
    from perintis.rules.evaluation.parts import Told

NOT_COUNTED = ("days", "hours", "working days", "working hours", "currency of the pilot")
ENDS = ("decided", "withdrawn", "open")
TOTALS = ("received", "assigned", "decided", "followed")
OUTCOME = "outcome:"
BESIDE_OUTCOME = Message(
    code="small_numbers", text="not published: it would tell how many cases have another outcome"
)  # fmt: skip
TOO_FEW = Missing(
    reason=Message(
        code="small_numbers", text=f"not published: fewer than {THRESHOLD} cases of a cohort stand behind it"
    )
)


def publishable(evaluation: Evaluation) -> Evaluation:
    """The evaluation as it may leave the office. `Withheld` in it stands for counts that are not told."""
    exact, flow = evaluation.panels.flow, evaluation.panels.flow
    flow = FlowPanel(baseline=_side(exact.baseline), pilot=_side(exact.pilot), tau_days=exact.tau_days)
    panels = evaluation.panels.model_copy(update={"flow": flow})
    sizes = number(exact.baseline.assigned), number(exact.pilot.assigned)
    panels = _without_small_cohorts(panels) if any(few(n) for n in sizes) else _shown(panels, exact, sizes)
    panels = panels.model_copy(update=_words(panels, min(sizes)))
    found = evaluation.model_copy(
        update={
            "panels": panels,
            "phase": _phase(evaluation.phase, exact.pilot, flow.pilot),
            "other_phases": tuple(_phase(p) for p in evaluation.other_phases),
            "evidence_why": unsaid(evaluation.evidence_why, min(sizes)),
        }
    )
    return evaluation if found == evaluation else _told(found)


def number(count: Told) -> int:
    """The count of an exact document; ValueError where it is published already."""
    if isinstance(count, Withheld):
        raise ValueError("the document has been prepared for publishing before")  # noqa: TRY004  # a value, not a type
    return count


def _told(found: Evaluation) -> Evaluation:
    note = Message(
        code="small_numbers",
        text=f"numbers of cases or people below {THRESHOLD}, and what would tell them, are not published",
    )
    trust = found.panels.trust.model_copy(update={"cautions": (*found.panels.trust.cautions, note)})
    return found.model_copy(update={"panels": found.panels.model_copy(update={"trust": trust})})


def _side(side: FlowSide) -> FlowSide:
    """The flow: received = not eligible + assigned, assigned = decided + withdrawn + open."""
    exact = {name: number(getattr(side, name)) for name in ("received", "not_eligible", "assigned", "followed", *ENDS)}
    assigned, shown = exact["assigned"], dict[str, "Told"](exact)
    for name in withheld({name: exact[name] for name in ENDS}, assigned):
        shown[name] = Withheld.FEW if few(exact[name]) else Withheld.BESIDE
    for name in ("not_eligible", "assigned"):
        if few(exact[name]):
            shown[name] = Withheld.FEW
            shown["received"] = Withheld.FEW if few(exact["received"]) else Withheld.BESIDE
    gaps = (assigned - exact["followed"], exact["followed"] - exact["decided"] - exact["withdrawn"])
    if few(exact["followed"]):
        shown["followed"] = Withheld.FEW
    elif any(few(gap) for gap in gaps) or any(isinstance(shown[name], Withheld) for name in ENDS):
        shown["followed"] = Withheld.BESIDE
    early = number(side.already_open)
    if few(early) or few(assigned - early):
        shown["already_open"] = Withheld.FEW if few(early) else Withheld.BESIDE
    return side.model_copy(update=shown)


def _phase(phase: Phase, exact: FlowSide | None = None, shown: FlowSide | None = None) -> Phase:
    cases = number(phase.cases)
    if few(cases):
        return phase.model_copy(update={"cases": Withheld.FEW})
    if exact is None or shown is None:
        return phase
    near = any(few(abs(cases - number(count))) for count in (exact.received, exact.assigned))
    same = isinstance(shown.received, Withheld) and cases == exact.received
    return phase.model_copy(update={"cases": Withheld.BESIDE}) if near or same else phase


def _without_small_cohorts(panels: Panels) -> Panels:
    """A cohort of a few cases: no figure of it is published."""
    trust = panels.trust.model_copy(
        update={"naive": (), "bootstrap": None, "e_value": None, "icc": None, "open_share": None}
    )
    names = ("curves", "time", "offices", "series", "sequential", "process", "satisfaction", "money")
    return panels.model_copy(
        update={
            "metrics": tuple(_lost(m, TOO_FEW.reason) for m in panels.metrics),
            "trust": trust,
            **{name: TOO_FEW for name in names if not isinstance(getattr(panels, name), Missing)},
        }
    )


def _shown(panels: Panels, exact: FlowPanel, sizes: tuple[int, int]) -> Panels:
    sides = (exact.baseline, exact.pilot)
    totals = [{number(getattr(side, name)) for name in TOTALS} for side in sides]
    metrics = _metrics(panels.metrics, totals)
    closed = tuple(number(side.decided) + number(side.withdrawn) for side in sides)
    counts = {m.metric: _total(m.cases, totals) for m in panels.metrics if isinstance(m, MetricResult)}
    hidden_open = any(isinstance(side.open, Withheld) for side in (panels.flow.baseline, panels.flow.pilot))
    trust: TrustPanel = panels.trust.model_copy(update={"open_share": None}) if hidden_open else panels.trust
    gone = {m.metric for m in metrics if isinstance(m, MetricMissing)}
    money = panels.money
    if isinstance(money, MoneyPanel) and "cost" in gone & counts.keys():
        money = TOO_FEW
    return panels.model_copy(
        update={
            "metrics": metrics, "trust": trust, "money": money,
            "curves": curves_shown(panels.curves, sizes), "time": time_shown(panels.time, sizes),
            "offices": offices_shown(panels.offices, counts), "series": series_shown(panels.series, counts),
            "sequential": sequential_shown(panels.sequential, sum(sizes)),
            "process": process_shown(panels.process, (closed[0], closed[1])),
            "satisfaction": satisfaction_shown(panels.satisfaction, totals),
        }
    )  # fmt: skip


def _metrics(
    metrics: tuple[MetricResult | MetricMissing, ...], totals: list[set[int]]
) -> tuple[MetricResult | MetricMissing, ...]:
    """Each by itself; then of outcomes, which make up all cases, the next smallest where one is left out."""
    shown = [_metric(m, totals) for m in metrics]
    places = [
        k for k, m in enumerate(metrics)
        if isinstance(m, MetricResult) and m.cases is not None and m.metric.startswith(OUTCOME)
    ]  # fmt: skip
    for side in ("baseline", "pilot"):
        exact = [m for m in (metrics[k] for k in places) if isinstance(m, MetricResult)]
        sizes = [round(getattr(m.cases, side)) for m in exact]
        counts = {j: round(getattr(m, side) * sizes[j]) for j, m in enumerate(exact)}
        lost = {j for j, k in enumerate(places) if isinstance(shown[k], MetricMissing)}
        for j in withheld(counts, max(sizes, default=0), lost) - lost:
            shown[places[j]] = _lost(metrics[places[j]], BESIDE_OUTCOME)
    return tuple(shown)


def _metric(metric: MetricResult | MetricMissing, totals: list[set[int]]) -> MetricResult | MetricMissing:
    """A metric of few cases, or that few cases have, or all but few, is not told; nor is a telling number of cases."""
    if isinstance(metric, MetricMissing) or metric.cases is None:
        return metric
    sides = ((metric.cases.baseline, metric.baseline), (metric.cases.pilot, metric.pilot))
    if any(few(n) for n, _ in sides):
        return _lost(metric, TOO_FEW.reason)
    if any(_tells(metric.unit, value, n) for n, value in sides):
        return _lost(metric, _seldom(metric.reading))
    if _near(metric.cases, totals):
        return metric.model_copy(update={"cases": None})
    return metric


def _near(cases: Cohorts, totals: list[set[int]]) -> bool:
    """Whether the case flow less this number, or the other way round, is a small number in a cohort."""
    sides = zip((cases.baseline, cases.pilot), totals, strict=True)
    return any(few(abs(n - total)) for n, known in sides for total in known)


def _total(cases: Cohorts | None, totals: list[set[int]]) -> Cohorts | None:
    """What rows of cases add up to; one more where their sum may not be told, so that a row is left out."""
    if cases is None or not _near(cases, totals):
        return cases
    return Cohorts(baseline=cases.baseline + 1, pilot=cases.pilot + 1)


def _tells(unit: str, value: float, cases: float) -> bool:
    """Whether a mean tells that few cases have it (or, for a share, that few have it not)."""
    if unit in NOT_COUNTED:
        return False
    return tells_few(value, cases) if unit == "share" else few(value * cases)


def _seldom(reading: Message) -> Message:
    text = (
        f"not published: in a cohort fewer than {THRESHOLD} cases have it, or all but fewer than {THRESHOLD}; the"
        f" reading is: {reading.text}"
    )
    return Message(code="small_numbers", text=text)


def _lost(metric: MetricResult | MetricMissing, reason: Message) -> MetricMissing:
    if isinstance(metric, MetricMissing):
        return metric
    return MetricMissing(
        metric=metric.metric, label=metric.label, role=metric.role, registered=metric.registered, reason=reason
    )  # fmt: skip


def _words(panels: Panels, cases: int) -> dict[str, object]:
    """Messages of the panels without small numbers; `cases` is the size of the smaller cohort."""
    trust, verdict = panels.trust, panels.verdict
    gates, diagnostics = (tuple(_check(c, cases) for c in checks) for checks in (trust.gates, trust.diagnostics))
    changed = {
        before.cure.text
        for before, after in zip((*trust.gates, *trust.diagnostics), (*gates, *diagnostics), strict=True)
        if before.cure is not None and after.cure is None
    }
    telling = verdict.change is not None and verdict.change.text in changed
    updates: dict[str, object] = {
        "trust": trust.model_copy(update={
            "gates": gates, "diagnostics": diagnostics, "cautions": tuple(unsaid(c, cases) for c in trust.cautions),
        }),
        "verdict": _verdict(verdict, cases, telling=telling),
        "metrics": tuple(
            m.model_copy(update={"reason": unsaid(m.reason, cases)}) if isinstance(m, MetricMissing) else m
            for m in panels.metrics
        ),
    }  # fmt: skip
    for name in ("curves", "time", "offices", "series", "sequential", "process", "satisfaction", "money"):
        panel = getattr(panels, name)
        if isinstance(panel, Missing):
            updates[name] = Missing(reason=unsaid(panel.reason, cases))
        elif name not in ("money", "curves"):
            updates[name] = panel.model_copy(update={"notes": tuple(unsaid(n, cases) for n in panel.notes)})
    return updates


def _verdict(panel: VerdictPanel, cases: int, *, telling: bool) -> VerdictPanel:
    change = None if telling or panel.change is None else unsaid(panel.change, cases)
    return panel.model_copy(
        update={
            "reason": unsaid(panel.reason, cases),
            "further": tuple(unsaid(m, cases) for m in panel.further),
            "change": change,
        }
    )


def _check(check: Check, cases: int) -> Check:
    """A gate; what would cure it goes too where what is needed, less what is lacking, is the small number."""
    message = unsaid(check.message, cases)
    return check if message == check.message else check.model_copy(update={"message": message, "cure": None})
