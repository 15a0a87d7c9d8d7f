"""Which value of a person survives where records disagree: rules by field and source, each with its reason.

A rule that cannot decide gives no value and says so; then a person decides. Nothing is averaged or guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from perintis.words.errors import BadInput

PERSON, SOURCE, RECORD = "person", "source", "record"
SURVIVORS = {
    PERSON: pl.String,
    "field": pl.String,
    "value": pl.String,
    SOURCE: pl.String,
    RECORD: pl.String,
    "values": pl.UInt32,
    "why": pl.String,
}
AGREED, ABSENT = "all records that have it agree", "no record has it"
UNDECIDED = "the records disagree and no rule decides"
ASKED = "the records disagree and the rule leaves it to an officer"


class By(StrEnum):
    """What a rule looks at."""

    SOURCE = "source"
    NEWEST = "newest"
    MOST_COMMON = "most common"
    MOST_COMPLETE = "most complete"
    ASK = "ask"


class Criterion(BaseModel):
    """One criterion: the first of `sources` that has a value, the newest by `column`, the most common, the longest.

    `ask` decides nothing: what the criteria before it left open goes to an officer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By
    sources: tuple[str, ...] = ()
    column: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.by is By.SOURCE) != bool(self.sources):
            raise ValueError("name `sources`, the most trusted first, with `by: source` and with nothing else")
        if (self.by is By.NEWEST) != (self.column is not None):
            raise ValueError("name the date `column` with `by: newest` and with nothing else")
        return self


class SurvivorRule(BaseModel):
    """How one field's value is chosen: criteria in their order, each deciding among what the one before left."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)
    """Why this rule holds, for the registry's readers: a law, an article, an agreement."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record's value of a field."""

    value: str
    source: str
    record: str
    dated: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survivor:
    """The value that survives and the record it comes from, or None; `why` is the reason either way."""

    chosen: Candidate | None
    values: int
    why: str


def choose(candidates: Sequence[Candidate], rule: SurvivorRule) -> Survivor:
    """Chooses one person's value of one field. Records with the same value do not conflict, whatever their source."""
    different = len({candidate.value for candidate in candidates})
    if not candidates:
        return Survivor(None, 0, ABSENT)
    left = sorted(candidates, key=lambda candidate: (candidate.source, candidate.record))
    if different == 1:
        return Survivor(left[0], 1, AGREED)
    for criterion in rule.criteria:
        if criterion.by is By.ASK:
            return Survivor(None, different, ASKED)
        left = _best(left, criterion)
        if len({candidate.value for candidate in left}) == 1:
            return Survivor(left[0], different, f"{_words(criterion)}: {rule.reason}")
    return Survivor(None, different, UNDECIDED)


def _best(left: list[Candidate], criterion: Criterion) -> list[Candidate]:
    """What a criterion leaves; everything where it has nothing to say."""
    if criterion.by is By.SOURCE:
        trusted = next((s for s in criterion.sources if any(candidate.source == s for candidate in left)), None)
        return [candidate for candidate in left if candidate.source == trusted] or left
    if criterion.by is By.NEWEST:
        dates = [candidate.dated.get(criterion.column or "") for candidate in left]
        newest = max((found for found in dates if found is not None), default=None)
        return [c for c, found in zip(left, dates, strict=True) if newest is not None and found == newest] or left
    if criterion.by is By.MOST_COMMON:
        counts = Counter(candidate.value for candidate in left)
        return [candidate for candidate in left if counts[candidate.value] == max(counts.values())]
    longest = max(len(candidate.value) for candidate in left)
    return [candidate for candidate in left if len(candidate.value) == longest]


def _words(criterion: Criterion) -> str:
    if criterion.by is By.SOURCE:
        return f"from the most trusted source ({', '.join(criterion.sources)})"
    if criterion.by is By.NEWEST:
        return f"the newest by {criterion.column}"
    return f"the {criterion.by.value}"


def survivors(records: pl.DataFrame, rules: Sequence[SurvivorRule]) -> pl.DataFrame:
    """The surviving values of every person: person, field, value, source, record, values (different ones), why.

    `records` has person, source, record and the fields of the rules. Values are compared as they are, so they are given
    in their standard form. Raises BadInput where a column of a rule is not there.
    """
    parts = [_of_field(records, rule) for rule in rules]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SURVIVORS)


def _of_field(records: pl.DataFrame, rule: SurvivorRule) -> pl.DataFrame:
    dates = [criterion.column for criterion in rule.criteria if criterion.column is not None]
    for column in (PERSON, SOURCE, RECORD, rule.field, *dates):
        if column not in records.columns:
            raise BadInput(f"the records have no column {column!r}, which the rule for {rule.field!r} needs; add it")
    values = records.select(PERSON, SOURCE, RECORD, pl.col(rule.field).cast(pl.String).alias("value"), *dates)
    values = values.sort(PERSON, SOURCE, RECORD).with_columns(
        values=pl.col("value").drop_nulls().n_unique().over(PERSON)
    )
    simple = values.filter(pl.col("values") < 2).sort(PERSON, pl.col("value").is_null(), maintain_order=True)
    simple = simple.unique(PERSON, keep="first", maintain_order=True).with_columns(
        field=pl.lit(rule.field),
        why=pl.when(pl.col("values") == 1).then(pl.lit(AGREED)).otherwise(pl.lit(ABSENT)),
        **{of: pl.when(pl.col("values") == 1).then(pl.col(of)) for of in (SOURCE, RECORD)},
    )
    rows = [_row(person, rule, list(candidates)) for person, candidates in _conflicts(values, dates)]
    conflicts = pl.DataFrame(rows, schema=SURVIVORS, orient="row")
    together = pl.concat([simple.select(pl.col(name).cast(kind) for name, kind in SURVIVORS.items()), conflicts])
    return together.sort(PERSON)


def _conflicts(values: pl.DataFrame, dates: Sequence[str]) -> Iterator[tuple[str, Iterator[Candidate]]]:
    """The persons whose records disagree, with the values that there are."""
    rows = values.filter(pl.col("values") > 1).drop_nulls("value").iter_rows(named=True)
    for person, group in groupby(rows, key=itemgetter(PERSON)):
        yield person, (Candidate(row["value"], row[SOURCE], row[RECORD], {d: row[d] for d in dates}) for row in group)


def _row(person: str, rule: SurvivorRule, candidates: list[Candidate]) -> tuple[object, ...]:
    survivor = choose(candidates, rule)
    chosen = survivor.chosen
    from_record = (chosen.value, chosen.source, chosen.record) if chosen else (None, None, None)
    return (person, rule.field, *from_record, survivor.values, survivor.why)
