"""Waits at a desk, Little's law over a log, and how busy officers were."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.rules.statistics.effect import NoEstimate
from perintis.rules.statistics.queues import (
    OfficeWeek,
    Utilisation,
    erlang_c_wait,
    kingman_wait,
    littles_law,
    utilisation,
)
from perintis.words.agency import Calendar, Hours
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, INSTANT, STEP_TYPES, data_set

WEEKDAYS = Calendar(
    timezone="UTC", hours={d: Hours(opens=time(8), closes=time(16)) for d in range(5)}, country=None, holidays=()
)  # fmt: skip
DAY = 86_400_000_000


@pytest.mark.parametrize(("arrivals", "desks", "wait"), [(0.8, 1, 4.0), (1.6, 2, 1.7777778), (2.0, 3, 0.4444444)])
def test_erlang_c(arrivals: float, desks: int, wait: float) -> None:
    """Mean wait in M/M/c queues, one served a unit of time at each desk. Erlang 1917."""
    assert erlang_c_wait(arrivals, 1.0, desks) == pytest.approx(wait, abs=1e-6)


def test_kingman_is_exact_for_one_desk_with_chance_alone() -> None:
    """With both coefficients of variation 1 it is M/M/1; utilisation 0.9 to 0.8 cuts waits by 56 %."""
    assert kingman_wait(0.8, 1.0) == pytest.approx(erlang_c_wait(0.8, 1.0, 1))
    before, after = kingman_wait(0.9, 1.0), kingman_wait(0.8, 1.0)
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert 1 - after / before == pytest.approx(0.5556, abs=1e-4)
    assert kingman_wait(0.8, 1.0, 0.0, 0.0) == 0.0
    several = kingman_wait(0.8, 1.0, desks=2)
    assert several == pytest.approx(erlang_c_wait(1.6, 1.0, 2), rel=0.03)


def test_an_overloaded_desk_has_no_mean_wait() -> None:
    """As much work as can be done, or more, is a reason and not a number."""
    for found in (erlang_c_wait(2.0, 1.0, 2), kingman_wait(1.0, 3.0)):
        assert isinstance(found, NoEstimate)
        assert "grows without end" in found.reason


def steady(seed: int, days: int = 200, daily: int = 60) -> DataSet:
    """One office, so many cases a day, leads of two to six days."""
    random = np.random.default_rng(seed)
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    opened = np.sort(start + (random.random(days * daily) * days * DAY).astype(np.int64))
    closed = opened + (random.uniform(2, 6, len(opened)) * DAY).astype(np.int64)
    read = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days)
    seen = pl.Series(closed).cast(INSTANT)
    cases = pl.DataFrame(
        {"case": [f"c{k}" for k in range(len(opened))], "office": ["Batam"] * len(opened)}
    ).with_columns(pl.Series("opened", opened).cast(INSTANT), pl.Series("closed", seen).set(seen > read, None))
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in CASE_TYPES.items() if name not in cases.columns]
    return DataSet("steady", cases.with_columns(missing), pl.DataFrame(schema=STEP_TYPES), read, Grade.MEASURED)


def judged(data: DataSet) -> list[OfficeWeek]:
    return [week for week in littles_law(View(data, Calendars())) if week.reason is None]


def test_a_complete_log_keeps_littles_law() -> None:
    """Sixty cases a day with a mean lead of four days: 240 are open on average, and no week is flagged."""
    weeks = judged(steady(1))
    assert len(weeks) > 20
    assert not [week for week in weeks if week.flagged]
    assert np.mean([week.open or 0 for week in weeks]) == pytest.approx(240, rel=0.03)
    assert np.mean([week.off or 0 for week in weeks]) == pytest.approx(0, abs=0.01)


def test_lost_closings_are_flagged() -> None:
    """Where three in ten closings were lost, cases pile up that never leave, and later weeks are flagged."""
    data = steady(2)
    lost = pl.Series(np.random.default_rng(3).random(data.cases.height) < 0.3)
    cases = data.cases.with_columns(pl.when(~lost).then(pl.col("closed")).alias("closed"))
    weeks = judged(DataSet("lost", cases, data.steps, data.observed_until, Grade.MEASURED))
    assert all(week.flagged for week in weeks[2:])
    assert (weeks[-1].off or 0) > 1


def test_the_first_weeks_and_quiet_ones_are_not_judged() -> None:
    """Before the office had been seen for as long as its cases take, and with few closings, there is a reason."""
    weeks = littles_law(View(steady(4, daily=1), Calendars()))
    reasons = {week.reason for week in weeks}
    assert "cases opened before the first one seen may be missing" in reasons
    assert any(reason and reason.endswith("closings; 10 are needed") for reason in reasons)
    assert all(week.flagged is None for week in weeks if week.reason)


def test_the_order_of_rows_does_not_matter() -> None:
    """A shuffled case table gives the same weeks; without offices there are none."""
    data = steady(5, days=60)
    mixed = DataSet(
        "mixed", data.cases.sample(fraction=1, shuffle=True, seed=1), data.steps, data.observed_until, data.grade
    )
    assert judged(mixed) == judged(data)
    nowhere = data.cases.with_columns(pl.lit(None, dtype=pl.String).alias("office"))
    assert judged(DataSet("nowhere", nowhere, data.steps, data.observed_until, data.grade)) == []


WORK = """
    case step    agency    officer started completed
    1    screen  kemenkes  ani     1/08:00 1/12:00
    2    screen  kemenkes  ani     1/10:00 1/14:00
    3    screen  kemenkes  budi    1/12:00 1/14:00
    3    review  kemenkes  budi    1/15:00 1/16:00
"""
CASES = """
    case opened
    1    1/07:00
    2    1/07:00
    3    1/07:00
"""


def test_utilisation() -> None:
    """Two officers, eight hours: one works six (two of them at two cases), the other three: 9 of 16, in 3 cases."""
    found = utilisation(View(data_set(CASES, WORK), Calendars(agencies={"kemenkes": WEEKDAYS})))
    assert found == Utilisation(pytest.approx(9 / 16), 2, pytest.approx(9.0), pytest.approx(16.0), 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "calendars", "reason"),
    [
        (WORK.replace("ani ", "-   ").replace("budi", "-   "), True, "officers were not recorded"),
        (WORK.replace("ani ", "-   "), True, "2 of 4 pieces of work have no officer, agency or start"),
        (WORK, False, "the office hours of kemenkes are not known"),
    ],
)
def test_what_utilisation_cannot_know(steps: str, calendars: bool, reason: str) -> None:
    """Without officers, starts or office hours there is a reason and no share."""
    hours = Calendars(agencies={"kemenkes": WEEKDAYS}) if calendars else Calendars()
    found = utilisation(View(data_set(CASES, steps), hours))
    assert isinstance(found, NoEstimate)
    assert found.reason == reason
