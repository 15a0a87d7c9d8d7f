"""Which formal look this is, and the bound that it allows.

The planned information is fixed at the first look: what the plan's number of matured cases will give, with cases of one
office resembling each other as they did then. A cohort's mean from n cases in each of G offices with an intra-office
correlation r has a variance that goes as (1 + (n / G - 1) r) / n; that of the difference is the sum over both cohorts,
so a baseline that is complete from the start brings the first look no nearer than the pilot's own cases do. Later looks
are held against the same number. A look is due when the fraction planned for it is reached; a reading in between is no
look and decides nothing.
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
    """What the data give for a look: matured cases and offices by cohort (baseline, pilot), the intra-office
    correlation, and the standard error of the first primary metric."""

    cases: tuple[int, int]
    offices: tuple[int, int]
    icc: float
    error: float


@dataclass(frozen=True)
class Standing:
    """Where the evaluation stands: the look, or None with how many cases are missing until the next one is due.

    `number` is that of the look that is taken or comes next. `fraction` is the share of the planned information that
    there is; `planned_information` is 1 / error squared at the planned number of cases. `over`: the final look was
    taken, and there is no next one.
    """

    look: Look | None
    number: int
    fraction: float
    planned_information: float
    missing_cases: int
    due_at: float
    over: bool = False


def stand(plan: Looks, taken: tuple[LookTaken, ...], seen: Sighting, *, as_final: bool = False) -> Standing:
    """The look that is due now, if one is. After the final look there is none any more."""
    information = 1 / seen.error**2
    planned = _planned(plan.planned_cases, taken, seen)
    fraction = information / planned
    number = len(taken) + 1
    if taken and taken[-1].look.final:
        return Standing(None, number - 1, fraction, planned, 0, 1.0, over=True)
    due_at = _due_at(plan, taken)
    final = as_final or sum(seen.cases) >= plan.planned_cases or fraction >= 1 or number > len(plan.fractions)
    missing = _missing(plan.planned_cases, due_at, seen, planned)
    if not final and fraction < due_at - EARLY:
        return Standing(None, number, fraction, planned, missing, due_at)
    look = next_look(
        [t.look for t in taken], seen.error, planned, final=final, alpha=plan.alpha,
        spending=Spending(plan.spending.value),
    )  # fmt: skip
    if look.bound is None:  # nothing of the level may be spent yet: no look
        return Standing(None, number, fraction, planned, missing, due_at)
    return Standing(look, number, fraction, planned, 0, due_at)


def grown(cases: tuple[float, float], offices: tuple[int, int], icc: float) -> float:
    """What the information of so many cases in both cohorts is proportional to; 0 while one has none."""
    if min(cases) <= 0:
        return 0.0
    spread = 0.0
    for n, g in zip(cases, offices, strict=True):
        alike = max(n / g - 1, 0) * max(icc, 0.0) if g > 1 else 0.0
        spread += (1 + alike) / n
    return 1 / spread


def _due_at(plan: Looks, taken: tuple[LookTaken, ...]) -> float:
    """The first planned fraction beyond what was reached: a look that came late takes the place of those it passed."""
    reached = max((t.look.fraction for t in taken), default=0.0)
    ahead = plan.fractions[len(taken) :]
    return next((f for f in ahead if f > reached + EARLY), plan.fractions[-1])


def _planned(cases: int, taken: tuple[LookTaken, ...], seen: Sighting) -> float:
    if taken:
        first = taken[0].look
        return first.information / first.fraction
    now = grown(seen.cases, seen.offices, seen.icc)
    then = grown(at_end(cases, seen.cases), seen.offices, seen.icc)
    return max(then / now, 1.0) / seen.error**2 if now > 0 else 1 / seen.error**2


def at_end(planned: int, now: tuple[int, int]) -> tuple[float, float]:
    """How many cases each cohort has when all are there: half of them, or the rest where the other has more."""
    half = planned / 2
    baseline = float(now[0]) if now[0] >= half else max(half, planned - max(half, now[1]))
    return baseline, max(planned - baseline, float(now[1]))


def _missing(planned_cases: int, due_at: float, seen: Sighting, planned: float) -> int:
    """How many more cases until that fraction of the planned information is there, at least one."""
    if grown(seen.cases, seen.offices, seen.icc) <= 0:
        return 1
    wanted = due_at * planned * seen.error**2  # how many times the information of now
    end = at_end(max(planned_cases, sum(seen.cases) + 2), seen.cases)
    room = (end[0] - seen.cases[0], end[1] - seen.cases[1])
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        then = (seen.cases[0] + middle * room[0], seen.cases[1] + middle * room[1])
        enough = grown(then, seen.offices, seen.icc) / grown(seen.cases, seen.offices, seen.icc) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return max(1, round(high * sum(room)))
