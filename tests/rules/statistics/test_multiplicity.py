"""Several tests at once: adjusted p-values and the joint test of metrics over offices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.statistics.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    holm,
    max_t,
    rejected,
)

MYOCARDIAL = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0,
)  # fmt: skip
"""The fifteen p-values of Benjamini and Hochberg 1995, section 4."""

ps = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("method", "findings"), [(bonferroni, 3), (holm, 3), (benjamini_hochberg, 4), (benjamini_yekutieli, 3)]
)
def test_findings_of_the_example(method: object, findings: int) -> None:
    """At 5 % Bonferroni, Holm and BY find three of fifteen, BH four. Benjamini and Hochberg 1995."""
    assert rejected(method(MYOCARDIAL)).sum() == findings  # type: ignore[operator]


@given(ps, st.randoms())
def test_adjusted_p_values(p: list[float], random: object) -> None:
    """They are never below the p-value or above one, keep the order, and do not depend on the order of writing."""
    order = list(range(len(p)))
    random.shuffle(order)  # type: ignore[attr-defined]
    for method in (bonferroni, holm, benjamini_hochberg, benjamini_yekutieli):
        found = method(p)
        assert (found >= np.array(p) - 1e-15).all()
        assert (found <= 1).all()
        assert (np.diff(found[np.argsort(p, kind="stable")]) >= 0).all()
        assert method([p[k] for k in order]) == pytest.approx(found[order])
    assert (holm(p) <= bonferroni(p) + 1e-15).all()
    assert (benjamini_hochberg(p) <= holm(p) + 1e-12).all()


def test_one_test_needs_no_adjustment() -> None:
    """And none at all gives nothing."""
    for method in (bonferroni, holm, benjamini_hochberg, benjamini_yekutieli):
        assert method([0.03]) == pytest.approx([0.03])
        assert len(method([])) == 0


def test_a_missing_p_value_is_refused() -> None:
    """What could not be tested is left out by the caller, never counted as one or zero."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.1, float("nan")])


def test_equal_metrics_cost_nothing_and_different_ones_do() -> None:
    """Three copies of a metric have the bound of one; three independent ones a higher one, below Bonferroni's."""
    sums = np.random.default_rng(4).normal(size=(60, 3))
    one = max_t(sums[:, :1], [1.0], seed=1).critical
    copies = max_t(sums[:, [0, 0, 0]], [1.0, 1.0, 1.0], seed=1).critical
    apart = max_t(sums, [1.0, 1.0, 1.0], seed=1).critical
    assert one == pytest.approx(2.0, abs=0.07)  # t(59) at 95 %
    assert copies == one
    assert 2.3 < apart < 2.55  # Bonferroni's is t(59) at 98.3 %: 2.46


def test_max_t_keeps_its_promise_with_few_offices() -> None:
    """Three correlated metrics without effect on 24 offices: a false finding in about one of twenty trials."""
    random = np.random.default_rng(9)
    false = 0
    for trial in range(300):
        common = random.normal(size=(24, 1))
        sums = (common + random.normal(size=(24, 3))) / 24
        false += bool((max_t(sums - sums.mean(axis=0), sums.sum(axis=0), trial, draws=399).adjusted <= 0.05).any())
    assert 0.02 <= false / 300 <= 0.085


def test_step_down_p_values_follow_the_metrics() -> None:
    """A strong metric is found beside weak ones, columns may come in any order, the same seed gives the same."""
    sums = np.random.default_rng(6).normal(size=(30, 3))
    found = max_t(sums, [40.0, 1.0, 2.0], seed=2)
    turned = max_t(sums[:, [2, 0, 1]], [2.0, 40.0, 1.0], seed=2)
    assert found.adjusted[0] < 0.001
    assert found.adjusted[1] >= found.adjusted[2] > 0.05
    assert turned.adjusted == pytest.approx(found.adjusted[[2, 0, 1]])


def test_too_few_offices_cannot_be_tested_together() -> None:
    """Below four offices, and without variation, there is no joint test."""
    with pytest.raises(ValueError, match="3 offices; 4 are needed"):
        max_t(np.ones((3, 1)), [1.0], seed=1)
    with pytest.raises(ValueError, match="without any variation"):
        max_t(np.zeros((9, 1)), [1.0], seed=1)
