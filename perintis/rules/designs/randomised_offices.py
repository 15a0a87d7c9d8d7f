"""Offices drawn by lot into the pilot: the office is the unit, whatever the number of its cases."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.design import Diagnostic, Estimated
from perintis.rules.designs.facts import Facts, ordinals
from perintis.rules.designs.linear import Fit, least_squares, t_p_value
from perintis.rules.designs.office_error import FOR_INFERENCE, FULL_GRADE, enough_offices, grade_by_offices
from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate
from perintis.rules.statistics.office_tests import OfficeMeans as Means

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

EXACT_UP_TO = 20_000
DRAWS = 9_999
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class OfficeMeans:
    """One row an office: its place among `units.offices`, cases, mean, and mean before (NaN where unknown)."""

    office: Whole
    pilot: Flags
    n: Whole
    mean: Floats
    baseline: Floats
    stratum: Whole
    names: tuple[str, ...]


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """The difference of office means, every office counting once, t with 2G-2 degrees of freedom or fewer.

    Offices' own means before the pilot (given, or from cases opened before the start) and strata are adjusted for.
    An office belongs to the pilot if any of its cases does (intention to treat). Source: Hayes and Moulton
    2017, ch. 10.
    """
    facts = facts or Facts()
    table, chosen = office_means(values, facts)
    arms = int(table.pilot.sum()), int((~table.pilot).sum())
    if min(arms) < 2:
        return NoEstimate(
            f"2 offices on either side needed for any error, {arms[0]} with the pilot and {arms[1]} without present.",
            f"Draw at least {FOR_INFERENCE} offices into either cohort.",
        )
    x, notes = _columns(table)
    fit = least_squares(x, table.mean)
    if fit is None:
        x, notes = x[:, :2], ("Too few offices to adjust for their baseline or strata.",)
        fit = least_squares(x, table.mean)
    if fit is None:
        return NoEstimate("The offices' means do not determine the effect.", "Draw more offices into either cohort.")
    contrast = np.eye(x.shape[1])[1]
    effect = _effect(values, table, chosen, fit, contrast)
    error = fit.error(contrast)
    p = permutation_p(table, x, facts.seed)
    diagnostics = [
        enough_offices(*arms),
        _permutation(p, t_p_value(effect.estimate / error, fit.df) if error > 0 else 0.0, min(arms)),
        _baseline_balance(table),
        *(Diagnostic("adjustment", note, None, gate=False) for note in notes),
    ]
    return Estimated(
        effect, error, float(fit.df), f"{arms[0]} + {arms[1]} offices", _method(x), grade_by_offices(*arms),
        tuple(diagnostics), {"offices": _panel(table), "permutation_p": p},
    )  # fmt: skip


def office_means(values: CaseValues, facts: Facts) -> tuple[OfficeMeans, Flags]:
    """The means of offices over cases opened from the start on (over all where there is none), and which count."""
    units = values.units
    day = ordinals(units)
    known = values.used & (units.office != NOWHERE)
    before = np.zeros(len(units), dtype=bool)
    chosen = known
    if facts.start is not None:
        first = facts.start.toordinal()
        before = known & (day < first)
        chosen = known & (day >= first + facts.wash_in_days)
    count = len(units.offices)
    n = np.bincount(units.office[chosen], minlength=count)
    here = np.flatnonzero(n)
    sums = np.bincount(units.office[chosen], weights=values.y[chosen], minlength=count)
    pilot = np.bincount(units.office[chosen], weights=units.pilot[chosen], minlength=count)[here] > 0
    names = tuple(units.offices[place] for place in here)
    strata = sorted({facts.strata.get(name, "") for name in names})
    stratum = np.array([strata.index(facts.strata.get(name, "")) for name in names], dtype=np.int64)
    own = _own_baseline(values, before, count)
    baseline = np.array([facts.office_baseline.get(name, own[place]) for name, place in zip(names, here, strict=True)])
    return OfficeMeans(here, pilot, n[here], sums[here] / n[here], baseline, stratum, names), chosen


def adjusted_means(values: CaseValues, facts: Facts) -> tuple[Means, Whole]:
    """The means of offices less what their strata and means before explain, and the stratum of each.

    Their difference is the estimate. `NoEstimate` of `estimate` comes first: there are two offices on either side.
    """
    table, _ = office_means(values, facts)
    x, _ = _columns(table)
    fit = least_squares(x, table.mean)
    single = table.mean if fit is None else table.mean - x[:, 2:] @ fit.coefficient[2:]
    sizes = np.zeros((len(single), 2))
    sizes[np.arange(len(single)), table.pilot.astype(np.int64)] = table.n
    return Means(np.where(sizes > 0, single[:, None], np.nan), sizes, table.office), table.stratum


def _own_baseline(values: CaseValues, before: Flags, count: int) -> Floats:
    n = np.bincount(values.units.office[before], minlength=count)
    sums = np.bincount(values.units.office[before], weights=values.y[before], minlength=count)
    found: Floats = np.where(n > 0, sums / np.maximum(n, 1), np.nan)
    return found


def _columns(table: OfficeMeans) -> tuple[Floats, tuple[str, ...]]:
    """Constant, arm, strata, baseline; with a note where the baseline could not be used."""
    columns = [np.ones(len(table.mean)), table.pilot.astype(np.float64)]
    columns += [(table.stratum == place).astype(np.float64) for place in range(1, int(table.stratum.max()) + 1)]
    missing = int(np.isnan(table.baseline).sum())
    if missing == 0:
        columns.append(table.baseline - table.baseline.mean())
        return np.column_stack(columns), ()
    note = f"Not adjusted for offices' means before the pilot: unknown for {missing} of {len(table.mean)}."
    return np.column_stack(columns), (note,)


def _method(x: Floats) -> str:
    return "t test on office means" if x.shape[1] == 2 else "t test on office means, adjusted for baseline or strata"


def _effect(values: CaseValues, table: OfficeMeans, chosen: Flags, fit: Fit, contrast: Floats) -> Effect:
    """A case's influence is its office's weight times (value - fitted mean of its office) / cases of the office.

    Summed by office this is the office's own influence; summed over all cases it is zero.
    """
    units = values.units
    place = np.full(len(units.offices) + 1, -1, dtype=np.int64)
    place[table.office] = np.arange(len(table.office))
    at = place[units.office[chosen]]
    weight = fit.weights_of(contrast) / table.n
    psi = np.zeros(len(units))
    psi[chosen] = weight[at] * (values.y[chosen] - (table.mean - fit.residual)[at])
    point = float(contrast @ fit.coefficient)
    baseline = float(table.mean[~table.pilot].mean())
    return Effect(values.metric, point, psi, chosen, units, baseline + point, baseline, values.unit)


def permutation_p(table: OfficeMeans, x: Floats, seed: int) -> float:
    """Two-sided p-value of exchanging the lot among offices of one stratum; exact up to 20,000 lots, else 9,999 drawn.

    The statistic is the difference of means of the residuals after all columns but the arm. Source: Freedman and
    Lane 1983; Gail et al. 1996.
    """
    others = np.delete(x, 1, axis=1)
    residual = table.mean - others @ np.linalg.lstsq(others, table.mean, rcond=None)[0]
    lots = _lots(table, seed)
    arm = int(table.pilot.sum())
    found = lots @ residual / arm - (~lots) @ residual / (len(residual) - arm)
    observed = residual[table.pilot].mean() - residual[~table.pilot].mean()
    extreme = int((np.abs(found) >= abs(observed) * (1 - 1e-9) - 1e-12).sum())
    exact = _number_of_lots(table) <= EXACT_UP_TO
    return float(extreme / len(lots)) if exact else float((1 + extreme) / (1 + len(lots)))


def _number_of_lots(table: OfficeMeans) -> int:
    strata = range(int(table.stratum.max()) + 1)
    return prod(comb(int((table.stratum == s).sum()), int(table.pilot[table.stratum == s].sum())) for s in strata)


def _lots(table: OfficeMeans, seed: int) -> Flags:
    """Possible lots, shape (lots, offices)."""
    groups = [np.flatnonzero(table.stratum == place) for place in range(int(table.stratum.max()) + 1)]
    drawn = [int(table.pilot[group].sum()) for group in groups]
    if _number_of_lots(table) <= EXACT_UP_TO:
        each = (combinations(group.tolist(), number) for group, number in zip(groups, drawn, strict=True))
        picks = [[place for part in pick for place in part] for pick in product(*each)]
        lots = np.zeros((len(picks), len(table.pilot)), dtype=bool)
        lots[np.repeat(np.arange(len(picks)), [len(pick) for pick in picks]), np.concatenate(picks).astype(int)] = True
        return lots
    random = np.random.default_rng(seed)
    lots = np.zeros((DRAWS, len(table.pilot)), dtype=bool)
    for group, number in zip(groups, drawn, strict=True):
        order = np.argsort(random.random((DRAWS, len(group))), axis=1)[:, :number]
        lots[np.arange(DRAWS)[:, None], group[order]] = True
    return lots


def _permutation(p: float, p_t: float, least: int) -> Diagnostic:
    """Below twelve offices a cohort the t test and the permutation of offices must say the same."""
    agree = (p < LEVEL) == (p_t < LEVEL)
    text = (
        f"Were there nothing, drawing the offices anew would give as large a difference in {in_draws(p)} of draws, by "
        f"the t test {in_draws(p_t)}."
    )
    if least >= FULL_GRADE or agree:
        return Diagnostic("permutation", text, agree, least < FULL_GRADE, p, LEVEL)
    cure = "More offices are needed: so few of them give the two tests different answers."
    return Diagnostic("permutation", text, agree, True, p, LEVEL, cure)


def _baseline_balance(table: OfficeMeans) -> Diagnostic:
    """Whether offices of the two cohorts were alike before; adjusted for in any case, so no gate."""
    if np.isnan(table.baseline).any():
        text = "Whether the offices were alike before the pilot is not known."
        return Diagnostic("baseline_balance", text, None, False, cure="Give the offices' means before the pilot.")
    arms = table.baseline[table.pilot], table.baseline[~table.pilot]
    spread = np.sqrt((arms[0].var(ddof=1) + arms[1].var(ddof=1)) / 2)
    gap = abs(float((arms[0].mean() - arms[1].mean()) / spread)) if spread > 0 else 0.0
    # Half a standard deviation between a dozen offices is ordinary chance; the adjustment takes care of it.
    text = f"Before the pilot the cohorts' offices differed by {gap:.2f} standard deviations; adjusted for."
    return Diagnostic("baseline_balance", text, gap < 0.5, False, gap, 0.5)


def _panel(table: OfficeMeans) -> list[dict[str, object]]:
    return [
        {"office": name, "pilot": bool(pilot), "n": int(n), "mean": float(mean)}
        for name, pilot, n, mean in zip(table.names, table.pilot, table.n, table.mean, strict=True)
    ]
