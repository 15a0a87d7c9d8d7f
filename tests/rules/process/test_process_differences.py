"""Variants and the map of direct successions, compared by office."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.rules.process.by_office import Difference, compare_medians
from perintis.rules.process.flow_map import Edge, FlowMap, flow_map
from perintis.rules.process.paths import Pair, Side
from perintis.rules.process.variants import Variants, compare_variants
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.grouped import Clustering
from tests.rules.process.logs import drawn, log


def mapped(baseline: View, pilot: View, by: Clustering = Clustering.OFFICE) -> FlowMap:
    found = flow_map(baseline, pilot, by)
    assert isinstance(found, FlowMap)
    return found


def varied(baseline: View, pilot: View, by: Clustering = Clustering.OFFICE) -> Variants:
    found = compare_variants(baseline, pilot, by)
    assert isinstance(found, Variants)
    return found


def edge(found: FlowMap, source: str, target: str) -> Edge:
    return next(e for e in found.edges if (e.source, e.target) == (source, target))


def test_shares_of_a_small_log() -> None:
    """Three of four baseline cases and one of two pilot cases went A, B; a loop counts a case once."""
    baseline, pilot = log(["AB", "AB", "ABAB", "AC"]), log(["AB", "AC"])
    found = mapped(baseline, pilot)
    assert edge(found, "A", "B").shares == (0.75, 0.5)
    assert edge(found, "B", "A").cases == (1, 0)
    assert edge(found, "A", "B").waits == pytest.approx((2 / 24, 2 / 24))
    assert edge(found, "B", "A").wait is None
    assert edge(found, "(start)", "A").shares == (1.0, 1.0)
    variants = varied(baseline, pilot)
    assert [(v.steps, v.cases) for v in variants.variants] == [
        (("A", "B"), (2, 1)), (("A", "C"), (1, 1)), (("A", "B", "A", "B"), (1, 0)),
    ]  # fmt: skip
    assert (variants.cases, variants.distinct) == ((4, 2), (3, 2))


def test_few_cases_are_shown_but_not_judged() -> None:
    """Below thirty cases there is a difference without an interval."""
    offices = [f"o{k % 4}" for k in range(20)]
    found = mapped(log(["AB"] * 20, offices), log(["AC"] * 20, [f"p{k % 4}" for k in range(20)]))
    assert edge(found, "A", "B").share == Difference(-1.0, reason="20 cases; 30 are needed")


def test_a_new_way_survives() -> None:
    """Where every pilot case goes another way than every baseline case, the change is certain."""
    cases = 60
    found = mapped(
        log(["AB"] * cases, [f"o{k % 6}" for k in range(cases)]),
        log(["AC"] * cases, [f"p{k % 6}" for k in range(cases)]),
    )
    assert edge(found, "A", "C").survives
    assert edge(found, "A", "C").share.value == 1.0
    assert not edge(found, "(start)", "A").survives


@pytest.mark.parametrize(
    ("offices", "reason"),
    [
        (None, "no offices were recorded"),
        (3, "4 offices a cohort needed, 3 present in the baseline"),
    ],
)
def test_without_offices_nothing_is_said_of_chance(offices: int | None, reason: str) -> None:
    """As for every metric: below four offices a cohort there is no interval, and nothing survives."""
    names = None if offices is None else [f"o{k % offices}" for k in range(90)]
    others = None if offices is None else [f"p{k % 9}" for k in range(90)]
    found = mapped(log(["AB"] * 90, names), log(["AC"] * 90, others))
    assert {e.share.reason for e in found.edges} == {reason}
    assert not any(e.survives for e in found.edges)


def test_cases_drawn_by_themselves_need_no_offices() -> None:
    """A share of cases then has the usual error of a difference of two shares."""
    baseline, pilot = log(["AB"] * 60 + ["AC"] * 40), log(["AB"] * 45 + ["AC"] * 55)
    share = edge(mapped(baseline, pilot, Clustering.NONE), "A", "B").share
    assert share.low is not None
    assert share.high is not None
    error = np.sqrt(0.6 * 0.4 / 99 + 0.45 * 0.55 / 99)
    assert share.high - share.low == pytest.approx(2 * 1.972 * error, rel=1e-3)


def test_offices_are_the_sample_size() -> None:
    """No effect, offices that differ: by offices few maps show a change, by cases most would."""
    by_office = by_case = 0
    trials = 40
    for seed in range(trials):
        baseline = drawn(seed, 12, 60, 0.5, prefix="o", spread=0.15)
        pilot = drawn(1_000 + seed, 12, 60, 0.5, prefix="p", spread=0.15)
        by_office += varied(baseline, pilot).variants[0].difference.survives
        by_case += varied(baseline, pilot, Clustering.NONE).variants[0].difference.survives
    assert by_office / trials <= 0.2
    assert by_case / trials >= 0.4


def test_a_real_change_is_found_and_swapping_turns_it_around() -> None:
    """Step B is done in 3 of 10 cases instead of 8 of 10."""
    baseline, pilot = drawn(1, 12, 40, 0.8, prefix="o"), drawn(2, 12, 40, 0.3, prefix="p")
    there, back = mapped(baseline, pilot), mapped(pilot, baseline)
    a, b = edge(there, "A", "B").share, edge(back, "A", "B").share
    assert a.survives
    assert a.value < -0.3
    assert (b.value, b.p) == (pytest.approx(-a.value), pytest.approx(a.p))
    assert (b.low, b.high) == (pytest.approx(-(a.high or 0)), pytest.approx(-(a.low or 0)))


def test_offices_in_both_cohorts_are_compared_with_themselves() -> None:
    """Before and after in the same offices: what an office has of its own cancels out, and the interval is narrower."""
    own = np.random.default_rng(3).uniform(0.2, 0.8, 12)

    def cohort(seed: int, shift: float, prefix: str) -> View:
        random = np.random.default_rng(seed)
        office = np.repeat(np.arange(12), 80)
        long = random.random(960) < own[office] + shift
        return log(["ABC" if one else "AC" for one in long], [f"{prefix}{k}" for k in office])

    same = edge(mapped(cohort(4, 0, "o"), cohort(5, 0.1, "o")), "A", "B").share
    apart = edge(mapped(cohort(4, 0, "o"), cohort(5, 0.1, "p")), "A", "B").share
    assert same.value == apart.value
    assert (same.p or 1) < 0.001 < 0.05 < (apart.p or 0)
    assert (same.high or 0) - (same.low or 0) < ((apart.high or 0) - (apart.low or 0)) / 2


def test_longer_waits_are_found() -> None:
    """Mean waits of ten and five hours: the interval of the medians holds the true difference, 5 ln 2 hours."""
    random = np.random.default_rng(7)
    hours = random.exponential(10, 960), random.exponential(5, 960)
    office = [k % 12 for k in range(960)]
    found = mapped(
        log(["AB"] * 960, [f"o{k}" for k in office], waits=lambda k: float(hours[0][k])),
        log(["AB"] * 960, [f"p{k}" for k in office], waits=lambda k: float(hours[1][k])),
    )
    wait = edge(found, "A", "B").wait
    assert wait is not None
    assert wait.low is not None
    assert wait.high is not None
    assert wait.low < -5 * np.log(2) / 24 < wait.high < 0
    assert wait.survives
    assert edge(found, "A", "B").share.value == 0


def test_equal_waits_have_no_interval() -> None:
    """A median among equal values has no error that could be known."""
    office = [f"o{k % 6}" for k in range(60)]
    wait = edge(mapped(log(["AB"] * 60, office), log(["AB"] * 60, office)), "A", "B").wait
    assert wait == Difference(0.0, reason="too many waits are equal for an interval of their median")


def test_waits_that_mean_different_things_are_not_compared() -> None:
    """A wait until the start of work and one until its end are two things; where neither is known it is said."""
    office = [f"o{k % 6}" for k in range(60)]
    whole = log(["AB"] * 60, office)
    assert mapped(whole, whole).waits_note is None
    ends_only = View(
        replace(whole.data, steps=whole.data.steps.with_columns(started=whole.data.steps["due"])), Calendars()
    )
    found = mapped(ends_only, whole)
    assert found.waits_note == "times at which work started were not recorded in the baseline: waits are not compared"
    assert {e.wait for e in found.edges} == {None}
    assert edge(found, "A", "B").waits == pytest.approx((3 / 24, 2 / 24))
    both = mapped(ends_only, ends_only)
    assert both.waits_note == "start times were not recorded: waits include the work on the next step"
    assert edge(both, "A", "B").wait is not None


def test_the_order_of_cases_does_not_matter() -> None:
    """The same cases in another order give the same map."""
    paths, office = ["ABC", "AC", "AC", "ABBC"] * 30, [f"o{k % 5}" for k in range(120)]
    turned = log(paths[::-1], office[::-1])
    other = drawn(1, 6, 30, 0.5, prefix="p")
    assert mapped(log(paths, office), other) == mapped(turned, other)


def test_no_log_no_map() -> None:
    """A cohort without recorded steps gives a reason."""
    assert isinstance(flow_map(log([]), log(["AB"])), NoEstimate)
    assert isinstance(compare_variants(log(["AB"]), log([])), NoEstimate)


def test_a_hundred_thousand_pieces_of_work_take_a_moment() -> None:
    """The map of 100,000 pieces of work takes well under a second."""
    random = np.random.default_rng(9)
    views = [
        log(
            ["ABCDEFGHIJ"] * 5_000, [f"{prefix}{k % 20}" for k in range(5_000)], waits=lambda k: k % 7 + random.random()
        )
        for prefix in "op"
    ]
    begun = time.perf_counter()
    mapped(views[0], views[1])
    assert time.perf_counter() - begun < 1.5


def test_median_waits_keep_their_promise_with_offices() -> None:
    """No effect, offices that differ: one in twenty intervals of the median by office misses zero, by case many do."""
    random = np.random.default_rng(0)
    missed = np.zeros(2)
    trials = 200
    for _ in range(trials):
        office = np.repeat(np.arange(16), 60)
        values = np.exp(0.25 * random.normal(size=16)[office] + 0.9 * random.normal(size=960))
        none = np.zeros(480, dtype=np.int64)
        sides = [Side(none, none, office[half], none, none, none, none, ()) for half in (slice(480), slice(480, 960))]
        both = Pair(sides[0], sides[1], ("A",), tuple(str(k) for k in range(16)))
        waits = [(np.arange(480), values[:480]), (np.arange(480), values[480:])]
        for k, by in enumerate((Clustering.OFFICE, Clustering.NONE)):
            difference = compare_medians(both, waits, by)[2]
            assert difference is not None
            assert difference.p is not None
            missed[k] += difference.p < 0.05
    assert missed[0] / trials <= 0.10
    assert missed[1] / trials >= 0.20
