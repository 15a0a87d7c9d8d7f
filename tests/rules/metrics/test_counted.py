"""Figures as metrics: the mean per case, and as a share one sum over another."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from perintis.rules.comparison import compare
from perintis.rules.figures import Figures
from perintis.rules.metrics import Calendars, Metric, NotComparable, View, figure_metric, figure_metrics, measure
from perintis.rules.metrics.counted import linearised
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.estimators import case_values
from perintis.rules.statistics.options import Counted
from perintis.rules.statistics.ratios import ratio_of_sums
from perintis.rules.statistics.units import units_of
from perintis.words.tables import DataSet
from tests.rules.small_tables import data_set

LINKED = """
case  office  opened   closed   outcome    case:figure:found  case:figure:linked  case:figure_of:linked
c1    north   1/09:00  3/09:00  published  4                  60                  100
c2    north   1/09:00  4/09:00  published  0                  10                  10
c3    south   2/09:00  5/09:00  lapsed     -                  -                   -
c4    south   2/09:00  -        -          9                  9                   9
c5    south   2/09:00  6/09:00  published  2                  20                  90
"""


def numbers(text: str) -> DataSet:
    made = data_set(text)
    figures = [name for name in made.cases.columns if name.startswith("case:figure")]
    return DataSet(
        made.name, made.cases.with_columns(pl.col(figures).cast(pl.Float64)), made.steps, made.observed_until,
        made.grade,
    )  # fmt: skip


def metric(name: str) -> Metric:
    found = figure_metric(name)
    assert found is not None
    return found


def values(name: str, data: DataSet) -> pl.DataFrame:
    found = measure(metric(name), View(data, Calendars()))
    assert isinstance(found, pl.DataFrame)
    return found.filter(pl.col("ended") & pl.col("value").is_not_null())


def test_a_figure_is_what_was_counted_in_each_closed_case() -> None:
    """A case that is open has none yet, whatever stands there, and one that did not count has none at all."""
    assert values("figure:found", numbers(LINKED)).select("case", "value").rows() == [("c1", 4), ("c2", 0), ("c5", 2)]


def test_a_share_is_a_sum_over_a_sum() -> None:
    """90 of 200 records were linked: 0.45, where the mean of 60 %, 100 % and 22 % would have been 0.61."""
    found = values("figure_share:linked", numbers(LINKED))
    assert float(found["value"].to_numpy().mean()) == pytest.approx(90 / 200)


def test_its_error_is_that_of_a_ratio_of_sums() -> None:
    """The spread of the linearised values is that of Cochran's ratio (1977, ch. 6)."""
    part, whole = np.array([60.0, 10.0, 20.0, 7.0]), np.array([100.0, 10.0, 90.0, 7.0])
    made = linearised(part, whole)
    ratio = ratio_of_sums(part, whole)
    assert made.mean() == pytest.approx(ratio.value)  # type: ignore[union-attr]
    assert made.std(ddof=1) / np.sqrt(4) == pytest.approx(ratio.error)  # type: ignore[union-attr]


@pytest.mark.parametrize(("part", "whole"), [([0.0, 0.0], [0.0, 0.0]), ([np.nan], [3.0])])
def test_there_is_no_share_of_nothing(part: list[float], whole: list[float]) -> None:
    """Where the wholes add up to nothing, no case has a value: never a zero."""
    assert np.isnan(linearised(np.array(part), np.array(whole))).all()


def test_metrics_of_figures_come_from_the_data() -> None:
    """Each figure that any case has, and its share where it is a part; one that no case has is none."""
    nothing = numbers(LINKED.replace("case:figure:found", "case:figure:other"))
    none = DataSet("n", nothing.cases.with_columns(pl.lit(None, pl.Float64).alias("case:figure:other")),
                   nothing.steps, nothing.observed_until, nothing.grade)  # fmt: skip
    assert [m.name for m in figure_metrics(none)] == ["figure:linked", "figure_share:linked"]
    assert [m.name for m in figure_metrics(none, numbers(LINKED))] == [
        "figure:linked", "figure_share:linked", "figure:found",
    ]  # fmt: skip


def test_a_figure_that_one_side_has_not_is_named_with_the_reason() -> None:
    """The baseline did not look for it: that is told, and there is no zero and no difference."""
    bare = data_set("case opened closed outcome\nb1 1/09:00 3/09:00 published\nb2 1/09:00 4/09:00 published")
    compared = compare(bare, numbers(LINKED)).metric("figure:found")
    assert compared.a == NotComparable("found was not counted")
    assert isinstance(compared.b, Figures)
    assert compared.b.statistics["mean"].value == 2.0
    assert compared.difference == {}


def test_a_share_of_one_group_is_of_its_own_sums() -> None:
    """By office: 70 of 110 in the north and 20 of 90 in the south, not parts of a share of both."""
    both = compare(numbers(LINKED), numbers(LINKED), by="office")
    shares = {}
    for group in both.groups:
        (found,) = (m.b for m in group.metrics if m.metric.name == "figure_share:linked")
        assert isinstance(found, Figures)
        shares[group.value] = found.statistics["mean"].value
    assert shares == {"north": pytest.approx(70 / 110), "south": pytest.approx(20 / 90)}


def evaluated(name: str, baseline: DataSet, pilot: DataSet) -> CaseValues | NotComparable:
    units = units_of(baseline, pilot)
    views = [View(data, Calendars()) for data in (baseline, pilot)]
    return case_values(name, views[0], views[1], units, counted=Counted.CLOSED)


@pytest.mark.parametrize(("name", "mean"), [("figure:found", 2.0), ("figure_share:linked", 0.45)])
def test_evaluations_use_the_same_values(name: str, mean: float) -> None:
    """One value a case, whose mean over the cohort is the figure; cases without one are counted as left out."""
    pilot = numbers(LINKED)
    found = evaluated(name, numbers(LINKED.replace(" 4   ", " 1   ")), pilot)
    assert isinstance(found, CaseValues)
    assert found.mean(pilot=True) == pytest.approx(mean)
    assert ("lack what this needs (pilot)", 1) in found.left_out


def test_an_evaluation_says_what_a_baseline_did_not_count() -> None:
    """Instead of comparing with nothing."""
    bare = data_set("case opened closed outcome\nb1 1/09:00 3/09:00 published\nb2 1/09:00 4/09:00 published")
    assert evaluated("figure:found", bare, numbers(LINKED)) == NotComparable("baseline: found was not counted")
    assert evaluated("figure_share:linked", bare, numbers(LINKED)) == NotComparable("baseline: linked was not counted")
