"""Whole extracts in their standard form, and which pairs of their records are compared."""

from __future__ import annotations

import polars as pl
import pytest

from perintis.rules.linkage.blocking import EVERY_PAIR, Block, candidate_keys, choose_blocks, pairs_of
from perintis.rules.linkage.numbers import ROUNDED
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role
from perintis.rules.linkage.standard import ambiguous_dates, standardise
from perintis.words.errors import BadInput

LINKAGE = Linkage(
    columns=(
        LinkedColumn(name="name", role=Role.FULL_NAME),
        LinkedColumn(name="born", role=Role.DATE_OF_BIRTH),
        LinkedColumn(name="nik", role=Role.NIK),
    ),
    unique_within=frozenset({"civil"}),
)
CIVIL = pl.DataFrame(
    {
        "record": ["2", "1"],
        "name": ["Hj. Siti Aminah", "Soeharto"],
        "born": ["1990-04-23", "1950-13-01"],
        "nik": ["3174016304900007", "3.17401E+15"],
    }
)
HEALTH = pl.DataFrame({"record": [7, 8], "name": ["aminah, siti", "-"], "born": ["03/04/1990", None]})


def test_extracts_become_one_frame_in_a_fixed_order() -> None:
    """Sources by name, records by number, whatever the order of rows; a column that a source lacks is missing."""
    records = standardise({"health": HEALTH, "civil": CIVIL}, LINKAGE).records
    assert records.select("row", "source", "record", "c0", "c1", "c2").rows() == [
        (0, "civil", "1", "soeharto", "19501301", None),
        (1, "civil", "2", "siti aminah", "19900423", "3174016304900007"),
        (2, "health", "7", "aminah siti", "19900403", None),
        (3, "health", "8", None, None, None),
    ]
    assert records["c0_sound"][1] == records["c0_sound"][2]


def test_what_cannot_be_read_is_listed_without_the_value() -> None:
    """Source, record, column and reason; an empty field is no problem."""
    problems = standardise({"health": HEALTH, "civil": CIVIL}, LINKAGE).problems
    assert problems.rows() == [
        ("civil", "1", "born", "has month 13; day and month may be swapped"),
        ("civil", "1", "nik", ROUNDED),
        ("health", "7", "born", "may be meant day first or month first"),
    ]
    assert ambiguous_dates(problems) == 1


def test_a_nik_with_a_wrong_digit_is_compared_but_is_no_nik() -> None:
    """Region 99 does not exist; the digits still resemble the number that was meant."""
    wrong = CIVIL.with_columns(nik=pl.lit("9974016304900007"))
    records = standardise({"civil": wrong}, LINKAGE).records
    assert records["c2"].to_list() == ["9974016304900007"] * 2
    assert records["c2_valid"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (CIVIL.drop("record"), "source 'civil' has no column 'record'"),
        (CIVIL.with_columns(record=pl.lit("1")), "has a record number twice"),
        (CIVIL.with_columns(record=pl.lit(None, dtype=pl.String)), "has records without a number"),
        (CIVIL.select("record"), "has none of the columns to be linked"),
    ],
)
def test_an_extract_that_cannot_be_used_is_refused(frame: pl.DataFrame, message: str) -> None:
    """The message names the source and what to do."""
    with pytest.raises(BadInput, match=message):
        standardise({"civil": frame}, LINKAGE)


def test_no_source_is_refused() -> None:
    """There is nothing to link."""
    with pytest.raises(BadInput, match="no source"):
        standardise({}, LINKAGE)


def _people(count: int) -> pl.DataFrame:
    """`count` records of one source: ten names, and dates that two records share."""
    rows = [(str(n), f"budi {'abcdefghij'[n % 10]}x", f"19{50 + n % 40}-01-{1 + n // 80:02}") for n in range(count)]
    return pl.DataFrame(rows, schema=["record", "name", "born"], orient="row")


def test_pairs_of_a_key_are_counted_without_those_of_a_source_without_duplicates() -> None:
    """Four records with one name: six pairs, and none where they are all of the civil registry."""
    same = pl.DataFrame({"record": list("1234"), "name": ["Budi"] * 4})
    for source, pairs in (("health", 6), ("civil", 0)):
        records = standardise({source: same}, LINKAGE).records
        assert pairs_of(records, ("c0",), LINKAGE) == pairs_of(records, EVERY_PAIR, LINKAGE) == pairs


def test_few_records_are_compared_all_with_all() -> None:
    """Up to a limit no key is needed."""
    records = standardise({"health": _people(100)}, LINKAGE).records
    assert choose_blocks(records, LINKAGE) == (Block(EVERY_PAIR, 100 * 99 // 2),)


def test_keys_are_chosen_the_cheapest_first_within_the_budget() -> None:
    """With 2,000 records in ten names a name costs 199,000 pairs: too much for 20 pairs a record, not for 200."""
    records = standardise({"health": _people(2000)}, LINKAGE).records
    for budget, names_too in ((20, False), (200, True)):
        linkage = LINKAGE.model_copy(update={"pairs_per_record": budget})
        blocks = choose_blocks(records, linkage)
        assert (("c0_sound",) in [block.key for block in blocks]) is names_too
        assert sum(block.pairs for block in blocks) <= budget * 2000
        assert {block.key for block in blocks} <= set(candidate_keys(linkage))


def test_blocking_rules_of_the_settings_are_taken_as_they_are() -> None:
    """Who names rules knows the data."""
    linkage = LINKAGE.model_copy(update={"blocking": (("name", "born"),)})
    records = standardise({"health": _people(2000)}, linkage).records
    assert [block.key for block in choose_blocks(records, linkage)] == [("c0", "c1")]
