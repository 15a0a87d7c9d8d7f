"""How offices and registered subgroups fared in the first primary metric."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import OfficeEffect, OfficesPanel, Subgroup
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, Missing
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.grouped import NoInference
from perintis.rules.statistics.multiplicity import benjamini_hochberg
from perintis.rules.statistics.office_differences import Heterogeneity, heterogeneity, intra_office

if TYPE_CHECKING:
    from perintis.rules.plan import Subgroup as PlannedSubgroup
    from perintis.rules.statistics.effect import Flags
    from perintis.use.evaluation.measuring import Measured
    from perintis.use.evaluation.prepare import Prepared

MOST_OFFICES = 60
FALSE_FINDINGS = 0.10
FEWEST_CASES = 10


def offices(prepared: Prepared, first: Measured | None) -> OfficesPanel | Missing:
    """The panel; missing where offices were not recorded or the metric could not be measured."""
    if first is None:
        return Missing(reason=Message(code="no_primary", text="the first primary metric could not be measured"))
    found = heterogeneity(first.effect)
    if isinstance(found, NoInference):
        return Missing(reason=Message(code="no_offices", text=found.reason))
    alike = intra_office(first.effect)
    return OfficesPanel(
        metric=first.known.name, unit=first.known.unit, offices=_effects(found, first.sign), i2=found.i2,
        differ=bool(found.p < FALSE_FINDINGS), icc=None if isinstance(alike, NoInference) else alike.correlation,
        subgroups=subgroups(prepared, first),
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
    return 0.0 if isinstance(alike, NoInference) else alike.correlation


def _effects(found: Heterogeneity, sign: float) -> tuple[OfficeEffect, ...]:
    largest = sorted(found.effects, key=lambda e: -sum(e.cases))[:MOST_OFFICES]
    return tuple(
        OfficeEffect(office=e.office, cases=Cohorts(baseline=e.cases[0], pilot=e.cases[1]),
                     effect=_turned(e.estimate, e.low, e.high, sign), pilot_office=e.cases[1] > 0)
        for e in sorted(largest, key=lambda e: -sign * e.estimate)
    )  # fmt: skip


def subgroups(prepared: Prepared, first: Measured) -> tuple[Subgroup, ...]:
    """The plan's subgroups with their effects; harm counts where it survives the adjustment over all of them."""
    rows = [
        (planned, value, found)
        for planned in prepared.plan.subgroups
        for value, chosen in _values(prepared, planned)
        if (found := _effect(first, chosen)) is not None
    ]
    worse = [first.sign * found[0] < 0 for _, _, found in rows]
    if not rows:
        return ()
    adjusted = benjamini_hochberg([found[1].p for _, _, found in rows])
    return tuple(
        Subgroup(
            name=planned.name, value=value, effect=_turned(estimate, found.low, found.high, first.sign),
            harmed=bad and float(p) <= FALSE_FINDINGS, cases=Cohorts(baseline=cases[0], pilot=cases[1]),
        )
        for (planned, value, (estimate, found, cases)), bad, p in zip(rows, worse, adjusted, strict=True)
    )  # fmt: skip


def _values(prepared: Prepared, planned: PlannedSubgroup) -> list[tuple[str, Flags]]:
    import polars as pl

    columns = [view.data.cases for view in prepared.views()]
    if any(planned.column not in cases.columns for cases in columns):
        return []
    label = pl.concat([cases[planned.column].cast(pl.String).alias("value") for cases in columns])
    wanted = planned.values or tuple(str(v) for v in label.drop_nulls().unique().sort())
    return [(value, (label == value).fill_null(False).to_numpy()) for value in wanted]


def _effect(first: Measured, chosen: Flags) -> tuple[float, Interval, tuple[int, int]] | None:
    """The plain difference within the group; by office where that is possible. None with too few cases."""
    values = first.values
    used = values.used & chosen
    cases = int((used & values.units.baseline).sum()), int((used & values.units.pilot).sum())
    if min(cases) < FEWEST_CASES:
        return None
    effect = replace(values, used=used, y=np.where(used, values.y, np.nan)).difference()
    found = interval(effect)
    if not isinstance(found, Interval):
        found = interval(effect, Clustering.NONE)
    return (effect.estimate, found, cases) if isinstance(found, Interval) else None


def _turned(estimate: float, low: float, high: float, sign: float) -> Figure:
    ends = sorted((sign * low, sign * high))
    return Figure(value=sign * estimate, interval=Between(low=ends[0], high=ends[1]))
