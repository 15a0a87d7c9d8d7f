"""Why an adjusted estimate leaves out cases that were open already when observation began."""

from __future__ import annotations

import numpy as np

from perintis.rules.statistics.competing import time_to_decision
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.risk_sets import follow

TAU, WINDOW = 40.0, 90.0
TRUE = (10 * (1 - np.exp(-TAU / 10)), 30 * (1 - np.exp(-TAU / 30)))


def values_by_kind(random: np.random.Generator, *, late: bool) -> tuple[float, float, float]:
    """Mean pseudo-values of quick (mean 10 days) and slow cases (30 days), and the estimate for all of them.

    Observed for 90 days; with `late` also the cases that were open at its beginning, from the age they had.
    """
    size = 20_000 if late else 6_000
    opened = random.uniform(-150 if late else 0, 60, size)
    slow = random.random(size) < 0.6
    time = random.exponential(np.where(slow, 30.0, 10.0))
    seen = opened + time > 0
    opened, slow, time = opened[seen], slow[seen], time[seen]
    known = time <= WINDOW - opened
    risk = follow(np.minimum(time, WINDOW - opened), known, entry=np.maximum(-opened, 0))
    found = time_to_decision(risk, TAU)
    assert not isinstance(found, NoEstimate)
    y = found.pseudo_values
    return float(y[~slow].mean()), float(y[slow].mean()), found.value


def test_late_entries_keep_the_mean_and_move_the_kinds() -> None:
    """The estimate for all is right both ways; the mean value of each kind only without late entries."""
    random = np.random.default_rng(4)
    without, with_late = (
        np.mean([values_by_kind(random, late=late) for _ in range(12)], axis=0) for late in (False, True)
    )
    assert np.abs(without[:2] - TRUE).max() < 0.4
    centre = 0.4 * TRUE[0] + 0.6 * TRUE[1]
    assert abs(without[2] - centre) < 0.3
    assert abs(with_late[2] - centre) < 0.3
    assert TRUE[0] - with_late[0] > 0.7  # quick kinds lie too far from the mean, slow ones too near
    assert TRUE[1] - with_late[1] > 0.2
