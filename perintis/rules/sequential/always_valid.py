"""An interval that may be read on any day: the asymptotic confidence sequence of a mean, from its standard error.

Over all days together it misses the truth with chance at most alpha. That is only as good as the standard error: cases
of one office or one day are alike, so `error` must be the largest of the office-clustered, the day-clustered and the
two-way one; shocks that hit one cohort on one day only (a queue system down at the pilot's counter) need `day_pairs`.
Only matured outcomes belong here, such as min(T, tau) of cases opened at least tau ago: a Kaplan-Meier mean would
change its own past as cases mature.
Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021 (Annals of Statistics 2024), Theorem 2.2 and appendix B.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.sequential.looks import t_bound
from perintis.rules.sequential.spending import LEVEL
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIRST_DAY = 5
"""Shown from the fifth day on; before, the standard error is not to be believed."""

FEWEST_CASES = 100
"""Matured cases that each cohort needs before the interval is shown."""


@dataclass(frozen=True)
class DayEstimate:
    """What is known at the end of one day: pilot minus baseline, its standard error, and the matured cases of each.

    `df` are the degrees of freedom behind the error (few offices, few days), None where it may be taken as known.
    """

    day: date
    estimate: float
    error: float
    pilot: int
    baseline: int
    df: float | None = None


@dataclass(frozen=True)
class DayInterval:
    """The interval that may be read on this day."""

    day: date
    cases: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Band:
    """The intervals by day, from the first day they may be shown; `hidden` says why there are none."""

    days: tuple[DayInterval, ...]
    hidden: str | None = None


def tuning(best_at: float, alpha: float = LEVEL) -> float:
    """rho^2 for which the two-sided interval is tightest after `best_at` observations."""
    budget = -2 * math.log(alpha)
    return (budget + math.log(budget + 1)) / best_at


def half_width(error: float, n: float, rho2: float, alpha: float = LEVEL, df: float | None = None) -> float:
    """Half of the two-sided interval after `n` observations, in the unit of `error`.

    With `df` the width becomes that of a t statistic with the same tail, as an error from few groups is uncertain.
    """
    grown = n * rho2 + 1
    return error * t_bound(math.sqrt(2 * grown / (n * rho2) * math.log(math.sqrt(grown) / alpha)), df)


def one_sided_width(error: float, n: float, rho2: float, alpha: float = LEVEL, df: float | None = None) -> float:
    """From the estimate to the one-sided limit after `n` observations; take rho2 from `tuning(best_at, 2 * alpha)`."""
    grown = n * rho2 + 1
    return error * t_bound(math.sqrt(2 * grown / (n * rho2) * math.log(1 + math.sqrt(grown) / (2 * alpha))), df)


def band(days: Sequence[DayEstimate], planned: int, alpha: float = LEVEL) -> Band:
    """The always-valid intervals of a series of days, tightest at half of the `planned` cases (both cohorts)."""
    rho2 = tuning(half_of(planned), alpha)
    shown = []
    for here in _shown(days):
        n = here.pilot + here.baseline
        half = half_width(here.error, n, rho2, alpha, here.df)
        shown.append(DayInterval(here.day, n, here.estimate, here.estimate - half, here.estimate + half))
    return Band(tuple(shown), None if shown else why_hidden(days))


def may_show(number: int, here: DayEstimate) -> bool:
    """Whether the `number`th day (from 1) may be shown."""
    return number >= FIRST_DAY and min(here.pilot, here.baseline) >= FEWEST_CASES and here.error > 0


def why_hidden(days: Sequence[DayEstimate]) -> str:
    """Why no day of the series is shown yet, in one sentence."""
    if len(days) < FIRST_DAY:
        return f"shown from day {FIRST_DAY} on; there are {len(days)} days"
    fewest = min(days[-1].pilot, days[-1].baseline)
    if fewest < FEWEST_CASES:
        return f"shown from {FEWEST_CASES} matured cases in each cohort on; the smaller one has {fewest}"
    return "the standard error could not be computed on any day"


def half_of(planned: int) -> float:
    """Where the interval is made tightest: half of what is planned."""
    if planned < 2:
        raise BadInput(f"an always-valid interval needs the planned number of cases, at least 2; {planned} given")
    return planned / 2


def day_pairs(pilot: Floats, baseline: Floats) -> tuple[Floats, Floats]:
    """Estimate and error after each day, from the differences of the two cohorts' means of that day's cases.

    Shape (days,) in, two of shape (days,) out; the error of the first day is NaN. The days are then the observations:
    give `half_width` the number of days so far and one less as df, and `tuning` half of the planned days. Valid where a
    day's shock hits one cohort alone, at the price of power.
    """
    differences = np.asarray(pilot - baseline, dtype=np.float64)
    n = np.arange(1, len(differences) + 1, dtype=np.float64)
    mean = np.cumsum(differences) / n
    squares = np.cumsum(differences * differences) - n * mean * mean
    error = np.full(len(differences), math.nan)
    error[1:] = np.sqrt(np.maximum(squares[1:], 0) / (n[1:] - 1) / n[1:])
    return mean, error


def _shown(days: Sequence[DayEstimate]) -> list[DayEstimate]:
    return [here for number, here in enumerate(days, 1) if may_show(number, here)]
