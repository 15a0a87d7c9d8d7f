"""What a data set holds: missing values, how finely times are written, repeats, seasons, steps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from perintis.rules.contents import contents_of
from perintis.rules.seasons import seasons_of
from perintis.words.tables import DataSet
from tests.rules.small_tables import data_set


def small() -> DataSet:
    """Two cases; one is open and has no office, and one visit stands there twice."""
    return data_set(
        """
        case  office  opened   closed   case:kind
        A     north   1/00:00  3/00:00  x
        B     -       2/08:30  -        -
        """,
        """
        case  step   visit  agency  started  completed
        A     check  1      lab     1/09:00  1/10:00
        A     check  2      lab     1/09:00  1/10:00
        A     issue  1      desk    -        3/00:00
        """,
    )


def test_missing_values_are_counted_by_column() -> None:
    """Of cases, of steps and of attributes; a share is of the rows of its table."""
    missing = {one.column: (one.missing, one.of) for one in contents_of(small()).missing}
    assert missing["case.office"] == (1, 2)
    assert missing["case.closed"] == (1, 2)
    assert missing["case.kind"] == (1, 2)
    assert missing["step.started"] == (1, 3)
    assert missing["step.completed"] == (0, 3)
    assert contents_of(small()).open_share == 0.5


def test_times_count_by_the_coarsest_unit_they_fit() -> None:
    """Midnight is a day, 08:30 a minute; a column without times is not listed."""
    found = {one.column: one for one in contents_of(small()).fineness}
    assert (found["case.opened"].day, found["case.opened"].minute) == (0.5, 0.5)
    assert (found["step.completed"].day, found["step.completed"].minute) == pytest.approx((1 / 3, 2 / 3))
    assert (found["case.closed"].mostly, found["case.opened"].mostly) == ("day", "mixed")
    assert "step.ready" not in found


def test_midnight_is_that_of_the_place() -> None:
    """17:00 UTC is a bare day where the clock is seven hours ahead; 01:00 UTC is eight in the morning."""
    data = data_set("case opened opened_offset\nA 1/17:00 420\nB 2/01:00 420")
    (opened,) = contents_of(data).fineness
    assert (opened.day, opened.minute) == (0.5, 0.5)


def test_seconds_and_finer_are_told_apart() -> None:
    """09:00:05 is a second, 09:00:05.5 finer."""
    data = data_set("case opened\nA 1/09:00\nB 1/09:00")
    moved = pl.Series([timedelta(seconds=5), timedelta(seconds=5.5)])
    shifted = data.cases.with_columns(opened=pl.col("opened") + moved)
    (opened,) = contents_of(DataSet("x", shifted, data.steps, data.observed_until, data.grade)).fineness
    assert (opened.second, opened.finer) == (0.5, 0.5)


def test_a_repeated_visit_is_one_that_another_equals() -> None:
    """In case, step, people and times; its number in the case does not make it another."""
    assert contents_of(small()).repeated == 1


def test_steps_are_counted_and_held_against_the_pilot() -> None:
    """Visits and cases of each; without the pilot nobody can say whether it has them."""
    found = contents_of(small(), ["issue", "register"])
    assert [(s.step, s.visits, s.cases, s.in_pilot) for s in found.steps] == [
        ("check", 2, 1, False), ("issue", 1, 1, True),
    ]  # fmt: skip
    assert found.vocabulary is not None
    assert found.vocabulary.only_here == ("register",)
    alone = contents_of(small())
    assert (alone.vocabulary, alone.steps[0].in_pilot) == (None, None)


def opened_on(*days: date) -> pl.DataFrame:
    """A case table with openings on these days."""
    moments = [datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in days]
    return pl.DataFrame(
        {"opened": moments, "opened_offset": [0] * len(days)},
        schema={"opened": pl.Datetime("us", "UTC"), "opened_offset": pl.Int32},
    )


def test_an_empty_month_within_the_period_counts_zero() -> None:
    """And months of the year in which no case was opened are named."""
    found = seasons_of(opened_on(date(2023, 11, 5), date(2023, 11, 6), date(2024, 1, 31)), None)
    assert [(m.month, m.cases) for m in found.months] == [("2023-11", 2), ("2023-12", 0), ("2024-01", 1)]
    assert found.never == (2, 3, 4, 5, 6, 7, 8, 9, 10, 12)
    assert (found.eids, found.eid_covered) == (None, None)


@pytest.mark.parametrize(
    ("days", "cases", "whole", "covered"),
    [
        ((date(2024, 1, 1), date(2024, 4, 1), date(2024, 6, 1)), 1, True, True),
        ((date(2024, 4, 1), date(2024, 6, 1)), 1, False, False),
        ((date(2024, 1, 1), date(2024, 6, 1)), 0, True, False),
    ],
)
def test_eid_is_covered_by_a_whole_season_with_cases(
    days: tuple[date, ...], cases: int, whole: bool, covered: bool
) -> None:
    """Eid al-Fitr of 2024 was on 10 April (decree of the ministries, in the `holidays` library)."""
    found = seasons_of(opened_on(*days), "ID")
    assert found.eids is not None
    (season,) = found.eids
    assert (season.eid, season.cases, season.whole, found.eid_covered) == (date(2024, 4, 10), cases, whole, covered)


def test_a_period_without_eid_and_a_country_without_eid_differ() -> None:
    """None found is not the same as not asked; 2033 has two."""
    autumn = opened_on(date(2023, 9, 1), date(2023, 10, 1))
    assert seasons_of(autumn, "ID").eids == ()
    assert seasons_of(autumn, "NL").eids is None
    twice = seasons_of(opened_on(date(2033, 1, 1), date(2033, 12, 31)), "ID").eids
    assert twice is not None
    assert [season.eid for season in twice] == [date(2033, 1, 3), date(2033, 12, 23)]
