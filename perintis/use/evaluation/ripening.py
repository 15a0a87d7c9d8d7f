"""When a case's value is final: the day from which on it may stand in a series that is read every day.

A Kaplan-Meier value changes while cases mature, so it never goes into an always-valid interval; what does is the value
that a case keeps from some day on: min(T, tau) tau after opening, whether it was decided in time when it was due, its
error tau after the decision, an answer when the case was closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.facts import ordinals
from perintis.rules.metrics import NotComparable, measure
from perintis.rules.plan import SATISFACTION
from perintis.rules.plan.metric import Withdrawn
from perintis.use.evaluation.curves import TIMES
from perintis.use.evaluation.faster import fresh
from perintis.use.evaluation.flow import LOST
from perintis.use.evaluation.measuring import Measured, tau_days

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Flags, Floats, Whole
    from perintis.use.evaluation.prepare import Prepared

AT_CLOSING = (SATISFACTION,)
EPOCH = 719_163
"""The proleptic ordinal of 1970-01-01."""


@dataclass(frozen=True, eq=False)
class Ripe:
    """One entry a case of the units: its final value, whether it has one, and the ordinal of the day it became so."""

    y: Floats
    used: Flags
    day: Whole


def ripe_values(prepared: Prepared, found: Measured) -> Ripe | str:
    """The final values of a metric, or in words why there are none by day; of cases followed from their opening."""
    ripe = _ripe_values(prepared, found)
    if isinstance(ripe, str):
        return ripe
    return replace(ripe, used=ripe.used & np.concatenate([fresh(view) for view in prepared.views()]))


def _ripe_values(prepared: Prepared, found: Measured) -> Ripe | str:
    name = found.known.name
    if name == "service_level_met":
        return _joined(prepared, _in_time)
    if name in AT_CLOSING:
        closed = _joined(prepared, _closing)
        return Ripe(found.values.y, found.values.used & closed.used, closed.day)
    tau = _own_tau(prepared, found)
    if tau is None:
        return "the metric has no horizon in days"
    if name == "error_rate":
        closed = _joined(prepared, _closing)
        return Ripe(found.values.y, found.values.used & closed.used, closed.day + ceil(tau))
    opened = ordinals(prepared.units)
    if name in TIMES:
        competing = found.planned is None or found.planned.withdrawn_as is Withdrawn.COMPETING
        y = np.concatenate([_within(view, tau, competing=competing) for view in prepared.views()])
        return Ripe(y, found.values.used & np.isfinite(y) & (opened > 0), opened + ceil(tau))
    return Ripe(found.values.y, found.values.used & (opened > 0), opened + ceil(tau))


def ripe_cases(prepared: Prepared, found: Measured) -> tuple[int, int]:
    """How many cases of each cohort (baseline, pilot) have their final value by the reading."""
    if found.known.name not in (*TIMES, "service_level_met"):
        return found.effect.cases(False), found.effect.cases(True)  # only those are used at all
    if found.known.name == "lead_time_working":
        return _known_in_hours(prepared, found)
    ripe = ripe_values(prepared, found)
    if isinstance(ripe, str):
        return found.effect.cases(False), found.effect.cases(True)
    read = np.where(prepared.units.pilot, _read(prepared.pilot), _read(prepared.baseline))
    chosen = ripe.used & found.effect.used & (ripe.day <= read)
    return int((chosen & prepared.units.baseline).sum()), int((chosen & prepared.units.pilot).sum())


def _known_in_hours(prepared: Prepared, found: Measured) -> tuple[int, int]:
    """Cases that ended, or were seen for tau working hours."""
    counts = []
    for view in prepared.views():
        table = measure(TIMES[found.known.name], view)
        assert not isinstance(table, NotComparable)  # it was measured
        seen = table["value"].cast(float).fill_null(float("nan")).to_numpy() >= (found.values.tau or 0.0)
        counts.append(int((seen | table["ended"].to_numpy()).sum()))
    return counts[0], counts[1]


def _read(view: View) -> int:
    return view.read.date().toordinal()


def _own_tau(prepared: Prepared, found: Measured) -> float | None:
    """The metric's own horizon where it is in days, else the plan's; none for working hours."""
    if "working hours" in found.known.unit:
        return None
    return found.values.tau if found.values.tau is not None else tau_days(prepared)


def _within(view: View, tau: float, *, competing: bool) -> Floats:
    """min(T, tau) in days, tau for a withdrawn case where that is no decision; NaN without a lead time."""
    table = measure(TIMES["lead_time"], view)
    assert not isinstance(table, NotComparable)  # it was measured
    value = table["value"].cast(float).fill_null(float("nan")).to_numpy()
    lost = view.cases["outcome"].is_in(LOST).fill_null(False).to_numpy() & competing
    found: Floats = np.where(lost & np.isfinite(value), tau, np.minimum(value, tau))
    return found


def _joined(prepared: Prepared, of: Callable[[View], Ripe]) -> Ripe:
    parts = [of(view) for view in prepared.views()]
    return Ripe(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("y", "used", "day")))


def _in_time(view: View) -> Ripe:
    """1 where a case was decided by its own deadline; known on the day after the deadline."""
    cases = view.cases
    lost = cases["outcome"].is_in(LOST).fill_null(False).to_numpy()
    met = (cases["closed"] <= cases["due"]).fill_null(False).to_numpy() & ~lost
    day = _ordinal(cases["due"])
    return Ripe(met.astype(np.float64), day > 0, day + 1)


def _closing(view: View) -> Ripe:
    day = _ordinal(view.cases["closed"])
    return Ripe(np.zeros(len(day)), day > 0, day)


def _ordinal(instants: pl.Series) -> Whole:
    """The proleptic ordinal of the day (UTC) of each instant, 0 where there is none."""
    days = instants.dt.epoch("d")
    found: Whole = (days.cast(int) + EPOCH).fill_null(0).to_numpy().astype(np.int64)
    return found
