"""The daily interval, when it is hidden, pairs of days, and the harm monitor."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest

from perintis.rules.sequential.always_valid import (
    DayEstimate,
    band,
    day_pairs,
    half_width,
    one_sided_width,
    tuning,
)
from perintis.rules.sequential.harm_monitor import watch
from perintis.rules.sequential.looks import t_bound
from perintis.words.errors import BadInput

FIRST = date(2026, 3, 2)


def days(*rows: tuple[float, float, int, int]) -> list[DayEstimate]:
    return [DayEstimate(FIRST + timedelta(k), *row) for k, row in enumerate(rows)]


def test_the_sequential_interval_of_growthbook() -> None:
    """Known answer: relative effect .50336, error .33341, from -.55844 to 1.56516 with N* = 1000."""
    baseline, pilot = (1396.87, 52377.9767, 3000), (2422.7, 134698.29, 3461)
    (m0, v0), (m1, v1) = ((s / n, (q - s * s / n) / (n - 1)) for s, q, n in (baseline, pilot))
    estimate = m1 / m0 - 1
    error = math.sqrt(v1 / (3461 * m0**2) + v0 * m1**2 / (3000 * m0**4))
    half = half_width(error, 6461, tuning(1000))
    # GrowthBook packages/stats/tests/frequentist/test_tests.py @8f1db445
    assert (estimate, error, estimate - half, estimate + half) == pytest.approx(
        (0.50336, 0.33341, -0.55844, 1.56516), abs=6e-6
    )


def test_the_interval_is_tightest_near_its_tuning() -> None:
    """In standard errors it is narrowest about where it was tuned, and never as narrow as 1.96."""
    width = {n: half_width(1.0, n, tuning(1200)) for n in (60, 1200, 24000)}
    assert min(width, key=width.__getitem__) == 1200
    assert 2.5 < width[1200] < 3.2
    assert one_sided_width(1.0, 1200, tuning(1200, 0.1)) < width[1200]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (4 * [(0.0, 1.0, 500, 500)], "shown from day 5 on; there are 4 days"),
        (9 * [(0.0, 1.0, 500, 99)], "shown from 100 matured cases in each cohort on; the smaller one has 99"),
    ],
)
def test_too_early_nothing_is_shown(rows: list[tuple[float, float, int, int]], why: str) -> None:
    """Before day 5 and a hundred matured cases a cohort there is a reason instead of an interval."""
    found = band(days(*rows), planned=2400)
    assert (found.days, found.hidden) == ((), why)


def test_the_band_by_day() -> None:
    """Day 5 is the first; each interval is estimate plus and minus the half width of that day's cases."""
    found = band(days(*((-2.0, 1.0 / k, 40 * k, 40 * k) for k in range(1, 8))), planned=2400)
    assert [d.day.day for d in found.days] == [6, 7, 8]
    first = found.days[0]
    half = half_width(0.2, 400, tuning(1200))
    assert (first.low, first.high, first.cases) == pytest.approx((-2 - half, -2 + half, 400))
    with pytest.raises(BadInput, match="planned number of cases"):
        band([], planned=0)


def test_day_pairs_are_means_of_daily_differences() -> None:
    """Differences 1, 3, 5: mean 3, error of a mean of three."""
    estimate, error = day_pairs(np.array([11.0, 13, 15]), np.array([10.0, 10, 10]))
    assert estimate.tolist() == [1, 2, 3]
    assert math.isnan(error[0])
    assert error[2] == pytest.approx(2 / math.sqrt(3))


HARM = [(-1.0, 0.5 / k, 60 * k, 60 * k) for k in range(1, 21)]
CALM = [(0.3, 0.5 / k, 60 * k, 60 * k) for k in range(1, 21)]


def test_harm_trips_once_with_its_day_and_what_to_do() -> None:
    """A guardrail that gets worse and worse trips on its first day beyond doubt; the other stays silent."""
    (trip,) = watch({"errors": days(*HARM), "cost": days(*CALM)}, planned=2400)
    assert trip.metric == "errors"
    assert trip.day == date(2026, 3, 6)
    assert trip.limit < 0
    assert trip.in_words() == (
        f"errors has been worse than the baseline since 2026-03-06 (by 1, at least {-trip.limit:.3g}): "
        "pause intake and ask a human"
    )


def test_more_guardrails_share_the_level() -> None:
    """With twelve guardrails each needs more before it trips."""
    alone = watch({"errors": days(*HARM)}, planned=2400)
    among = watch({"errors": days(*HARM), **{f"g{k}": days(*CALM) for k in range(11)}}, planned=2400)
    assert among[0].limit > alone[0].limit
    assert watch({}, planned=2400) == ()


def test_an_early_day_never_trips() -> None:
    """Four days of terrible figures are not enough to pause a pilot by."""
    assert watch({"errors": days(*(4 * [(-9.0, 0.1, 900, 900)]))}, planned=2400) == ()


def test_an_error_from_few_groups_widens_the_interval() -> None:
    """Four degrees of freedom: the width of 3.1 standard errors becomes the t quantile with the same tail."""
    plain = half_width(1.0, 1200, tuning(1200))
    assert half_width(1.0, 1200, tuning(1200), df=4) == pytest.approx(t_bound(plain, 4))
    assert t_bound(plain, 4) > 1.7 * plain
    uncertain = [DayEstimate(d.day, d.estimate, d.error, d.pilot, d.baseline, df=4) for d in days(*HARM)]
    (sure,), (unsure,) = watch({"e": days(*HARM)}, 2400), watch({"e": uncertain}, 2400)
    assert sure.limit < unsure.limit
