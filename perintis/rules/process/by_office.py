"""Many differences between two cohorts at once, each with the error that offices give it.

The same rules as for a metric (`statistics.clusters`): cases of one office resemble each other, so the sums by office
carry the error (CR2, Bell and McCaffrey 2002); below four offices a cohort no interval is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from perintis.rules.statistics.clusters import FEWEST_OFFICES, degrees_of_freedom
from perintis.rules.statistics.effect import NOWHERE
from perintis.rules.statistics.grouped import Cells, Clustering, bias_reduced
from perintis.rules.statistics.multiplicity import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.process.paths import Pair
    from perintis.rules.statistics.effect import Floats, Whole

LEVEL = 0.95
FALSE_FINDINGS = 0.10
FEWEST_CASES = 30


@dataclass(frozen=True)
class Difference:
    """Pilot minus baseline. `low`, `high`, `p` are None, with the `reason`, where nothing can be said of chance.

    `survives`: it is among those of which at most one in ten is expected to be due to chance (Benjamini and Hochberg
    1995 over all differences that were tested together).
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    survives: bool = False
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Counted:
    """Cases by feature: `cases` and `shares` have the shape (features, 2), baseline first; so many `differences`."""

    cases: Whole
    shares: Floats
    differences: tuple[Difference, ...]


def compare_shares(
    pair: Pair, marked: Sequence[tuple[Whole, Whole]], features: int, by: Clustering, fewest: int = FEWEST_CASES
) -> Counted:
    """The share of cases that have each feature. `marked`: for each cohort (case, feature), no pair twice.

    Features with fewer than so many cases in both cohorts are counted but not tested.
    """
    offices = len(pair.offices) if by is Clustering.OFFICE else 0
    sizes, cases, sums = np.zeros((offices, 2)), np.zeros((features, 2), dtype=np.int64), np.zeros((offices, features))
    variance = np.zeros(features)
    for c, (side, (case, feature)) in enumerate(zip(pair.sides, marked, strict=True)):
        cases[:, c] = np.bincount(feature, minlength=features)
        share = cases[:, c] / side.cases
        office = side.office if offices else np.full(side.cases, NOWHERE)
        known = office != NOWHERE
        sizes[:, c] = np.bincount(office[known], minlength=offices)[:offices] if known.any() else 0
        there = known[case]
        table = np.bincount(office[case[there]] * features + feature[there], minlength=offices * features)
        own = (table.reshape(offices, features) - np.outer(sizes[:, c], share)) / side.cases
        sums += (2 * c - 1) * own * _blown(sizes[:, c] / side.cases)[:, None]
        lone, with_it = side.cases - int(known.sum()), cases[:, c] - table.reshape(offices, features).sum(axis=0)
        spread = with_it * (1 - share) ** 2 + (lone - with_it) * share**2
        variance += spread / max(side.cases * (side.cases - 1), 1)
    variance += (sums**2).sum(axis=0)
    shares = cases / np.array([side.cases for side in pair.sides])
    df = _df(sizes, by, [side.cases for side in pair.sides])
    found = []
    for k in range(features):
        value = float(shares[k, 1] - shares[k, 0])
        why = df if isinstance(df, str) else _few(cases[k], fewest)
        found.append(Difference(value, reason=why) if why or isinstance(df, str) else _tested(value, variance[k], df))
    return Counted(cases, shares, tuple(found))


def compare_medians(
    pair: Pair, waits: Sequence[tuple[Whole, Floats]], by: Clustering, fewest: int = FEWEST_CASES
) -> tuple[float | None, float | None, Difference | None]:
    """Both medians and their difference. `waits`: for each cohort (case, value), a case may have several values.

    The error comes from the share of values below the median, by office, and the width of the interval that it gives
    the median (Woodruff 1952).
    """
    medians = [float(np.median(values)) if len(values) else None for _, values in waits]
    before, after = medians
    if before is None or after is None:
        return before, after, None
    value = after - before
    counts = [len(np.unique(case)) for case, _ in waits]
    if min(counts) < fewest:
        return before, after, Difference(value, reason=f"{min(counts)} cases in a cohort; {fewest} are needed")
    groups = [_groups(pair, c, case, by) for c, (case, _) in enumerate(waits)]
    count = max(int(group.max()) for group in groups) + 1
    sizes = np.column_stack([np.bincount(group, minlength=count) for group in groups]).astype(float)
    offices = len(pair.offices) if by is Clustering.OFFICE else 0
    df = _df(sizes[:offices], by, counts)
    if isinstance(df, str):
        return before, after, Difference(value, reason=df)
    sums = np.zeros(count)
    for c, (group, (_, values)) in enumerate(zip(groups, waits, strict=True)):
        part = _median_sums(values, group, sizes[:, c])
        if part is None:
            return before, after, Difference(value, reason="too many waits are equal for an interval of their median")
        sums += (2 * c - 1) * part
    return before, after, _tested(value, float((sums**2).sum()), df)


def judged(differences: Sequence[Difference], level: float = FALSE_FINDINGS) -> tuple[Difference, ...]:
    """The same, with adjusted p-values over all that were tested."""
    tested = [k for k, d in enumerate(differences) if d.p is not None]
    adjusted = benjamini_hochberg([d.p for d in differences if d.p is not None])
    result = list(differences)
    for k, p in zip(tested, adjusted, strict=True):
        result[k] = replace(result[k], p_adjusted=float(p), survives=bool(p <= level))
    return tuple(result)


def _tested(value: float, variance: float, df: float) -> Difference:
    error = float(np.sqrt(variance))
    half = float(stdtrit(df, (1 + LEVEL) / 2)) * error
    p = float(2 * stdtr(df, -abs(value) / error)) if error > 1e-15 else float(abs(value) < 1e-12)
    return Difference(value, value - half, value + half, p)


def _median_sums(values: Floats, group: Whole, sizes: Floats) -> Floats | None:
    """Influence sums of a median by group, widened as CR2 asks; None where the values do not vary around it."""
    n = len(values)
    below = (values <= np.median(values)).astype(float)
    sums = np.bincount(group, weights=below - below.mean(), minlength=len(sizes)) / n * _blown(sizes / n)
    error = float(np.sqrt((sums**2).sum()))
    half = float(ndtri((1 + LEVEL) / 2)) * error
    low, high = np.quantile(values, [max(0.5 - half, 0.0), min(0.5 + half, 1.0)])
    if error < 1e-12 or high <= low:
        return None
    found: Floats = -sums * (high - low) / (2 * half)
    return found


def _groups(pair: Pair, cohort: int, case: Whole, by: Clustering) -> Whole:
    """The office of each value; a case without one is a group of its own, apart in each cohort."""
    side = pair.sides[cohort]
    offset = len(pair.offices) + (pair.baseline.cases if cohort else 0)
    if by is not Clustering.OFFICE:
        return case + offset
    office = side.office[case]
    return np.where(office == NOWHERE, case + offset, office)


def _blown(share: Floats) -> Floats:
    """The CR2 factor of a group with that share of its cohort's cases; 0 for one that is a whole cohort."""
    return np.divide(1.0, np.sqrt(np.maximum(1 - share, 0)), out=np.zeros(len(share)), where=share < 1)


def _df(sizes: Floats, by: Clustering, cases: Sequence[int]) -> float | str:
    """Degrees of freedom, or why there is no interval. `sizes`: (offices, 2)."""
    if by is not Clustering.OFFICE:
        return float(sum(cases) - 2) if min(cases) > 1 else f"{min(cases)} cases in a cohort; 2 are needed"
    present = (sizes > 0).sum(axis=0)
    if not present.any():
        return "no offices were recorded"
    if present.min() < FEWEST_OFFICES:
        name = ("baseline", "pilot")[int(present.argmin())]
        return f"{FEWEST_OFFICES} offices a cohort needed, {int(present.min())} present in the {name}"
    shared = bool((sizes > 0).all(axis=1).any())
    used = sizes[sizes.any(axis=1)]
    _, df = bias_reduced(Cells(np.zeros_like(used), used, np.arange(len(used))))
    return max(1.0, min(df, degrees_of_freedom(int(present[0]), int(present[1]), shared)))


def _few(cases: Whole, fewest: int) -> str | None:
    most = int(cases.max())
    return f"{most} cases; {fewest} are needed" if most < fewest else None
