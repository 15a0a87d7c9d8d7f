"""The checks there are, in the order of their numbers."""

from __future__ import annotations

import numpy as np

from simulations import s03_daily_peeking, s09_not_worse, s11_peeking_with_offices
from simulations.check import Check

ALL: tuple[Check, ...] = (
    s03_daily_peeking.CHECK,
    s09_not_worse.CHECK,
    s11_peeking_with_offices.CHECK,
)


def by_name() -> dict[str, Check]:
    """The checks by name."""
    return {check.name: check for check in ALL}


def rng_of(check: Check, seed: int) -> np.random.Generator:
    """A stream of its own for each check, so that adding one changes no other."""
    return np.random.default_rng([seed, int(check.name.removeprefix("S-"))])
