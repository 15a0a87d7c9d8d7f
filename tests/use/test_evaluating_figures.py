"""Figures that a process counts decide, guard and inform like any other metric, by the sums that they are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.rules.evaluation.document import Evaluation
from perintis.rules.evaluation.parts import MetricMissing, MetricResult
from perintis.rules.plan import Plan, read_plan
from perintis.use.evaluation.bundle import write_bundle
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.keep import replay
from perintis.use.evaluation.material import Material
from perintis.words.tables import DataSet
from tests.use.test_evaluate import PLAN, material

METRICS = """
  - {metric: "figure_share:records_linked", role: primary, direction: higher, unit: share, worthwhile: 0.02,
     target: 0.05, why: found again}
  - {metric: "figure:letters", role: guardrail, direction: lower, unit: per case, margin: 1, why: no more letters}
  - {metric: "figure:conflicts_found", role: secondary, direction: higher, unit: per case, why: looked for}
"""


def planned() -> Plan:
    """The plan with these metrics instead of its own."""
    rest = PLAN.model_dump(mode="json", exclude={"metrics"}, exclude_none=True, by_alias=True)
    return read_plan(f"metrics:{METRICS}" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in rest.items()))


def counted(data: DataSet, *, linked: float, conflicts: bool, seed: int) -> DataSet:
    """Extracts of 5 to 400 records, of which that share is linked, in large ones more than in small ones."""
    random = np.random.default_rng(seed)
    n = data.cases.height
    whole = random.integers(5, 400, n)
    part = random.binomial(whole, np.clip(linked + (whole - 200) / 4000, 0, 1))
    figures = {
        "case:figure:records_linked": part.astype(float), "case:figure_of:records_linked": whole.astype(float),
        "case:figure:letters": random.poisson(2, n).astype(float),
    }  # fmt: skip
    if conflicts:
        figures["case:figure:conflicts_found"] = random.poisson(18, n).astype(float)
    return replace(data, cases=data.cases.with_columns(**{k: pl.Series(v) for k, v in figures.items()}))


def whole() -> Material:
    made = material(600, planned())
    return replace(
        made, baseline=counted(made.baseline, linked=0.8, conflicts=False, seed=1),
        pilot=counted(made.pilot, linked=0.88, conflicts=True, seed=2),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(whole()).evaluation


def of(found: Evaluation, name: str) -> MetricResult | MetricMissing:
    return next(m for m in found.panels.metrics if m.metric == name)


def test_a_share_is_the_sum_of_the_parts_over_the_sum_of_the_wholes(found: Evaluation) -> None:
    """Of decided cases, and not the mean of the shares of cases; it decides as any primary metric does.

    The design makes the mix of cases equal, so both are a little off their own sums.
    """
    share = of(found, "figure_share:records_linked")
    assert isinstance(share, MetricResult)
    assert share.pilot == pytest.approx(of_sums(whole().pilot), abs=1e-3)
    assert share.baseline == pytest.approx(of_sums(whole().baseline), abs=1e-3)
    assert share.interval.low > 0.02
    assert found.panels.verdict.word == "scale"


def of_sums(data: DataSet) -> float:
    columns = ("case:figure:records_linked", "case:figure_of:records_linked")
    decided = pl.col("closed").is_not_null() & (pl.col("outcome") != "withdrawn")
    part, all_of_it = data.cases.filter(decided).select(pl.col(columns).sum()).row(0)
    return float(part / all_of_it)


def test_a_figure_guards_like_any_count(found: Evaluation) -> None:
    """Two letters a case on either side: not worse by the margin of one."""
    letters = of(found, "figure:letters")
    assert isinstance(letters, MetricResult)
    assert (letters.label, letters.unit) == ("Letters", "per case")
    assert letters.baseline == pytest.approx(2, abs=0.2)


def test_what_the_baseline_did_not_count_is_named_with_the_reason(found: Evaluation) -> None:
    """No zero and no difference: a metric without a result, and a sentence in both languages of the report."""
    missing = of(found, "figure:conflicts_found")
    assert isinstance(missing, MetricMissing)
    assert missing.reason.text == "baseline: conflicts found was not counted"
    assert "baseline: conflicts found was not counted" in evaluation_page(found, "en")
    assert "basis pembanding: perbedaan data yang ditemukan tidak dihitung" in evaluation_page(found, "id")


def test_a_deciding_figure_that_was_not_counted_gives_no_verdict() -> None:
    """A primary metric without a value is no zero effect: nothing is decided."""
    made = whole()
    bare = made.baseline.cases.drop("case:figure:records_linked", "case:figure_of:records_linked")
    blind = evaluate(replace(made, baseline=replace(made.baseline, cases=bare))).evaluation
    assert blind.panels.verdict.word == "no verdict"
    assert isinstance(of(blind, "figure_share:records_linked"), MetricMissing)


def test_the_bundle_gives_the_same_figures_again(tmp_path: Path, found: Evaluation) -> None:
    """Figures are frozen with the cases."""
    write_bundle(whole(), found, tmp_path / "bundle.zip")
    assert replay(tmp_path / "bundle.zip").differences == ()
