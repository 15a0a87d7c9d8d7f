"""What a few offices would have done, from a weighted mix of others: synthetic control and synthetic difference in
differences, with every other office put in the pilot's place to see what chance alone gives.

Sources: Abadie, Diamond and Hainmueller 2010; Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021 (algorithms 1, 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.simplex import nearest_mix

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats

MOST_PLACEBOS = 500
TIME_RIDGE = 1e-6
"""Of the spread of changes: only to have one answer where several times serve alike."""


@dataclass(frozen=True, eq=False)
class Synthetic:
    """Weights of the other offices (adding up to one), and of the periods before; `gap` of each period (T,).

    `gap` is the mean of the pilot's offices less that of the mix, as it is; the estimate is its mean after the start
    less its weighted mean before. `miss` is the root mean square of the gap before, about that weighted mean.
    """

    estimate: float
    offices: Floats
    periods: Floats
    gap: Floats

    @property
    def miss(self) -> float:
        """How far the mix is from the pilot's offices before the start, in the unit of the metric."""
        before = self.gap[: len(self.periods)]
        centre = float(before @ self.periods) if self.periods.any() else 0.0
        return float(np.sqrt(((before - centre) ** 2).mean()))


def synthetic_differences(mean: Floats, pilot: Flags, before: int) -> Synthetic:
    """Synthetic difference in differences; `mean` (offices, periods), of which the first `before` lie before the start.

    Offices are weighted so that their mix moves as the pilot's do before the start (its level may differ), with a ridge
    of (pilot offices x periods after)^(1/2) times the variance of changes; periods so that their mix foretells the
    others' after it.
    """
    others, own = mean[~pilot], mean[pilot].mean(axis=0)
    early, late = others[:, :before], others[:, before:].mean(axis=1)
    spread = float(np.diff(early, axis=1).std(ddof=1)) if before > 1 else 0.0
    after = mean.shape[1] - before
    ridge = before * np.sqrt(pilot.sum() * after) * spread**2
    level = early.mean(axis=1, keepdims=True)
    offices = nearest_mix((early - level).T, own[:before] - own[:before].mean(), ridge)
    periods = nearest_mix(early - early.mean(axis=0), late - late.mean(), len(early) * (TIME_RIDGE * spread) ** 2)
    return _compared(own - offices @ others, offices, periods)


def synthetic_control(mean: Floats, pilot: Flags, before: int) -> Synthetic:
    """The mix that comes nearest to the pilot's offices before the start, level and all; no weights of periods."""
    others, own = mean[~pilot], mean[pilot].mean(axis=0)
    offices = nearest_mix(others[:, :before].T, own[:before])
    return _compared(own - offices @ others, offices, np.zeros(before))


def plain_differences(mean: Floats, pilot: Flags, before: int) -> Synthetic:
    """Difference in differences: all other offices and all periods before the start count alike."""
    others, own = mean[~pilot], mean[pilot].mean(axis=0)
    return _compared(own - others.mean(axis=0), np.full(len(others), 1 / len(others)), np.full(before, 1 / before))


def placebos(mean: Floats, pilot: Flags, before: int, seed: int) -> tuple[Synthetic, ...]:
    """The same for other offices in the pilot's place, as many at a time as it has, without the pilot's own.

    Every choice of them up to 500, else 500 drawn. At least two offices are left as a mix; there are none otherwise.
    """
    others, size = mean[~pilot], int(pilot.sum())
    count = len(others)
    if count - size < 2:
        return ()
    found = []
    for chosen in _choices(count, size, seed):
        place = np.zeros(count, dtype=bool)
        place[list(chosen)] = True
        found.append(synthetic_differences(others, place, before))
    return tuple(found)


def _choices(count: int, size: int, seed: int) -> list[tuple[int, ...]]:
    if comb(count, size) <= MOST_PLACEBOS:
        return list(combinations(range(count), size))
    random = np.random.default_rng(seed)
    return [tuple(random.choice(count, size, replace=False).tolist()) for _ in range(MOST_PLACEBOS)]


def _compared(gap: Floats, offices: Floats, periods: Floats) -> Synthetic:
    before = len(periods)
    estimate = float(gap[before:].mean() - gap[:before] @ periods)
    return Synthetic(estimate, offices, periods, gap)
