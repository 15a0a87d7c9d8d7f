"""The process as it went: successions and orders of steps that differ, and how faithfully the design was followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import Departure, EdgeDifference, ProcessPanel, VariantDifference
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, Missing
from perintis.rules.metrics import Calendars, View
from perintis.rules.process.earth_mover import earth_mover
from perintis.rules.process.fidelity import Fidelity, designed_from, fidelity
from perintis.rules.process.flow_map import Edge, flow_map
from perintis.rules.process.variants import compare_variants
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.vocabulary import shared_steps
from perintis.use.evaluation.measuring import tau_days

if TYPE_CHECKING:
    from perintis.rules.process.by_office import Difference
    from perintis.use.evaluation.prepare import Prepared

MOST_EDGES, MOST_VARIANTS, MOST_DEPARTURES = 40, 8, 12
LEAST_SHARE = 0.02


def process(prepared: Prepared, followed: Fidelity | None) -> ProcessPanel | Missing:
    """The panel over matured closed cases; missing where a cohort has no steps."""
    baseline, pilot = (matured_part(view, tau_days(prepared)) for view in prepared.views())
    for view, name in ((baseline, "baseline"), (pilot, "pilot")):
        if not view.data.has_steps:
            return Missing(reason=Message(code="no_steps", text=f"the {name} has no recorded steps",
                                          values={"cohort": name}))  # fmt: skip
    mapped = flow_map(baseline, pilot)
    if isinstance(mapped, NoEstimate):
        return Missing(reason=Message(code="no_map", text=mapped.reason))
    ways = compare_variants(baseline, pilot)
    apart = earth_mover(baseline, pilot, seed=prepared.material.request.seed)
    steps = shared_steps({str(s) for s in pilot.data.steps["step"].unique()}, baseline.data)
    notes = [Message(code="no_similarity_p", text=apart.reason)] if not isinstance(apart, NoEstimate) and apart.reason \
        else []  # fmt: skip
    return ProcessPanel(
        unit="days", closed=Cohorts(baseline=mapped.cases[0], pilot=mapped.cases[1]),
        edges=tuple(_edge(e) for e in _shown(mapped.edges)),
        variants=() if isinstance(ways, NoEstimate) else tuple(
            VariantDifference(steps=v.steps, share=Cohorts(baseline=v.shares[0], pilot=v.shares[1]),
                              difference=_figure(v.difference), survives=v.difference.survives)
            for v in ways.variants[:MOST_VARIANTS]
        ),
        similarity=None if isinstance(apart, NoEstimate) else 1 - apart.distance,
        similarity_p=None if isinstance(apart, NoEstimate) else apart.p,
        fidelity=None if followed is None else followed.share,
        departures=() if followed is None else tuple(
            Departure(step=left.step, how=left.how.value, cases=left.cases)
            for left in followed.left[:MOST_DEPARTURES]
        ),
        only_in_baseline=steps.only_there, only_in_pilot=steps.only_here, notes=tuple(notes),
    )  # fmt: skip


def followed_design(prepared: Prepared) -> Fidelity | None:
    """How many pilot cases went as designed; None where that cannot be known (no steps, or no designed order)."""
    designed = None
    if prepared.material.designed is not None:
        learnt = designed_from(View(prepared.material.designed, Calendars()))
        designed = None if isinstance(learnt, NoEstimate) else learnt
    pilot = matured_part(prepared.pilot, tau_days(prepared))
    found = fidelity(pilot, designed) if pilot.data.has_steps else NoEstimate("no steps")
    return None if isinstance(found, NoEstimate) else found


def matured_part(view: View, tau: float | None) -> View:
    """The cases that entered at least tau ago: of a young pilot's cases only the quick ones are closed, and quick cases
    take other ways. All cases where the plan has no horizon in days."""
    import polars as pl

    if tau is None:
        return view
    cases = view.data.cases.filter(pl.col("opened") <= pl.lit(view.read) - timedelta(days=tau))
    if cases.height == view.data.cases.height:
        return view
    steps = view.data.steps.join(cases.select("case"), on="case", how="semi", maintain_order="left")
    return View(replace(view.data, cases=cases, steps=steps), view.calendars)


def _shown(edges: tuple[Edge, ...]) -> list[Edge]:
    """Those that differ, and the most frequent of the others, so that the map can be read."""
    often = [e for e in edges if e.share.survives or max(e.shares) >= LEAST_SHARE]
    often.sort(key=lambda e: (not (e.share.survives or (e.wait is not None and e.wait.survives)), -max(e.shares)))
    return often[:MOST_EDGES]


def _edge(edge: Edge) -> EdgeDifference:
    waits = None
    if edge.waits[0] is not None and edge.waits[1] is not None:
        waits = Cohorts(baseline=edge.waits[0], pilot=edge.waits[1])
    return EdgeDifference(
        source=edge.source, target=edge.target, share=Cohorts(baseline=edge.shares[0], pilot=edge.shares[1]),
        median_wait=waits, difference=_figure(edge.share),
        survives=edge.share.survives or (edge.wait is not None and edge.wait.survives),
    )  # fmt: skip


def _figure(found: Difference) -> Figure:
    between = None if found.low is None and found.high is None else Between(low=found.low, high=found.high)
    return Figure(value=found.value, interval=between)
