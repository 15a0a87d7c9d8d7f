"""The percentile bootstrap of quantiles and means, on counts instead of on cases.

Cases are tallied by value, for each office. A resample is then a table of counts: drawing n cases with replacement is
one multinomial draw over the tally, drawing offices with replacement is one weighted sum of theirs. The cost grows with
the number of distinct values, not with the number of cases, and the order of rows cannot matter.

With more than 512 distinct values they are put into 256 bins of about equal size; a quantile is then placed within its
bin in proportion, a mean gets the scatter within the bins as normal noise, and open cases count as at risk for half of
their bin. That changes the spread of a quantile by less than one in a hundred. Point estimates are never binned.

Open cases are tallied apart, and every resample has its own Kaplan-Meier curve. Source: Efron and Tibshirani 1993,
chapters 13 and 17; for censored times Efron 1981.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.survival import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

EXACT = 512
BINS = 256
LEVEL = 0.95


@dataclass(frozen=True)
class Tally:
    """Cases counted by value: `ended` and `open` have one row for each office and one column for each bin.

    `low`, `high`, `mean` and `variance` describe the values in a bin; `sums` and `sizes` are the exact sum and number
    of values of each office.
    """

    low: Floats
    high: Floats
    mean: Floats
    variance: Floats
    ended: Ints
    open: Ints
    sums: Floats
    sizes: Ints


@dataclass(frozen=True)
class Resamples:
    """Counts of every resample, one row each, and its mean."""

    ended: Floats
    open: Floats
    means: Floats


def stream(seed: int, *names: str) -> np.random.Generator:
    """Random numbers that depend on the seed and these names alone, not on what else is drawn."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "big")])


def tally(values: Floats, ended: Bools, office: Ints | None = None) -> Tally:
    """Count values (none missing) by bin; `office` numbers the office of each row from 0."""
    order = np.lexsort((~ended, values))
    values, ended = values[order], ended[order]
    place = np.zeros(values.size, dtype=np.int64) if office is None else office[order].astype(np.int64)
    offices = int(place.max()) + 1
    bin_of = _bins(values)
    count = int(bin_of[-1]) + 1
    cell = place * count + bin_of
    sizes = np.bincount(bin_of)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    low, high = values[starts], values[starts + sizes - 1]
    mean = np.bincount(bin_of, weights=values) / sizes
    return Tally(
        low=low,
        high=high,
        mean=mean,
        variance=np.bincount(bin_of, weights=(values - mean[bin_of]) ** 2) / sizes,
        ended=np.bincount(cell[ended], minlength=offices * count).reshape(offices, count),
        open=np.bincount(cell[~ended], minlength=offices * count).reshape(offices, count),
        sums=np.bincount(place, weights=values, minlength=offices).astype(np.float64),
        sizes=np.bincount(place, minlength=offices),
    )


def resample_cases(counts: Tally, resamples: int, random: np.random.Generator) -> Resamples:
    """Draw as many cases as there are, with replacement, so many times."""
    cells = np.concatenate([counts.ended.sum(axis=0), counts.open.sum(axis=0)])
    filled = np.flatnonzero(cells)
    total = int(cells.sum())
    drawn = np.zeros((resamples, cells.size))
    drawn[:, filled] = random.multinomial(total, cells[filled] / total, size=resamples)
    ended, still_open = np.hsplit(drawn, 2)
    both = ended + still_open
    scatter = np.sqrt(both @ counts.variance) * random.standard_normal(resamples)
    return Resamples(ended, still_open, (both @ counts.mean + scatter) / total)


def resample_offices(counts: Tally, weights: Floats) -> Resamples:
    """Take each office as often as its weight says: one row of weights for each resample."""
    return Resamples(
        ended=weights @ counts.ended,
        open=weights @ counts.open,
        means=(weights @ counts.sums) / (weights @ counts.sizes),
    )


def office_weights(offices: int, resamples: int, random: np.random.Generator) -> Floats:
    """How often each office is drawn when as many offices as there are get drawn with replacement."""
    return random.multinomial(offices, np.full(offices, 1 / offices), size=resamples).astype(np.float64)


def still_open(counts: Tally, drawn: Resamples) -> Floats:
    """The Kaplan-Meier curve of every resample: the share still open after each bin."""
    both = drawn.ended + drawn.open
    at_risk = np.cumsum(both[:, ::-1], axis=1)[:, ::-1]
    at_risk -= drawn.open * np.where(counts.high > counts.low, 0.5, 0.0)
    leaving = np.zeros_like(at_risk)
    np.divide(drawn.ended, at_risk, out=leaving, where=at_risk > 0)
    np.minimum(leaving, 1.0, out=leaving)
    return np.cumprod(1 - leaving, axis=1, out=leaving)


def quantiles(counts: Tally, curves: Floats, share: float) -> Floats:
    """The quantile of every curve; infinite where it does not reach the share."""
    target = 1 - share
    reached = curves <= target + ROUNDING
    row, found = np.arange(len(reached)), reached.argmax(axis=1)
    after = curves[row, found]
    before = np.where(found > 0, curves[row, found - 1], 1.0)
    drop = before - after
    part = np.divide(before - target, drop, out=np.ones_like(drop), where=drop > 0).clip(0, 1)
    placed = counts.low[found] + (counts.high - counts.low)[found] * part
    return np.where(reached.any(axis=1), placed, np.inf)


def limits(replicates: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval; infinite where it reaches beyond what was seen. NaN counts for both sides."""
    tail = (1 - level) / 2 * (replicates.size - 1)
    lowest = np.sort(np.where(np.isnan(replicates), -np.inf, replicates))
    highest = np.sort(np.where(np.isnan(replicates), np.inf, replicates))
    return float(lowest[int(tail)]), float(highest[replicates.size - 1 - int(tail)])


def _bins(values: Floats) -> Ints:
    """Number the bins of sorted values: one for each distinct value, or groups of about equal size."""
    fresh = np.concatenate([[False], values[1:] != values[:-1]])
    number = np.cumsum(fresh)
    if number[-1] < EXACT:
        return number
    first_of_value = np.concatenate([[0], np.flatnonzero(fresh)])
    crowded = first_of_value * BINS // values.size
    return np.unique(crowded[number], return_inverse=True)[1].astype(np.int64)
