"""The bootstrap interval of a mean of few independent values that are very uneven, such as costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.proportions import Interval

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

MOST_CASES = 2_000
BATCH = 10_000


def bootstrap_mean(
    values: Floats,
    seed: int,
    resamples: int = 9_999,
    method: Literal["BCa", "percentile", "basic"] = "BCa",
    level: float = 0.95,
) -> Interval | NoEstimate:
    """The mean with its bootstrap interval. Source: Efron 1987. Only up to 2,000 values: all resamples are made."""
    if len(values) < 2:
        return NoEstimate(f"{len(values)} cases; 2 are needed")
    if len(values) > MOST_CASES:
        return NoEstimate(f"{len(values)} cases are too many for this bootstrap", "use the normal interval")
    if np.ptp(values) == 0:
        return NoEstimate("the values do not vary")
    from scipy.stats import bootstrap

    found = bootstrap(
        (values,), np.mean, n_resamples=resamples, batch=BATCH, confidence_level=level, method=method,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return Interval(float(values.mean()), float(found.low), float(found.high))
