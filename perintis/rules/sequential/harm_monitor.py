"""The daily watch over guardrails: is the pilot doing harm? It never stops a pilot; it pauses intake and asks a human.

Each guardrail has a one-sided always-valid limit at .05 divided by the number of guardrails, so that a harmless pilot
is paused in at most one of twenty whole trials, on whatever day. Only a formal look gives the verdict *stop*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from perintis.rules.sequential.always_valid import DayEstimate, half_of, may_show, one_sided_width, tuning
from perintis.rules.sequential.spending import LEVEL

ACTION = "pause intake and ask a human"


@dataclass(frozen=True)
class Trip:
    """A guardrail that is worse beyond doubt: the first day on which its upper limit lay below zero.

    `effect` and `limit` are turned so that positive is better, in the metric's unit.
    """

    metric: str
    day: date
    effect: float
    limit: float

    def in_words(self) -> str:
        """What happened and what to do, in one sentence."""
        return (
            f"{self.metric} has been worse than the baseline since {self.day.isoformat()} "
            f"(by {-self.effect:.3g}, at least {-self.limit:.3g}): {ACTION}"
        )


def watch(guardrails: Mapping[str, Sequence[DayEstimate]], planned: int, alpha: float = LEVEL) -> tuple[Trip, ...]:
    """The trips so far, one a guardrail at most, in the order of their days.

    Each series holds the days so far, turned so that positive is better; `planned` is the planned number of cases of
    both cohorts. A series without enough days or cases does not trip.
    """
    if not guardrails:
        return ()
    share = alpha / len(guardrails)
    rho2 = tuning(half_of(planned), 2 * share)
    trips = [trip for metric, days in guardrails.items() if (trip := _first(metric, days, rho2, share))]
    return tuple(sorted(trips, key=lambda trip: (trip.day, trip.metric)))


def _first(metric: str, days: Sequence[DayEstimate], rho2: float, alpha: float) -> Trip | None:
    for number, here in enumerate(days, 1):
        if not may_show(number, here):
            continue
        limit = here.estimate + one_sided_width(here.error, here.pilot + here.baseline, rho2, alpha, here.df)
        if limit < 0:
            return Trip(metric, here.day, here.estimate, limit)
    return None
