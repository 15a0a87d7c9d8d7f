"""Who is one person: clusters of scored pairs under the settings and the clerks' decisions, and a verdict a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import polars as pl

from perintis.rules.linkage.clustering import UNSUPPORTED, Barriers, Edge, cluster, person_id
from perintis.rules.linkage.settings import Linkage, Role, Verdict
from perintis.rules.linkage.standard import RECORD, ROW, SOURCE
from perintis.words.errors import NotFound

Ref = tuple[str, str]
"""A record: its source and its number there."""

REFUSED = "would put two records of a source without duplicates, or two verified identity numbers, into one person"
OUTVOTED = "the other records of the two persons speak against it"
DECIDED = "decided by a clerk"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clerk decided about two records: one person or two."""

    left: Ref
    right: Ref
    same: bool


@dataclass(frozen=True, slots=True)
class Formed:
    """`persons` (source, record, person, size) and `pairs` with their verdict and note, the likeliest first."""

    persons: pl.DataFrame
    pairs: pl.DataFrame


def probability(weight: pl.Expr) -> pl.Expr:
    """The probability of a match weight (log2 of the odds)."""
    return 1 / (1 + pl.lit(2.0).pow(-weight.clip(-200, 200)))


def weight_of(chance: float) -> float:
    """The match weight (log2 of the odds) of a probability."""
    return log2(chance / (1 - chance))


def form_persons(
    records: pl.DataFrame, pairs: pl.DataFrame, linkage: Linkage, decisions: Sequence[Decision] = ()
) -> Formed:
    """Clusters standard records by scored pairs (`left`, `right`: row numbers, `weight`).

    A decision that two records are one person holds unless a barrier of the settings forbids it; one that they are two
    persons always holds. Raises NotFound for a decision on a record that is not there.
    """
    decided = _decided(records, decisions)
    usable = pairs.filter(pl.col("weight") > UNSUPPORTED).select("left", "right", "weight")
    grouping = cluster(
        records.height,
        [Edge(*row) for row in usable.iter_rows()],
        at_least=weight_of(linkage.link_at),
        barriers=_barriers(records, linkage, frozenset(pair for pair, same in decided.items() if not same)),
        joined=[pair for pair, same in decided.items() if same],
    )
    persons = _persons(records, grouping.group)
    return Formed(persons, _judged(pairs, grouping.group, grouping.refused, linkage, decided))


def _decided(records: pl.DataFrame, decisions: Sequence[Decision]) -> dict[tuple[int, int], bool]:
    """Decisions by row numbers; the last one about two records counts."""
    if not decisions:
        return {}
    row_of = {(source, record): row for row, source, record in records.select(ROW, SOURCE, RECORD).iter_rows()}
    found: dict[tuple[int, int], bool] = {}
    for decision in decisions:
        for source, record in (decision.left, decision.right):
            if (source, record) not in row_of:
                raise NotFound(f"source {source!r} has no such record; decide on records that were linked")
        left, right = sorted((row_of[decision.left], row_of[decision.right]))
        found[left, right] = decision.same
    return found


def _barriers(records: pl.DataFrame, linkage: Linkage, apart: frozenset[tuple[int, int]]) -> Barriers:
    alone = records.filter(pl.col(SOURCE).is_in(sorted(linkage.unique_within))).select(ROW, SOURCE)
    checked = records.filter(pl.col(SOURCE).is_in(sorted(linkage.verified_in)))
    name = _identity_column(linkage)
    verified = dict(checked.select(ROW, name).drop_nulls().iter_rows()) if name else {}
    return Barriers(dict(alone.iter_rows()), verified, apart)


def _identity_column(linkage: Linkage) -> str | None:
    """The column of the numbers that a person has one of: the NIK where it passes its checks, else another number."""
    for role, derived in ((Role.NIK, "_valid"), (Role.IDENTITY_NUMBER, "")):
        for place, column in enumerate(linkage.columns):
            if column.role is role:
                return f"c{place}{derived}"
    return None


def _persons(records: pl.DataFrame, group: tuple[int, ...]) -> pl.DataFrame:
    """The id comes from the person's first record by source and number, so it does not depend on the order of rows."""
    refs = list(records.select(SOURCE, RECORD).iter_rows())
    ids = {first: person_id(*refs[first]) for first in set(group)}
    persons = records.select(SOURCE, RECORD, pl.Series("person", [ids[first] for first in group], dtype=pl.String))
    return persons.with_columns(size=pl.len().over("person"))


def _judged(
    pairs: pl.DataFrame,
    group: tuple[int, ...],
    refused: frozenset[tuple[int, int]],
    linkage: Linkage,
    decided: dict[tuple[int, int], bool],
) -> pl.DataFrame:
    groups = pl.Series(group, dtype=pl.Int64)
    left, right = pairs["left"], pairs["right"]
    judged = pairs.with_columns(
        probability=probability(pl.col("weight")),
        together=groups.gather(left) == groups.gather(right),
        refused=_among(pairs, refused),
        decided=_among(pairs, frozenset(decided)),
    )
    likely = pl.col("probability") >= linkage.review_at
    verdict = (
        pl.when(pl.col("together"))
        .then(pl.lit(Verdict.LINK.value))
        .when(likely & ~pl.col("decided"))
        .then(pl.lit(Verdict.REVIEW.value))
        .otherwise(pl.lit(Verdict.NO.value))
    )
    unlinked = ~pl.col("together") & (pl.col("probability") >= linkage.link_at)
    note = (
        pl.when(pl.col("decided"))
        .then(pl.lit(DECIDED))
        .when(unlinked & pl.col("refused"))
        .then(pl.lit(REFUSED))
        .when(unlinked)
        .then(pl.lit(OUTVOTED))
    )
    judged = judged.with_columns(verdict=verdict, note=note).drop("together", "refused", "decided")
    return judged.sort("weight", "left", "right", descending=[True, False, False])


def _among(pairs: pl.DataFrame, chosen: frozenset[tuple[int, int]]) -> pl.Series:
    if not chosen:
        return pl.Series([False] * pairs.height, dtype=pl.Boolean)
    table = pl.DataFrame(sorted(chosen), schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    keys = pairs.select(pl.col("left", "right").cast(pl.Int64))
    return keys.join(table.with_columns(found=True), on=["left", "right"], how="left", maintain_order="left")[
        "found"
    ].fill_null(False)
