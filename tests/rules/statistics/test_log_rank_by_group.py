"""The log-rank test by offices is Mantel's where every case is its own office, and honest where offices differ."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.log_rank import ClusteredLogRank, LogRank, log_rank, log_rank_by_group


def cohorts(seed: int, offices: int = 10, each: int = 30, spread: float = 0.0) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    office = np.repeat(np.arange(2 * offices), each)
    pilot = office >= offices
    level = np.exp(spread * random.normal(0, 1, 2 * offices))[office]
    time, seen = random.exponential(20, len(office)) * level, random.uniform(5, 60, len(office))
    return np.minimum(time, seen), time <= seen, pilot, office


def test_seen_and_expected_endings_are_mantels() -> None:
    """The same two numbers; with each case a group of its own nearly the same statistic (Lin and Wei 1989)."""
    time, ended, pilot, _ = cohorts(1)
    known = log_rank(time, ended, pilot)
    found = log_rank_by_group(time, ended, pilot, np.arange(len(time)))
    assert isinstance(known, LogRank)
    assert isinstance(found, ClusteredLogRank)
    assert (found.seen, found.expected) == pytest.approx((known.seen, known.expected))
    assert found.t**2 == pytest.approx(known.chi2, rel=0.1, abs=0.05)


def test_swapping_the_cohorts_turns_the_sign() -> None:
    """What is faster in one is slower in the other."""
    time, ended, pilot, office = cohorts(2, spread=0.3)
    one, other = (log_rank_by_group(time, ended, side, office) for side in (pilot, ~pilot))
    assert isinstance(one, ClusteredLogRank)
    assert isinstance(other, ClusteredLogRank)
    assert one.t == pytest.approx(-other.t)
    assert one.p == pytest.approx(other.p)


def test_a_late_entry_is_not_at_risk_before_it() -> None:
    """Three of the pilot seen from age 5 on: at the ending on day 3 only cases of the baseline were there."""
    time = np.array([3.0, 7, 8, 9, 10, 11])
    pilot = np.array([False, False, False, True, True, True])
    entry = np.where(pilot, 5.0, 0.0)
    ended = np.ones(6, dtype=bool)
    found = log_rank_by_group(time, ended, pilot, np.arange(6), entry)
    assert isinstance(found, ClusteredLogRank)
    # At 3: none of the pilot at risk. At 7: 3 of 5. At 8: 3 of 4. From 9 on only the pilot is left.
    assert found.expected == pytest.approx(3 / 5 + 3 / 4 + 3)
    assert found.seen == 3


def test_offices_that_differ_are_no_proof() -> None:
    """300 trials without effect, offices unlike each other: by cases far too many alarms, by offices about 5 %."""
    by_case = by_office = 0
    for seed in range(300):
        time, ended, pilot, office = cohorts(seed, spread=0.4)
        plain, grouped = log_rank(time, ended, pilot), log_rank_by_group(time, ended, pilot, office)
        assert isinstance(plain, LogRank)
        assert isinstance(grouped, ClusteredLogRank)
        by_case += plain.p < 0.05
        by_office += grouped.p < 0.05
    assert by_case / 300 > 0.25
    assert by_office / 300 < 0.09


def test_without_an_ending_in_common_there_is_none() -> None:
    """One cohort ended before the other came under observation."""
    found = log_rank_by_group(
        np.array([1.0, 2]), np.array([True, False]), np.array([True, False]), np.arange(2), np.array([0.0, 1.5])
    )
    assert isinstance(found, NoEstimate)


def test_a_large_effect_in_few_offices_is_seen() -> None:
    """Twice the pace in the same eight offices: rarer than one in a thousand, though offices are eight."""
    random = np.random.default_rng(4)
    office, pilot = np.tile(np.arange(8), 100), np.repeat([False, True], 400)
    time = random.exponential(20, 800) / np.where(pilot, 2, 1)
    found = log_rank_by_group(time, np.ones(800, dtype=bool), pilot, office)
    assert isinstance(found, ClusteredLogRank)
    assert found.df == 7
    assert found.p < 0.001
