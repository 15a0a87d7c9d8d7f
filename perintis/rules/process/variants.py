"""Variants: the different orders in which steps were done, and how often in either cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.process.by_office import FEWEST_CASES, Difference, compare_shares, judged
from perintis.rules.process.paths import orders, pair, steps_of
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.grouped import Clustering

if TYPE_CHECKING:
    from perintis.rules.metrics.view import View

MOST_SHOWN = 1_000


@dataclass(frozen=True)
class VariantCompared:
    """One order of steps: closed cases and their share, baseline first, and the difference of the shares."""

    steps: tuple[str, ...]
    cases: tuple[int, int]
    shares: tuple[float, float]
    difference: Difference


@dataclass(frozen=True)
class Variants:
    """The variants, most frequent first. `cases` are closed cases with recorded work, baseline first.

    `distinct` counts the variants of each cohort; `left_out` cases that are not in it, by cohort and reason.
    """

    variants: tuple[VariantCompared, ...]
    cases: tuple[int, int]
    distinct: tuple[int, int]
    left_out: tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]


def compare_variants(
    baseline: View, pilot: View, by: Clustering = Clustering.OFFICE, fewest: int = FEWEST_CASES
) -> Variants | NoEstimate:
    """Shares of variants, with intervals by office; those with enough cases are tested together (BH, 10 %).

    Beyond a thousand variants the rarest are counted in `distinct` alone.
    """
    import polars as pl

    both = pair(baseline, pilot)
    if isinstance(both, NoEstimate):
        return both
    found = [orders(side) for side in both.sides]
    counts = pl.concat(found).rename("order").value_counts().sort(["count", "order"], descending=[True, False])
    shown = counts["order"].head(MOST_SHOWN)
    places = shown.to_frame("order").with_row_index("place")
    marked = []
    for order in found:
        place = order.to_frame("order").join(places, on="order", how="left", maintain_order="left")["place"]
        case = np.flatnonzero(place.is_not_null().to_numpy())
        marked.append((case, place.drop_nulls().to_numpy().astype(np.int64)))
    counted = compare_shares(both, marked, len(shown), by, fewest)
    variants = tuple(
        VariantCompared(
            steps_of(order, both.steps),
            (int(counted.cases[k, 0]), int(counted.cases[k, 1])),
            (float(counted.shares[k, 0]), float(counted.shares[k, 1])),
            difference,
        )
        for k, (order, difference) in enumerate(zip(shown, judged(counted.differences), strict=True))
    )
    return Variants(
        variants,
        (both.baseline.cases, both.pilot.cases),
        (found[0].n_unique(), found[1].n_unique()),
        (both.baseline.left_out, both.pilot.left_out),
    )
