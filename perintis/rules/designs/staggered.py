"""Offices that start one after the other: effects by group and time, never one coefficient of two-way fixed effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.comparability import regression_to_the_mean
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import Facts, some
from perintis.rules.designs.group_time import (
    Average,
    GroupTimes,
    averaged,
    by_exposure,
    group_times,
    jackknife_error,
    weights_for,
)
from perintis.rules.designs.linear import t_p_value
from perintis.rules.designs.office_error import FULL_GRADE
from perintis.rules.designs.office_periods import NEVER, Table, patterns_of, table_of
from perintis.rules.designs.stepped_wedge import ExposureFit, fit_exposure, order_p_value
from perintis.rules.statistics.effect import Effect, NoEstimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.designs.office_periods import Pattern
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

LEAST_OFFICES = 4
SMALL_GROUP = 5
JACKKNIFE_UP_TO = 200
PRETREND_LIMIT = 0.1
LEVEL = 0.05


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """Callaway-Sant'Anna effects averaged over groups and times; where the order was drawn, the exposure-time model.

    Periods have `facts.period_days` days from the first start; those that an office spends partly without the pilot or
    in wash-in are left out for it. Offices not yet started serve as controls (or only those that never do).
    """
    facts = facts or Facts()
    starts = [facts.office_starts[name] for name in values.units.offices if name in facts.office_starts]
    if not starts:
        return NoEstimate("The plan names no first day for any office.", "Give each office's start date in the plan.")
    origin = min(starts)
    table = table_of(values, facts, origin)
    if table is None:
        return NoEstimate(
            "No case of this metric has both an office and a day.", "Record office and day of opening of every case."
        )
    if table.shape[0] < LEAST_OFFICES:
        return NoEstimate(
            f"{LEAST_OFFICES} offices needed, {table.shape[0]} present.", "Take more offices into the roll-out."
        )
    patterns = patterns_of(table, facts, origin)
    group = np.array([pattern.group for pattern in patterns], dtype=np.int64)
    unused = np.array([pattern.transition for pattern in patterns])
    times = group_times(table.mean, table.period, group, unused, facts.never_treated_only)
    if not any(one.exposure >= 0 for one in times.found):
        return NoEstimate(
            "No office can be compared before and after its start with one that had not started.",
            "Extend the baseline to before the first start, or add offices that start later or never.",
        )
    fit = None
    if facts.order_randomised:
        fit = fit_exposure(table.mean, table.n, table.period, patterns, table.within)
    if fit is not None:
        return _by_exposure_model(values, facts, table, patterns, fit, times, group)
    return _by_groups(values, facts, table, group, unused, times)


def _by_groups(
    values: CaseValues, facts: Facts, table: Table, group: Whole, unused: Flags, times: GroupTimes
) -> Estimated:
    """The simple average over all (group, period) with the pilot."""
    found = times.found
    overall = averaged(found, weights_for(found, group, Average.SIMPLE), table.mean)
    error, how = overall.error, "clustered by office"
    sizes = [int((group == one).sum()) for one in set(group.tolist())]
    if min(sizes) < SMALL_GROUP and len(group) <= JACKKNIFE_UP_TO:
        # A group of one office has no spread of its own: leave out each office in turn instead.
        left_out = jackknife_error(
            table.mean, table.period, group, unused, Average.SIMPLE, facts.never_treated_only
        )  # fmt: skip
        if left_out is not None:
            error, how = max(error, left_out), "leaving out one office at a time"
    effect = _effect(values, table, group, overall.estimate, overall.slope, overall.shift)
    df = float(max(len(group) - 2, 1))
    return Estimated(
        effect, error, df, _rests_on(table, group), f"group-time effects (Callaway-Sant'Anna), {how}",
        Evidence.A if facts.order_randomised and len(group) >= FULL_GRADE else Evidence.B,
        tuple(_checks(values, facts, table, group, times)), _panels(table, group, times),
    )  # fmt: skip


def _by_exposure_model(
    values: CaseValues, facts: Facts, table: Table, patterns: Sequence[Pattern], fit: ExposureFit, times: GroupTimes,
    group: Whole,
) -> Estimated:  # fmt: skip
    """The effect averaged over times since the start, each alike, with the test over orders of the lot."""
    strata = [facts.strata.get(name, "") for name in table.names]
    p = order_p_value(table.mean, table.n, table.period, patterns, fit, strata, facts.seed)
    effect = _effect(values, table, group, fit.estimate, fit.weight, fit.weight * fit.fitted)
    df = float(max(table.shape[0] - 2, 1))
    p_t = t_p_value(fit.estimate / fit.error, df)
    agree = (p < LEVEL) == (p_t < LEVEL)
    text = (
        "Were there nothing, drawing the order of starts anew would give as large a difference in "
        f"{in_draws(p)} of draws, by the model {in_draws(p_t)}."
    )
    cure = None if agree else "More offices are needed: the model and the lot give different answers."
    small = len(group) < FULL_GRADE
    overall = averaged(times.found, weights_for(times.found, group, Average.SIMPLE), table.mean)
    beside = f"Group-time effects average {overall.estimate:+z.4g} (error {overall.error:.3g})."
    diagnostics = [
        Diagnostic("order_permutation", text, agree, small, p, LEVEL, cure),
        Diagnostic("group_time", beside, None, False, overall.estimate, overall.error),
        *_checks(values, facts, table, group, times),
    ]
    panels = _panels(table, group, times)
    places = len(fit.coefficient) - len(fit.exposures)
    panels["exposure_model"] = [
        {"period": e, "estimate": float(fit.coefficient[k]), "error": float(np.sqrt(fit.covariance[k, k]))}
        for k, e in enumerate(fit.exposures, start=places)
    ]
    return Estimated(
        effect, fit.error, df, _rests_on(table, group), "stepped wedge: mixed model with exposure times, average",
        Evidence.A if len(group) >= FULL_GRADE else Evidence.B, tuple(diagnostics), panels,
    )  # fmt: skip


def _effect(
    values: CaseValues, table: Table, group: Whole, point: float, slope: Floats, shift: Floats
) -> Effect:  # fmt: skip
    psi = table.psi(values.y, slope, shift)
    used = values.used & (table.cell >= 0)
    treated = (table.period[None, :] >= group[:, None]).ravel()
    mine = np.zeros(len(psi), dtype=bool)
    mine[used] = treated[table.cell[used]]
    pilot = float(values.y[mine].mean()) if mine.any() else float("nan")
    return Effect(values.metric, point, psi, used, values.units, pilot, pilot - point, values.unit)


def _rests_on(table: Table, group: Whole) -> str:
    starts = len({int(g) for g in group} - {NEVER})
    never = int((group == NEVER).sum())
    text = f"{some(table.shape[0], 'office')} with {some(starts, 'start')} over {some(table.shape[1], 'period')}"
    return text + (f", {never} never started" if never else "")


def _checks(values: CaseValues, facts: Facts, table: Table, group: Whole, times: GroupTimes) -> list[Diagnostic]:
    enough = len(group) >= FULL_GRADE
    text = f"{some(len(group), 'office')}; {FULL_GRADE} needed for the full grade of a drawn order."
    count = Diagnostic("offices", text, enough, False, float(len(group)), float(FULL_GRADE),
                       None if enough else f"{FULL_GRADE} offices needed, {len(group)} present.")  # fmt: skip
    return [
        count,
        _without_controls(times),
        _pretrend(table, group, times, facts),
        *regression_to_the_mean(values, facts),
    ]


def _without_controls(times: GroupTimes) -> Diagnostic:
    """Periods in which every office has started tell nothing of the effect."""
    missing = times.without_controls
    if not missing:
        return Diagnostic("without_controls", "Every group has offices to compare with at all times.", True, gate=False)
    periods = sorted({period for _, period in missing})
    text = f"{some(len(missing), 'group and period')} without any office to compare with "
    text += f"(from period {periods[0]} after the first start)."
    cure = "Keep some offices without the pilot until the end."
    return Diagnostic("without_controls", text, False, False, float(len(missing)), 0.0, cure)


def _pretrend(table: Table, group: Whole, times: GroupTimes, facts: Facts) -> Diagnostic:
    """Before their start the groups must have moved like the others: every time before it, Bonferroni.

    A drawn order makes the groups alike by itself, so it is no gate then.
    """
    gate = not facts.order_randomised
    before = [(e, found) for e, found, offices in by_exposure(times.found, group, table.mean) if e < 0 and offices > 1]
    tested = [(e, found) for e, found in before if found.error > 0]
    if not tested:
        text = "Whether the groups moved alike before they started cannot be seen: too few periods before the start."
        return Diagnostic("pre_trend", text, None, gate, cure="Extend the baseline further back.")
    df = max(len(group) - 2, 1)
    smallest = min(t_p_value(found.estimate / found.error, df) for _, found in tested)
    p = min(smallest * len(tested), 1.0)
    fine = p > PRETREND_LIMIT
    text = (
        f"Moves before the start: were there nothing, the largest of {some(len(tested), 'period')} would come about in "
        f"{in_draws(p)} of draws."
    )
    cure = None if fine else "The groups moved apart before they started: compare with offices that moved alike."
    return Diagnostic("pre_trend", text, fine, gate, p, PRETREND_LIMIT, cure)


def _cases(table: Table, times: GroupTimes, exposure: int) -> tuple[float, float]:
    """The cases of a time since the start: in the offices still without the pilot, and in those with it."""
    found = [one for one in times.found if one.exposure == exposure]
    controls = {(int(place), one.column) for one in found for place in one.controls}
    treated = {(int(place), one.column) for one in found for place in one.treated}
    without, with_it = (float(sum(table.n[cell] for cell in cells)) for cells in (controls, treated))
    return without, with_it


def _panels(table: Table, group: Whole, times: GroupTimes) -> dict[str, object]:
    """The event study, every group-time effect, and the four averages."""
    found = times.found
    each = {average: averaged(found, weights_for(found, group, average), table.mean) for average in Average}
    return {
        "event_study": [
            {
                "period": e,
                "estimate": one.estimate,
                "error": one.error,
                "df": max(len(group) - 2, 1),
                "offices": n,
                "cases": _cases(table, times, e),
            }
            for e, one, n in by_exposure(found, group, table.mean)
        ],
        "group_times": [{"group": one.group, "period": one.period, "estimate": one.estimate} for one in found],
        "averages": {str(name): {"estimate": one.estimate, "error": one.error} for name, one in each.items()},
        "without_controls": [{"group": g, "period": t} for g, t in times.without_controls],
    }
