"""Means by office and period: what designs with several offices over time work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.facts import Facts, ordinals, outside
from perintis.rules.statistics.effect import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

NEVER = 2**31


@dataclass(frozen=True, eq=False)
class Table:
    """Cells of offices (rows) and periods (columns).

    `mean` is NaN and `n` 0 where an office has no case; `cell` gives the place of each case in the flattened table (-1
    in none); `period` counts from the first start. `within` is the pooled variance of cases within cells.
    """

    office: Whole
    names: tuple[str, ...]
    period: Whole
    n: Floats
    mean: Floats
    cell: Whole
    within: float

    @property
    def shape(self) -> tuple[int, int]:
        """Offices and periods."""
        return len(self.office), len(self.period)

    def psi(self, y: Floats, slope: Floats, shift: Floats) -> Floats:
        """Influence of cases from cell weights: (slope * y - shift) / n of their cell, 0 outside the table."""
        found = np.zeros(len(y))
        inside = self.cell >= 0
        at = self.cell[inside]
        n = np.maximum(self.n, 1).ravel()
        found[inside] = (slope.ravel()[at] * y[inside] - shift.ravel()[at]) / n[at]
        return found


def table_of(values: CaseValues, facts: Facts, origin: date) -> Table | None:
    """The table over all used cases with an office and a day, periods of `facts.period_days` from `origin`."""
    units = values.units
    day = ordinals(units)
    chosen = values.used & (units.office != NOWHERE) & (day > 0) & outside(facts.selection, day)
    if not chosen.any():
        return None
    period = (day - origin.toordinal()) // facts.period_days
    first, last = int(period[chosen].min()), int(period[chosen].max())
    office = np.unique(units.office[chosen])
    row = np.searchsorted(office, units.office[chosen])
    width = last - first + 1
    cell = np.full(len(units), -1, dtype=np.int64)
    cell[chosen] = row * width + (period[chosen] - first)
    count = np.bincount(cell[chosen], minlength=len(office) * width)
    sums = np.bincount(cell[chosen], weights=values.y[chosen], minlength=len(office) * width)
    mean = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    inner = values.y[chosen] - mean[cell[chosen]]
    free = int(count.sum() - np.count_nonzero(count))
    within = float((inner**2).sum() / free) if free > 0 else 0.0
    shape = len(office), width
    names = tuple(units.offices[place] for place in office)
    periods = np.arange(first, last + 1, dtype=np.int64)
    n = count.reshape(shape).astype(np.float64)
    return Table(office, names, periods, n, mean.reshape(shape), cell, within)


@dataclass(frozen=True, eq=False)
class Pattern:
    """What a start means for an office: its first whole period with the pilot (`NEVER`), and periods in transition."""

    group: int
    transition: Flags


def pattern_of(table: Table, facts: Facts, origin: date, start: date | None) -> Pattern:
    """Periods that hold days of both, or of the wash-in, are in transition and not used."""
    if start is None:
        return Pattern(NEVER, np.zeros(len(table.period), dtype=bool))
    first = origin.toordinal() + table.period * facts.period_days
    began, settled = start.toordinal(), start.toordinal() + facts.wash_in_days
    transition = (first + facts.period_days > began) & (first < settled)
    # The group is the first whole period from the start on, in transition or not: exposure counts from there.
    group = -(-(began - origin.toordinal()) // facts.period_days)
    return Pattern(int(group), transition)


def patterns_of(table: Table, facts: Facts, origin: date) -> Sequence[Pattern]:
    """The pattern of every office of the table."""
    return [pattern_of(table, facts, origin, facts.office_starts.get(name)) for name in table.names]
