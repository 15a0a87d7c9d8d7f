"""The checks there are, in the order of their numbers."""

from __future__ import annotations

import numpy as np

from simulations import (
    s01_open_cases,
    s02_coverage,
    s03_daily_peeking,
    s04_offices,
    s05_series,
    s06_staggered,
    s07_many_metrics,
    s08_picked_offices,
    s09_not_worse,
    s10_formal_looks,
    s11_peeking_with_offices,
    s12_offices_and_open_cases,
    s13_whole_verdict,
    s14_few_offices,
)
from simulations.check import Check

ALL: tuple[Check, ...] = (
    s01_open_cases.CHECK,
    s02_coverage.CHECK,
    s03_daily_peeking.CHECK,
    s04_offices.CHECK,
    s05_series.CHECK,
    s06_staggered.CHECK,
    s07_many_metrics.CHECK,
    s08_picked_offices.CHECK,
    s09_not_worse.CHECK,
    s10_formal_looks.CHECK,
    s11_peeking_with_offices.CHECK,
    s12_offices_and_open_cases.CHECK,
    s13_whole_verdict.CHECK,
    s14_few_offices.CHECK,
)


def by_name() -> dict[str, Check]:
    """The checks by name."""
    return {check.name: check for check in ALL}


def rng_of(check: Check, seed: int) -> np.random.Generator:
    """A stream of its own for each check, so that adding one changes no other."""
    return np.random.default_rng([seed, int(check.name.removeprefix("S-"))])
