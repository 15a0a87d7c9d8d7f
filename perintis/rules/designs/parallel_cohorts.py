"""Two cohorts at the same time that nobody drew by lot: doubly robust comparison of like with like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.covariates import (
    BalanceRow,
    Folded,
    balance,
    balance_check,
    balance_panel,
    fold,
)
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import Facts, some
from perintis.rules.designs.linear import expit, independent_columns, logistic, t_quantile
from perintis.rules.designs.office_error import FOR_INFERENCE, enough_offices, office_clustered
from perintis.rules.designs.strata import is_binary, stratified_difference, tables_of
from perintis.rules.statistics.contingency import mantel_haenszel
from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate
from perintis.rules.statistics.products import combined, crossed
from perintis.rules.statistics.sensitivity import EValue, e_value, e_value_of_means

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

TRUNCATED = (0.02, 0.98)
LEAST_ESS = 0.5


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the models say of every case: chance of the pilot `e`, expected value with and without it."""

    e: Floats
    with_pilot: Floats
    without: Floats


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """Augmented inverse-probability weighting, with `facts.cross_fit` folds if set; error clustered by office.

    The chance of the pilot is a logistic, the expected value a linear regression on the covariates; right if either
    is. Chances are held within .02 to .98. Sources: Robins, Rotnitzky and Zhao 1994; Chernozhukov et al. 2018.
    """
    facts = facts or Facts()
    units, used = values.units, values.used
    y, pilot = values.y[used], units.pilot[used]
    if min(int(pilot.sum()), int((~pilot).sum())) < 2:
        return NoEstimate(
            f"2 cases of either cohort needed, {int(pilot.sum())} with the pilot and {int((~pilot).sum())} without.",
            "Wait until both cohorts have cases.",
        )
    folded = fold(facts.covariates, used)
    fitted = _models(values, folded, y, pilot, facts)
    if fitted is None:
        return NoEstimate(
            "The covariates tell the two cohorts apart completely: no case of one has its like in the other.",
            "Leave out covariates that decide the cohort, or compare only cases that both cohorts could have had.",
        )
    effect = _aipw(values, y, pilot, fitted)
    error, df, rests_on = office_clustered(effect)
    w1, w0 = _inverse_weights(pilot, fitted.e)
    rows = balance(folded, _row_sums(folded, pilot, w1), _row_sums(folded, ~pilot, w0))
    diagnostics = [
        balance_check(rows, "weighted_balance", weighted=True),
        _effective_sample(w1, w0),
        _e_value(y, effect, error, df),
        _negative_control(facts),
        *_offices(values),
        *_sensitivities(values, y, pilot, folded, fitted, effect, error),
    ]
    how = f", {facts.cross_fit}-fold cross-fitted" if facts.cross_fit > 1 else ""
    panels = _panels(folded, pilot, rows, fitted)
    method = f"augmented inverse-probability weighting{how}, clustered by office"
    return Estimated(effect, error, df, rests_on, method, Evidence.C, tuple(diagnostics), panels)


def _models(values: CaseValues, folded: Folded, y: Floats, pilot: Flags, facts: Facts) -> Fitted | None:
    """Both models, of every case; with cross-fitting from the folds that the case is not in."""
    folds = facts.cross_fit if facts.cross_fit > 1 else 1
    part = _fold_of(values, folded, y, folds, facts.seed)
    size = len(folded)
    key = (part * 2 + pilot) * size + folded.row
    n = np.bincount(key, minlength=folds * 2 * size).reshape(folds, 2, size).astype(np.float64)
    sums = np.bincount(key, weights=y, minlength=folds * 2 * size).reshape(folds, 2, size)
    x = np.column_stack([np.ones(size), folded.x])
    e, without, with_pilot = np.empty((folds, size)), np.empty((folds, size)), np.empty((folds, size))
    for number in range(folds):
        train = np.arange(folds) != number if folds > 1 else np.ones(1, dtype=bool)
        count, total = n[train].sum(axis=0), sums[train].sum(axis=0)
        chance = _propensity(x, count[1], count.sum(axis=0)) if count.sum(axis=1).min() > 0 else None
        if chance is None:
            return None
        e[number] = chance
        without[number], with_pilot[number] = (_outcome(x, count[side], total[side]) for side in (0, 1))
    return Fitted(e[part, folded.row], with_pilot[part, folded.row], without[part, folded.row])


def _fold_of(values: CaseValues, folded: Folded, y: Floats, folds: int, seed: int) -> Whole:
    """A fold for every case: offices are dealt out whole; where they are too few, cases, sorted by content.

    Either way it does not hang on the order in which cases come.
    """
    if folds == 1:
        return np.zeros(len(y), dtype=np.int64)
    random = np.random.default_rng(seed)
    office = values.units.office[values.used]
    names, place = np.unique(office, return_inverse=True)
    if len(names) >= 2 * folds:
        return random.permutation(np.arange(len(names)) % folds)[place]
    part = np.empty(len(y), dtype=np.int64)
    part[np.lexsort((y, values.units.pilot[values.used], folded.row))] = random.permutation(np.arange(len(y)) % folds)
    return part


def _propensity(x: Floats, successes: Floats, trials: Floats) -> Floats | None:
    """The chance of the pilot of every row, held within bounds; None where the cohorts have no overlap at all."""
    kept = independent_columns(x, trials)
    beta = logistic(x[:, kept], successes, trials)
    if beta is None:
        beta = _ridged(x[:, kept], successes, trials)
    chance = expit(combined(x[:, kept], beta))
    apart = chance[successes > 0].min() > chance[trials > successes].max()
    return None if apart else np.clip(chance, *TRUNCATED)


def _outcome(x: Floats, n: Floats, sums: Floats) -> Floats:
    """The expected value of every row, by least squares on the cases counted in `n`."""
    kept = independent_columns(x, n)
    part = x[:, kept]
    return combined(part, np.linalg.solve(crossed(part * n[:, None], part), crossed(part, sums[:, None])[:, 0]))


def _ridged(x: Floats, successes: Floats, trials: Floats) -> Floats:
    """Logistic coefficients shrunk a little (half a made-up case), where some category has cases of one cohort only."""
    beta = np.zeros(x.shape[1])
    ridge = np.eye(x.shape[1]) * 0.5
    ridge[0, 0] = 0
    for _ in range(50):
        fitted = expit(combined(x, beta))
        variance = np.maximum(trials * fitted * (1 - fitted), 1e-12)
        gradient = crossed(x, (successes - trials * fitted)[:, None])[:, 0] - ridge @ beta
        step = np.linalg.lstsq(crossed(x * variance[:, None], x) + ridge, gradient, rcond=None)[0]
        beta = beta + np.clip(step, -5, 5)
        if np.max(np.abs(step)) < 1e-9:
            break
    return beta


def _aipw(values: CaseValues, y: Floats, pilot: Flags, fitted: Fitted) -> Effect:
    """psi_i = m1 - m0 + A (y - m1) / e - (1 - A)(y - m0) / (1 - e), less its mean, over n."""
    units, used = values.units, values.used
    treated = fitted.with_pilot + np.where(pilot, (y - fitted.with_pilot) / fitted.e, 0.0)
    untreated = fitted.without + np.where(~pilot, (y - fitted.without) / (1 - fitted.e), 0.0)
    means = float(treated.mean()), float(untreated.mean())
    psi = np.zeros(len(units))
    psi[used] = (treated - untreated - (means[0] - means[1])) / len(y)
    return Effect(values.metric, means[0] - means[1], psi, used, units, *means, values.unit)


def _inverse_weights(pilot: Flags, e: Floats) -> tuple[Floats, Floats]:
    return 1 / e[pilot], 1 / (1 - e[~pilot])


def _row_sums(folded: Folded, chosen: Flags, weight: Floats) -> Floats:
    found: Floats = np.bincount(folded.row[chosen], weights=weight, minlength=len(folded)).astype(np.float64)
    return found


def _effective_sample(w1: Floats, w0: Floats) -> Diagnostic:
    """Kish's effective sample size as a share of the cases, the smaller of both cohorts."""
    share = min(float(w.sum() ** 2 / (w**2).sum() / len(w)) for w in (w1, w0))
    text = f"Weighting leaves the worth of {share:.0%} of the cases; {LEAST_ESS:.0%} needed."
    cure = (
        None if share >= LEAST_ESS else "The cohorts overlap too little: compare only cases that both could have had."
    )
    return Diagnostic("effective_sample", text, share >= LEAST_ESS, True, share, LEAST_ESS, cure)


def _e_value(y: Floats, effect: Effect, error: float, df: float | None) -> Diagnostic:
    """The E-value of the estimate and of the interval's limit nearer to none."""
    reach = t_quantile(df) * error
    ends = effect.estimate, effect.estimate - reach, effect.estimate + reach
    found: EValue | NoEstimate
    if is_binary(y) and effect.baseline > 0:
        found = e_value(*(max(1 + end / effect.baseline, 1e-9) for end in ends))
    else:
        found = e_value_of_means(*ends, float(y.std(ddof=1)))
    if isinstance(found, NoEstimate):
        return Diagnostic("e_value", f"No E-value: {found.reason}.", None, gate=False)
    text = (
        f"Something unseen would have to go with both cohort and outcome by a risk ratio of {found.estimate:.2f} to "
        f"explain the effect away, of {found.limit:.2f} to bring the interval to none."
    )
    return Diagnostic("e_value", text, None, False, found.estimate, found.limit)


def _negative_control(facts: Facts) -> Diagnostic:
    """A metric that the pilot cannot touch must show no effect. Source: Lipsitch et al. 2010."""
    code = "negative_control"
    if facts.negative_control is None:
        return Diagnostic(code, "No metric that the pilot cannot touch was named as a control.", None, gate=False)
    found = estimate(facts.negative_control, replace(facts, negative_control=None))
    if isinstance(found, NoEstimate):
        return Diagnostic(code, f"The negative control could not be estimated. {found.reason}", None, gate=False)
    reach = t_quantile(found.df) * found.error
    name, point = found.effect.metric, found.effect.estimate
    fine = abs(point) <= reach
    text = f"{name}, which the pilot cannot touch, differs by {point:+z.3g} "
    text += f"({point - reach:z.3g} to {point + reach:z.3g})."
    cure = None if fine else "The cohorts differ in something unseen: find what it is and add it as a covariate."
    return Diagnostic(code, text, fine, True, point, reach, cure)


def _offices(values: CaseValues) -> list[Diagnostic]:
    units, used = values.units, values.used
    known = used & (units.office != NOWHERE)
    found = (np.bincount(units.office[known & (units.pilot == side)]) for side in (True, False))
    counts = [int(np.count_nonzero(cases)) for cases in found]
    if not any(counts):
        text = "No offices are recorded: the error counts every case as independent and is likely too small."
        return [Diagnostic("offices", text, None, True, cure="Record the office of every case.")]
    return [enough_offices(counts[0], counts[1], FOR_INFERENCE)]


def _sensitivities(
    values: CaseValues, y: Floats, pilot: Flags, folded: Folded, fitted: Fitted, effect: Effect, error: float
) -> list[Diagnostic]:
    """Overlap weights and the plain stratified difference, for the eye: they should tell the same story."""
    notes = []
    found = overlap_weighted(values, y, pilot, fitted)
    text = f"On cases that either cohort could have had (overlap weights) the effect is {found.estimate:+z.4g}."
    apart = abs(found.estimate - effect.estimate) <= 2 * max(error, office_clustered(found)[0])
    notes.append(Diagnostic("overlap_weights", text, apart, False, found.estimate))
    strata = _strata_of(folded)
    plain = stratified_difference(y, pilot, strata)
    if plain is None:
        return [*notes, Diagnostic("stratified", "No stratum has two cases of both cohorts.", None, gate=False)]
    text = f"Compared within {some(plain.strata, 'stratum').replace('stratums', 'strata')} the effect is "
    text += f"{plain.estimate:+z.4g} (error between cases {plain.error:.3g}, {some(plain.left_out, 'case')} left out)."
    notes.append(Diagnostic("stratified", text, None, False, plain.estimate, plain.error))
    check = mantel_haenszel(tables_of(y, pilot, strata)) if is_binary(y) else None
    if check is not None and not isinstance(check, NoEstimate):
        odds = "not defined" if check.odds_ratio is None else f"{check.odds_ratio:.3f}"
        text = f"Mantel-Haenszel odds ratio {odds}, risk difference {check.risk_difference:+z.4f}."
        notes.append(Diagnostic("mantel_haenszel", text, None, False, check.risk_difference))
    return notes


def _strata_of(folded: Folded) -> Whole:
    """Distinct rows are strata; numbers are cut at their fifths first."""
    code = np.zeros(len(folded), dtype=np.int64)
    per_row = folded.count(np.ones(len(folded.row), dtype=bool))
    for place in range(folded.x.shape[1]):
        x = folded.x[:, place]
        if len(np.unique(x)) > 5:
            order = np.argsort(x, kind="stable")
            share = np.cumsum(per_row[order]) / per_row.sum()
            cuts = [x[order][np.searchsorted(share, level)] for level in (0.2, 0.4, 0.6, 0.8)]
            x = np.searchsorted(np.asarray(cuts), x, side="left").astype(np.float64)
        code = np.unique(code * 10 + np.unique(x, return_inverse=True)[1], return_inverse=True)[1]
    strata: Whole = code[folded.row]
    return strata


def overlap_weighted(values: CaseValues, y: Floats, pilot: Flags, fitted: Fitted) -> Effect:
    """Hajek difference with weights 1 - e in the pilot and e in the baseline (Li, Morgan and Zaslavsky 2018).

    The chances count as known, which makes the error a little too large.
    """
    units, used = values.units, values.used
    psi, means = np.zeros(len(units)), []
    part = np.zeros(len(y))
    for side, weight, sign in ((pilot, 1 - fitted.e, 1.0), (~pilot, fitted.e, -1.0)):
        total = weight[side].sum()
        mean = float((weight[side] * y[side]).sum() / total)
        part[side] = sign * weight[side] * (y[side] - mean) / total
        means.append(mean)
    psi[used] = part
    return Effect(values.metric, means[0] - means[1], psi, used, units, means[0], means[1], values.unit)


def _panels(folded: Folded, pilot: Flags, rows: tuple[BalanceRow, ...], fitted: Fitted) -> dict[str, object]:
    """Balance before and after, and how the chances of the pilot lie in both cohorts (20 bins)."""
    bins = np.linspace(0, 1, 21)
    return {
        "balance_before": balance_panel(balance(folded, folded.count(pilot), folded.count(~pilot))),
        "balance_after": balance_panel(rows),
        "chance_of_pilot": {
            "edges": bins.tolist(),
            "pilot": np.histogram(fitted.e[pilot], bins)[0].tolist(),
            "baseline": np.histogram(fitted.e[~pilot], bins)[0].tolist(),
        },
    }
