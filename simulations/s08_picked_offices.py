"""S-8: offices picked because they were the worst get better by themselves, unless that time is left out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from perintis.rules.designs.comparison_offices import estimate
from perintis.rules.designs.design import Estimated
from perintis.rules.designs.facts import Facts
from perintis.rules.designs.linear import t_p_value
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Units
from simulations.check import Check, Figure, Floats, Whole, mean, rate
from simulations.lognormal import SHAPE

OFFICES, PICKED = 24, 8
FIRST = date(2026, 1, 5)
BLOCKS, DAYS_A_BLOCK, CASES_A_BLOCK = 5, 28, 40
START = FIRST + timedelta(days=3 * DAYS_A_BLOCK)
SELECTION = (FIRST, FIRST + timedelta(days=DAYS_A_BLOCK - 1))
OTHER = (FIRST + timedelta(days=DAYS_A_BLOCK), START - timedelta(days=1))
OFFICE = 0.15
ACCEPTED = (-0.015, 0.015)
CASE_OFFICE = np.repeat(np.arange(OFFICES), BLOCKS * CASES_A_BLOCK)
CASE_BLOCK = np.tile(np.repeat(np.arange(BLOCKS), CASES_A_BLOCK), OFFICES)
DAYS = tuple(str(FIRST + timedelta(days=n)) for n in range(BLOCKS * DAYS_A_BLOCK))
NAMES = tuple(f"{n:02d}" for n in range(OFFICES))
CASES = tuple(map(str, range(len(CASE_OFFICE))))


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """24 offices; the 8 slowest of the first four weeks get a pilot that does nothing (log scale of lead time)."""
    rows = np.array([_one(rng) for _ in range(repetitions)])
    return (
        mean(
            "before and after in the picked offices, as a share", np.expm1(rows[:, 0]), ACCEPTED, -0.104, control=True
        ),
        mean("against others, picking time as the baseline", np.expm1(rows[:, 1]), ACCEPTED, control=True),
        mean("against others, picking time left out", np.expm1(rows[:, 2]), ACCEPTED, 0.0),
        rate("false alarms, picking time as the baseline", rows[:, 3] < 0.05, (0.0, 0.06), control=True),
        rate("false alarms, picking time left out", rows[:, 4] < 0.05, (0.0, 0.06)),
    )


def _one(rng: np.random.Generator) -> tuple[float, ...]:
    office = OFFICE * rng.standard_normal(OFFICES)
    y = office[CASE_OFFICE] + SHAPE * rng.standard_normal(len(CASE_OFFICE))
    day = CASE_BLOCK * DAYS_A_BLOCK + rng.integers(0, DAYS_A_BLOCK, len(y))
    by_block = np.bincount(CASE_OFFICE * BLOCKS + CASE_BLOCK, weights=y).reshape(OFFICES, BLOCKS) / CASES_A_BLOCK
    picked = np.argsort(by_block[:, 0])[-PICKED:]
    naive = float((by_block[picked, 3:].mean(axis=1) - by_block[picked, 0]).mean())
    wrong, right = (_judged(y, day, picked, window) for window in (OTHER, SELECTION))
    return naive, wrong[0], right[0], wrong[1], right[1]


def _judged(y: Floats, day: Whole, picked: Whole, left_out: tuple[date, date]) -> tuple[float, float]:
    """The product's difference in differences and its p-value, without the cases of that window."""
    starts = {NAMES[place]: START for place in picked}
    pilot = np.isin(CASE_OFFICE, picked) & (day >= 3 * DAYS_A_BLOCK)
    units = Units(CASES, pilot, CASE_OFFICE, day, NAMES, DAYS)
    values = CaseValues("lead_time", "log days", y, np.ones(len(y), dtype=bool), units)
    found = estimate(values, Facts(start=START, office_starts=starts, selection=left_out, seed=1))
    if not isinstance(found, Estimated) or found.df is None:
        raise AssertionError(f"no estimate: {found}")
    return found.effect.estimate, t_p_value(found.effect.estimate / found.error, found.df)


CHECK = Check("S-8", "Offices picked for being the worst get better by themselves", run, 2000, short=60)
