"""S-14: one office with the pilot beside two dozen others: what placebos say of chance, and what cases would say."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from perintis.rules.designs.design import Design, Estimated
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.few_offices import estimate
from perintis.rules.designs.linear import t_quantile
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Units
from perintis.use.evaluation.measuring import infer
from simulations.check import COVERAGE, TYPE_ONE, Check, Figure, Floats, mean, rate

OFFICES, WEEKS, BEFORE, CASES = 25, 30, 20, 6
FIRST = date(2026, 1, 5)
START = FIRST + timedelta(weeks=BEFORE)
EFFECT = -2.0
LEVEL, KINDS, WANDERING, PERSISTENCE, SPREAD = 3.0, 2, 0.6, 0.5, 2.0
"""Days: offices' levels, two common courses that each office follows in its own degree, its own wandering, cases."""

OFFICE = np.repeat(np.arange(OFFICES), WEEKS * CASES)
WEEK = np.tile(np.repeat(np.arange(WEEKS), CASES), OFFICES)
NAMES = tuple(f"{n:02d}" for n in range(OFFICES))
DAYS = tuple(str(FIRST + timedelta(weeks=n, days=d)) for n in range(WEEKS) for d in (0, 6))
DAY = WEEK * 2 + np.tile(np.arange(CASES) % 2, OFFICES * WEEKS)
IDENTIFIERS = tuple(map(str, range(len(OFFICE))))
TREATED = (OFFICE == 0) & (WEEK >= BEFORE)
UNITS = Units(IDENTIFIERS, TREATED, OFFICE, DAY, NAMES, DAYS)
FACTS = Facts(start=START, office_starts={NAMES[0]: START}, comparison_offices=frozenset(NAMES[1:]), seed=1)


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Office 0 gets the pilot after 20 of 30 weeks; courses of offices are correlated over weeks."""
    rows = np.array([_one(rng) for _ in range(repetitions)])
    return (
        rate("false alarms by placebos", rows[:, 0] <= 0.05, TYPE_ONE),
        rate("coverage of the 95% interval", rows[:, 1], (COVERAGE[0], 0.99)),
        mean("bias as a share of the effect", rows[:, 2] / abs(EFFECT), (-0.03, 0.03), 0.0),
        rate("false alarms by the error of cases", rows[:, 3] > 1, TYPE_ONE, control=True),
        rate("false alarms of before and after", rows[:, 4] > 1, TYPE_ONE, control=True),
    )


def _one(rng: np.random.Generator) -> tuple[float, ...]:
    y = _courses(rng)[OFFICE, WEEK] + SPREAD * rng.standard_normal(len(OFFICE))
    found, moved = (_judged(values) for values in (y, y + EFFECT * TREATED))
    own = infer(Design.FEW_OFFICES, found)
    reach = t_quantile(moved.df) * moved.error
    by_case = float(np.sqrt((found.effect.psi**2).sum()))
    mine = OFFICE == 0
    early, late = y[mine & (WEEK < BEFORE)], y[mine & (WEEK >= BEFORE)]
    plain = abs(late.mean() - early.mean()) / np.sqrt(early.var(ddof=1) / len(early) + late.var(ddof=1) / len(late))
    return (
        own.p, float(abs(moved.effect.estimate - EFFECT) <= reach), moved.effect.estimate - EFFECT,
        abs(found.effect.estimate) / (1.96 * by_case), float(plain) / 1.96,
    )  # fmt: skip


def _courses(rng: np.random.Generator) -> Floats:
    """The expected value of each office and week, shape (OFFICES, WEEKS), without the pilot."""
    common = np.cumsum(rng.normal(0, 0.4, (KINDS, WEEKS)), axis=1)
    degree = rng.uniform(0, 1, (OFFICES, KINDS))
    own = np.zeros((OFFICES, WEEKS))
    own[:, 0] = rng.normal(0, WANDERING, OFFICES)
    for week in range(1, WEEKS):
        step = rng.normal(0, WANDERING * np.sqrt(1 - PERSISTENCE**2), OFFICES)
        own[:, week] = PERSISTENCE * own[:, week - 1] + step
    found: Floats = 20 + rng.normal(0, LEVEL, (OFFICES, 1)) + degree @ common + own
    return found


def _judged(y: Floats) -> Estimated:
    found = estimate(CaseValues("lead_time", "days", y, np.ones(len(y), dtype=bool), UNITS), FACTS)
    if not isinstance(found, Estimated):
        raise TypeError(f"no estimate: {found}")
    return found


CHECK = Check("S-14", "One office beside a mix of others: chance as the others show it", run, 2000, short=100)
