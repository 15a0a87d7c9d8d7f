"""Before and after with offices that went on as they were: difference in differences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.comparability import pilot_offices, regression_to_the_mean
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import Facts, ordinals, outside, single_start
from perintis.rules.designs.linear import Fit, independent, least_squares, t_p_value, t_quantile
from perintis.rules.designs.office_error import FOR_INFERENCE, enough_offices
from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

FEW_OFFICES = 20
EVERY_SIGN_UP_TO = 12
DRAWS = 9_999
PRETREND_LIMIT = 0.1
MOST_BLOCKS = 7
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Changes:
    """One row an office with cases before and after: means and numbers of both, and whether it got the pilot."""

    office: Whole
    pilot: Flags
    n: Floats
    mean: Floats
    before: Flags
    after: Flags

    @property
    def change(self) -> Floats:
        """After less before, shape (offices,)."""
        found: Floats = self.mean[:, 1] - self.mean[:, 0]
        return found


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """The change of the pilot's offices less that of the others, every office counting once; error HC2 over offices.

    Cases of the wash-in and of the window on which offices were picked are left out. With `facts.arrivals` the change
    of the logarithm of arrivals is adjusted for. Source: Bertrand, Duflo and Mullainathan 2004 (means by period).
    """
    facts = facts or Facts()
    start = single_start(facts)
    if isinstance(start, NoEstimate):
        return start
    table = changes(values, facts, start)
    arms = int(table.pilot.sum()), int((~table.pilot).sum())
    if min(arms) < 2:
        return NoEstimate(
            "2 offices with and 2 without the pilot needed, each with cases before and after the start; "
            f"{arms[0]} and {arms[1]} present.",
            f"Name at least {FOR_INFERENCE} comparison offices and extend the baseline to before the start.",
        )
    x = _columns(table, values, facts, start)
    fit = least_squares(x, table.change)
    if fit is None:
        return NoEstimate("Too few offices to adjust for arrivals.", "Name more comparison offices.")
    effect = _effect(values, table, fit)
    error = float(robust_errors(x, table.change[None, :])[1][0])
    drift, blocks = _before(values, facts, start, effect.estimate, error, float(fit.df))
    diagnostics = (
        enough_offices(arms[0], arms[1], FOR_INFERENCE),
        *drift,
        *_bootstrap(x, table.change, sum(arms), facts.seed),
        *regression_to_the_mean(values, facts),
    )
    return Estimated(
        effect, error, float(fit.df), f"{arms[0]} + {arms[1]} offices", "difference in differences of office means",
        Evidence.B, diagnostics, {"event_study": blocks},
    )  # fmt: skip


def changes(values: CaseValues, facts: Facts, start: date) -> Changes:
    """Means of offices before and after the start."""
    units = values.units
    day = ordinals(units)
    first = start.toordinal()
    known = values.used & (units.office != NOWHERE) & (day > 0) & outside(facts.selection, day)
    before, after = known & (day < first), known & (day >= first + facts.wash_in_days)
    size = len(units.offices)
    n = np.column_stack([np.bincount(units.office[side], minlength=size) for side in (before, after)])
    sums = np.column_stack(
        [np.bincount(units.office[side], weights=values.y[side], minlength=size) for side in (before, after)]
    )
    here = np.flatnonzero(n.min(axis=1) > 0)
    inside = np.append(n.min(axis=1) > 0, False)[units.office]
    pilot = pilot_offices(units, facts)[:-1][here]
    return Changes(here, pilot, n[here].astype(np.float64), sums[here] / n[here], before & inside, after & inside)


def _columns(table: Changes, values: CaseValues, facts: Facts, start: date) -> Floats:
    columns = [np.ones(len(table.office)), table.pilot.astype(np.float64)]
    if facts.arrivals:
        day = ordinals(values.units)
        first = start.toordinal()
        low, high = int(day[table.before].min()), int(day[table.after].max())
        spans = np.array([first - low, high + 1 - first - facts.wash_in_days], dtype=np.float64)
        busier = np.log(table.n / spans)
        columns.append(busier[:, 1] - busier[:, 0] - (busier[:, 1] - busier[:, 0]).mean())
    return np.column_stack(columns)


def _effect(values: CaseValues, table: Changes, fit: Fit) -> Effect:
    """A case's influence is its office's weight, plus after and minus before, times its distance from the fitted change
    (half of the residual on either side), over the cases of that office and time."""
    units = values.units
    place = np.zeros(len(units.offices), dtype=np.int64)
    place[table.office] = np.arange(len(table.office))
    weight = fit.weights_of(np.eye(fit.x.shape[1])[1])
    psi = np.zeros(len(units))
    for column, side, sign in ((0, table.before, -1.0), (1, table.after, 1.0)):
        at = place[units.office[side]]
        centre = table.mean[:, column] - sign * fit.residual / 2
        psi[side] = sign * (weight / table.n[:, column])[at] * (values.y[side] - centre[at])
    pilot = float(table.mean[table.pilot, 1].mean())
    point = float(fit.coefficient[1])
    return Effect(values.metric, point, psi, table.before | table.after, units, pilot, pilot - point, values.unit)


def robust_errors(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Second coefficient and its HC2 error for every row of y (draws, n). Source: MacKinnon and White 1985."""
    inverse = np.linalg.inv(x.T @ x)
    map_ = inverse @ x.T
    hat = x @ map_
    coefficient = y @ map_.T
    residual = y - coefficient @ x.T
    variance = (residual**2 / np.maximum(1 - np.diag(hat), 1e-12)) @ map_[1] ** 2
    return coefficient[:, 1], np.sqrt(variance)


def wild_bootstrap_p(x: Floats, y: Floats, seed: int) -> float:
    """p-value of no effect by flipping the signs of offices' residuals with the null imposed.

    All sign patterns up to twelve offices, else 9,999 drawn. Source: Cameron, Gelbach and Miller 2008.
    """
    others = np.delete(x, 1, axis=1)
    fitted = others @ np.linalg.lstsq(others, y, rcond=None)[0]
    size = len(y)
    if size <= EVERY_SIGN_UP_TO:
        signs = 1.0 - 2.0 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1)
    else:
        signs = np.random.default_rng(seed).choice(np.array([-1.0, 1.0]), size=(DRAWS, size))
    point, error = robust_errors(x, fitted + signs * (y - fitted))
    own_point, own_error = robust_errors(x, y[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        found, own = np.abs(point / error), abs(float(own_point[0] / own_error[0]))
    extreme = int((np.nan_to_num(found, nan=0.0) >= own * (1 - 1e-9)).sum())
    return extreme / len(signs) if size <= EVERY_SIGN_UP_TO else (1 + extreme) / (1 + len(signs))


def _bootstrap(x: Floats, change: Floats, offices: int, seed: int) -> tuple[Diagnostic, ...]:
    if offices >= FEW_OFFICES:
        return ()
    p = wild_bootstrap_p(x, change, seed)
    point, error = robust_errors(x, change[None, :])
    p_t = t_p_value(float(point[0] / error[0]), len(change) - x.shape[1]) if error[0] > 0 else 0.0
    agree = (p < LEVEL) == (p_t < LEVEL)
    text = (
        "Were there nothing, flipping offices' signs (wild bootstrap) would give as large a difference in "
        f"{in_draws(p)} of draws, by the t test {in_draws(p_t)}."
    )
    cure = None if agree else "More offices are needed: so few of them give the two tests different answers."
    return (Diagnostic("wild_bootstrap", text, agree, False, p, LEVEL, cure),)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Means and numbers of cases by office and equal blocks of time (offices, blocks); `middle` is each block's day
    from the start."""

    mean: Floats
    n: Floats
    pilot: Flags
    middle: Floats
    before: int


def blocks_of(values: CaseValues, facts: Facts, start: date) -> Blocks | None:
    """As many equal blocks before the start as periods fit, fewer where offices are few or have no case in one.

    None where not even two blocks before the start can be filled by all offices.
    """
    table = changes(values, facts, start)
    units, day = values.units, ordinals(values.units) - start.toordinal()
    if not table.before.any():
        return None
    span = -int(day[table.before].min())
    most = min(span // facts.period_days, 1 + (len(table.office) - 2) // 3, MOST_BLOCKS)
    place = np.full(len(units.offices) + 1, -1, dtype=np.int64)
    place[table.office] = np.arange(len(table.office))
    for count in range(most, 1, -1):
        length = span / count
        after = max(int((int(day[table.after].max()) + 1) // length), 1)
        both = table.before | table.after
        block = np.minimum((day[both] + span) // length, count + after - 1).astype(np.int64)
        width = count + after
        cell = place[units.office[both]] * width + block
        n = np.bincount(cell, minlength=len(table.office) * width).reshape(-1, width)
        if n[:, :count].min() == 0:
            continue
        sums = np.bincount(cell, weights=values.y[both], minlength=len(table.office) * width).reshape(-1, width)
        middle: Floats = (np.arange(width, dtype=np.float64) + 0.5) * length - span
        mean = np.where(n > 0, sums / np.maximum(n, 1), np.nan)
        return Blocks(mean, n.astype(np.float64), table.pilot, middle, count)
    return None


def _before(
    values: CaseValues, facts: Facts, start: date, point: float, error: float, df: float
) -> tuple[tuple[Diagnostic, ...], list[dict[str, object]]]:
    """Whether the cohorts' offices moved alike before the start, and how much drift the effect would survive."""
    blocks = blocks_of(values, facts, start)
    if blocks is None:
        text = "Whether the offices moved alike before the start cannot be seen: too few cases or days before it."
        cure = f"A baseline of at least {2 * facts.period_days} days with cases in every office is needed."
        return (Diagnostic("pre_trend", text, None, cure=cure),), []
    p = pretrend_p(blocks)
    fine = p is not None and p > PRETREND_LIMIT
    text = "Whether the offices moved alike before the start could not be tested."
    if p is not None:
        text = (
            "Had the offices moved alike before the start, moves as unlike would come about in "
            f"{in_draws(p)} of draws; above {in_draws(PRETREND_LIMIT)} needed."
        )
    mend = None if fine else "Choose comparison offices that moved like the pilot's before the start."
    found = Diagnostic("pre_trend", text, None if p is None else fine, True, p, PRETREND_LIMIT, mend)
    survives = survived_drift(blocks, point, error, df)
    return (found, _drift(blocks, facts, values.unit), survives), _event_study(blocks)


def pretrend_p(blocks: Blocks) -> float | None:
    """p-value that all differences between blocks before the start are nil: Hotelling's two-sample T squared."""
    from scipy.special import fdtrc

    pre = blocks.mean[:, : blocks.before]
    moves = pre[:, :-1] - pre[:, -1:]
    arms = moves[blocks.pilot], moves[~blocks.pilot]
    count, free = moves.shape[1], len(moves) - 2
    if free - count + 1 < 1:
        return None
    within = sum((arm - arm.mean(axis=0)).T @ (arm - arm.mean(axis=0)) for arm in arms) / free
    if not independent(within):
        return None
    gap = arms[0].mean(axis=0) - arms[1].mean(axis=0)
    size = 1 / (1 / len(arms[0]) + 1 / len(arms[1]))
    statistic = size * float(gap @ np.linalg.solve(within, gap)) * (free - count + 1) / (free * count)
    return float(fdtrc(count, free - count + 1, statistic))


def _drift(blocks: Blocks, facts: Facts, unit: str) -> Diagnostic:
    """The difference of the offices' own slopes before the start, carried on to the middle of the time after it.

    The pre-trend test passes easily with little data, so its interval must also exclude the smallest worthwhile effect
    (Roth 2022).
    """
    pre, middle = blocks.mean[:, : blocks.before], blocks.middle[: blocks.before]
    centred = middle - middle.mean()
    slope = pre @ centred / (centred**2).sum()
    x = np.column_stack([np.ones(len(slope)), blocks.pilot.astype(np.float64)])
    point, error = robust_errors(x, slope[None, :])
    reach = float(blocks.middle[blocks.before :].mean() - middle.mean())
    half = t_quantile(len(slope) - 2) * float(error[0]) * reach
    low, high = float(point[0]) * reach - half, float(point[0]) * reach + half
    limit = facts.smallest_worthwhile
    text = f"Were the difference of trends before the start to go on, it would make {low:+z.3g} to {high:+z.3g} {unit}"
    if limit is None:
        return Diagnostic("drift", f"{text}; no smallest worthwhile effect to hold it against.", None, True, high - low)
    fine = max(abs(low), abs(high)) < abs(limit)
    cure = None if fine else "More weeks or offices before the start are needed to rule such a drift out."
    return Diagnostic("drift", f"{text}; less than {abs(limit):.3g} needed.", fine, True, max(-low, high), limit, cure)


def survived_drift(blocks: Blocks, point: float, error: float, df: float) -> Diagnostic:
    """How many times the largest move between neighbouring blocks before the start the effect would survive.

    The bias allowed to each block is M times that move, added up from the middle of the time before to the middle of
    the time after; the interval stays clear of zero up to this M. After Rambachan and Roth 2023 (relative magnitudes).
    """
    pre = blocks.mean[:, : blocks.before]
    gap = pre[blocks.pilot].mean(axis=0) - pre[~blocks.pilot].mean(axis=0)
    largest = float(np.abs(np.diff(gap)).max())
    apart = blocks.middle[blocks.before :].mean() - blocks.middle[: blocks.before].mean()
    number = float(apart / (blocks.middle[1] - blocks.middle[0]))
    left = max(abs(point) - t_quantile(df) * error, 0.0)
    if largest == 0:
        return Diagnostic(
            "survived_drift", "The offices did not drift apart at all before the start.", None, gate=False
        )
    times = left / (largest * number)
    text = f"The effect survives drift up to {times:.2g} times the largest seen between blocks before the start."
    return Diagnostic("survived_drift", text, None, False, times)


def _event_study(blocks: Blocks) -> list[dict[str, object]]:
    """Difference of the cohorts in every block less that in the last before the start, with its error."""
    found: list[dict[str, object]] = []
    for block in range(len(blocks.middle)):
        move = blocks.mean[:, block] - blocks.mean[:, blocks.before - 1]
        known = ~np.isnan(move)
        x = np.column_stack([np.ones(int(known.sum())), blocks.pilot[known].astype(np.float64)])
        fit = least_squares(x, move[known])
        if fit is None or block == blocks.before - 1:
            continue
        point, error = robust_errors(x, move[known][None, :])
        found.append({
            "period": block - blocks.before, "estimate": float(point[0]), "error": float(error[0]),
            "df": fit.df, "offices": int(known.sum()),
            "cases": tuple(float(blocks.n[known & side, block].sum()) for side in (~blocks.pilot, blocks.pilot)),
        })  # fmt: skip
    return found


def regression_difference(y: Floats, pilot: Flags, after: Flags, others: Floats | None = None) -> Fit | None:
    """The textbook regression on cases: constant, after, pilot, pilot x after (last of the four), then `others`.

    Its classical error counts every case as independent; shown beside the right one, never instead of it.
    """
    part, late = pilot.astype(np.float64), after.astype(np.float64)
    columns = [np.ones(len(y)), late, part, part * late]
    return least_squares(np.column_stack(columns if others is None else [*columns, others]), y)
