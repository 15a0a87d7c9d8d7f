"""Linking records of persons within and across sources: from the agencies' frames to pairs and persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import duckdb
import numpy as np
import polars as pl

from perintis.doors.linkage.comparisons import levels_at
from perintis.doors.linkage.model import Trained, open_linker, quiet, train
from perintis.rules.linkage.blocking import EVERY_PAIR, Block, choose_blocks, pairs_of
from perintis.rules.linkage.calibration import LEAST_M, Calibrated, Column, calibrate
from perintis.rules.linkage.levels import reason
from perintis.rules.linkage.persons import Decision, form_persons, probability
from perintis.rules.linkage.settings import Linkage
from perintis.rules.linkage.standard import RECORD, ROW, SOURCE, standardise
from perintis.words.errors import BadInput

LEAST_SCORED = -12.0
"""The weight before calibration below which a pair is not looked at again."""
LEAST_KEPT = 0.01
"""The probability below which a pair is no evidence worth keeping."""
PERSONS = {SOURCE: pl.String, RECORD: pl.String, "person": pl.String, "size": pl.UInt32}
PARAMETERS = {"column": pl.String, "level": pl.String, "m": pl.Float64, "u": pl.Float64, "weight": pl.Float64}


@dataclass(frozen=True, slots=True)
class Linked:
    """The outcome of a linkage.

    `pairs`: source_left, record_left, source_right, record_right, probability, weight, verdict (link, review, no),
    reasons (a list, one a column), note (why a likely pair is not linked), the likeliest first.
    `persons`: source, record, person (the id), size (records of the person).
    `problems`: source, record, column, reason: values that could not be read.
    `parameters`: column, level, m, u, weight: what was learned.
    `blocks`: rule (the columns that must agree), pairs.
    """

    pairs: pl.DataFrame
    persons: pl.DataFrame
    problems: pl.DataFrame
    parameters: pl.DataFrame
    blocks: pl.DataFrame
    learned: bool
    """Whether there were records enough to train the model; otherwise start values were used."""
    prior: float | None
    """The probability that two random records are one person; None where no pair was compared."""
    linkage: Linkage
    records: pl.DataFrame

    def after(self, decisions: Sequence[Decision]) -> Linked:
        """The same linkage with the clerks' decisions; nothing is trained or scored again."""
        formed = form_persons(self.records, self.pairs, self.linkage, decisions)
        return replace(self, pairs=formed.pairs, persons=formed.persons)


Told = Callable[[int, int, str], None]
"""Is told which stage begins: its number, how many there are, and what is done."""
STAGES = (
    "reading the values",
    "choosing pairs to compare",
    "learning from the records",
    "comparing",
    "forming persons",
)


def link_records(
    sources: Mapping[str, pl.DataFrame],
    linkage: Linkage,
    *,
    threads: int = 2,
    memory: str = "3GB",
    told: Told | None = None,
) -> Linked:
    """Links the records of all sources; training needs no labels, and the same input gives the same persons.

    `threads` and `memory` bound DuckDB; training always uses one thread, so that it is reproducible. `told` serves a
    progress bar. Raises BadInput where a source cannot be used (see `standardise`) or the memory is too small.
    """
    tell = partial(_tell, told)
    tell(0)
    standard = standardise(sources, linkage)
    records = standard.records
    tell(1)
    blocks = choose_blocks(records, linkage)
    scored = None
    if any(block.pairs for block in blocks):
        scored = _score(records, linkage, blocks, _Means(threads, memory), tell)
    tell(4)
    linked = Linked(
        pairs=_named(scored.pairs if scored else _no_pairs(linkage), records, linkage),
        persons=pl.DataFrame(schema=PERSONS),
        problems=standard.problems,
        parameters=scored.parameters if scored else pl.DataFrame(schema=PARAMETERS),
        blocks=_described(blocks, linkage),
        learned=scored is not None and scored.learned,
        prior=scored.prior if scored else None,
        linkage=linkage,
        records=records,
    )
    return linked.after(())


def _tell(told: Told | None, stage: int) -> None:
    if told is not None:
        told(stage + 1, len(STAGES), STAGES[stage])


@dataclass(frozen=True, slots=True)
class _Means:
    """What DuckDB may use."""

    threads: int
    memory: str


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scored pairs after calibration, and what was learned."""

    pairs: pl.DataFrame
    parameters: pl.DataFrame
    prior: float
    learned: bool


def _score(
    records: pl.DataFrame, linkage: Linkage, blocks: Sequence[Block], means: _Means, tell: Callable[[int], None]
) -> _Scores:
    try:
        with quiet(), _database(means.memory) as connection:
            tell(2)
            trained = train(lambda: open_linker(connection, records, linkage, blocks), records, linkage)
            tell(3)
            connection.execute(f"set threads to {means.threads:d}")
            pairs = _scored(connection, trained, linkage)
    except duckdb.OutOfMemoryException as error:
        wanted = f"linking needs more than {means.memory} of memory; allow more or lower pairs_per_record"
        raise BadInput(wanted) from error
    pairs = _possible(pairs, records, linkage)
    columns = _columns(records, trained, linkage)
    if not trained.learned:
        u = tuple(column.u for column in columns)
        return _Scores(pairs, _parameters(columns, u, linkage), trained.prior, learned=False)
    every = pairs_of(records, EVERY_PAIR, linkage)
    calibrated = _calibrated(pairs, columns, trained.prior, every)
    pairs = pairs.with_columns(weight=calibrated.weights)
    return _Scores(pairs, _parameters(columns, calibrated.u, linkage), calibrated.prior, learned=True)


def _database(memory: str) -> duckdb.DuckDBPyConnection:
    """A database in memory. Without a folder for temporary files it never writes personal data to disk, but fails."""
    return duckdb.connect(config={"threads": 1, "memory_limit": memory, "temp_directory": ""})


def _possible(pairs: pl.DataFrame, records: pl.DataFrame, linkage: Linkage) -> pl.DataFrame:
    """The pairs without those inside a source that holds no person twice."""
    left, right = (records[SOURCE].gather(pairs[side]) for side in ("left", "right"))
    return pairs.filter(~((left == right) & left.is_in(sorted(linkage.unique_within))))


def _no_pairs(linkage: Linkage) -> pl.DataFrame:
    levels = {f"c{n}": pl.Int8 for n in range(len(linkage.columns))}
    return pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32, "weight": pl.Float64, **levels})


def _scored(connection: duckdb.DuckDBPyConnection, trained: Trained, linkage: Linkage) -> pl.DataFrame:
    """The scored pairs: left, right (row numbers), weight, and the level that each comparison reached."""
    predicted = trained.linker.inference.predict(threshold_match_weight=LEAST_SCORED)
    levels = ", ".join(f"cast(gamma_c{n} as tinyint) as c{n}" for n in range(len(linkage.columns)))
    scored: pl.DataFrame = connection.sql(
        f'select least({ROW}_l, {ROW}_r) as "left", greatest({ROW}_l, {ROW}_r) as "right",'
        f" match_weight as weight, {levels} from {predicted.physical_name} order by 1, 2"
    ).pl()
    return scored


def _columns(records: pl.DataFrame, trained: Trained, linkage: Linkage) -> list[Column]:
    """What was learned of each column, the least alike level first."""
    found = []
    for place in range(len(linkage.columns)):
        levels = list(reversed(levels_at(linkage, place)))
        learned = list(reversed([level for level in trained.levels[place] if not level.get("is_null_level")]))
        there = 1 - records[f"c{place}"].null_count() / records.height
        found.append(
            Column(
                m=tuple(float(at.get("m_probability", level.m)) for at, level in zip(learned, levels, strict=True)),
                u=tuple(float(at.get("u_probability", level.u)) for at, level in zip(learned, levels, strict=True)),
                present=there * there,
                by_frequency=levels[-1].by_frequency,
            )
        )
    return found


def _calibrated(scored: pl.DataFrame, columns: Sequence[Column], prior: float, all_pairs: int) -> Calibrated:
    levels = scored.select(f"c{n}" for n in range(len(columns))).to_numpy().astype(np.int8)
    return calibrate(scored["weight"].to_numpy(), levels, columns, prior=prior, all_pairs=all_pairs)


def _named(scored: pl.DataFrame, records: pl.DataFrame, linkage: Linkage) -> pl.DataFrame:
    """Pairs worth keeping, with sources, record numbers and reasons in words."""
    kept = scored.filter(probability(pl.col("weight")) >= LEAST_KEPT)
    reasons = [_reason(linkage, place) for place in range(len(linkage.columns))]
    named = [
        records[of].gather(kept[side]).alias(f"{of}_{side}") for side in ("left", "right") for of in (SOURCE, RECORD)
    ]
    return kept.select("left", "right", *named, "weight", reasons=pl.concat_list(reasons))


def _reason(linkage: Linkage, place: int) -> pl.Expr:
    levels = levels_at(linkage, place)
    words = {reached: reason(linkage.columns[place].words, levels, reached) for reached in range(-1, len(levels))}
    return pl.col(f"c{place}").replace_strict(words, return_dtype=pl.String)


def _parameters(columns: Sequence[Column], u_of_columns: Sequence[tuple[float, ...]], linkage: Linkage) -> pl.DataFrame:
    rows = []
    for place, (column, u) in enumerate(zip(columns, u_of_columns, strict=True)):
        for level, m_of, u_of in zip(reversed(levels_at(linkage, place)), column.m, u, strict=True):
            rows.append(
                (linkage.columns[place].words, level.words, m_of, u_of, float(np.log2(max(m_of, LEAST_M) / u_of)))
            )
    return pl.DataFrame(rows, schema=PARAMETERS, orient="row")


def _described(blocks: Sequence[Block], linkage: Linkage) -> pl.DataFrame:
    """The blocking rules in the words of the columns: `family name (start) and date of birth`."""
    rules = [" and ".join(_key_in_words(name, linkage) for name in block.key) or "every pair" for block in blocks]
    return pl.DataFrame({"rule": rules, "pairs": [block.pairs for block in blocks]})


def _key_in_words(name: str, linkage: Linkage) -> str:
    place, _, derived = name.removeprefix("c").partition("_")
    words = linkage.columns[int(place)].words
    return f"{words} ({derived})" if derived else words
