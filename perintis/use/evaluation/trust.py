"""Why the figures can be believed or not: gates, diagnostics, cautions, and what a naive reading would have said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import Naive, TrustPanel
from perintis.rules.evaluation.parts import Between, Check, Cohorts, Figure, Message
from perintis.rules.metrics import NotComparable, measure
from perintis.rules.statistics.clusters import Clustering, standard_error
from perintis.rules.statistics.queues import littles_law
from perintis.use.evaluation.comparable import comparable
from perintis.use.evaluation.curves import TIMES
from perintis.use.evaluation.evidence import diagnostics_of
from perintis.use.evaluation.intervals import Z95
from perintis.use.evaluation.measuring import Measured, Outcome
from perintis.use.evaluation.minding import cautions
from perintis.use.evaluation.resampled import resampled

if TYPE_CHECKING:
    from perintis.rules.designs.design import Diagnostic
    from perintis.rules.evaluation.parts import MetricResult
    from perintis.rules.verdict.gates import Gate
    from perintis.use.evaluation.prepare import Prepared


def trust(
    prepared: Prepared, outcomes: tuple[Outcome, ...], gates: tuple[Gate, ...], first: Measured | None,
    result: MetricResult | None, icc: float | None,
) -> TrustPanel:  # fmt: skip
    """The trust box."""
    views = prepared.views()
    opened = [view.data.cases["closed"].null_count() / view.data.cases.height for view in views]
    known = [view.data.cases["office"].drop_nulls().n_unique() for view in views]
    diagnostics = diagnostics_of(outcomes)
    beside = comparable(prepared, first, [d.code for d in diagnostics])
    e_value = next((d for d in diagnostics if d.code == "e_value" and d.value is not None), None)
    return TrustPanel(
        gates=tuple(_gate(gate) for gate in gates),
        diagnostics=(
            *(_diagnostic(d) for d in (*diagnostics, *beside) if not d.gate), *_log_gaps(prepared)
        ),
        cautions=cautions(prepared, outcomes), open_share=Cohorts(baseline=opened[0], pilot=opened[1]),
        e_value=None if e_value is None or e_value.value is None else Figure(
            value=e_value.value, interval=Between(low=e_value.limit, high=None)
        ),
        offices=Cohorts(baseline=known[0], pilot=known[1]), icc=icc, naive=_naive(prepared, first, result),
        bootstrap=resampled(prepared, first),
    )  # fmt: skip


def _gate(gate: Gate) -> Check:
    return Check(
        code=gate.code, passed=gate.passed, gate=not gate.scale_only,
        message=Message(code=gate.code, text=gate.text.rstrip(".")),
        cure=Message(code="cure", text=gate.cure.rstrip(".")) if gate.cure and gate.passed is False else None,
    )  # fmt: skip


def _diagnostic(found: Diagnostic) -> Check:
    values = {k: v for k, v in (("value", found.value), ("limit", found.limit)) if v is not None and np.isfinite(v)}
    return Check(
        code=found.code, passed=found.passed, gate=found.gate,
        message=Message(code=found.code, text=found.text.rstrip("."), values=dict(values)),
        cure=None if found.cure is None else Message(code="cure", text=found.cure.rstrip(".")),
    )  # fmt: skip


def _log_gaps(prepared: Prepared) -> list[Check]:
    """Little's law by office and week, for the eye: a log with gaps breaks it, and so does a growing backlog."""
    found = []
    for view, cohort in zip(prepared.views(), ("baseline", "pilot"), strict=True):
        weeks = [week for week in littles_law(view) if week.off is not None]
        off = sum(bool(week.flagged) for week in weeks)
        text = (
            f"{off} of {len(weeks)} office-weeks of the {cohort} do not fit arrivals times time in the system: cases"
            " are missing there, or the number of open cases was changing"
            if weeks else f"no office-week of the {cohort} could be held against Little's law"
        )  # fmt: skip
        found.append(
            Check(
                code="little", passed=off <= len(weeks) / 2 if weeks else None, gate=False,
                message=Message(code="little", text=text, values={"cohort": cohort, "off": off, "weeks": len(weeks)}),
            )
        )  # fmt: skip
    return found


def _naive(prepared: Prepared, first: Measured | None, result: MetricResult | None) -> tuple[Naive, ...]:
    """Closed cases alone, and cases instead of offices, beside the right figures."""
    if first is None or result is None:
        return ()
    right = Figure(value=result.estimate, interval=result.interval)
    found = []
    closed = _closed_only(prepared, first.known.name)
    if closed is not None:
        what = Message(code="closed_mean", text="the mean of the closed cases, tested case by case")
        found.append(Naive(what=what, naive=closed, right=right, unit=first.known.unit))
    error = standard_error(first.effect, Clustering.NONE)
    half = Z95 * error
    alone = Figure(value=result.estimate, interval=Between(low=result.estimate - half, high=result.estimate + half))
    what = Message(code="cases_alone", text="the same effect with cases taken as independent of their office")
    return (*found, Naive(what=what, naive=alone, right=right, unit=first.known.unit))


def _closed_only(prepared: Prepared, metric: str) -> Figure | None:
    if metric not in TIMES:
        return None
    means, variance = [], 0.0
    for view in prepared.views():
        table = measure(TIMES[metric], view)
        if isinstance(table, NotComparable):
            return None
        value = table.filter("ended")["value"].drop_nulls().to_numpy()
        if len(value) < 2:
            return None
        means.append(float(value.mean()))
        variance += float(value.var(ddof=1)) / len(value)
    gap, half = means[1] - means[0], Z95 * variance**0.5
    return Figure(value=gap, interval=Between(low=gap - half, high=gap + half))
