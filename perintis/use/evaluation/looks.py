"""Which formal look this is, and the bound that it allows.

The planned information is fixed at the first look: what the plan's number of cases will give, with cases of one office
resembling each other as they did then. With n cases in each of G offices and an intra-office correlation r it grows as
n / (1 + (n / G - 1) r). Later looks are held against the same number. A look is due when the fraction planned for it is
reached; a reading in between is no look and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.rules.sequential.looks import Look, next_look
from perintis.rules.sequential.spending import Spending

if TYPE_CHECKING:
    from perintis.rules.plan import Looks
    from perintis.use.evaluation.material import LookTaken

EARLY = 0.02
"""A look may be taken this much of the information before the planned fraction."""


@dataclass(frozen=True)
class Sighting:
    """What the data give for a look: matured cases, the offices behind them, the error of the first primary."""

    cases: int
    offices: int
    icc: float
    error: float


@dataclass(frozen=True)
class Standing:
    """Where the evaluation stands: the look, or None with how many cases are missing until the next one is due.

    `fraction` is the share of the planned information that there is; `planned_information` is 1 / error squared at the
    planned number of cases.
    """

    look: Look | None
    number: int
    fraction: float
    planned_information: float
    missing_cases: int
    due_at: float


def stand(plan: Looks, taken: tuple[LookTaken, ...], seen: Sighting, *, as_final: bool = False) -> Standing:
    """The look that is due now, if one is. After the last planned look there is none any more."""
    information = 1 / seen.error**2
    planned = _planned(plan.planned_cases, taken, seen)
    fraction = information / planned
    number = len(taken) + 1
    if taken and taken[-1].look.final:
        return Standing(None, number, fraction, planned, 0, 1.0)
    due_at = plan.fractions[min(len(taken), len(plan.fractions) - 1)]
    final = as_final or seen.cases >= plan.planned_cases or fraction >= 1
    if not final and fraction < due_at - EARLY:
        return Standing(None, number, fraction, planned, _missing(plan.planned_cases, due_at, seen, planned), due_at)
    look = next_look(
        [t.look for t in taken], seen.error, planned, final=final or number > len(plan.fractions), alpha=plan.alpha,
        spending=Spending(plan.spending.value),
    )  # fmt: skip
    return Standing(look, number, fraction, planned, 0, due_at)


def grown(cases: float, offices: int, icc: float) -> float:
    """What the information of so many cases is proportional to."""
    if offices < 2:
        return cases
    return cases / (1 + max(cases / offices - 1, 0) * max(icc, 0.0))


def _planned(cases: int, taken: tuple[LookTaken, ...], seen: Sighting) -> float:
    if taken:
        first = taken[0].look
        return first.information / first.fraction
    ratio = grown(max(cases, seen.cases), seen.offices, seen.icc) / grown(seen.cases, seen.offices, seen.icc)
    return ratio / seen.error**2


def _missing(planned_cases: int, due_at: float, seen: Sighting, planned: float) -> int:
    """How many more cases until that fraction of the planned information is there, at least one."""
    now = grown(seen.cases, seen.offices, seen.icc)
    wanted = due_at * planned * seen.error**2  # how many times the information of now
    low, high = seen.cases, max(planned_cases, seen.cases + 1)
    while high - low > 1:
        middle = (low + high) // 2
        enough = grown(middle, seen.offices, seen.icc) / now >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high - seen.cases
