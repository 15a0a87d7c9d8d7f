"""One or a few offices with the pilot, beside a weighted mix of many others: synthetic difference in differences.

So few offices have no error of their own. What chance alone gives is seen by putting the other offices in their place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.comparability import pilot_offices, regression_to_the_mean
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import WEEK, Facts, ordinals, outside, single_start, some
from perintis.rules.designs.office_periods import Table, table_of
from perintis.rules.designs.synthetic import (
    Synthetic,
    placebos,
    plain_differences,
    synthetic_control,
    synthetic_differences,
)
from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

LEAST_OFFICES = 4
OFFICES_NEEDED = 19
"""Comparison offices with which a result can be as rare as 1 in 20."""

LEAST_BEFORE, BEFORE_NEEDED, AFTER_NEEDED = 3, 12, 2
LENGTHS = (WEEK, 2 * WEEK, 4 * WEEK)
CASES_A_CELL = 5
MOST_LOST = 0.1
WORST_FIT = 2.0
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Panel:
    """Offices with cases in every period used: `rows` and `columns` of the table, and which rows have the pilot.

    `before` counts the columns before the start; `lost` the comparison offices left out for want of cases.
    """

    table: Table
    rows: Whole
    columns: Whole
    pilot: Flags
    before: int
    length: int
    lost: int

    @property
    def mean(self) -> Floats:
        """Shape (offices, periods)."""
        found: Floats = self.table.mean[np.ix_(self.rows, self.columns)]
        return found


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """The pilot's change less that of a mix of the comparison offices that moved alike before the start.

    Every office counts once. The error is the spread of the same figure for comparison offices in the pilot's place,
    larger where the mix fits the pilot worse than them. Source: Arkhangelsky et al. 2021, algorithm 4 (placebo).
    """
    facts = facts or Facts()
    start = single_start(facts)
    if isinstance(start, NoEstimate):
        return start
    panel = panel_of(values, facts, start)
    if isinstance(panel, NoEstimate):
        return panel
    mean, pilot, before = panel.mean, panel.pilot, panel.before
    own = synthetic_differences(mean, pilot, before)
    others = placebos(mean, pilot, before, facts.seed)
    error, p, ratio = chance(own, others, int((~pilot).sum()))
    count = int(pilot.sum())
    rests = f"{some(count, 'office')} beside {some(int((~pilot).sum()), 'comparison office')}"
    return Estimated(
        _effect(values, panel, own), error, float(max(int((~pilot).sum()) // count - 1, 1)), rests,
        "synthetic difference in differences, error from placebos", Evidence.C,
        (*_checks(panel, own, p, ratio), *_beside(panel, values.unit), *regression_to_the_mean(values, facts)),
        {"permutation_p": p, "event_study": _event_study(panel, own, others),
         "series": _series(values, facts, start, panel, own)},
    )  # fmt: skip


def chance(own: Synthetic, others: tuple[Synthetic, ...], comparisons: int) -> tuple[float, float, float]:
    """The error, the p-value of no effect, and how much worse the mix fits the pilot before than it fits the others.

    The p-value counts placebos that are as far from nil as the pilot, and is never below 1 in (comparison offices + 1).
    """
    found = np.array([one.estimate for one in others])
    typical = float(np.median([one.miss for one in others]))
    ratio = own.miss / typical if typical > 0 else 1.0
    wider = max(1.0, ratio)
    error = wider * float(np.sqrt((found**2).mean()))
    extreme = int((wider * np.abs(found) >= abs(own.estimate) * (1 - ROUNDING)).sum())
    return error, max((1 + extreme) / (1 + len(found)), 1 / (1 + comparisons)), ratio


def panel_of(values: CaseValues, facts: Facts, start: date) -> Panel | NoEstimate:
    """Whole periods of one, two or four weeks: the shortest in which nearly all offices have five cases or more.

    Periods in the wash-in or in the window on which offices were picked are left out.
    """
    found: Panel | NoEstimate = NoEstimate("No case of this metric has both an office and a day.")
    for length in LENGTHS:
        found = _with_length(values, replace(facts, period_days=length), start)
        if isinstance(found, Panel) and _full(found):
            break
    return found


def _full(panel: Panel) -> bool:
    """Whether few comparison offices are lost, and those kept have enough cases in each period."""
    least = float(panel.table.n[np.ix_(panel.rows, panel.columns)].min())
    return panel.lost <= MOST_LOST * (len(panel.rows) + panel.lost) and least >= CASES_A_CELL


def _with_length(values: CaseValues, facts: Facts, start: date) -> Panel | NoEstimate:
    table = table_of(values, facts, start)
    if table is None:
        return NoEstimate(
            "No case of this metric has both an office and a day.", "Record office and day of opening of every case."
        )
    columns = _whole_periods(values, facts, start, table)
    chosen = pilot_offices(values.units, facts)[:-1][table.office]
    compared = ~chosen
    if facts.comparison_offices:
        compared &= np.array([name in facts.comparison_offices for name in table.names])
    full = (table.n[:, columns] > 0).all(axis=1)
    rows = np.flatnonzero((chosen | compared) & full)
    pilot, before = chosen[rows], int((table.period[columns] < 0).sum())
    missing = [table.names[place] for place in np.flatnonzero(chosen & ~full)]
    if missing or not pilot.any():
        who = f"Office {missing[0]}" if missing else "The pilot"
        return NoEstimate(f"{who} has no cases in some period of {facts.period_days} days.", "Wait for more cases.")
    if len(pilot) - pilot.sum() < LEAST_OFFICES + pilot.sum() - 1:
        return NoEstimate(
            f"{some(int(len(pilot) - pilot.sum()), 'comparison office')} with cases in every period of "
            f"{facts.period_days} days; {OFFICES_NEEDED} needed.", f"Name {OFFICES_NEEDED} comparison offices or more.",
        )  # fmt: skip
    if before < LEAST_BEFORE or before == len(columns):
        return NoEstimate(
            f"{some(before, 'whole period')} of {facts.period_days} days before the start and "
            f"{len(columns) - before} after; {BEFORE_NEEDED} and {AFTER_NEEDED} needed.",
            "Extend the baseline further back, or wait until whole periods have passed since the start.",
        )  # fmt: skip
    return Panel(table, rows, columns, pilot, before, facts.period_days, int((compared & ~full).sum()))


def _whole_periods(values: CaseValues, facts: Facts, start: date, table: Table) -> Whole:
    """Places of the periods that are wholly between the first and the last case, outside wash-in and selection.

    Periods in which most offices have no case are gaps between two logs, and are not used.
    """
    day = ordinals(values.units)
    used = values.used & (values.units.office != NOWHERE) & (day > 0)
    low, high = int(day[used].min()), int(day[used].max())
    first = start.toordinal() + table.period * facts.period_days
    last = first + facts.period_days - 1
    settled = start.toordinal() + facts.wash_in_days
    kept = (first >= low) & (last <= high) & ((table.period < 0) | (first >= settled))
    kept &= (table.n > 0).mean(axis=0) >= 1 / 2
    if facts.selection is not None:
        kept &= outside(facts.selection, first) & outside(facts.selection, last)
    return np.flatnonzero(kept)


def _effect(values: CaseValues, panel: Panel, own: Synthetic) -> Effect:
    """A case's influence is its cell's weight times its distance from what the cell would be at the common change.

    Half of an office's distance from the common change is put on either side of the start.
    """
    mean, pilot = panel.mean, panel.pilot
    after = mean.shape[1] - panel.before
    office = np.where(pilot, 1 / pilot.sum(), 0.0)
    office[~pilot] = -own.offices
    period = np.concatenate([-own.periods, np.full(after, 1 / after)])
    change = mean @ period
    common = np.where(pilot, change[pilot].mean(), own.offices @ change[~pilot])
    centre = mean - np.sign(period) * ((change - common) / 2)[:, None]
    slope, shift = (np.zeros(panel.table.shape) for _ in range(2))
    cells = np.ix_(panel.rows, panel.columns)
    slope[cells] = np.outer(office, period)
    shift[cells] = slope[cells] * centre
    inside = np.zeros(panel.table.shape, dtype=bool)
    inside[cells] = True
    used = np.append(inside.ravel(), False)[panel.table.cell] & values.used
    reached = float(mean[pilot, panel.before :].mean())
    psi = panel.table.psi(np.where(used, values.y, 0.0), slope, shift)
    return Effect(
        values.metric, own.estimate, np.where(used, psi, 0.0), used, values.units, reached, reached - own.estimate,
        values.unit,
    )  # fmt: skip


def _checks(panel: Panel, own: Synthetic, p: float, ratio: float) -> tuple[Diagnostic, ...]:
    others, after = int((~panel.pilot).sum()), len(panel.columns) - panel.before
    enough, long = others >= OFFICES_NEEDED, panel.before >= BEFORE_NEEDED and after >= AFTER_NEEDED
    said = f"With {some(others, 'comparison office')} no result can be rarer than 1 in {others + 1}"
    told = f"{some(panel.before, 'whole period')} of {panel.length} days before the start and {after} after"
    place = (
        "Were there nothing, comparison offices in the pilot's place would show as large a difference in "
        f"{in_draws(p)} of draws."
    )
    fit = f"Before the start the mix of offices misses the pilot by {ratio:.2g} times what it misses others by"
    share = 1 / float((own.offices**2).sum())
    return (
        Diagnostic(
            "comparison_offices", f"{said}; {OFFICES_NEEDED} offices needed.", enough, True, float(others),
            float(OFFICES_NEEDED),
            None if enough else f"{OFFICES_NEEDED} comparison offices needed, {others} present.",
        ),
        Diagnostic(
            "periods", f"{told}; {BEFORE_NEEDED} and {AFTER_NEEDED} needed.", long, True, float(panel.before),
            float(BEFORE_NEEDED),
            None if long else "Extend the baseline further back, or wait until whole periods have passed.",
        ),
        Diagnostic(
            "pre_fit", f"{fit}; at most {WORST_FIT:g} times allowed.", ratio <= WORST_FIT, True, ratio, WORST_FIT,
            None if ratio <= WORST_FIT else "Add comparison offices that are more like the pilot's.",
        ),
        Diagnostic("placebos", place, None, False, p),
        Diagnostic("mix", f"The mix rests on the weight of about {share:.2g} offices.", None, False, share),
    )  # fmt: skip


def _beside(panel: Panel, unit: str) -> tuple[Diagnostic, ...]:
    """What two other ways of comparing say; nothing is decided by them."""
    control, plain = (f(panel.mean, panel.pilot, panel.before) for f in (synthetic_control, plain_differences))
    text = (
        f"A synthetic control gives {control.estimate:+z.3g} {unit}, plain difference in differences "
        f"{plain.estimate:+z.3g} {unit}."
    )
    return (Diagnostic("other_mixes", text, None, False, control.estimate, plain.estimate),)


def _event_study(panel: Panel, own: Synthetic, others: tuple[Synthetic, ...]) -> list[dict[str, object]]:
    """By period, the pilot's distance from the mix less the usual one before the start; errors from the placebos."""
    spread = np.sqrt(np.mean([_about(one) ** 2 for one in others], axis=0))
    numbers = panel.table.period[panel.columns]
    cases = panel.table.n[np.ix_(panel.rows, panel.columns)]
    sides = zip(cases[~panel.pilot].sum(0), cases[panel.pilot].sum(0), strict=True)
    return [
        {"period": int(number), "estimate": float(gap), "error": float(error), "cases": side}
        for number, gap, error, side in zip(numbers, _about(own), spread, sides, strict=True)
    ]


def _about(one: Synthetic) -> Floats:
    found: Floats = one.gap - one.gap[: len(one.periods)] @ one.periods
    return found


def _series(values: CaseValues, facts: Facts, start: date, panel: Panel, own: Synthetic) -> list[dict[str, object]]:
    """Weekly (or daily) means of the pilot's offices, and of the mix moved to their level: what would have been."""
    length = 1 if facts.daily else WEEK
    table = table_of(values, replace(facts, period_days=length), start)
    if table is None:
        return []
    place = np.searchsorted(table.office, panel.table.office[panel.rows])
    mean, n = table.mean[place], table.n[place]
    weight = np.zeros(len(place))
    weight[~panel.pilot] = own.offices
    level = float(own.gap[: panel.before] @ own.periods)
    rows = []
    for number, values_of, cases in zip(table.period, mean.T, n.T, strict=True):
        here, mixed = panel.pilot & (cases > 0), ~panel.pilot & (cases > 0)
        if not here.any() or weight[mixed].sum() <= 0:
            continue
        would = float(weight[mixed] @ values_of[mixed] / weight[mixed].sum()) + level
        day = (start + timedelta(days=int(number) * length)).isoformat()
        fitted, other = (would + own.estimate, would) if number >= 0 else (would, None)
        rows.append({"day": day, "n": int(cases[here].sum()), "mean": float(values_of[here].mean()),
                     "fitted": fitted, "counterfactual": other})  # fmt: skip
    return rows
