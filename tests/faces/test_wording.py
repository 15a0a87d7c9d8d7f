"""A comparison in words: an interval comes before an adjective, and what cannot be said is not said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from perintis.faces.report.comparison_page import comparison_page
from perintis.faces.report.wording import lines, not_compared, number, sentences, side_line, warning_line
from perintis.rules.comparison import Comparison, compare
from perintis.rules.metrics import Kind
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, STEP_TYPES

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
READ = START + timedelta(days=400)


def cases(name: str, days: list[float | None], grade: Grade = Grade.MEASURED) -> DataSet:
    """A data set with one case for each duration in days; None is a case that is still open."""
    rows = [
        {"case": f"{name}-{i}", "cohort": name, "office": None, "opened": START, "opened_offset": 0, "due": None,
         "closed": None if d is None else START + timedelta(days=d), "outcome": None if d is None else "granted"}
        for i, d in enumerate(days)
    ]  # fmt: skip
    return DataSet(
        name=name, cases=pl.DataFrame(rows, schema=CASE_TYPES), steps=pl.DataFrame([], schema=STEP_TYPES),
        observed_until=READ, grade=grade, simulated=grade is Grade.REHEARSAL,
    )  # fmt: skip


def compared(a: list[float | None], b: list[float | None], grade: Grade = Grade.MEASURED) -> Comparison:
    return compare(cases("old", a, grade), cases("new", b, grade), resamples=200)


SLOW = [10.0 + i % 3 for i in range(60)]
FAST = [5.0 + i % 3 for i in range(60)]


def test_a_clear_difference_is_said_with_its_interval() -> None:
    """Which way, by how much, and between what."""
    (said,) = sentences(compared(SLOW, FAST))
    assert said.startswith("Half of the cases end within 6.00 days instead of 11.0: 5.00 days shorter (95 % interval ")


def test_an_interval_that_includes_zero_is_no_clear_difference() -> None:
    """The same cases on both sides."""
    (said,) = sentences(compared(SLOW, SLOW))
    assert ": no clear difference (95 % interval " in said


def test_too_few_cases_give_no_adjective() -> None:
    """Eleven cases have no interval, so nothing is shorter or longer."""
    (said,) = sentences(compared(SLOW[:11], FAST[:11]))
    assert "cannot be said" in said
    assert "shorter" not in said


def test_what_was_not_seen_yet_is_no_number() -> None:
    """Where most cases are open there is no median, and no sentence."""
    comparison = compared(SLOW, [None] * 50 + [5.0] * 10)
    assert sentences(comparison) == []
    line = next(entry for entry in lines(comparison.metrics) if entry.label.startswith("Lead time, median"))
    assert line.b == "not seen yet"
    assert line.reading == ""


def test_a_metric_that_neither_side_has_is_listed_with_its_reason() -> None:
    """Two dates a case say nothing of hand-overs; metrics that lack the same thing stand together."""
    reasons = not_compared(compared(SLOW, FAST))
    (told,) = [reason for reason in reasons if reason.startswith("no steps were recorded: ")]
    assert "hand-overs between agencies" in told


def test_a_rehearsal_is_marked_before_anything_is_said() -> None:
    """And measured logs are not."""
    marked = warning_line(compared(SLOW, FAST, Grade.REHEARSAL))
    assert marked is not None
    assert marked.startswith("REHEARSAL: Both sides are simulated")
    assert warning_line(compared(SLOW, FAST)) is None


def test_a_data_set_is_described_in_one_line() -> None:
    """How many cases, how many of them open, and its grade."""
    side = compared(SLOW, [*FAST, None]).b
    assert side_line(side) == "new: 61 cases, 1 of them open; measured log"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (9.267, Kind.DURATION, "9.27"),
        (14.44, Kind.DURATION, "14.4"),
        (1234.5, Kind.MONEY, "1,234"),
        (0.7512, Kind.SHARE, "75.1 %"),
    ],
)
def test_figures_have_as_many_digits_as_a_person_can_use(value: float, kind: Kind, text: str) -> None:
    """Three, or whole numbers; shares in percent."""
    assert number(value, kind) == text


def test_names_from_files_cannot_become_markup_of_the_page() -> None:
    """A baseline's name is text, whatever is in it."""
    comparison = compare(cases("<script>x</script>", SLOW), cases("new", FAST), resamples=50)
    page = comparison_page(comparison, title="<b>t</b>", made=START)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>t</b>" not in page
