"""What of a comparison is published has no small number, nor what would tell one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from perintis.faces.report.comparison_page import comparison_page
from perintis.faces.report.wording import side_line
from perintis.rules.comparison import Comparison, compare
from perintis.rules.metrics import NotComparable
from perintis.rules.publishing import publishable_comparison
from perintis.rules.suppression import Withheld
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, STEP_TYPES

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def cases(name: str, offices: dict[str, int], *, still_open: int = 0, late: int = 0) -> DataSet:
    """So many cases of each office; the last ones are open, the first ones past their deadline."""
    names = [office for office, count in offices.items() for _ in range(count)]
    closing = [START + timedelta(days=10 + k % 4) for k in range(len(names) - still_open)]
    rows = {
        "case": [f"{name}-{k}" for k in range(len(names))], "office": names, "opened": [START] * len(names),
        "closed": [*closing, *([None] * still_open)],
        "due": [START + timedelta(days=5 if k < late else 30) for k in range(len(names))],
        "outcome": [*(["granted"] * len(closing)), *([None] * still_open)],
    }  # fmt: skip
    table = pl.DataFrame({key: rows.get(key, [None] * len(names)) for key in CASE_TYPES}, schema=CASE_TYPES)
    return DataSet(name, table, pl.DataFrame(schema=STEP_TYPES), START + timedelta(days=60), Grade.MEASURED)


def compared(a: DataSet, b: DataSet) -> Comparison:
    return compare(a, b, by="office", resamples=20)


EVEN = {"Ambon": 40, "Bogor": 50, "Ciamis": 60}


@pytest.mark.parametrize(
    ("offices", "kept"),
    [
        ({"Ambon": 40, "Bogor": 50, "Ciamis": 60}, ["Ambon", "Bogor", "Ciamis"]),
        ({"Ambon": 40, "Bogor": 50, "Ciamis": 3}, ["Bogor"]),
        ({"Ambon": 4, "Bogor": 50, "Ciamis": 3}, ["Bogor"]),
        ({"Bogor": 50, "Ciamis": 60}, ["Ambon", "Bogor", "Ciamis"]),
    ],
    ids=["large", "one of three cases", "two small ones", "none is no small number"],
)
def test_groups(offices: dict[str, int], kept: list[str]) -> None:
    """A group of a few cases goes, with the next smallest where the total would tell it."""
    found = publishable_comparison(compared(cases("old", EVEN), cases("new", offices)))
    assert sorted(group.value for group in found.groups) == kept
    said = " ".join(c.text for c in found.warnings if c.code == "small_numbers")
    assert all((name in said) == (name not in kept) for name in EVEN)


def test_a_comparison_without_small_numbers_stays_as_it_is() -> None:
    """The very same."""
    exact = compared(cases("old", EVEN), cases("new", EVEN, late=50))
    assert publishable_comparison(exact) is exact


def test_few_open_cases() -> None:
    """Three open cases are fewer than five; so are two that are not open."""
    exact = compared(cases("old", EVEN, still_open=3), cases("new", EVEN, still_open=148))
    found = publishable_comparison(exact)
    assert (found.a.open, found.b.open) == (Withheld.FEW, Withheld.BESIDE)
    assert side_line(found.a).startswith("old: 150 cases, fewer than 5 of them open")
    assert side_line(found.b).startswith("new: 150 cases, a number not published of them open")


def test_a_share_that_few_cases_have() -> None:
    """Two of 150 past their deadline are a number of cases as well; the difference would tell."""
    found = publishable_comparison(compared(cases("old", EVEN, late=2), cases("new", EVEN, late=75)))
    metric = found.metric("service_level_met")
    assert isinstance(metric.a, NotComparable)
    assert metric.difference == {}


def test_outcomes() -> None:
    """Of three outcomes one of which three cases have, the next smallest goes too: together they are all cases."""
    outcomes = ["granted"] * 100 + ["refused"] * 47 + ["lapsed"] * 3
    a, b = (
        replace(data, cases=data.cases.with_columns(outcome=pl.Series(outcomes)))
        for data in (cases("old", EVEN), cases("new", EVEN))
    )
    found = publishable_comparison(compared(a, b))
    kept = [m.metric.name for m in found.metrics if m.metric.name.startswith("outcome:") and m.difference]
    assert kept == ["outcome:granted"]


def test_the_page() -> None:
    """Neither the name's figures nor the number of a small group are on it; the terminal keeps all."""
    exact = compared(cases("old", EVEN, still_open=3), cases("new", {**EVEN, "Ciamis": 2}))
    page = comparison_page(exact, title="t", made=START)
    assert page.count("Ciamis") == 1
    assert "fewer than 5 of them open" in page
    assert '<td class="n">2</td>' not in page
    assert sorted(group.value for group in exact.groups) == ["Ambon", "Bogor", "Ciamis"]
