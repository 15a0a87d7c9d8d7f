"""Which value survives where records disagree, by which rule and with which reason; no rule, no value."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from perintis.rules.linkage.survivorship import (
    ABSENT,
    AGREED,
    UNDECIDED,
    By,
    Criterion,
    SurvivorRule,
    survivors,
)
from perintis.words.errors import BadInput

RECORDS = pl.DataFrame(
    [
        ("P1", "civil", "1", "siti aminah", "bandung", date(2024, 1, 1)),
        ("P1", "health", "7", "siti aminah", "cimahi", date(2026, 3, 1)),
        ("P1", "health", "8", "siti", "cimahi", None),
        ("P2", "health", "9", "budi", None, date(2025, 1, 1)),
        ("P3", "civil", "2", None, None, None),
    ],
    schema=["person", "source", "record", "name", "city", "updated"],
    orient="row",
)
BY_SOURCE = Criterion(by=By.SOURCE, sources=("civil", "health"))
BY_DATE = Criterion(by=By.NEWEST, column="updated")


def outcome(field: str, *criteria: Criterion) -> dict[str, tuple[str | None, str | None, str]]:
    """For each person the value, the source it comes from and why."""
    rule = SurvivorRule(field=field, criteria=criteria, reason="PKS-14 art. 6")
    found = survivors(RECORDS, [rule])
    return {person: (value, source, why) for person, _, value, source, _, _, why in found.iter_rows()}


def test_the_most_trusted_source_decides() -> None:
    """The civil registry knows names best; the reason stands beside the value."""
    why = "from the most trusted source (civil, health): PKS-14 art. 6"
    assert outcome("name", BY_SOURCE)["P1"] == ("siti aminah", "civil", why)


def test_the_newest_record_decides_and_a_record_without_a_date_does_not() -> None:
    """Of the places of residence the newest holds."""
    assert outcome("city", BY_DATE)["P1"] == ("cimahi", "health", "the newest by updated: PKS-14 art. 6")


def test_most_common_and_most_complete() -> None:
    """Two records against one; the longer of two forms."""
    assert outcome("city", Criterion(by=By.MOST_COMMON))["P1"][0] == "cimahi"
    assert outcome("name", Criterion(by=By.MOST_COMPLETE))["P1"][0] == "siti aminah"


def test_records_that_agree_need_no_rule_and_an_absent_value_is_absent() -> None:
    """No conflict, no rule; no value, no source."""
    assert outcome("name", BY_SOURCE)["P2"] == ("budi", "health", AGREED)
    assert outcome("name", BY_SOURCE)["P3"] == (None, None, ABSENT)


def test_what_no_rule_decides_stays_open() -> None:
    """Both health records are of one source: nothing is guessed, a person decides."""
    assert outcome("name", Criterion(by=By.SOURCE, sources=("health",)))["P1"] == (None, None, UNDECIDED)


def test_a_second_criterion_decides_what_the_first_leaves() -> None:
    """Within the trusted source the longest form."""
    trusted = Criterion(by=By.SOURCE, sources=("health",))
    assert outcome("name", trusted, Criterion(by=By.MOST_COMPLETE))["P1"][0] == "siti aminah"


def test_a_rule_for_a_column_that_is_not_there_is_refused() -> None:
    """The message names the column and the rule."""
    with pytest.raises(BadInput, match="no column 'religion', which the rule for 'religion' needs"):
        outcome("religion", BY_SOURCE)


def test_an_incomplete_criterion_is_refused() -> None:
    """`source` needs sources, `newest` a column."""
    with pytest.raises(ValueError, match="name `sources`"):
        Criterion(by=By.SOURCE)
    with pytest.raises(ValueError, match="name the date `column`"):
        Criterion(by=By.NEWEST)
