"""The daily band of a yes or no: from exact intervals of both shares, and false alarms are rarer than promised."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from perintis.rules.sequential.mixtures import share_interval
from perintis.use.evaluation.share_band import share_band

START = date(2026, 1, 1)


def trial(seed: int, pilot_share: float = 0.2, days: int = 60, each: int = 10) -> tuple[np.ndarray, ...]:
    """Ten cases a cohort and day; 0 or 1, the cohort, and the ordinal of the day."""
    random = np.random.default_rng(seed)
    day, pilot = np.repeat(np.arange(days), 2 * each), np.tile(np.repeat([False, True], each), days)
    y = (random.random(len(day)) < np.where(pilot, pilot_share, 0.2)).astype(float)
    return y, pilot, day + START.toordinal()


def test_each_day_is_the_lowest_of_one_less_the_highest_of_the_other() -> None:
    """Both intervals at half of 5 %, tightest at half of a cohort's planned cases."""
    y, pilot, day = trial(1)
    band = share_band(y, np.ones(len(y), dtype=bool), pilot, day, START + timedelta(days=30), 1_200)
    seen = day <= (START + timedelta(days=30)).toordinal()
    one, zero = ((int(y[seen & side].sum()), int((seen & side).sum())) for side in (pilot, ~pilot))
    (low1, high1), (low0, high0) = (share_interval(*counts, 0.025, 300) for counts in (one, zero))
    last = band.days[-1]
    assert (last.day, last.cases) == (START + timedelta(days=30), 620)
    assert (last.low, last.high) == pytest.approx((low1 - high0, high1 - low0), abs=1e-8)


def test_it_is_hidden_until_a_hundred_cases_a_cohort() -> None:
    """Ten a day: the tenth day is the first; before, the reason."""
    y, pilot, day = trial(2)
    used = np.ones(len(y), dtype=bool)
    assert share_band(y, used, pilot, day, START + timedelta(days=40), 1_200).days[0].day == START + timedelta(days=9)
    early = share_band(y, used, pilot, day, START + timedelta(days=3), 1_200)
    assert early.days == ()
    assert early.hidden == "shown from 100 matured cases in each cohort on; the smaller one has 40"


def test_without_effect_it_hardly_ever_leaves_zero_out_and_with_a_large_one_it_does() -> None:
    """200 trials, 60 days each: at most 5 % with equal shares; 20 points better is always found."""
    wrong = found = 0
    for seed in range(200):
        for share in (0.2, 0.4):
            y, pilot, day = trial(seed, share)
            band = share_band(y, np.ones(len(y), dtype=bool), pilot, day, START + timedelta(days=60), 1_200)
            out = any(not d.low <= 0 <= d.high for d in band.days)
            wrong, found = (wrong + out, found) if share == 0.2 else (wrong, found + out)
    assert wrong / 200 <= 0.05
    assert found / 200 > 0.9
