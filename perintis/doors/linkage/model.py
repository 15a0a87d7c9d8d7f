"""The model of a linkage, trained without labels: prior from strict rules, u from random pairs, m by EM."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from perintis.doors.linkage.comparisons import comparisons
from perintis.rules.linkage.blocking import EVERY_PAIR, Block, Key, pairs_of
from perintis.rules.linkage.settings import Linkage, Role
from perintis.rules.linkage.standard import ROW, SOURCE

if TYPE_CHECKING:
    from splink.internals.blocking_rule_creator import BlockingRuleCreator

RANDOM_PAIRS = 1e6 + 1
TRAINING_PAIRS = 300_000
FEWEST_TRAINING_PAIRS = 50
FEWEST_RECORDS = 200
HIGHEST_PRIOR = 0.01
PASSES = 6
STRICT_RULES_FIND = 0.7
"""The share of true pairs that strict rules are taken to find; the prior is estimated again from the predictions."""

_STRICT: tuple[tuple[Role, ...], ...] = (
    (Role.NIK,),
    (Role.IDENTITY_NUMBER,),
    (Role.PASSPORT,),
    (Role.EMAIL,),
    (Role.GIVEN_NAME, Role.FAMILY_NAME, Role.DATE_OF_BIRTH),
    (Role.FULL_NAME, Role.DATE_OF_BIRTH),
    (Role.GIVEN_NAME, Role.FAMILY_NAME, Role.POSTCODE),
    (Role.FAMILY_NAME, Role.DATE_OF_BIRTH, Role.POSTCODE),
)
_TRAINING: tuple[tuple[Role, ...], ...] = (
    (Role.DATE_OF_BIRTH,),
    (Role.GIVEN_NAME, Role.FAMILY_NAME),
    (Role.FULL_NAME,),
    (Role.NIK,),
    (Role.IDENTITY_NUMBER,),
    (Role.EMAIL,),
    (Role.PHONE,),
    (Role.PASSPORT,),
    (Role.FAMILY_NAME, Role.POSTCODE),
    (Role.POSTCODE,),
    (Role.FAMILY_NAME, Role.PLACE),
    (Role.FAMILY_NAME, Role.SEX),
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A linker with its trained model: the prior, and for each column its levels as Splink writes them."""

    linker: Linker
    passes: tuple[Key, ...]
    learned: bool
    prior: float
    levels: tuple[list[dict[str, Any]], ...]


@contextmanager
def quiet() -> Iterator[None]:
    """Splink writes for its own users; what matters of it is returned as values."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def link_type(linkage: Linkage, sources: Sequence[str]) -> str:
    """Splink's name for what is linked: within one source, across sources that hold no person twice, or both."""
    if len(sources) == 1:
        return "dedupe_only"
    return "link_only" if set(sources) <= linkage.unique_within else "link_and_dedupe"


def open_linker(
    connection: duckdb.DuckDBPyConnection, records: pl.DataFrame, linkage: Linkage, blocks: Sequence[Block]
) -> Linker:
    """A linker over the standard records, one table a source, each in the order of its rows."""
    api = DuckDBAPI(connection)
    sources = sorted(records[SOURCE].unique().to_list())
    tables = []
    for number, source in enumerate(sources):
        part = records.filter(pl.col(SOURCE) == source).drop(SOURCE, "record")
        part = part.with_columns(pl.lit(f"s{number}").alias("source_dataset"))
        connection.register("incoming", part.to_arrow())
        connection.execute(f"create or replace table s{number} as select * from incoming order by {ROW}")
        connection.unregister("incoming")
        tables.append(api.register(f"s{number}", dataset_display_name=f"t{number}"))
    settings = SettingsCreator(
        link_type=link_type(linkage, sources),  # type: ignore[arg-type]
        comparisons=[*comparisons(linkage, by_frequency=records.height >= FEWEST_RECORDS)],
        blocking_rules_to_generate_predictions=[_rule(block.key) for block in blocks],
        probability_two_random_records_match=first_prior(records, linkage),
        unique_id_column_name=ROW,
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    return Linker(tables if len(tables) > 1 else tables[0], settings, log_level=None, validate_settings=False)


def first_prior(records: pl.DataFrame, linkage: Linkage) -> float:
    """The probability that two random records are one person, from the strict rule that finds the most pairs."""
    found = max((pairs_of(records, key, linkage) for key in _keys(linkage, _STRICT)), default=0)
    every = max(1, pairs_of(records, EVERY_PAIR, linkage))
    return min(HIGHEST_PRIOR, max(1, found) / STRICT_RULES_FIND / every)


def _rule(key: Key) -> BlockingRuleCreator | dict[str, Any]:
    return block_on(*key) if key else {"blocking_rule": "1=1", "sql_dialect": "duckdb"}


class _TeachesNothing(Exception):
    """A pass in which the chance of a level fell to nothing; the linker cannot be used any more."""

    def __init__(self, key: Key) -> None:
        self.key = key


def train(open_new: Callable[[], Linker], records: pl.DataFrame, linkage: Linkage) -> Trained:
    """Estimates u and m; the same records, settings and seed give the same model.

    Of fewer than FEWEST_RECORDS records nothing is learned: the start values of the levels are used. A pass in which
    the chance of a level falls to nothing, as happens with few pairs, is left out; then it is begun anew.
    """
    left_out: set[Key] = set()
    while True:
        try:
            return _train(open_new(), records, linkage, left_out)
        except _TeachesNothing as found:
            left_out.add(found.key)


def _train(linker: Linker, records: pl.DataFrame, linkage: Linkage, left_out: Collection[Key]) -> Trained:
    passes: tuple[Key, ...] = ()
    learns = records.height >= FEWEST_RECORDS
    if learns:
        linker.training.estimate_u_using_random_sampling(
            RANDOM_PAIRS, linkage.seed, min_count_per_level=None, num_chunks=1
        )
        passes = tuple(key for key in _training_keys(records, linkage) if key not in left_out)
    for key in passes:
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*key), max_pairs=TRAINING_PAIRS, record_sample_proportion=1.0
            )
        except ValueError as error:
            if "_probability value" in str(error):
                raise _TeachesNothing(key) from None
            raise
    model = linker.misc.save_model_to_json()
    levels = tuple(comparison["comparison_levels"] for comparison in model["comparisons"])
    return Trained(linker, passes, learns, float(model["probability_two_random_records_match"]), levels)


def _keys(linkage: Linkage, roles: Sequence[tuple[Role, ...]]) -> list[Key]:
    """The combinations of columns that have all the roles."""
    places = {column.role: f"c{place}" for place, column in reversed(list(enumerate(linkage.columns)))}
    return [tuple(places[role] for role in combined) for combined in roles if set(combined) <= set(places)]


def _training_keys(records: pl.DataFrame, linkage: Linkage) -> tuple[Key, ...]:
    """The blocks of the passes, those with enough pairs to learn from."""
    keys = _keys(linkage, _TRAINING)
    enough = [key for key in keys if pairs_of(records, key, linkage) >= FEWEST_TRAINING_PAIRS]
    return tuple(enough[:PASSES])
