"""Made-up staggered roll-outs, as means of offices by period and as cases."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from perintis.rules.designs.facts import Facts
from perintis.rules.designs.office_periods import NEVER
from tests.rules.designs.design_cases import START, case_values, name_of


def means(starts, periods, effect, seed=1, noise=0.0, office=1.0, trend=0.3):
    """Office x period means, `effect(exposure)` after each office's start (None: never)."""
    random = np.random.default_rng(seed)
    group = np.array([NEVER if start is None else start for start in starts], dtype=np.int64)
    exposure = np.arange(periods) - np.where(group == NEVER, periods + 1, group)[:, None]
    grown = np.vectorize(effect, otypes=[float])(np.maximum(exposure, 0)) * (exposure >= 0)
    rows = random.normal(0, office, len(starts))[:, None] + trend * np.arange(periods) ** 1.2
    return rows + grown + noise * random.normal(size=grown.shape), group


def cases(starts, periods, effect, each=10, case_noise=1.0, **others):
    """The same as cases, `each` an office and period of 28 days, and the facts; the first start is period `min`."""
    mean, group = means(starts, periods, effect, **others)
    random = np.random.default_rng(others.get("seed", 1) + 1)
    office, period = (np.repeat(part.ravel(), each) for part in np.indices(mean.shape))
    y = mean[office, period] + case_noise * random.normal(size=len(office))
    day = period * 28 + np.tile(np.arange(each) * 2, len(mean) * periods)
    first = {name_of(k): START + timedelta(days=28 * start) for k, start in enumerate(starts) if start is not None}
    return case_values(y, period >= group[office], office, day), Facts(office_starts=first)


def twoway_fixed_effects(mean, group, period):
    """The coefficient of one indicator beside effects of offices and periods: wrong under growing effects."""
    treated = (period >= group[:, None]).astype(float)

    def within(table):
        return table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()

    left, right = within(treated), within(mean)
    return float((left * right).sum() / (left**2).sum())
