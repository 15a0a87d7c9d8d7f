"""Single panels without small numbers; see `perintis.rules.evaluation.publishing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import (
    Curve,
    CurvesPanel,
    EdgeDifference,
    OfficesPanel,
    ProcessPanel,
    SatisfactionPanel,
    SatisfactionSide,
    SequentialPanel,
    TimePanel,
    TimeSeriesPanel,
    VariantDifference,
)
from perintis.rules.evaluation.parts import Cohorts, Message, Missing, WeekPoint
from perintis.rules.suppression import THRESHOLD, Withheld, few, withheld, withheld_rows

if TYPE_CHECKING:
    from perintis.rules.evaluation.panels import DayPoint
    from perintis.rules.evaluation.parts import Told

Counts = Mapping[str, Cohorts | None]
SHARE = "share"
SIDES = ("baseline", "pilot")


def tells_few(share: float, cases: float) -> bool:
    """Whether a share of so many cases tells that a few have it, or that all but a few have it."""
    return few(share * cases) or few((1 - share) * cases)


def _note(text: str) -> Message:
    return Message(code="small_numbers", text=text)


def curves_shown(panel: CurvesPanel | Missing, sizes: tuple[int, int]) -> CurvesPanel | Missing:
    """Each curve ends where few are still followed; shares in time that tell of few are left out."""
    if isinstance(panel, Missing):
        return panel
    curves = tuple(_curve(c) for c in panel.curves)
    updates: dict[str, object] = {"curves": curves}
    met = panel.compliance
    if met is not None and (tells_few(met.baseline, sizes[0]) or tells_few(met.pilot, sizes[1])):
        updates |= {"compliance": None, "compliance_gap": None}
    cut = any(len(c.time) < len(exact.time) for c, exact in zip(curves, panel.curves, strict=True))
    if cut and panel.note is None:
        text = f"a curve ends where fewer than {THRESHOLD} cases are still open and followed"
        updates["note"] = _note(text)
    return panel.model_copy(update=updates)


def _curve(curve: Curve) -> Curve:
    """Cut behind the last time before the first small number at risk; numbers near the one before are not told."""
    small = next((k for k, n in enumerate(curve.at_risk) if not isinstance(n, Withheld) and few(n)), None)
    if small is None:
        apart = _apart(curve.at_risk)
        return curve if apart == curve.at_risk else curve.model_copy(update={"at_risk": apart})
    until = curve.at_risk_time[small - 1] if small else 0.0
    kept = sum(1 for t in curve.time if t <= until)
    at_risk: tuple[Told, ...] = (*_apart(curve.at_risk[:small]), *([Withheld.FEW] * (len(curve.at_risk) - small)))
    lines = {name: getattr(curve, name)[:kept] for name in ("time", "decided", "low", "high")}
    return curve.model_copy(update={**lines, "at_risk": at_risk})


def _apart(counts: tuple[Told, ...]) -> tuple[Told, ...]:
    """The counts without those that are one to four off the one told before."""
    told: list[Told] = []
    last: int | None = None
    for count in counts:
        if isinstance(count, Withheld) or (last is not None and few(abs(last - count))):
            told.append(Withheld.BESIDE)
        else:
            told.append(count)
            last = count
    return tuple(told)


def _columns(cells: Sequence[Cohorts], total: Cohorts | None) -> frozenset[int]:
    """The rows of a table of both cohorts that are left out."""
    columns = [[round(getattr(cell, side)) for cell in cells] for side in SIDES]
    totals = [None if total is None else round(getattr(total, side)) for side in SIDES]
    return withheld_rows(columns, totals)


def offices_shown(panel: OfficesPanel | Missing, counts: Counts) -> OfficesPanel | Missing:
    """Offices and groups of few cases are named without any figure; so is another that would tell of them."""
    if isinstance(panel, Missing):
        return panel
    total = counts.get(panel.metric)
    gone = _columns([o.cases for o in panel.offices], total)
    names = [o.office for k, o in enumerate(panel.offices) if k in gone]
    kept = []
    for name in dict.fromkeys(s.name for s in panel.subgroups):
        groups = [s for s in panel.subgroups if s.name == name]
        out = _columns([s.cases for s in groups], total)
        names += [f"{s.name} {s.value}" for k, s in enumerate(groups) if k in out]
        kept += [s for k, s in enumerate(groups) if k not in out]
    if not names:
        return panel
    text = (
        f"no figures are published of {', '.join(names)}: fewer than {THRESHOLD} cases of a cohort stand behind at"
        " least one of them, and the others would tell how many"
    )
    return panel.model_copy(
        update={
            "offices": tuple(o for k, o in enumerate(panel.offices) if k not in gone),
            "subgroups": tuple(kept),
            "notes": (*panel.notes, _note(text)),
        }
    )


def series_shown(panel: TimeSeriesPanel | Missing, counts: Counts) -> TimeSeriesPanel | Missing:
    """Weeks of few cases are left out, with one more where the total would tell."""
    if isinstance(panel, Missing):
        return panel
    panel = _study_shown(panel)
    gone: set[WeekPoint] = set()
    for cohort in SIDES:
        points = [p for p in panel.points if p.cohort == cohort]
        total = counts.get(panel.metric)
        telling = frozenset(p.start for p in points if panel.unit == SHARE and tells_few(p.value, p.cases))
        out = withheld(
            {p.start: p.cases for p in points}, None if total is None else round(getattr(total, cohort)), telling
        )
        gone |= {p for p in points if p.start in out}
    if not gone:
        return panel
    text = f"{len(gone)} points with fewer than {THRESHOLD} cases, or that would tell of one, are left out"
    points_left = tuple(p for p in panel.points if p not in gone)
    return panel.model_copy(update={"points": points_left, "notes": (*panel.notes, _note(text))})


def _study_shown(panel: TimeSeriesPanel) -> TimeSeriesPanel:
    """The periods of an event study behind which enough cases of both cohorts stand, as far as that is known."""
    kept = tuple(
        p for p in panel.event_study if p.cases is not None and not few(p.cases.baseline) and not few(p.cases.pilot)
    )
    lost = len(panel.event_study) - len(kept)
    if not lost:
        return panel
    text = f"{lost} periods of the event study with fewer than {THRESHOLD} cases of a cohort are left out"
    return panel.model_copy(update={"event_study": kept, "notes": (*panel.notes, _note(text))})


def time_shown(panel: TimePanel | Missing, sizes: tuple[int, int]) -> TimePanel | Missing:
    """Steps in which few cases spent time are named without any figure, and the next smallest where one alone would be
    left: what all steps take together is nearly known from the lead time."""
    if isinstance(panel, Missing):
        return panel
    known = [s.cases or Cohorts(baseline=1, pilot=1) for s in panel.stages]
    columns = [[round(getattr(cases, side)) for cases in known] for side in SIDES]
    telling = [{k for k, n in enumerate(column) if few(n)} for column in columns]
    gone = withheld_rows(columns, [None, None], telling)
    updates: dict[str, object] = {}
    if gone and len(gone) == len(panel.stages):
        return Missing(reason=_note("not published: too few cases spent time in the steps, or how many is not known"))
    if gone:
        names = ", ".join(s.step for k, s in enumerate(panel.stages) if k in gone)
        text = (
            f"no figures are published of {names}: fewer than {THRESHOLD} cases of a cohort spent time in at least one"
            " of them, and the others would tell how long"
        )
        updates["stages"] = tuple(s for k, s in enumerate(panel.stages) if k not in gone)
        updates["notes"] = (*panel.notes, _note(text))
    passed = panel.handovers
    if passed is not None and (few(passed.baseline * sizes[0]) or few(passed.pilot * sizes[1])):
        updates["handovers"] = None
    return panel.model_copy(update=updates) if updates else panel


def sequential_shown(panel: SequentialPanel | Missing, whole: int) -> SequentialPanel | Missing:
    """Days on which only a few cases came to their end are told with the next day that has enough."""
    if isinstance(panel, Missing):
        return panel
    kept: list[DayPoint] = []
    for day in panel.days:
        last = kept[-1].cases if kept else 0
        if not few(day.cases - last) and not few(whole - day.cases):
            kept.append(day)
    if len(kept) == len(panel.days):
        return panel
    text = f"days that add fewer than {THRESHOLD} cases are told with a later one"
    return panel.model_copy(update={"days": tuple(kept), "notes": (*panel.notes, _note(text))})


def process_shown(panel: ProcessPanel | Missing, closed: tuple[int, int]) -> ProcessPanel | Missing:
    """Successions, orders of steps and departures of few cases go, with those that would tell of them."""
    if isinstance(panel, Missing):
        return panel
    size = panel.closed or Cohorts(baseline=closed[0], pilot=closed[1])
    edges = _edges(panel.edges, size)
    variants = _columns([_cases(v, size) for v in panel.variants], size) | _telling(panel.variants, size)
    left = withheld({k: d.cases for k, d in enumerate(panel.departures)})
    fidelity = panel.fidelity
    if fidelity is not None and tells_few(fidelity, size.pilot):
        fidelity = None
    gone = len(edges) + len(variants) + len(left)
    if not gone and fidelity == panel.fidelity:
        return panel
    text = (
        f"{gone} successions, orders of steps and departures that fewer than {THRESHOLD} cases took, or all but so few,"
        " or that would tell of them, are left out"
    )
    return panel.model_copy(
        update={
            "edges": tuple(e for k, e in enumerate(panel.edges) if k not in edges),
            "variants": tuple(v for k, v in enumerate(panel.variants) if k not in variants),
            "departures": tuple(d for k, d in enumerate(panel.departures) if k not in left),
            "fidelity": fidelity,
            "notes": (*panel.notes, _note(text)),
        }
    )


def _cases(way: EdgeDifference | VariantDifference, size: Cohorts) -> Cohorts:
    """How many cases went this way."""
    return Cohorts(baseline=round(way.share.baseline * size.baseline), pilot=round(way.share.pilot * size.pilot))


def _telling(ways: Sequence[EdgeDifference | VariantDifference], size: Cohorts) -> frozenset[int]:
    return frozenset(
        k
        for k, way in enumerate(ways)
        if tells_few(way.share.baseline, size.baseline) or tells_few(way.share.pilot, size.pilot)
    )


def _edges(edges: Sequence[EdgeDifference], size: Cohorts) -> frozenset[int]:
    """What leaves a step adds up to what enters it: where one way is left out, so is the next smallest beside it."""
    beside: dict[tuple[str, str], list[int]] = {}
    for k, edge in enumerate(edges):
        beside.setdefault(("from", edge.source), []).append(k)
        beside.setdefault(("to", edge.target), []).append(k)
    sides = (
        ([e.share.baseline for e in edges], size.baseline),
        ([e.share.pilot for e in edges], size.pilot),
    )  # fmt: skip
    out = _telling(edges, size)
    while True:
        more = out
        for places in beside.values():
            for shares, cases in sides:
                column = {k: round(shares[k] * cases) for k in places}
                telling = [k for k in places if tells_few(shares[k], cases)]
                more |= withheld(column, None, telling, more)
        if more == out:
            return out
        out = more


def satisfaction_shown(panel: SatisfactionPanel | Missing, totals: Sequence[set[int]]) -> SatisfactionPanel | Missing:
    """Of few answers nothing is told; where few did not answer, not how many were asked."""
    if isinstance(panel, Missing):
        return panel
    sides = {"baseline": panel.baseline, "pilot": panel.pilot}
    lost = [name for name, side in sides.items() if side is not None and _few_answers(side)]
    shown = {
        name: None if name in lost else _asked(side, known)
        for (name, side), known in zip(sides.items(), totals, strict=True)
    }
    updates: dict[str, object] = {k: v for k, v in shown.items() if v != sides[k]}
    if lost:
        elements = tuple(
            e.model_copy(update={**dict.fromkeys(lost), "differs": None}) for e in panel.elements
        )  # fmt: skip
        notes = tuple(_note(f"fewer than {THRESHOLD} people of the {name} answered, so nothing is told of them")
                      for name in lost)  # fmt: skip
        updates |= {
            "elements": elements if len(lost) < 2 else (), "difference": None, "notes": (*panel.notes, *notes),
        }  # fmt: skip
    return panel.model_copy(update=updates) if updates else panel


def _few_answers(side: SatisfactionSide) -> bool:
    return isinstance(side.respondents, Withheld) or few(side.respondents)


def _asked(side: SatisfactionSide | None, totals: set[int]) -> SatisfactionSide | None:
    if side is None or isinstance(side.respondents, Withheld) or isinstance(side.asked, Withheld):
        return side
    gaps = (side.asked - side.respondents, *(abs(total - side.asked) for total in totals))
    if not any(few(gap) for gap in gaps):
        return side
    return side.model_copy(update={"asked": Withheld.BESIDE, "response": None})
