"""The effect as it stood at the end of each day, from the cases that were matured by then, with its largest error.

Sums by office, day and cohort are enough: each day's estimate and its errors by office, by day and by both
follow from running sums, at a cost that does not grow with the number of cases.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.sequential.always_valid import DayEstimate
from perintis.rules.statistics.effect import NOWHERE

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Units, Whole

FEWEST = 2


def day_series(
    y: Floats, used: Flags, units: Units, ripe: Whole, until: date, *, sign: float = 1.0
) -> list[DayEstimate]:  # fmt: skip
    """Pilot minus baseline (times `sign`) after each day up to `until` on which a case got its final value.

    `y` is the final value of every used case, such as min(T, tau), and `ripe` the ordinal of the day it became so. The
    error is the largest of that by office, by day and by both; its degrees of freedom are those of the offices seen so
    far. Days before either cohort has two cases are left out.
    """
    chosen = used & (ripe > 0) & (ripe <= until.toordinal())
    if not chosen.any():
        return []
    cells = _Cells(y[chosen], units.pilot[chosen], ripe[chosen], units.office[chosen])
    count, total = np.cumsum(cells.n, axis=0), np.cumsum(cells.s, axis=0)
    enough = (count >= FEWEST).all(axis=1)
    mean = total / np.maximum(count, 1)
    error = np.sqrt(cells.variance(count, mean))
    df = cells.degrees()
    return [
        DayEstimate(
            date.fromordinal(int(cells.days[k])), float(sign * (mean[k, 1] - mean[k, 0])), float(error[k]),
            int(count[k, 1]), int(count[k, 0]), None if df is None else float(df[k]),
        )
        for k in np.flatnonzero(enough & np.isfinite(error))
    ]  # fmt: skip


class _Cells:
    """Numbers `n` and sums `s` by day, shape (days, 2), baseline first; and by day, office and cohort."""

    def __init__(self, y: Floats, pilot: Flags, day: Whole, office: Whole) -> None:
        self.days, place = np.unique(day, return_inverse=True)
        known = office != NOWHERE
        alone = int(office.max(initial=-1)) + 1 + place  # cases without an office: one group a day
        self.alone = bool((~known).any())
        self.offices, at = np.unique(np.where(known, office, alone), return_inverse=True)
        shape = (len(self.days), len(self.offices), 2)
        cell: Whole = (place * shape[1] + at) * 2 + pilot
        size = int(np.prod(shape))
        self.cell_n = np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)
        self.cell_s = np.bincount(cell, weights=y, minlength=size).reshape(shape).astype(np.float64)
        self.n: Floats = self.cell_n.sum(axis=1)
        self.s: Floats = self.cell_s.sum(axis=1)

    def degrees(self) -> Floats | None:
        """By day, the degrees of freedom of offices seen so far; None where cases without an office count alone."""
        if self.alone:
            return None
        seen: Flags = np.asarray(np.cumsum(self.cell_n, axis=0) > 0)
        baseline, pilot = seen[:, :, 0].sum(axis=1), seen[:, :, 1].sum(axis=1)
        shared = (seen[:, :, 0] & seen[:, :, 1]).sum(axis=1) > 0
        found: Floats = np.maximum(np.where(shared, np.maximum(baseline, pilot) - 1, baseline + pilot - 2), 1)
        return found.astype(np.float64)

    def variance(self, count: Floats, mean: Floats) -> Floats:
        """By day, the largest of the variances by office, by day of opening and by both."""
        n, s = np.cumsum(self.cell_n, axis=0), np.cumsum(self.cell_s, axis=0)
        psi = (s - mean[:, None, :] * n) / np.maximum(count, 1)[:, None, :]
        office = self._corrected(((psi[:, :, 1] - psi[:, :, 0]) ** 2).sum(axis=1), (n > 0).any(axis=2).sum(axis=1))
        day = self._corrected(self._running(self.n[:, None, :], self.s[:, None, :], count, mean),
                              np.arange(1, len(self.days) + 1))  # fmt: skip
        both = self._running(self.cell_n, self.cell_s, count, mean)
        largest: Floats = np.maximum.reduce([office, day, office + day - both])
        return largest

    @staticmethod
    def _running(n: Floats, s: Floats, count: Floats, mean: Floats) -> Floats:
        """The sum over all cells so far of the squared sum of influence values, with today's means."""
        pairs = [(a, b) for a in (0, 1) for b in (0, 1)]
        sums = {(a, b): np.cumsum((s[:, :, a] * s[:, :, b]).sum(axis=1)) for a, b in pairs}
        mixed = {(a, b): np.cumsum((s[:, :, a] * n[:, :, b]).sum(axis=1)) for a, b in pairs}
        sizes = {(a, b): np.cumsum((n[:, :, a] * n[:, :, b]).sum(axis=1)) for a, b in pairs}

        def product(a: int, b: int) -> Floats:
            found: Floats = (
                sums[a, b] - mean[:, b] * mixed[a, b] - mean[:, a] * mixed[b, a] + mean[:, a] * mean[:, b] * sizes[a, b]
            ) / np.maximum(count[:, a] * count[:, b], 1)
            return found

        return product(0, 0) + product(1, 1) - 2 * product(0, 1)

    @staticmethod
    def _corrected(squares: Floats, groups: Whole) -> Floats:
        """Times G / (G - 1); infinite while there is one group only."""
        return np.where(groups > 1, squares * groups / np.maximum(groups - 1, 1), np.inf)
