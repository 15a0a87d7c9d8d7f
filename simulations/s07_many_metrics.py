"""S-7: several primaries need Holm or max-t; several guardrails must each be sized so that all pass together."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from perintis.rules.statistics.multiplicity import holm, max_t, rejected
from simulations.check import Check, Figure, Floats, at_least, rate

ONE_SIDED = 0.025
GUARDRAILS, BETA = 6, 0.2
OFFICES, METRICS, ALIKE = 24, 3, 0.6


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Primaries without effect, guardrails without harm."""
    found: list[Figure] = []
    for count, reference in ((3, 0.073), (5, 0.118)):
        p = ndtr(-rng.standard_normal((repetitions, count)))
        found.append(
            rate(
                f"a success among {count} primaries, each at .025",
                (p < ONE_SIDED).any(axis=1),
                (0.0, 0.0295),
                reference,
                control=True,
            )
        )
        adjusted = [bool(rejected(holm(row), ONE_SIDED).any()) for row in p]
        found.append(rate(f"a success among {count} primaries, Holm", adjusted, (0.0, 0.0295), 0.025))
    for name, power, reference, control in (
        ("each with power .80", 1 - BETA, 0.26, True),
        ("each with power 1 - .20 / 6", 1 - BETA / GUARDRAILS, 0.816, False),
    ):
        z = rng.standard_normal((repetitions, GUARDRAILS)) + ndtri(1 - ONE_SIDED) + ndtri(power)
        passed = (z > ndtri(1 - ONE_SIDED)).all(axis=1)
        found.append(
            rate(f"six harmless guardrails all pass, {name}", passed, at_least(0.79), reference, control=control)
        )
    together = np.array([_max_t(rng) for _ in range(min(repetitions, 2000))])
    found.append(
        rate("three alike metrics of 24 offices, each at .05", together[:, 0], (0.0, 0.06), control=True, weak=True)
    )
    found.append(rate("three alike metrics of 24 offices, max-t", together[:, 1], (0.0, 0.06)))
    return tuple(found)


def _max_t(rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether any of three correlated metrics is a finding, by t alone and by max-t, with no effect."""
    values = _office_values(rng)
    estimates = values.mean(axis=0)
    found = max_t((values - estimates) / OFFICES, estimates, int(rng.integers(1 << 30)), draws=999)
    single = found.t > 2.0687
    return bool(single.any()), bool((found.adjusted <= 0.05).any())


def _office_values(rng: np.random.Generator) -> Floats:
    """Differences of 24 offices in three metrics that correlate with ALIKE."""
    common = rng.standard_normal((OFFICES, 1))
    found: Floats = np.sqrt(ALIKE) * common + np.sqrt(1 - ALIKE) * rng.standard_normal((OFFICES, METRICS))
    return found


CHECK = Check("S-7", "Many metrics: some succeed by chance, and some guardrail fails by chance", run, 10_000)
