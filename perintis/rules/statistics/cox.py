"""Cox regression with Efron's ties, for the log-rank test at equal covariates. Its hazard ratios are not reported.

Every sum over the cases at risk is taken once for all cases, by cumulative sums in order of time, so that a fit costs a
few passes over the table. Sources: Cox 1972; Efron 1977 (ties); Lin and Wei 1989 (sums of score residuals by group).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.log_rank import ClusteredLogRank, between_groups
from perintis.rules.statistics.products import combined, crossed
from perintis.rules.statistics.risk_sets import DECIDED, follow

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole
    from perintis.rules.statistics.risk_sets import RiskSets

MOST_STEPS = 30
CONVERGED = 1e-10
NEAR_ENOUGH = 1e-4
"""How far below its highest the likelihood may be for a score test, which hangs on the square of that distance."""

SAMPLE = 20_000
"""More cases than these begin at the coefficients of every k-th of them, which saves most passes over all."""

SINGULAR = 1e-9
WIDEST = 10.0
"""A case this much likelier than the mean (on the log scale) is no finding: a covariate tells the order of endings."""


@dataclass(frozen=True, eq=False)
class Cox:
    """Coefficients (k,), the partial log-likelihood, its gradient and its information (k, k) at the coefficients."""

    coefficients: Floats
    log_likelihood: float
    score: Floats
    information: Floats


def cox(time: Floats, ended: Flags, x: Floats, entry: Floats | None = None) -> Cox | NoEstimate:
    """Fit the pace of ending on the columns of `x` (cases, k); `entry` is the age at which a case came to be seen.

    `NoEstimate` where the columns do not determine it: none ended, one column is made up of others, or one tells
    perfectly who ends first.
    """
    return _fit(_Table(follow(time, ended, entry=entry), x), np.zeros(x.shape[1]), CONVERGED)


def adjusted_log_rank(
    time: Floats, ended: Flags, pilot: Flags, x: Floats, group: Whole, entry: Floats | None = None
) -> ClusteredLogRank | NoEstimate:  # fmt: skip
    """The log-rank test of the cohorts at equal `x` (cases, k): the score test of `pilot` beside those columns.

    The score is a sum of one number a case, less what the columns explain of it; its error is that of the sums by
    `group` (an office, without unknown ones; or every case its own), as in the plain test.
    """
    start = np.concatenate([[0.0], _first_guess(time, ended, x, entry)])
    table = _Table(follow(time, ended, entry=entry), np.column_stack([pilot.astype(np.float64), x]))
    at = _fit(table, start, NEAR_ENOUGH, held=1)
    if isinstance(at, NoEstimate):
        return at
    others, shared = at.information[1:, 1:], at.information[0, 1:]
    slope = np.linalg.solve(others, shared)
    if not at.information[0, 0] - shared @ slope > SINGULAR * at.information[0, 0]:
        return NoEstimate("no case ended while cases of both cohorts with like covariates were open")
    own = combined(table.residuals(), np.concatenate([[1.0], -slope]))
    _, number = np.unique(group, return_inverse=True)
    here, there = (np.bincount(number, weights=side) > 0 for side in (pilot, ~pilot))
    error, df = between_groups(np.bincount(number, weights=own).astype(np.float64), here, there)
    if error <= 0:
        return NoEstimate("the cohorts end at the same moments, case by case")
    seen, surplus = float((ended & pilot).sum()), float(own.sum())
    t = surplus / error
    return ClusteredLogRank(seen, seen - surplus, t, df, float(2 * stdtr(df, -abs(t))))


def _first_guess(time: Floats, ended: Flags, x: Floats, entry: Floats | None) -> Floats:
    """Coefficients to begin at: those of a sample of the cases where they are many, else none."""
    every = len(time) // SAMPLE
    if every < 2:
        return np.zeros(x.shape[1])
    found = cox(time[::every], ended[::every], x[::every], None if entry is None else entry[::every])
    return np.zeros(x.shape[1]) if isinstance(found, NoEstimate) else found.coefficients


def _fit(table: _Table, start: Floats, enough: float, held: int = 0) -> Cox | NoEstimate:
    """Newton's method, with half steps where the likelihood would fall; the first `held` coefficients stay."""
    if not table.risk.decided.any():
        return NoEstimate("no case ended", "wait for more cases to end")
    now = table.at(start)
    step = np.zeros_like(start)
    for _ in range(MOST_STEPS):
        score, information = now.score[held:], now.information[held:, held:]
        if not _determined(information):
            return NoEstimate("the covariates do not differ between cases that were open together")
        step[held:] = np.linalg.solve(information, score)
        if np.abs(combined(table.x, now.coefficients)).max(initial=0) > WIDEST:
            break
        if float(score @ step[held:]) < enough:
            return now
        size = 1.0
        nearer = table.at(now.coefficients + step)
        while not nearer.log_likelihood >= now.log_likelihood and size > CONVERGED:
            size /= 2
            nearer = table.at(now.coefficients + size * step)
        now = nearer
    return NoEstimate("a covariate tells almost perfectly which cases end first", "use fewer or coarser covariates")


def _determined(information: Floats) -> bool:
    """Whether it can be inverted, whatever the units of the columns."""
    scale = np.sqrt(np.maximum(np.diag(information), 0))
    if not scale.size:
        return True
    return bool(scale.min() > 0 and np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > SINGULAR)


class _Table:
    """The cases in order of time with their columns, centred (which changes no answer); `tied` are the endings."""

    def __init__(self, risk: RiskSets, x: Floats) -> None:
        self.risk = risk
        self.x: Floats = np.asfortranarray((x - x.mean(axis=0))[risk.order])
        self.ended = risk.cause == DECIDED
        at_moment = risk.decided.astype(np.int64)
        self.first = np.searchsorted(risk.at, np.arange(len(at_moment)))
        self.moment = np.repeat(np.arange(len(at_moment)), at_moment)
        before = np.cumsum(at_moment) - at_moment
        # Efron: of d endings at one moment the k-th has k / d of the others' weight gone before it.
        self.gone = (np.arange(len(self.moment)) - before[self.moment]) / np.maximum(at_moment, 1)[self.moment]

    def at(self, coefficients: Floats) -> Cox:
        """The partial log-likelihood there with its gradient and information."""
        pace = np.exp(combined(self.x, coefficients))
        self.pace, self.at_risk = pace, self._left(pace)
        self.mean = np.empty((len(self.at_risk), self.x.shape[1]), order="F")
        for place, column in enumerate(self.x.T):
            self.mean[:, place] = self._left(pace * column) / self.at_risk
        self.passed = pace * self._met(1 / self.at_risk)
        likelihood = float(combined(self.x[self.ended], coefficients).sum() - np.log(self.at_risk).sum())
        score = self.x[self.ended].sum(axis=0) - self.mean.sum(axis=0)
        information = crossed(self.x * self.passed[:, None], self.x) - crossed(self.mean, self.mean)
        return Cox(coefficients, likelihood, score, information)

    def residuals(self) -> Floats:
        """What each case adds to the score at the coefficients last asked for, in the order given, shape (cases, k)."""
        found = np.empty_like(self.x)
        each = np.maximum(self.risk.decided, 1)
        for place, (column, mean) in enumerate(zip(self.x.T, self.mean.T, strict=True)):
            own = np.bincount(self.moment, weights=mean, minlength=len(each)) / each
            drawn = self.pace * self._met(mean / self.at_risk)
            kept = np.where(self.ended, column - own[self.risk.at], 0.0)
            found[:, place] = self.risk.as_given(kept - (column * self.passed - drawn))
        return found

    def _left(self, value: Floats) -> Floats:
        """By ending, the sum of `value` over the cases at risk less its share of those that ended with it before."""
        risk, size = self.risk, len(self.risk.moments)
        total = np.cumsum(value[::-1])[::-1][self.first]
        if risk.entered is not None:
            total -= np.cumsum(np.bincount(risk.entered, weights=value, minlength=size + 1)[::-1])[::-1][1:]
        going = np.bincount(risk.at[self.ended], weights=value[self.ended], minlength=size)
        return total[self.moment] - self.gone * going[self.moment]

    def _met(self, weight: Floats) -> Floats:
        """By case, the sum of a number an ending over those that it was at risk for (its own counts in part)."""
        size = len(self.risk.moments)
        until = np.cumsum(np.bincount(self.moment, weights=weight, minlength=size))
        found = until[self.risk.at]
        if self.risk.entered is not None:
            found = found - np.concatenate([[0.0], until])[self.risk.entered]
        part = np.bincount(self.moment, weights=weight * self.gone, minlength=size)
        return np.where(self.ended, found - part[self.risk.at], found)
