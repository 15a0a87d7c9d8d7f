"""Cases drawn by lot into the pilot, within offices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.covariates import Folded, balance, balance_check, balance_panel, fold, places
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import Facts, some
from perintis.rules.designs.linear import independent_columns
from perintis.rules.designs.strata import (
    Stratified,
    is_binary,
    stratified_difference,
    tables_of,
)
from perintis.rules.statistics import contingency
from perintis.rules.statistics.effect import NOWHERE, Effect, NoEstimate
from perintis.rules.statistics.products import combined, crossed

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

CROSS_OVER = 0.05
DENSE = 20_000_000
MH_TOLERANCE = 3.0  # standard errors by which the cross-check may differ


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """The difference within offices, weighted by their cases; with covariates adjusted as Lin 2013, error HC2.

    Cases count as they were drawn (intention to treat). The error is that of cases: the lot was thrown for each.
    """
    facts = facts or Facts()
    units, used = values.units, values.used
    y, pilot = values.y[used], units.pilot[used]
    stratum = places(units.office[used] - NOWHERE)[1]
    plain = stratified_difference(y, pilot, stratum)
    if plain is None:
        return NoEstimate(
            f"No office has two cases of either cohort: {some(int(pilot.sum()), 'case')} with the pilot, "
            f"{some(int((~pilot).sum()), 'case')} without.",
            "Draw cases by lot within each office, so that every office has cases of both kinds.",
        )
    folded = fold(facts.covariates, used)
    adjusted = _adjusted(y, pilot, stratum, plain, folded)
    point, psi_used, error = adjusted or (plain.estimate, plain.psi, plain.error)
    psi = np.zeros(len(units))
    psi[used] = psi_used
    kept = used.copy()
    kept[used] = plain.kept
    # The baseline's own mean is shown as observed, the pilot's beside it by the adjusted difference.
    effect = Effect(values.metric, point, psi, kept, units, plain.baseline + point, plain.baseline, values.unit)
    rows = balance(folded, folded.count(pilot), folded.count(~pilot))
    diagnostics = [
        sample_ratio(int(pilot.sum()), int((~pilot).sum()), facts.expected_share or 0.5),
        balance_check(rows, "balance", weighted=False, gate=False),
        _cross_over(facts, used),
        *_left_out(plain),
        *_yes_or_no(y, pilot, stratum, plain),
    ]
    name = "Lin's covariate-adjusted difference within offices, HC2" if adjusted else "stratified difference by office"
    rests_on = f"{some(effect.n, 'case')} in {some(plain.strata, 'office')}"
    panels = {"balance": balance_panel(rows), "unadjusted": plain.estimate}
    return Estimated(effect, error, None, rests_on, name, Evidence.A, tuple(diagnostics), panels)


def sample_ratio(pilot: int, baseline: int, expected_share: float = 0.5) -> Diagnostic:
    """Whether as many cases as planned went to the pilot: chi-square, invalid below p = .001 (Fabijan et al. 2019)."""
    found = contingency.sample_ratio((pilot, baseline), (expected_share, 1 - expected_share))
    if isinstance(found, NoEstimate):
        return Diagnostic("sample_ratio", f"No sample ratio: {found.reason}.", None)
    share = pilot / (pilot + baseline)
    return Diagnostic(
        "sample_ratio",
        f"{share:.1%} of the cases went to the pilot; {expected_share:.1%} were to.",
        found.as_agreed,
        value=found.p,
        limit=contingency.INVALID_BELOW,
        cure=None
        if found.as_agreed
        else "Find out which cases were lost or moved after the lot, before reading anything.",
    )


def _adjusted(
    y: Floats, pilot: Flags, stratum: Whole, plain: Stratified, folded: Folded
) -> tuple[float, Floats, float] | None:
    """Estimate, influence and HC2 error of `y ~ arm * office + arm * covariates` at the offices' shares of cases.

    Each arm has its own slopes, fitted on deviations from its office's mean; the influence of a case is its residual
    times its place in the linear map, and HC2 divides the square by one less the leverage (MacKinnon and White 1985).
    """
    if not folded.names:
        return None
    keep = plain.kept
    psi = np.zeros(len(y))
    point, variance = plain.estimate, 0.0
    size = np.bincount(stratum[keep], minlength=int(stratum.max()) + 1)
    # Cases of one office that agree in all covariates are one row of the regressions.
    whole = stratum * len(folded) + folded.row
    first, cell = places(whole)
    code = whole[first]
    rows = Rows(folded.x[code % len(folded)], code // len(folded), folded.x, code % len(folded))
    centre = rows.means(np.bincount(cell, minlength=len(code)).astype(np.float64), len(size))
    for chosen, sign in ((keep & pilot, 1.0), (keep & ~pilot, -1.0)):
        arm = _arm(rows, cell[chosen], y[chosen], size / size.sum(), centre)
        if arm is None:
            return None
        shift, influence, squares = arm
        point += sign * shift
        psi[chosen] = sign * influence
        variance += squares
    return point, psi, float(np.sqrt(variance))


@dataclass(frozen=True, eq=False)
class Rows:
    """Distinct rows of covariates within offices: `x` (rows, columns), the office of each, its place in `distinct`."""

    x: Floats
    stratum: Whole
    distinct: Floats
    place: Whole

    def means(self, n: Floats, strata: int) -> Floats:
        """Mean of every column in every office, rows weighted by n; shape (offices, columns)."""
        total = np.maximum(np.bincount(self.stratum, weights=n, minlength=strata), 1)
        if strata * len(self.distinct) <= DENSE:
            table = np.zeros((strata, len(self.distinct)))
            table[self.stratum, self.place] = n
            found: Floats = table @ self.distinct / total[:, None]
            return found
        columns = [np.bincount(self.stratum, weights=n * column, minlength=strata) / total for column in self.x.T]
        return np.column_stack(columns)


def _arm(rows: Rows, cell: Whole, y: Floats, weight: Floats, centre: Floats) -> tuple[float, Floats, float] | None:
    """How far the arm's mean moves by adjustment, the influence of each of its cases, and the sum of HC2 squares."""
    n = np.bincount(cell, minlength=len(rows.stratum)).astype(np.float64)
    sums = np.bincount(cell, weights=y, minlength=len(n))
    size = np.maximum(np.bincount(rows.stratum, weights=n, minlength=len(weight)), 1)
    mean_x = rows.means(n, len(weight))
    mean_y = np.bincount(rows.stratum, weights=sums, minlength=len(weight)) / size
    deviation = rows.x - mean_x[rows.stratum]
    columns = independent_columns(deviation, n)
    if len(y) <= len(columns) + np.count_nonzero(weight):
        return None
    deviation = deviation[:, columns]
    inverse = np.linalg.inv(crossed(deviation * n[:, None], deviation)) if columns else np.zeros((0, 0))
    slope = inverse @ crossed(deviation, (sums - n * mean_y[rows.stratum])[:, None])[:, 0]
    gap = weight @ (centre - mean_x)[:, columns]
    projected = combined(deviation, inverse)
    leverage = 1 / size[rows.stratum] + (projected * deviation).sum(axis=1)
    a = (weight / size)[rows.stratum] + combined(projected, gap)
    influence = a[cell] * (y - (mean_y[rows.stratum] + combined(deviation, slope))[cell])
    squares = influence**2 / np.maximum(1 - leverage, 1e-9)[cell]
    return float(gap @ slope), influence, float(squares.sum())


def _cross_over(facts: Facts, used: Flags) -> Diagnostic:
    if facts.crossed is None:
        return Diagnostic("cross_over", "Whether cases were treated as drawn is not recorded.", None, gate=False)
    share = float(facts.crossed[used].mean())
    return Diagnostic(
        "cross_over",
        f"{share:.1%} of the cases were treated otherwise than drawn; they count as drawn.",
        share <= CROSS_OVER,
        gate=False,
        value=share,
        limit=CROSS_OVER,
        cure=None if share <= CROSS_OVER else "Treat cases as drawn; the effect is understated otherwise.",
    )


def _left_out(plain: Stratified) -> list[Diagnostic]:
    if not plain.left_out:
        return []
    text = f"{some(plain.left_out, 'case')} left out: in their offices one of the cohorts has fewer than two cases."
    return [Diagnostic("strata_left_out", text, None, gate=False, value=float(plain.left_out))]


def _yes_or_no(y: Floats, pilot: Flags, stratum: Whole, plain: Stratified) -> list[Diagnostic]:
    """For yes or no, the Mantel-Haenszel risk difference as a cross-check."""
    if not is_binary(y):
        return []
    check = contingency.mantel_haenszel(tables_of(y, pilot, stratum))
    if isinstance(check, NoEstimate):
        return []
    gap = abs(check.risk_difference - plain.estimate)
    agree = gap <= MH_TOLERANCE * max(plain.error, check.risk_difference_error)
    text = (
        f"Mantel-Haenszel risk difference {check.risk_difference:+z.4f} (error {check.risk_difference_error:.4f}), "
        + ("no odds ratio." if check.odds_ratio is None else f"odds ratio {check.odds_ratio:.3f}.")
    )
    cure = None if agree else "The effect differs much between offices: look at them one by one."
    return [Diagnostic("mantel_haenszel", text, agree, False, check.risk_difference, None, cure)]
