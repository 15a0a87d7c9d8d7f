"""Tests over offices: the t test of office means, and the permutation of office labels.

Where the two cohorts have offices of their own, labels are exchanged between offices (within strata, if offices were
assigned within strata). Where the same offices are in both, each office's difference may change its sign. All
assignments are tried where there are at most 200 000, else so many drawn ones with a fixed seed. Source: Gail et al.
1996; Phipson and Smyth 2010 for p values from drawn permutations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb, prod, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from perintis.rules.chance import in_draws
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.grouped import Cells, cells

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect, Flags, Floats, Whole

MOST_ASSIGNMENTS = 200_000
DRAWN = 20_000
MOST_IN_HALVES = 24
SEED = 20_240_229


@dataclass(frozen=True)
class OfficeT:
    """The t test over unweighted office means: the estimate, its error, degrees of freedom and two-sided p."""

    estimate: float
    error: float
    df: float
    p: float

    def half_width(self, level: float = 0.95) -> float:
        """Half the width of the interval."""
        return self.error * float(stdtrit(self.df, 0.5 + level / 2))


@dataclass(frozen=True)
class Permuted:
    """A permutation test: two-sided p, how many assignments were tried, whether all, and the smallest possible p."""

    p: float
    tried: int
    exact: bool
    smallest: float

    @property
    def text(self) -> str:
        """In words, with the floor where no result could be significant."""
        how = f"all {self.tried} assignments of offices" if self.exact else f"{self.tried} drawn assignments of offices"
        if self.smallest > 0.05:
            return (
                f"{how}; the smallest chance they allow is {in_draws(self.smallest)}, so no result can be beyond chance"
            )
        return how


@dataclass(frozen=True, eq=False)
class OfficeMeans:
    """The mean of each office in each cohort, shape (offices, 2), NaN where it has no case there; baseline first.

    For an effect on another scale, or one that was adjusted, it is the mean of the linearised values: the cohort's
    value plus the office's mean influence times the number of cases.
    """

    mean: Floats
    sizes: Floats
    office: Whole

    @property
    def paired(self) -> bool:
        """Whether every office has cases in both cohorts."""
        return bool((self.sizes > 0).all())

    @property
    def apart(self) -> bool:
        """Whether no office has cases in both cohorts."""
        return not (self.sizes > 0).all(axis=1).any()

    @property
    def pilot(self) -> Flags:
        """True for an office of the pilot; only where the cohorts are apart."""
        found: Flags = self.sizes[:, 1] > 0
        return found

    @property
    def single(self) -> Floats:
        """One mean an office; only where the cohorts are apart."""
        return np.where(self.pilot, self.mean[:, 1], self.mean[:, 0])

    @property
    def differences(self) -> Floats:
        """Pilot minus baseline of each office that is in both."""
        both = (self.sizes > 0).all(axis=1)
        found: Floats = self.mean[both, 1] - self.mean[both, 0]
        return found


def office_means(effect: Effect, table: Cells | None = None) -> OfficeMeans:
    """The office means behind an effect. Cases without an office are left out."""
    table = cells(effect, np.where(effect.used, effect.units.office, NOWHERE)) if table is None else table
    known = table.group < max(len(effect.units.offices), int(effect.units.office.max(initial=-1)) + 1)
    sums, sizes = table.sums[known], table.sizes[known]
    total = table.sizes.sum(axis=0)
    location = np.array([0.0, effect.estimate])
    mean = np.full(sums.shape, np.nan)
    np.divide(sums * total * np.array([-1.0, 1.0]), sizes, out=mean, where=sizes > 0)
    return OfficeMeans(mean + location, sizes, table.group[known])


def office_t(means: OfficeMeans) -> OfficeT | NoEstimate:
    """The t test over office means: 2G - 2 degrees of freedom, or G - 1 of the offices' own differences."""
    if means.apart:
        return _two_samples(means.single[~means.pilot], means.single[means.pilot])
    differences = means.differences
    count = len(differences)
    if count < 2:
        return NoEstimate(
            f"2 offices with cases in both cohorts needed, {count} present", "compare cohorts with offices of their own"
        )
    return _tested(float(differences.mean()), float(differences.std(ddof=1)) / sqrt(count), count - 1)


def permutation(means: OfficeMeans, strata: Whole | None = None, seed: int = SEED) -> Permuted | NoEstimate:
    """The permutation test of the difference of office means; `strata` has one number for each office of `means`."""
    if means.apart:
        pilot = means.pilot
        places = np.zeros(len(pilot), dtype=np.int64) if strata is None else strata
        shape = tuple((int((places == s).sum()), int(pilot[places == s].sum())) for s in np.unique(places))
        order = np.argsort(places, kind="stable")
        arranged = means.single[order]
        drawn, exact = sums_of_labels(shape, arranged, seed)
        observed, centre = float(arranged[pilot[order]].sum()), _expected(shape, arranged)
        return _permuted(np.abs(drawn - centre), abs(observed - centre), exact, _two_tails(shape))
    if means.paired:
        return sign_flips(means.differences, seed)
    return NoEstimate(
        "some offices are in both cohorts and others in one, so that labels cannot be exchanged",
        "keep the offices that are in both, or let each office be in one cohort",
    )


def sign_flips(differences: Floats, seed: int = SEED) -> Permuted:
    """The sign test of differences within offices: each may as well have been the other way round."""
    signs, exact = signs_of(len(differences), seed)
    return _permuted(
        np.abs(signs @ differences), abs(float(differences.sum())), exact, min(1.0, 2.0 ** (1 - len(differences)))
    )


def smallest_p(baseline: int, pilot: int) -> float:
    """The smallest two-sided p that exchanging labels between so many offices can give: 3 against 3 gives 0.10."""
    return min(1.0, (2 if baseline == pilot else 1) / comb(baseline + pilot, pilot))


def _two_samples(a: Floats, b: Floats) -> OfficeT | NoEstimate:
    if len(a) < 2 or len(b) < 2:
        return NoEstimate(
            f"2 offices a cohort needed, {min(len(a), len(b))} present", "let more offices take part in that cohort"
        )
    df = len(a) + len(b) - 2
    pooled = (a.var(ddof=1) * (len(a) - 1) + b.var(ddof=1) * (len(b) - 1)) / df
    return _tested(float(b.mean() - a.mean()), sqrt(float(pooled) * (1 / len(a) + 1 / len(b))), df)


def _tested(estimate: float, error: float, df: int) -> OfficeT:
    if error == 0:
        return OfficeT(estimate, error, df, 1.0 if estimate == 0 else 0.0)
    return OfficeT(estimate, error, df, float(2 * stdtr(df, -abs(estimate) / error)))


def _permuted(found: Floats, observed: float, exact: bool, smallest: float) -> Permuted:
    reached = int((found >= observed * (1 - 1e-9) - 1e-12).sum())
    p = reached / len(found) if exact else (reached + 1) / (len(found) + 1)
    return Permuted(p, len(found), exact, smallest if exact else max(smallest, 1 / (len(found) + 1)))


def _two_tails(shape: tuple[tuple[int, int], ...]) -> float:
    assignments, mirrored = 1, True
    for size, chosen in shape:
        assignments *= comb(size, chosen)
        mirrored &= size == 2 * chosen
    return min(1.0, (2 if mirrored else 1) / assignments)


def _expected(shape: tuple[tuple[int, int], ...], arranged: Floats) -> float:
    total, begin = 0.0, 0
    for size, chosen in shape:
        total += chosen * float(arranged[begin : begin + size].mean())
        begin += size
    return total


def sums_of_labels(shape: tuple[tuple[int, int], ...], arranged: Floats, seed: int) -> tuple[Floats, bool]:
    """The sum over the pilot's offices in every assignment (or in drawn ones), and whether these are all."""
    if prod(comb(size, chosen) for size, chosen in shape) > MOST_ASSIGNMENTS:
        return _drawn_labels(shape, seed) @ arranged, False
    sums, begin = np.zeros(1), 0
    for size, chosen in shape:
        sums = np.add.outer(sums, _subset_sums(arranged[begin : begin + size], chosen)).ravel()
        begin += size
    return sums, True


def _subset_sums(values: Floats, chosen: int) -> Floats:
    """The sums of all subsets of that size, put together from subsets of both halves: far fewer additions."""
    if len(values) > MOST_IN_HALVES:
        fewer = min(chosen, len(values) - chosen)
        sums: Floats = values[_combinations(len(values), fewer)].sum(axis=1)
        return sums if fewer == chosen else float(values.sum()) - sums
    half = len(values) // 2
    left, right = _by_size(half), _by_size(len(values) - half)
    lowest, highest = max(0, chosen - len(values) + half), min(half, chosen)
    parts = [
        np.add.outer(left[k] @ values[:half], right[chosen - k] @ values[half:]).ravel()
        for k in range(lowest, highest + 1)
    ]
    return np.concatenate(parts)


@lru_cache(maxsize=8)
def _combinations(count: int, chosen: int) -> Whole:
    """All choices of so few of many, one a row."""
    return np.array(list(combinations(range(count), chosen)), dtype=np.int64).reshape(comb(count, chosen), chosen)


@lru_cache(maxsize=64)
def _by_size(count: int) -> tuple[Floats, ...]:
    """All subsets of so many things as rows of 0 and 1, by their size."""
    rows = ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(np.float64)
    return tuple(rows[rows.sum(axis=1) == k] for k in range(count + 1))


@lru_cache(maxsize=32)
def _drawn_labels(shape: tuple[tuple[int, int], ...], seed: int) -> Floats:
    random = np.random.default_rng(seed)
    return np.hstack([_drawn(size, chosen, random) for size, chosen in shape])


def _drawn(size: int, chosen: int, random: np.random.Generator) -> Floats:
    ranks = random.random((DRAWN, size)).argsort(axis=1)
    return (ranks < chosen).astype(np.float64)


@lru_cache(maxsize=32)
def signs_of(count: int, seed: int) -> tuple[Floats, bool]:
    if 2**count <= MOST_ASSIGNMENTS:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        return np.where(bits, -1.0, 1.0), True
    return np.where(np.random.default_rng(seed).random((DRAWN, count)) < 0.5, -1.0, 1.0), False
