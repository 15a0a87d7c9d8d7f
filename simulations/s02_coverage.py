"""S-2: the interval of the restricted mean holds the truth in 95 %, from 50 cases a cohort on."""

from __future__ import annotations

import numpy as np

from perintis.rules.statistics.clusters import Clustering
from simulations.check import COVERAGE, Check, Figure, Flags, Floats, mean, near, rate
from simulations.cohorts import judged, one_office_a_case, rmst_effect
from simulations.lognormal import TAU, lead_times, restricted_mean
from simulations.s01_open_cases import INTAKE_DAYS

FACTOR = 0.8
CASES = ((50, 0.938, 0.21), (100, 0.953, 0.32), (300, 0.951, 0.73), (1000, 0.948, 0.998))
"""Cases a cohort, coverage and power to be reproduced."""


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Both cohorts come in over 90 days and are read on the last; the pilot is a fifth faster.

    A repetition in which nobody was followed to tau, so that the product refuses an estimate, is left out and counted.
    The control takes the spread of the closed cases over all cases, as though every case had been watched to its end.
    """
    truth = restricted_mean(FACTOR) - restricted_mean()
    found: list[Figure] = []
    for n, coverage, power in CASES:
        drawn = [_one(rng, n, truth) for _ in range(repetitions)]
        rows = np.array([row for row in drawn if row is not None])
        found.append(rate(f"{n} cases a cohort: coverage", rows[:, 0], (0.93, 0.97) if n < 100 else COVERAGE, coverage))
        found.append(rate(f"{n} cases a cohort: power", rows[:, 1], near(power, 0.05), power))
        found.append(mean(f"{n} cases a cohort: bias in days", rows[:, 2], near(0.0, 0.25 if n < 100 else 0.08)))
        found.append(
            rate(f"{n} cases a cohort: refused", [row is None for row in drawn], (0.0, 0.01 if n >= 300 else 0.2))
        )
    found.append(rate(f"{n} cases a cohort: coverage, spread of closed cases", rows[:, 3], COVERAGE, control=True))
    return tuple(found)


def _one(rng: np.random.Generator, n: int, truth: float) -> tuple[float, ...] | None:
    """Whether the interval holds the truth and leaves out zero, the error made, whether the control's holds it."""
    took = np.concatenate([lead_times(rng, (n,), FACTOR), lead_times(rng, (n,))])
    watched = rng.uniform(0, INTAKE_DAYS, 2 * n)
    seen, ended, units = np.minimum(took, watched), took <= watched, one_office_a_case(n, n)
    if not all(_followed(seen[side], ended[side]) for side in (units.pilot, ~units.pilot)):
        return None
    effect = rmst_effect(seen, ended, units, TAU)
    given = judged(effect, Clustering.NONE)
    closed = np.minimum(seen, TAU)
    spread = sum(closed[ended & side].var(ddof=1) / n for side in (units.pilot, ~units.pilot))
    narrow = abs(effect.estimate - truth) <= 1.959963984540054 * np.sqrt(spread)
    return given.low <= truth <= given.high, not given.low <= 0 <= given.high, effect.estimate - truth, narrow


def _followed(seen: Floats, ended: Flags) -> bool:
    return bool(seen.max() >= TAU or ended[seen == seen.max()].all())


CHECK = Check("S-2", "The interval of the mean within tau holds the truth in 95 %", run, 4000)
