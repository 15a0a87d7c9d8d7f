"""S-3: who looks every day and stops when p < .05 finds what is not there; always-valid intervals do not."""

from __future__ import annotations

import numpy as np

from perintis.rules.sequential.always_valid import FIRST_DAY, half_width, one_sided_width, tuning
from perintis.rules.sequential.spending import LEVEL, bounds, equal_fractions
from simulations.check import (
    OVER_ALL_LOOKS,
    Check,
    Figure,
    Flags,
    Floats,
    at_least,
    first_true,
    flags,
    in_parts,
    mean,
    near,
    rate,
)
from simulations.lognormal import TAU, lead_times

DAYS, PER_DAY, LOOKS, GUARDRAILS = 60, 20, 5, 6
Z = 1.959963984540054
CASES = 2 * PER_DAY * np.arange(1, DAYS + 1)


def z_by_day(rng: np.random.Generator, repetitions: int, factor: float) -> Floats:
    """The z statistic of min(T, tau), pilot minus baseline, at the end of each day: shape (repetitions, DAYS)."""
    parts = []
    for size in in_parts(repetitions, 250):
        sides = []
        for side in (1.0, factor):
            y = np.minimum(lead_times(rng, (size, DAYS, PER_DAY), side), TAU)
            n = CASES / 2
            average = y.sum(axis=2).cumsum(axis=1) / n
            variance = ((y * y).sum(axis=2).cumsum(axis=1) - n * average**2) / (n - 1)
            sides.append((average, variance / n))
        (m0, v0), (m1, v1) = sides
        parts.append((m1 - m0) / np.sqrt(v0 + v1))
    return np.concatenate(parts)


def always_valid(z: Floats, best_at: float) -> Flags:
    """On which days the always-valid interval leaves out zero; from day 5 on."""
    width = np.array([half_width(1.0, float(n), tuning(best_at)) for n in CASES])
    width[: FIRST_DAY - 1] = np.inf
    return flags(np.abs(z) > width)


def formal(z: Floats) -> Flags:
    """At which of five equal looks the spent level is crossed."""
    at = DAYS // LOOKS * np.arange(1, LOOKS + 1) - 1
    return flags(np.abs(z[:, at]) > np.array(bounds(equal_fractions(LOOKS))))


def paused(rng: np.random.Generator, repetitions: int, factor: float = 1.0) -> tuple[Flags, Flags]:
    """Whether the harm monitor trips on any day and guardrail; the same with the one-sided normal limit at .05.

    Six guardrails, of which the first gets slower by `factor`.
    """
    share = LEVEL / GUARDRAILS
    width = np.array([one_sided_width(1.0, float(n), tuning(CASES[-1] / 2, 2 * share), share) for n in CASES])
    tripped, naive = np.zeros(repetitions, dtype=bool), np.zeros(repetitions, dtype=bool)
    for guardrail in range(GUARDRAILS):
        worse = z_by_day(rng, repetitions, factor if guardrail == 0 else 1.0)[:, FIRST_DAY - 1 :]
        tripped |= (worse > width[FIRST_DAY - 1 :]).any(axis=1)
        naive |= (worse > 1.6449).any(axis=1)
    return tripped, naive


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """No effect, then 15 % and 8 % faster."""
    null, fast, small = (z_by_day(rng, repetitions, factor) for factor in (1.0, 0.85, 0.92))
    naive = np.abs(null) > Z
    thrice = naive[:, 2:] & naive[:, 1:-1] & naive[:, :-2]
    stop = np.minimum(first_true(always_valid(fast, 1200)) + 1, DAYS)
    stop_formal = np.minimum((first_true(formal(fast)) + 1) * DAYS // LOOKS, DAYS)
    few = max(repetitions // 4, min(repetitions, 100))
    harmless, naive_pause = paused(rng, few)
    tuned = ((480, 0.020), (1200, 0.017), (2400, 0.010))
    power = ((480, 0.876), (1200, 0.891), (2400, 0.891))
    return (
        rate("false alarms, 1.96 every day", naive.any(axis=1), OVER_ALL_LOOKS, 0.338, control=True),
        rate("false alarms, three days in a row", thrice.any(axis=1), OVER_ALL_LOOKS, 0.187, control=True),
        *(rate(f"false alarms, always valid, best at {n}", always_valid(null, n).any(axis=1), OVER_ALL_LOOKS, ref)
          for n, ref in tuned),
        rate("false alarms, five formal looks", formal(null).any(axis=1), OVER_ALL_LOOKS, 0.045, stated_for=10_000),
        *(rate(f"power at 15 %, always valid, best at {n}", always_valid(fast, n).any(axis=1), near(ref, 0.05), ref)
          for n, ref in power),
        rate("power at 15 %, five formal looks", formal(fast).any(axis=1), near(0.981, 0.03), 0.981),
        mean("mean stopping day at 15 %, always valid", stop.astype(float), near(31, 3), 31),
        mean("mean stopping day at 15 %, five formal looks", stop_formal.astype(float), near(38, 3), 38),
        rate("power at 8 %, always valid", always_valid(small, 1200).any(axis=1), near(0.28, 0.05), 0.28),
        rate("power at 8 %, five formal looks", formal(small).any(axis=1), near(0.56, 0.05), 0.56),
        rate("harmless pilot paused, six guardrails", harmless, OVER_ALL_LOOKS),
        rate("harmless pilot paused, 1.645 every day", naive_pause, OVER_ALL_LOOKS, control=True),
        rate("pilot 25 % slower paused", paused(rng, few, 1.25)[0], at_least(0.9)),
        rate("power at 8 %, one look", np.abs(small[:, -1]) > Z, at_least(0.52), 0.57),
    )  # fmt: skip


CHECK = Check("S-3", "Looking every day: 1.96 finds what is not there, always-valid intervals do not", run, 10_000)
