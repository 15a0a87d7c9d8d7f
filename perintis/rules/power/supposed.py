"""What is supposed of each metric before the pilot: its level, the spread of its cases, how alike offices are.

Estimated from baseline data where there are any; otherwise assumed, and said so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import Better, Kind
from perintis.rules.plan.metric import PERCENT, SATISFACTION, PlannedMetric

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole

FEW_CASES = 30
FEW_OFFICES = 4
OFFICES_FOR_STEADINESS = 6
ASSUMED_ICC = 0.02
ASSUMED_SPREAD = 0.7
ASSUMED_SHARE = 0.1
ASSUMED_POINTS = (75.0, 15.0)
PERCENT_BASE = 100.0


@dataclass(frozen=True)
class Supposed:
    """One metric as supposed, in its own unit, or (`unit` percent) in percent of a baseline that is not known.

    `worthwhile`, `target` and `margin` are in the same unit. `measured` says that spread and likeness come from data,
    `source` from where, or what was assumed; `steadiness` is how far offices keep their place over time, `offices`
    how many there are in the data.
    """

    metric: str
    unit: str
    mean: float
    sd: float
    icc: float
    measured: bool
    source: str
    steadiness: float | None = None
    offices: int | None = None
    worthwhile: float | None = None
    target: float | None = None
    margin: float | None = None


def suppose(metric: PlannedMetric, values: Floats | None, office: Whole | None, name: str = "") -> Supposed:
    """From the values of a baseline's cases (`office` -1 where not known), or by assumption where there are too few."""
    if values is not None and office is not None and values.size >= FEW_CASES and float(values.std()) > 0:
        icc, offices = intra_office_correlation(values, office)
        likeness = f"{offices} offices" if icc is not None else f"offices assumed alike to {ASSUMED_ICC:g}"
        found = _with_sizes(
            metric, metric.known.unit, float(values.mean()), float(values.std(ddof=1)),
            ASSUMED_ICC if icc is None else icc, f"{name}: {values.size:,} cases, {likeness}", measured=True,
        )  # fmt: skip
        return replace(found, offices=offices)
    return _assumed(metric)


def intra_office_correlation(values: Floats, office: Whole) -> tuple[float | None, int]:
    """The intra-office correlation by analysis of variance, not below 0, and how many offices it rests on.

    None with fewer than four offices. Source: Donner 1986 (ANOVA estimator for unequal sizes).
    """
    known = office >= 0
    values, office = values[known], office[known]
    size = np.bincount(office).astype(np.float64)
    sums = np.bincount(office, weights=values)
    present = size > 0
    size, sums = size[present], sums[present]
    offices, total = int(size.size), float(size.sum())
    if offices < FEW_OFFICES or total <= offices:
        return None, offices
    mean = float(values.mean())
    between = float((size * (sums / size - mean) ** 2).sum()) / (offices - 1)
    within = (float(((values - mean) ** 2).sum()) - between * (offices - 1)) / (total - offices)
    typical = (total - float((size**2).sum()) / total) / (offices - 1)
    spread = between + (typical - 1) * within
    return (max(0.0, (between - within) / spread) if spread > 0 else 0.0), offices


def steadiness(values: Floats, office: Whole, early: Flags) -> float | None:
    """The correlation of offices' means in the earlier and the later half of the cases (`early`), not below 0.

    It stands for that of an office's mean with its mean before the pilot. None with fewer than six offices in both.
    """
    means = []
    offices = int(office.max()) + 1 if office.size else 0
    for half in (early, ~early):
        chosen = half & (office >= 0)
        count = np.bincount(office[chosen], minlength=offices)
        sums = np.bincount(office[chosen], weights=values[chosen], minlength=offices)
        means.append(np.divide(sums, count, out=np.full(offices, np.nan), where=count > 0))
    both = ~np.isnan(means[0]) & ~np.isnan(means[1])
    if int(both.sum()) < OFFICES_FOR_STEADINESS or min(float(m[both].std()) for m in means) == 0:
        return None
    return max(0.0, float(np.corrcoef(means[0][both], means[1][both])[0, 1]))


def _assumed(metric: PlannedMetric) -> Supposed:
    """Without data: a spread that is usual for its kind; for counts and money one that follows from the plan."""
    if metric.metric == SATISFACTION:
        mean, sd = ASSUMED_POINTS
        return _with_sizes(metric, metric.unit, mean, sd, ASSUMED_ICC, f"assumed: answers spread by {sd:g} points")
    if metric.known.kind in (Kind.SHARE, Kind.RATIO):
        share = ASSUMED_SHARE if metric.better is Better.LOWER else 1 - ASSUMED_SHARE
        told = f"assumed: a share of {share:.0%}"
        return _with_sizes(metric, metric.known.unit, share, math.sqrt(share * (1 - share)), ASSUMED_ICC, told)
    if metric.unit == PERCENT:
        sd = ASSUMED_SPREAD * PERCENT_BASE
        told = f"assumed: cases spread by {ASSUMED_SPREAD:.0%} of the mean"
        return _with_sizes(metric, PERCENT, PERCENT_BASE, sd, ASSUMED_ICC, told)
    size = metric.target or 3 * (metric.margin or 1.0)
    told = f"assumed: cases spread by {size:g} {metric.unit}, {'the target' if metric.target else '3 x the margin'}"
    return _with_sizes(metric, metric.unit, size / ASSUMED_SPREAD, size, ASSUMED_ICC, told)


def _with_sizes(
    metric: PlannedMetric, unit: str, mean: float, sd: float, icc: float, source: str, *, measured: bool = False
) -> Supposed:
    def size(given: float | None) -> float | None:
        if given is None:
            return None
        return given if unit == metric.unit else metric.absolute(given, mean)

    return Supposed(
        metric.metric, unit, mean, sd, icc, measured, source, worthwhile=size(metric.worthwhile),
        target=size(metric.target), margin=size(metric.margin),
    )  # fmt: skip
