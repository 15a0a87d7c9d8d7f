"""Where the time went, as a panel: each step's waiting and work in both cohorts, with the difference of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import StagePart, TimePanel
from perintis.rules.evaluation.parts import Between, Cohorts, Figure, Message, Missing
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.use.evaluation.measuring import Measured, Outcome, tau_days
from perintis.use.evaluation.stages import Stages, stages_of

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats
    from perintis.use.evaluation.prepare import Prepared

DEFAULT_TAU = 90.0


def stage_panel(prepared: Prepared, outcomes: tuple[Outcome, ...]) -> TimePanel | Missing:
    """The panel; missing where a cohort has no steps or no case was seen for long enough."""
    for view, name in zip(prepared.views(), ("baseline", "pilot"), strict=True):
        if not view.data.has_steps:
            return Missing(reason=Message(code="no_steps", text=f"the {name} has no recorded steps",
                                          values={"cohort": name}))  # fmt: skip
    tau = tau_days(prepared) or DEFAULT_TAU
    baseline, pilot = (stages_of(view, tau) for view in prepared.views())
    if not len(baseline.rows) or not len(pilot.rows):
        return Missing(reason=Message(code="none_matured", text=f"no case was seen for {tau:g} days"))
    steps = _in_order(baseline, pilot)
    handovers = next((o for o in outcomes if isinstance(o, Measured) and o.known.name == "handovers"), None)
    return TimePanel(
        unit="days", stages=tuple(_part(prepared, step, baseline, pilot) for step in steps),
        handovers=None if handovers is None else Cohorts(
            baseline=handovers.effect.baseline, pilot=handovers.effect.pilot
        ),
        notes=tuple(_notes(baseline, pilot)),
    )  # fmt: skip


def _in_order(baseline: Stages, pilot: Stages) -> list[str]:
    """Steps by the time they take in the cohort where they take more; the longest first."""
    return sorted({*baseline.waiting, *pilot.waiting}, key=lambda s: (-max(_total(baseline, s), _total(pilot, s)), s))


def _total(stages: Stages, step: str) -> float:
    found = _mean(stages.waiting, step)
    return found + (_mean(stages.touch, step) if stages.touch is not None else 0.0)


def _mean(values: dict[str, Floats], step: str) -> float:
    return float(values[step].mean()) if step in values else 0.0


def _part(prepared: Prepared, step: str, baseline: Stages, pilot: Stages) -> StagePart:
    both_touch = baseline.touch is not None and pilot.touch is not None
    only = "pilot" if step not in baseline.waiting else "baseline" if step not in pilot.waiting else None
    return StagePart(
        step=step, agency=baseline.agency.get(step) or pilot.agency.get(step),
        waiting=Cohorts(baseline=_mean(baseline.waiting, step), pilot=_mean(pilot.waiting, step)),
        touch=Cohorts(baseline=_mean(baseline.touch or {}, step), pilot=_mean(pilot.touch or {}, step))
        if both_touch else None,
        difference=_difference(prepared, step, baseline, pilot), only_in=only,
        cases=Cohorts(baseline=fewest(baseline, step), pilot=fewest(pilot, step)),
    )  # fmt: skip


def fewest(stages: Stages, step: str) -> int:
    """How many cases spent any time in a step: of waiting and work, whichever fewer did; 0 where none did."""
    spent = [stages.waiting.get(step), None if stages.touch is None else stages.touch.get(step)]
    return min((n for days in spent if days is not None and (n := int(np.count_nonzero(days)))), default=0)


def _difference(prepared: Prepared, step: str, baseline: Stages, pilot: Stages) -> Figure:
    """Pilot minus baseline of waiting and work together, a case; by office where that is possible."""
    units = prepared.units
    y = np.full(len(units), np.nan)
    for stages, shift in ((baseline, 0), (pilot, int((~units.pilot).sum()))):
        total = stages.waiting.get(step, np.zeros(len(stages.rows))).copy()
        if stages.touch is not None and step in stages.touch:
            total = total + stages.touch[step]
        y[stages.rows + shift] = total
    effect = CaseValues(step, "days", y, ~np.isnan(y), units).difference()
    found = interval(effect)
    if not isinstance(found, Interval):
        found = interval(effect, Clustering.NONE)
    between = Between(low=found.low, high=found.high) if isinstance(found, Interval) else None
    return Figure(value=effect.estimate, interval=between)


def _notes(baseline: Stages, pilot: Stages) -> list[Message]:
    together = "steps side by side wait at the same time, so stages do not add up to the lead time"
    notes = [Message(code="side_by_side", text=together)]
    for stages, name in ((baseline, "baseline"), (pilot, "pilot")):
        if stages.touch is None:
            notes.append(
                Message(code="no_starts", values={"cohort": name},
                        text=f"the {name} has no start times, so its waiting includes the work")
            )  # fmt: skip
    return notes
