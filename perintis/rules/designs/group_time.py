"""Staggered starts without the two-way trap: one effect for each group of offices and period, then averages of them.

Source: Callaway and Sant'Anna 2021, without covariates. Offices count once each, whatever the number of their cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.office_periods import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.statistics.effect import Flags, Floats, Whole


class Average(StrEnum):
    """How effects of groups and periods are averaged."""

    SIMPLE = "simple"  # every (group, period) with the pilot, by offices of the group
    DYNAMIC = "dynamic"  # by time since the start, then over those times
    GROUP = "group"  # over time within each group, then by offices
    CALENDAR = "calendar"  # over groups within each period, then over periods


@dataclass(frozen=True, eq=False)
class GroupTime:
    """The effect in one group at one period (places of columns), against `base`, and the offices it rests on."""

    group: int
    period: int
    estimate: float
    base: int
    column: int
    base_column: int
    treated: Whole
    controls: Whole

    @property
    def exposure(self) -> int:
        """Periods since the start; negative before it."""
        return self.period - self.group


@dataclass(frozen=True, eq=False)
class GroupTimes:
    """All effects that could be estimated, and (group, period) with the pilot that could not for want of controls."""

    found: tuple[GroupTime, ...]
    without_controls: tuple[tuple[int, int], ...]


def group_times(
    mean: Floats, period: Whole, group: Whole, unused: Flags | None = None, never_treated_only: bool = False
) -> GroupTimes:
    """Effects ATT(g, t): the change of group g since its last period before, less that of offices still without.

    `mean` (offices, periods) with NaN for no cases, `period` (periods,), `group` (offices,) the first period with the
    pilot or `NEVER`; `unused` (offices, periods) marks cells in transition. Before the start the change is that since
    the period before.
    """
    usable = ~np.isnan(mean) if unused is None else ~np.isnan(mean) & ~unused
    found: list[GroupTime] = []
    missing: list[tuple[int, int]] = []
    for g in sorted({int(start) for start in group} - {NEVER}):
        mine = group == g
        before = [column for column in range(len(period)) if period[column] < g and usable[mine, column].any()]
        if not before:
            continue
        for column, t in enumerate(period.tolist()):
            bases = [b for b in before if b < column] if t < g else before
            if not bases or not usable[mine, column].any():
                continue
            base = bases[-1]
            both = usable[:, column] & usable[:, base]
            still = (group == NEVER) if never_treated_only else (group > max(t, int(period[base])))
            treated, controls = np.flatnonzero(both & mine), np.flatnonzero(both & still & ~mine)
            if not len(treated) or not len(controls):
                if t >= g:
                    missing.append((g, t))
                continue
            change = mean[:, column] - mean[:, base]
            effect = float(change[treated].mean() - change[controls].mean())
            found.append(GroupTime(g, t, effect, int(period[base]), column, base, treated, controls))
    return GroupTimes(tuple(found), tuple(missing))


@dataclass(frozen=True, eq=False)
class Averaged:
    """A weighted sum of effects with its cell weights: influence of a cell is `slope * mean - shift`."""

    estimate: float
    slope: Floats
    shift: Floats
    influence: Floats

    @property
    def error(self) -> float:
        """Root of the summed squares of the offices' influences, times G/(G-1)."""
        count = len(self.influence)
        return float(np.sqrt((self.influence**2).sum() * count / max(count - 1, 1)))


def weights_for(found: Sequence[GroupTime], group: Whole, average: Average) -> Floats:
    """The weight of each effect in the average, shape (effects,); zeros for those before the start."""
    post = np.array([one.exposure >= 0 for one in found])
    size = np.array([float((group == one.group).sum()) for one in found]) * post
    if average is Average.SIMPLE:
        simple: Floats = size / size.sum()
        return simple
    if average is Average.GROUP:
        key = np.array([one.group for one in found])
        equal = post.astype(np.float64)
        return _within(key, equal, post) * _share_of_groups(key, size, post)
    key = np.array([one.exposure if average is Average.DYNAMIC else one.period for one in found])
    return _within(key, size, post) / len(set(key[post].tolist()))


def _within(key: Whole, weight: Floats, post: Flags) -> Floats:
    """Weights that add up to one for each key."""
    total = {k: weight[(key == k) & post].sum() for k in set(key[post].tolist())}
    return np.array([w / total[k] if p else 0.0 for k, w, p in zip(key.tolist(), weight, post, strict=True)])


def _share_of_groups(key: Whole, size: Floats, post: Flags) -> Floats:
    sizes = {k: size[(key == k) & post][0] for k in set(key[post].tolist())}
    whole = sum(sizes.values())
    return np.array([sizes.get(k, 0.0) / whole for k in key.tolist()])


def averaged(found: Sequence[GroupTime], weight: Floats, mean: Floats) -> Averaged:
    """The weighted sum of effects; an office's influence is its changes less those of its set, over the set's size.

    Sizes of groups count as fixed: these offices are the ones of interest.
    """
    slope, shift = np.zeros_like(mean), np.zeros_like(mean)
    for one, share in zip(found, weight, strict=True):
        if share == 0:
            continue
        for offices, sign in ((one.treated, 1.0), (one.controls, -1.0)):
            for column, side in ((one.column, 1.0), (one.base_column, -1.0)):
                part = share * sign * side / len(offices)
                slope[offices, column] += part
                shift[offices, column] += part * mean[offices, column].mean()
    cells = slope * np.nan_to_num(mean) - shift
    point = float(sum(one.estimate * share for one, share in zip(found, weight, strict=True)))
    return Averaged(point, slope, shift, cells.sum(axis=1))


def by_exposure(found: Sequence[GroupTime], group: Whole, mean: Floats) -> list[tuple[int, Averaged, int]]:
    """The event study: for each time since the start (negative before) the average, and its number of offices."""
    result = []
    for exposure in sorted({one.exposure for one in found}):
        size = np.array([float((group == one.group).sum()) * (one.exposure == exposure) for one in found])
        treated = {int(place) for one in found if one.exposure == exposure for place in one.treated}
        result.append((exposure, averaged(found, size / size.sum(), mean), len(treated)))
    return result


def jackknife_error(
    mean: Floats, period: Whole, group: Whole, unused: Flags, average: Average, never_treated_only: bool
) -> float | None:
    """Standard error from leaving out one office at a time; None where leaving one out leaves nothing to estimate.

    For groups of few offices, whose own spread says little or nothing (a group of one has none). Source: Tukey 1958;
    as CV3 in MacKinnon, Nielsen and Webb 2023.
    """
    estimates = []
    for place in range(len(group)):
        rest = np.arange(len(group)) != place
        found = group_times(mean[rest], period, group[rest], unused[rest], never_treated_only).found
        if not any(one.exposure >= 0 for one in found):
            return None
        weight = weights_for(found, group[rest], average)
        estimates.append(sum(one.estimate * share for one, share in zip(found, weight, strict=True)))
    spread = np.array(estimates) - np.mean(estimates)
    return float(np.sqrt((len(group) - 1) / len(group) * (spread**2).sum()))
