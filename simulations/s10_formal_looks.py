"""S-10: Kaplan-Meier means at five formal looks while cases still come in and mature: the spent level holds."""

from __future__ import annotations

from math import sqrt

import numpy as np

from perintis.rules.sequential.looks import Look, next_look
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from simulations.check import Check, Figure, Floats, mean, near, rate
from simulations.lognormal import TAU, lead_times

CASES, INTAKE_DAYS = 300, 90.0
LOOK_DAYS = (84.0, 93.0, 102.0, 111.0, 120.0)
FACTOR = 0.8
Z = 1.959963984540054


def planned_information(rng: np.random.Generator) -> float:
    """1 / variance of the difference when all cases have been followed to tau."""
    y = np.minimum(lead_times(rng, (200_000,)), TAU)
    return CASES / (2 * float(y.var()))


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """300 cases a cohort over 90 days; looks on days 84 to 120. No effect, then a pilot a fifth faster."""
    planned = planned_information(rng)
    null = np.array([trial(rng, 1.0, planned) for _ in range(repetitions)])
    fast = np.array([trial(rng, FACTOR, planned) for _ in range(repetitions)])
    return (
        rate("false alarms, five formal looks", null[:, 0], (0.0, 0.06), 0.053),
        rate("false alarms, 1.96 at every look", null[:, 1], (0.0, 0.06), 0.117, control=True),
        rate("power, five formal looks", fast[:, 0], near(0.785, 0.05), 0.785),
        rate("power, one look at the end", fast[:, 2], near(0.793, 0.05), 0.793),
        mean("mean day of stopping with an effect", fast[:, 3], near(97.7, 5.0), 97.7),
    )


def trial(rng: np.random.Generator, factor: float, planned: float) -> tuple[float, ...]:
    """Stopped by a bound; crossed 1.96 at any look; crossed it at the last; the day of stopping."""
    took = [lead_times(rng, (CASES,), side) for side in (factor, 1.0)]
    came = [rng.uniform(0, INTAKE_DAYS, CASES) for _ in took]
    looks: list[Look] = []
    stopped, z = 0.0, []
    for day in LOOK_DAYS:
        pilot, baseline = (_seen(t, day - c) for t, c in zip(took, came, strict=True))
        if pilot is None or baseline is None:
            continue  # nobody was followed to tau yet: this look cannot be taken
        error = sqrt(pilot.error**2 + baseline.error**2)
        z.append((pilot.value - baseline.value) / error)
        if not stopped:
            looks.append(next_look(looks, error, planned, final=day == LOOK_DAYS[-1]))
            bound = looks[-1].bound
            stopped = day if bound is not None and abs(z[-1]) > bound else 0.0
    return float(stopped > 0), float(max(map(abs, z)) > Z), float(abs(z[-1]) > Z), stopped or LOOK_DAYS[-1]


def _seen(took: Floats, watched: Floats) -> FromCurve | None:
    here = watched > 0
    found = restricted_mean(follow(np.minimum(took, watched)[here], (took <= watched)[here]), TAU)
    return found if isinstance(found, FromCurve) else None


CHECK = Check("S-10", "Formal looks while cases mature: the spent level holds", run, 6000, short=250)
