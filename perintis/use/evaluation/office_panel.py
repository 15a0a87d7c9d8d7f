"""How offices and registered subgroups fared in the first primary metric."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.choose import estimate
from perintis.rules.evaluation.panels import OfficeEffect, OfficesPanel, Subgroup
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, Missing
from perintis.rules.sequential.looks import t_bound
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.multiplicity import benjamini_hochberg
from perintis.rules.statistics.office_differences import Heterogeneity, heterogeneity, intra_office
from perintis.use.evaluation.intervals import Z95
from perintis.use.evaluation.measuring import Inference, Measured, infer

if TYPE_CHECKING:
    from perintis.rules.plan import Subgroup as PlannedSubgroup
    from perintis.rules.statistics.effect import Flags
    from perintis.use.evaluation.prepare import Prepared

MOST_OFFICES = 60
FALSE_FINDINGS = 0.10
FEWEST_CASES = 10


@dataclass(frozen=True)
class Groups:
    """The plan's subgroups, and which of them could not be looked at, and why."""

    rows: tuple[Subgroup, ...] = ()
    notes: tuple[Message, ...] = ()


def offices(first: Measured | None, groups: Groups) -> OfficesPanel | Missing:
    """The panel; missing without the metric, or where neither offices nor subgroups can be looked at."""
    if first is None:
        return Missing(reason=Message(code="no_primary", text="the first primary metric could not be measured"))
    found = heterogeneity(first.effect)
    none = isinstance(found, NoEstimate)
    if isinstance(found, NoEstimate) and not groups.rows and not groups.notes:
        return Missing(reason=Message(code="no_offices", text=found.reason))
    alike = intra_office(first.effect)
    why = (Message(code="no_offices", text=found.reason),) if isinstance(found, NoEstimate) else ()
    return OfficesPanel(
        metric=first.known.name, unit=first.known.unit,
        offices=() if isinstance(found, NoEstimate) else _effects(found, first.sign),
        i2=None if isinstance(found, NoEstimate) else found.i2,
        differ=None if isinstance(found, NoEstimate) else bool(found.p < FALSE_FINDINGS),
        icc=None if none or isinstance(alike, NoEstimate) else alike.correlation,
        subgroups=groups.rows, notes=(*why, *groups.notes),
    )  # fmt: skip


def apart(first: Measured | None) -> tuple[str, ...]:
    """Offices whose own interval leaves out the common effect, where offices differ by more than chance."""
    found = None if first is None else heterogeneity(first.effect)
    if not isinstance(found, Heterogeneity) or found.p >= FALSE_FINDINGS or first is None:
        return ()
    centre = first.effect.estimate
    return tuple(e.office for e in found.effects if not e.low <= centre <= e.high)


def correlation(first: Measured) -> float:
    """The intra-office correlation; 0 where it cannot be known."""
    alike = intra_office(first.effect)
    return 0.0 if isinstance(alike, NoEstimate) else alike.correlation


def _effects(found: Heterogeneity, sign: float) -> tuple[OfficeEffect, ...]:
    largest = sorted(found.effects, key=lambda e: -sum(e.cases))[:MOST_OFFICES]
    return tuple(
        OfficeEffect(office=e.office, cases=Cohorts(baseline=e.cases[0], pilot=e.cases[1]),
                     effect=_turned(e.estimate, e.low, e.high, sign), pilot_office=e.cases[1] > 0)
        for e in sorted(largest, key=lambda e: -sign * e.estimate)
    )  # fmt: skip


def subgroups(prepared: Prepared, first: Measured | None) -> Groups:
    """The plan's subgroups with their effects; harm counts where it survives the adjustment over all of them.

    A registered subgroup that cannot be looked at is named with the reason, never dropped.
    """
    if first is None:
        return Groups()
    rows, notes = [], []
    for planned in prepared.plan.subgroups:
        labels = _values(prepared, planned)
        if isinstance(labels, Message):
            notes.append(labels)
            continue
        for value, chosen in labels:
            found = _effect(prepared, first, chosen)
            if isinstance(found, str):
                notes.append(_note(planned.name, f"{planned.name} {value}: {found}"))
            else:
                rows.append((planned, value, found))
    if not rows:
        return Groups((), tuple(notes))
    adjusted = benjamini_hochberg([inference.p for _, _, (_, inference, _) in rows])
    return Groups(
        tuple(
            _row(planned, value, first, found, float(p))
            for (planned, value, found), p in zip(rows, adjusted, strict=True)
        ),
        tuple(notes),
    )  # fmt: skip


Found = tuple[float, Inference, tuple[int, int]]


def _row(planned: PlannedSubgroup, value: str, first: Measured, found: Found, p: float) -> Subgroup:
    estimate, own, cases = found
    half = t_bound(Z95, own.df) * own.error
    low, high = estimate - half, estimate + half
    if own.p > 0.05:
        low, high = min(low, 0.0), max(high, 0.0)
    return Subgroup(
        name=planned.name, value=value, effect=_turned(estimate, low, high, first.sign), equity=planned.equity,
        harmed=first.sign * estimate < 0 and p <= FALSE_FINDINGS, cases=Cohorts(baseline=cases[0], pilot=cases[1]),
    )  # fmt: skip


def _note(name: str, text: str) -> Message:
    return Message(code="subgroup_unseen", text=text, values={"subgroup": name})


def _values(prepared: Prepared, planned: PlannedSubgroup) -> list[tuple[str, Flags]] | Message:
    import polars as pl

    columns = [view.data.cases for view in prepared.views()]
    for cases, cohort in zip(columns, ("baseline", "pilot"), strict=True):
        if planned.column not in cases.columns:
            return _note(planned.name, f"{planned.name} cannot be looked at: the {cohort} has no {planned.column}")
    label = pl.concat([cases[planned.column].cast(pl.String).alias("value") for cases in columns])
    wanted = planned.values or tuple(str(v) for v in label.drop_nulls().unique().sort())
    return [(value, (label == value).fill_null(False).to_numpy()) for value in wanted]


def _effect(prepared: Prepared, first: Measured, chosen: Flags) -> Found | str:
    """The effect within the group by the plan's design; why not where it has too few cases."""
    values = first.values
    used = values.used & chosen
    cases = int((used & values.units.baseline).sum()), int((used & values.units.pilot).sum())
    if min(cases) < FEWEST_CASES:
        return f"{cases[0]:,} cases in the baseline and {cases[1]:,} in the pilot, {FEWEST_CASES} each needed"
    within = replace(values, used=used, y=np.where(used, values.y, np.nan))
    design = prepared.plan.design.kind
    found = estimate(design, within, prepared.facts)
    if isinstance(found, NoEstimate):
        return found.reason.rstrip(".")
    own = infer(design, found)
    return (found.effect.estimate, own, cases) if own.error > 0 else "its cases do not differ, so no error can be told"


def _turned(estimate: float, low: float, high: float, sign: float) -> Figure:
    ends = sorted((sign * low, sign * high))
    return Figure(value=sign * estimate, interval=Between(low=ends[0], high=ends[1]))
