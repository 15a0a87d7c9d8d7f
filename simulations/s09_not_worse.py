"""S-9: a pilot that is worse by exactly the margin passes the test in at most 2.5 %; the Wald test passes more."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from perintis.rules.statistics.proportions import size_at_margin
from simulations.check import Check, Figure, Floats, exact

CASES = ((100, 0.90, 0.05, 0.0249, 0.0282), (200, 0.95, 0.03, 0.0242, 0.0286), (150, 0.80, 0.10, 0.0250, 0.0255))
"""Cases a cohort, the baseline's share, the margin, and the sizes of Miettinen-Nurminen and Wald."""

ACCEPTED = (0.022, 0.02515)


def wald_size(n: int, share: float, margin: float) -> float:
    """The exact size of the Wald test, which takes the shares seen for the true ones."""
    x1, x0 = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    p1, p0 = x1 / n, x0 / n
    error = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / n)
    passed = (p1 - p0 + margin) > 1.959963984540054 * error
    return float(np.outer(_binomial(n, share - margin), _binomial(n, share))[passed].sum())


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """All tables are counted, none is drawn: repetitions and rng are not used."""
    found = []
    for n, share, margin, ours, wald in CASES:
        what = f"size, {n} a cohort, {share:.2f}, margin {margin:.2f}"
        found.append(exact(f"{what}", size_at_margin(n, n, share, margin), ACCEPTED, ours))
        found.append(exact(f"{what}, Wald", wald_size(n, share, margin), ACCEPTED, wald, control=True))
    return tuple(found)


def _binomial(n: int, share: float) -> Floats:
    k = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    found: Floats = np.exp(ways + k * np.log(share) + (n - k) * np.log1p(-share))
    return found


CHECK = Check("S-9", "Not worse by the margin: the exact size of the test at the margin", run, repetitions=1, short=1)
