"""Covariates as columns of a regression, and cases that agree in all of them folded into one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.designs.facts import Covariate
    from perintis.rules.statistics.effect import Flags, Floats, Whole

BALANCED = 0.1
NOT_KNOWN = "not known"
MOST_CELLS = 2**40


@dataclass(frozen=True, eq=False)
class Folded:
    """Distinct rows of covariates. `x` (rows, columns) without a constant, `names` of the columns, `row` of each case,
    `of` the covariate that each column belongs to."""

    x: Floats
    names: tuple[str, ...]
    of: tuple[str, ...]
    row: Whole

    def __len__(self) -> int:
        return len(self.x)

    def count(self, chosen: Flags) -> Floats:
        """How many of the chosen cases have each row."""
        return np.bincount(self.row[chosen], minlength=len(self)).astype(np.float64)

    def sums(self, y: Floats, chosen: Flags) -> Floats:
        """The sum of y over the chosen cases of each row."""
        found: Floats = np.bincount(self.row[chosen], weights=y[chosen], minlength=len(self)).astype(np.float64)
        return found


def fold(covariates: Sequence[Covariate], used: Flags) -> Folded:
    """The covariates of the used cases, in their order: a number is one column, a category one for each value.

    Regressions leave out columns that others make up (`independent_columns`).
    """
    size = int(used.sum())
    code = np.zeros(size, dtype=np.int64)
    pieces: list[tuple[Covariate, Floats, Whole]] = []
    for covariate in covariates:
        values, place = _distinct(covariate, covariate.values[used])
        if len(values):
            if int(code.max(initial=0)) * len(values) > MOST_CELLS:
                code = np.unique(code, return_inverse=True)[1]
            code = code * len(values) + place
        pieces.append((covariate, values, place))
    first, row = places(code)
    columns: list[Floats] = []
    names: list[str] = []
    of: list[str] = []
    for covariate, values, place in pieces:
        for name, column in _columns(covariate, values[place[first]], values):
            columns.append(column)
            names.append(name)
            of.append(covariate.name)
    x = np.column_stack(columns) if columns else np.zeros((len(first), 0))
    return Folded(x, tuple(names), tuple(of), row)


def places(code: Whole) -> tuple[Whole, Whole]:
    """The first case of each distinct code and every case's place among them; by counting where codes are few."""
    top = int(code.max(initial=0)) + 1
    if top > 4 * len(code) + 1024:
        _, first, row = np.unique(code, return_index=True, return_inverse=True)
        return first, row
    seen = np.full(top, -1, dtype=np.int64)
    seen[code[::-1]] = np.arange(len(code))[::-1]
    present = np.flatnonzero(seen >= 0)
    lookup = np.zeros(top, dtype=np.int64)
    lookup[present] = np.arange(len(present))
    return seen[present], lookup[code]


def _distinct(covariate: Covariate, values: Floats) -> tuple[Floats, Whole]:
    """The distinct values, and the place of every case among them."""
    if covariate.categories is not None:
        known = np.append(np.arange(len(covariate.categories), dtype=np.float64), np.nan)
        place = np.where(np.isnan(values), len(covariate.categories), np.nan_to_num(values)).astype(np.int64)
        return known, place
    found, place = np.unique(values, return_inverse=True)
    return found, place


def _columns(covariate: Covariate, x: Floats, values: Floats) -> list[tuple[str, Floats]]:
    if covariate.categories is None:
        missing = np.isnan(x)
        known = values[~np.isnan(values)]
        filled = np.where(missing, known.mean() if len(known) else 0.0, x)
        spread = filled.std()
        # Centred and scaled, so that the regression is well conditioned whatever the unit.
        columns = [(covariate.name, (filled - filled.mean()) / spread if spread > 0 else filled * 0)]
        return columns + ([(f"{covariate.name}: {NOT_KNOWN}", missing.astype(np.float64))] if missing.any() else [])
    labels = [*covariate.categories, NOT_KNOWN]
    place = np.where(np.isnan(x), len(labels) - 1, np.nan_to_num(x)).astype(np.int64)
    return [(f"{covariate.name}: {labels[value]}", (place == value).astype(np.float64)) for value in sorted(set(place))]


@dataclass(frozen=True)
class BalanceRow:
    """Means of one column in both cohorts and their standardised difference (in pooled standard deviations)."""

    covariate: str
    column: str
    pilot: float
    baseline: float
    difference: float


def balance(folded: Folded, pilot: Floats, baseline: Floats) -> tuple[BalanceRow, ...]:
    """The balance of every column, with `pilot` and `baseline` the weight of each row in either cohort.

    The standard deviation is that of the cohorts as weighted, pooled. Source: Austin 2009.
    """
    rows = []
    for place, (name, of) in enumerate(zip(folded.names, folded.of, strict=True)):
        x = folded.x[:, place]
        means = [float((side * x).sum() / side.sum()) for side in (pilot, baseline)]
        spread = [
            float((side * (x - mean) ** 2).sum() / side.sum())
            for side, mean in zip((pilot, baseline), means, strict=True)
        ]
        gap = means[0] - means[1]
        # Where a column does not vary within the cohorts at all, that between them is its spread.
        pooled = np.sqrt(sum(spread) / 2) or abs(gap) / 2
        rows.append(BalanceRow(of, name, means[0], means[1], float(gap / pooled) if pooled > 0 else 0.0))
    return tuple(rows)


def balance_check(rows: tuple[BalanceRow, ...], code: str, weighted: bool, gate: bool = True) -> Diagnostic:
    """Whether every standardised difference is below 0.1; not done where there are no covariates."""
    when = " after weighting" if weighted else ""
    if not rows:
        text = "The balance of the cohorts could not be checked: the plan names no covariates."
        return Diagnostic(code, text, None, gate, cure="Name what describes the cases (type, channel, district).")
    worst = max(rows, key=lambda row: abs(row.difference))
    size = abs(worst.difference)
    text = f"Largest standardised difference{when}: {worst.difference:.2f} ({worst.column}); below {BALANCED} needed."
    cure = (
        None if size < BALANCED else f"The cohorts differ in {worst.column}: compare only cases that both could have."
    )
    return Diagnostic(code, text, size < BALANCED, gate, size, BALANCED, cure)


def balance_panel(rows: tuple[BalanceRow, ...]) -> list[dict[str, object]]:
    """The rows as plain values."""
    return [
        {"column": row.column, "pilot": row.pilot, "baseline": row.baseline, "difference": row.difference}
        for row in rows
    ]
