"""How far apart two cohorts are as processes: the least work of turning one set of variants into the other.

The work of turning one order of steps into another is their Levenshtein distance over the length of the longer, from 0
(equal) to 1 (nothing in common). Source: Leemans, Syring and van der Aalst 2019 (stochastic earth-movers' conformance).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.process.paths import FIRST_LETTER, orders, pair
from perintis.rules.statistics.clusters import FEWEST_OFFICES
from perintis.rules.statistics.effect import NOWHERE, NoEstimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from perintis.rules.metrics.view import View
    from perintis.rules.process.paths import Pair
    from perintis.rules.statistics.effect import Flags, Floats

MOST_VARIANTS = 200
PERMUTED_VARIANTS = 40
PERMUTATIONS = 199
LONGEST = 100
"""Only so many steps of a path are compared: longer ones repeat themselves."""

SAME = 1e-9


@dataclass(frozen=True)
class Apart:
    """The `distance` of two cohorts (0 to 1) and its complement, the `similarity`.

    `bucketed` is the share of cases, the mean of both cohorts, whose rare variant was counted as the frequent one with
    the most similar steps. `p`: how often offices shuffled between the cohorts are as far apart; None, with the
    `reason`, where offices are too few or unknown. It rests on the `permuted_variants` most frequent variants.
    """

    distance: float
    variants: int
    bucketed: float
    p: float | None
    permutations: int
    reason: str | None = None

    @property
    def similarity(self) -> float:
        """1 for equal processes."""
        return 1 - self.distance


def earth_mover(
    baseline: View,
    pilot: View,
    seed: int,
    permutations: int = PERMUTATIONS,
    most: int = MOST_VARIANTS,
    permuted_variants: int = PERMUTED_VARIANTS,
) -> Apart | NoEstimate:
    """The distance of the closed cases of two data sets, with a p-value by permuting offices, never cases.

    Offices with cases in both cohorts swap their two halves; others are dealt out anew. All ways are tried where there
    are few of them, else `permutations` drawn ones. Fewer than 20 ways cannot give a p-value of 0.05.
    """
    both = pair(baseline, pilot)
    if isinstance(both, NoEstimate):
        return both
    paths = [orders(side).str.slice(0, LONGEST) for side in both.sides]
    kept, counts, bucketed = _kept(paths, most)
    distance = moved(counts[0], counts[1], _costs(kept))
    p, ways, reason = _permuted(both, paths, seed, permutations, permuted_variants)
    return Apart(distance, len(kept), bucketed, p, ways, reason)


def distance_of(first: Mapping[tuple[str, ...], float], second: Mapping[tuple[str, ...], float]) -> float:
    """The distance of two sets of variants with their shares (each is made to sum to 1)."""
    if not first or not second:
        raise ValueError("both sets need at least one variant")
    variants = sorted({*first, *second})
    letters = {step: chr(FIRST_LETTER + k) for k, step in enumerate(sorted({s for v in variants for s in v}))}
    texts = ["".join(letters[step] for step in variant) for variant in variants]
    weights = [np.array([found.get(v, 0.0) for v in variants]) for found in (first, second)]
    return moved(weights[0], weights[1], _costs(texts))


def moved(supply: Floats, demand: Floats, costs: Floats) -> float:
    """The least cost of turning one distribution into another: a linear program, solved by HiGHS."""
    return _solved(supply, demand, costs)[0]


def _solved(supply: Floats, demand: Floats, costs: Floats) -> tuple[float, Floats]:
    """The least cost, and the prices (dual values) of what is given, one for each entry of `supply`."""
    give, take = np.flatnonzero(supply > 0), np.flatnonzero(demand > 0)
    if not len(give) or not len(take):
        raise ValueError("both distributions need some weight")
    part = costs[np.ix_(give, take)]
    given, taken = supply[give] / supply.sum(), demand[take] / demand.sum()
    price = np.full(len(supply), -np.inf)
    if min(part.shape) == 1:  # there is one way only
        price[give] = part[:, 0] if len(take) == 1 else 0.0
        return float(given @ part @ taken), price
    cost, price[give] = _program(given, taken, part)
    return cost, price


def _program(given: Floats, taken: Floats, costs: Floats) -> tuple[float, Floats]:
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    n, m = costs.shape
    leaving = kron(eye_array(n), np.ones((1, m)))
    arriving = kron(np.ones((1, n)), eye_array(m))
    rows = vstack([leaving, arriving]).tocsr()[:-1]  # the last equation follows from the others
    amounts = np.concatenate([given, taken])[:-1]
    found = linprog(costs.ravel(), A_eq=rows, b_eq=amounts, method="highs")  # type: ignore[call-overload]  # the stubs know no sparse matrices
    if found.status != 0:
        raise ArithmeticError(f"the earth-mover program was not solved: {found.message}")
    return max(0.0, float(found.fun)), np.asarray(found.eqlin.marginals[:n], dtype=np.float64)


def levenshtein(texts: Sequence[str]) -> Floats:
    """The number of insertions, deletions and substitutions between all texts, shape (texts, texts).

    Source: Levenshtein 1966; one row of Wagner and Fischer's table at a time, for all pairs at once.
    """
    lengths = np.array([len(text) for text in texts])
    longest, n = int(lengths.max()), len(texts)
    letters = np.zeros((n, longest), dtype=np.int32)
    for k, text in enumerate(texts):
        letters[k, : len(text)] = [ord(letter) for letter in text]
    row = [np.full((n, n), j, dtype=np.int16) for j in range(longest + 1)]
    found = np.zeros((n, n))
    for i in range(longest + 1):
        if i:
            above, row = row, [np.full((n, n), i, dtype=np.int16)]
            for j in range(1, longest + 1):
                differ = letters[:, i - 1, None] != letters[None, :, j - 1]
                row.append(np.minimum(np.minimum(above[j], row[-1]) + 1, above[j - 1] + differ))
        ending = np.flatnonzero(lengths == i)
        for j in np.unique(lengths):
            other = np.flatnonzero(lengths == j)
            found[np.ix_(ending, other)] = row[int(j)][np.ix_(ending, other)]
    return found


def _costs(texts: Sequence[str]) -> Floats:
    lengths = np.array([len(text) for text in texts], dtype=float)
    costs: Floats = levenshtein(texts) / np.maximum(np.maximum.outer(lengths, lengths), 1)
    return costs


def _kept(paths: Sequence[pl.Series], most: int) -> tuple[list[str], Floats, float]:
    """The variants kept, cases by cohort and variant, and the share of cases counted as another variant."""
    import polars as pl

    tables = [p.rename("order").value_counts(name=f"n{c}") for c, p in enumerate(paths)]
    joined = tables[0].join(tables[1], on="order", how="full", coalesce=True).fill_null(0)
    shared = (pl.col("n0") / len(paths[0]) + pl.col("n1") / len(paths[1])).alias("shared")
    ranked = joined.with_columns(shared).sort(["shared", "order"], descending=[True, False])
    texts = ranked["order"].to_list()
    counts = ranked.select("n0", "n1").to_numpy().T.astype(float)
    place = _nearest(texts, most)
    kept = np.array([np.bincount(place, weights=row, minlength=min(most, len(texts))) for row in counts])
    rare = float((counts[:, most:].sum(axis=1) / counts.sum(axis=1)).mean())
    return texts[:most], kept, rare


def _nearest(texts: Sequence[str], most: int) -> np.ndarray:
    """The place of the kept variant that stands for each: itself, or the one with the most similar bag of steps."""
    place = np.arange(len(texts))
    if len(texts) <= most:
        return place
    letters = sorted({letter for text in texts for letter in text})
    bags = np.array([[text.count(letter) for letter in letters] for text in texts], dtype=np.int32)
    for k in range(most, len(texts)):
        place[k] = int(np.abs(bags[:most] - bags[k]).sum(axis=1).argmin())
    return place


def _permuted(
    both: Pair, paths: Sequence[pl.Series], seed: int, permutations: int, most: int
) -> tuple[float | None, int, str | None]:
    """The p-value and the number of ways tried, or why there is none."""
    if any((side.office == NOWHERE).any() for side in both.sides):
        return None, 0, "the office of some cases was not recorded"
    table = _by_office(both, paths, most)
    present = table[0].sum(axis=2) > 0
    shared = present.all(axis=0)
    in_cohort = present.sum(axis=1)
    if in_cohort.min() < FEWEST_OFFICES:
        return None, 0, f"{FEWEST_OFFICES} offices a cohort needed, {int(in_cohort.min())} present"
    ways = _count_ways(present, shared)
    if ways < 20:
        return None, 0, f"offices can be shuffled in {ways} ways only; 20 are needed to bring chance down to 5%"
    counts, costs = table
    complete = ways <= permutations + 1
    swaps = _all_swaps(present, shared) if complete else _drawn_swaps(present, shared, seed, permutations)
    tried, apart = as_far(counts, np.array(list(swaps)), costs)
    return (apart / tried if complete else (1 + apart) / (1 + tried)), tried, None


def _by_office(both: Pair, paths: Sequence[pl.Series], most: int) -> tuple[Floats, Floats]:
    """Cases by cohort, office and kept variant (offices that occur), and the costs between the variants."""
    import polars as pl

    ranked = _ranked(paths)
    place = _nearest(ranked, most)
    lookup = pl.DataFrame({"order": ranked, "place": place})
    kept, offices = min(most, len(ranked)), len(both.offices)
    counts = np.zeros((2, offices, kept))
    for c, (side, path) in enumerate(zip(both.sides, paths, strict=True)):
        joined = path.to_frame("order").join(lookup, on="order", how="left", maintain_order="left")
        at = joined["place"].to_numpy()
        counts[c] = np.bincount(side.office * kept + at, minlength=offices * kept).reshape(offices, kept)
    return counts[:, counts.sum(axis=(0, 2)) > 0], _costs(ranked[:kept])


def _ranked(paths: Sequence[pl.Series]) -> list[str]:
    """All variants, by their number in both cohorts together: an order that does not depend on who is in which."""
    import polars as pl

    counts = pl.concat([p.rename("order") for p in paths]).value_counts(name="n")
    return list(counts.sort(["n", "order"], descending=[True, False])["order"])


def as_far(counts: Floats, swaps: Flags, costs: Floats) -> tuple[int, int]:
    """How many ways there are, and in how many the cohorts are as far apart as they are.

    Most ways need no program of their own: any prices that suit the costs bound the distance from below (weak duality),
    and any way of moving bounds it from above.
    """
    observed, price = _solved(counts[0].sum(axis=0), counts[1].sum(axis=0), costs)
    limit = observed - SAME
    kept, changed = counts.sum(axis=1), np.einsum("so,cov->csv", swaps, counts)
    ways = [kept[c] - changed[c] + changed[1 - c] for c in (0, 1)]
    baseline, pilot = (way / way.sum(axis=1, keepdims=True) for way in ways)
    most, least = _above(baseline, pilot, costs), _below(baseline, pilot, costs, price)
    apart = 0
    for k in range(len(swaps)):
        if least[k] >= limit:
            apart += 1
        elif most[k] >= limit:
            distance, price = _solved(baseline[k], pilot[k], costs)
            apart += int(distance >= limit)
            least = np.maximum(least, _below(baseline, pilot, costs, price))
    return len(swaps), apart


def _below(supply: Floats, demand: Floats, costs: Floats, price: Floats) -> Floats:
    """What every row of distributions costs at least, by prices; these are made to suit the costs first."""
    there = np.isfinite(price)
    taking = (costs[there] - price[there, None]).min(axis=0)
    giving = (costs - taking).min(axis=1)
    found: Floats = np.maximum(supply @ giving + demand @ taking, supply @ taking + demand @ giving)  # costs: symmetric
    return found


def _above(supply: Floats, demand: Floats, costs: Floats) -> Floats:
    """What every row costs at most: what both have stays, and the rest goes everywhere in proportion."""
    left, lacking = np.maximum(supply - demand, 0.0), np.maximum(demand - supply, 0.0)
    moving = left.sum(axis=1)
    cost = ((left @ costs) * lacking).sum(axis=1)
    found: Floats = np.divide(cost, moving, out=np.zeros_like(cost), where=moving > 0)
    return found


def _count_ways(present: Flags, shared: Flags) -> int:
    own = ~shared
    return int(2 ** int(shared.sum()) * comb(int(own.sum()), int((present[1] & own).sum())))


def _all_swaps(present: Flags, shared: Flags) -> Iterator[Flags]:
    """For every way, which offices change places with their other half (empty for those of one cohort alone)."""
    both, own = np.flatnonzero(shared), np.flatnonzero(~shared)
    of_pilot = present[1]
    for signs in product((False, True), repeat=len(both)):
        for chosen in combinations(own, int(of_pilot[own].sum())):
            swap = np.zeros(len(shared), dtype=bool)
            swap[both] = signs
            swap[own] = np.isin(own, chosen) != of_pilot[own]
            yield swap


def _drawn_swaps(present: Flags, shared: Flags, seed: int, permutations: int) -> Iterator[Flags]:
    random = np.random.default_rng(seed)
    both, own = np.flatnonzero(shared), np.flatnonzero(~shared)
    of_pilot = present[1]
    for _ in range(permutations):
        swap = np.zeros(len(shared), dtype=bool)
        swap[both] = random.random(len(both)) < 0.5
        swap[own] = random.permutation(of_pilot[own]) != of_pilot[own]
        yield swap
