"""S-11: an always-valid interval is only as good as its standard error, which must know of offices and of days."""

from __future__ import annotations

import numpy as np

from perintis.rules.sequential.always_valid import day_pairs, half_width, tuning
from simulations.check import OVER_ALL_LOOKS, Check, Figure, Flags, Floats, flags, in_parts, rate

DAYS, PER_DAY = 60, 80
CASES = 2.0 * PER_DAY * np.arange(1, DAYS + 1)
FROM_DAY = 5
DAY_SHOCK, LASTING = 0.3, 0.5


def day_office_means(
    rng: np.random.Generator, size: int, offices: int, icc: float, shared: float = 0.0, own: float = 0.0
) -> Floats:
    """Sums of cases by office and day, shape (size, 2, offices, DAYS), cases with mean 0 and spread 1.

    `shared` is the spread of a shock that hits both cohorts on a day and lasts (AR1), `own` that of one cohort's day.
    """
    cases = PER_DAY / offices
    spread = rng.standard_normal((size, 2, offices, DAYS)) * np.sqrt((1 - icc) * cases)
    office = rng.standard_normal((size, 2, offices, 1)) * np.sqrt(icc) * cases
    both = _lasting(rng, size) * shared * cases
    single = rng.standard_normal((size, 2, 1, DAYS)) * own * cases
    found: Floats = spread + office + both[:, None, None, :] + single
    return found


def errors(sums: Floats, own_spread: float) -> tuple[Floats, Floats, Floats, Floats]:
    """By day: the estimate, and its error for independent cases, by office, and the largest of office, day, both ways.

    The clustered errors are those of `perintis.rules.statistics.grouped`, written for many repetitions at once; the
    tests hold the one against the other.
    """
    offices = sums.shape[2]
    per_office = PER_DAY / offices * np.arange(1, DAYS + 1)
    cumulated = sums.cumsum(axis=3)
    means = cumulated.sum(axis=2) / (CASES / 2)
    estimate = means[:, 1] - means[:, 0]
    independent = np.broadcast_to(np.sqrt(2 * own_spread / (CASES / 2)), estimate.shape)
    psi = (cumulated - per_office * means[:, :, None, :]) / (CASES / 2)
    by_office = (psi**2).sum(axis=(1, 2)) * offices / (offices - 1)
    daily = sums.sum(axis=2) / PER_DAY
    by_day = _day_variance(daily[:, 1] - daily[:, 0])
    by_both = _office_day_variance(sums, means, offices)
    largest = np.maximum.reduce([by_office, by_day, by_office + by_day - by_both])
    return estimate, independent, np.sqrt(by_office), np.sqrt(largest)


def false_alarm(estimate: Floats, error: Floats, df: float | None, days: bool = False) -> Flags:
    """Whether the always-valid interval left out zero on any day from day 5 on.

    `df` are those of the offices; with `days` the error also rests on the days so far.
    """
    width = np.full(DAYS, np.inf)
    for day in range(FROM_DAY, DAYS + 1):
        known = min(df or np.inf, day - 1) if days else df
        width[day - 1] = half_width(1.0, CASES[day - 1], tuning(CASES[-1] / 2), df=known)
    return flags((np.abs(estimate) > width * error).any(axis=1))


def pairs_alarm(sums: Floats, few_days: bool = True) -> Flags:
    """The same with pairs of days; `few_days` false takes the error of five days for the truth."""
    daily = sums.sum(axis=2) / PER_DAY
    rho2, found = tuning(DAYS / 2), np.zeros(len(sums), dtype=bool)
    estimates, spreads = (np.array(part) for part in zip(*(day_pairs(o[1], o[0]) for o in daily), strict=True))
    for day in range(FROM_DAY, DAYS + 1):
        width = half_width(1.0, day, rho2, df=day - 1 if few_days else None)
        found |= np.abs(estimates[:, day - 1]) > width * spreads[:, day - 1]
    return found


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Offices alone, then days that are bad for all, then days that are bad for one cohort."""
    found = []
    for offices, icc, wrong, right in ((10, 0.05, 0.637, 0.016), (40, 0.02, 0.149, 0.017)):
        plain, clustered, *_ = _alarms(rng, repetitions, offices, icc)
        where = f"{offices} offices a cohort, ICC {icc:.2f}"
        found.append(rate(f"{where}: error of cases", plain, OVER_ALL_LOOKS, wrong, control=True))
        found.append(rate(f"{where}: error of offices", clustered, OVER_ALL_LOOKS, right))
    _, clustered, largest, *_ = _alarms(rng, repetitions, 10, 0.05, shared=DAY_SHOCK)
    found.append(rate("days bad for all: error of offices", clustered, (0.0, 0.06), 0.057))
    found.append(rate("days bad for all: largest of office, day, both", largest, (0.0, 0.06)))
    _, clustered, largest, pairs, hasty = _alarms(rng, repetitions, 10, 0.0, own=DAY_SHOCK)
    found.append(rate("days bad for one: error of offices", clustered, OVER_ALL_LOOKS, 0.733, control=True))
    found.append(rate("days bad for one: largest of office, day, both", largest, OVER_ALL_LOOKS))
    found.append(rate("days bad for one: pairs of days", pairs, OVER_ALL_LOOKS, 0.045))
    found.append(rate("days bad for one: pairs of days, normal width", hasty, OVER_ALL_LOOKS, control=True))
    return tuple(found)


def _alarms(
    rng: np.random.Generator, repetitions: int, offices: int, icc: float, shared: float = 0.0, own: float = 0.0
) -> tuple[Flags, ...]:
    parts = []
    for size in in_parts(repetitions, 250):
        sums = day_office_means(rng, size, offices, icc, shared, own)
        estimate, plain, by_office, largest = errors(sums, 1 + shared**2 + own**2)
        df = 2.0 * offices - 2
        parts.append((
            false_alarm(estimate, plain, None), false_alarm(estimate, by_office, df),
            false_alarm(estimate, largest, df, days=True), pairs_alarm(sums), pairs_alarm(sums, few_days=False),
        ))  # fmt: skip
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _lasting(rng: np.random.Generator, size: int) -> Floats:
    """AR(1) of spread 1 over the days."""
    shocks = rng.standard_normal((size, DAYS))
    for day in range(1, DAYS):
        shocks[:, day] = LASTING * shocks[:, day - 1] + np.sqrt(1 - LASTING**2) * shocks[:, day]
    return shocks


def _day_variance(differences: Floats) -> Floats:
    """Both cohorts have the same cases every day: the sum of squares of the days' differences, times d / (d - 1)."""
    days = np.arange(1, DAYS + 1)
    squares = (differences**2).cumsum(axis=1) - differences.cumsum(axis=1) ** 2 / days
    return squares / days**2 * days / np.maximum(days - 1, 1)


def _office_day_variance(sums: Floats, means: Floats, offices: int) -> Floats:
    cases, days = PER_DAY / offices, np.arange(1, DAYS + 1)
    squares = (sums**2).cumsum(axis=3).sum(axis=2) - 2 * cases * means * sums.cumsum(axis=3).sum(axis=2)
    squares += cases**2 * means**2 * days * offices
    cells = days * offices
    found: Floats = (squares / (CASES / 2) ** 2 * cells / np.maximum(cells - 1, 1)).sum(axis=1)
    return found


CHECK = Check(
    "S-11", "Looking every day at offices: the standard error must know of offices and days", run, 4000, short=1500
)
