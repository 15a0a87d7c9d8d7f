"""What a first comparison says, what it refuses to say, and what it warns of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from perintis.rules.comparison import Comparison, compare
from perintis.rules.figures import Estimate, Figures
from perintis.rules.metrics import (
    COST,
    HANDOVERS,
    LEAD_TIME,
    LEAD_TIME_WORKING,
    SERVICE_LEVEL_MET,
    Calendars,
    NotComparable,
)
from perintis.words.agency import Calendar
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, STEP_TYPES, data_set

START = datetime(2024, 1, 1, tzinfo=UTC)


def cohort(name: str, days: Any, *, opened: Any = 0, read: float = 1e4, **columns: Any) -> DataSet:
    """One case for each duration in days, opened so many days after the start; open if it ends after the reading."""
    days = np.asarray(days, dtype=float)
    begin = np.broadcast_to(opened, days.shape)
    until = START + timedelta(days=read)
    opening = [START + timedelta(days=float(d)) for d in begin]
    closing = [o + timedelta(days=float(d)) for o, d in zip(opening, days, strict=True)]
    rows = {
        "case": [f"{name}-{k}" for k in range(days.size)],
        "opened": opening,
        "closed": [c if c <= until else None for c in closing],
        **{key: list(np.broadcast_to(value, days.shape)) for key, value in columns.items()},
    }
    types = {**CASE_TYPES, **{key: pl.String for key in columns if key not in CASE_TYPES}}
    cases = pl.DataFrame({key: rows.get(key, [None] * days.size) for key in types}, schema=types)
    return DataSet(name, cases, pl.DataFrame(schema=STEP_TYPES), until, Grade.MEASURED, clock="received to decided")


def figures(comparison: Comparison, metric: str, side: str) -> Figures:
    found = getattr(comparison.metric(metric), side)
    assert isinstance(found, Figures), found
    return found


def codes(comparison: Comparison) -> set[str]:
    return {caution.code for caution in comparison.warnings}


def lognormal(seed: int, n: int, factor: float = 1.0) -> Any:
    return np.random.default_rng(seed).lognormal(np.log(20 * factor), 0.9, n)


def test_two_sides_and_their_difference() -> None:
    """Half the days: the difference is b minus a, with an interval that holds it."""
    result = compare(cohort("before", range(1, 101)), cohort("after", np.arange(1, 101) / 2))
    lead = result.metric("lead_time")
    before, after = figures(result, "lead_time", "a"), figures(result, "lead_time", "b")
    assert (before.statistics["median"].value, after.statistics["median"].value) == (50, 25)
    assert (before.statistics["p90"].value, after.statistics["p90"].value) == (90, 45)
    gap = lead.difference["median"]
    assert gap.value == -25
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < -25 < gap.high < 0
    assert (before.cases, before.open, before.used) == (100, 0, 100)
    assert lead.resampled == "cases"


def test_open_cases_are_counted_and_never_dropped() -> None:
    """The same process in both cohorts, one read early: closed cases alone look a quarter faster, the curve does not.

    Source: the simulation check S-1 of the method; log-normal times with median 20 and sigma 0.9.
    """
    intake = np.random.default_rng(3).uniform(0, 90, 3000)
    result = compare(
        cohort("baseline", lognormal(1, 3000), opened=intake, read=2000),
        cohort("pilot", lognormal(2, 3000), opened=intake, read=90),
        metrics=[LEAD_TIME],
    )
    pilot = figures(result, "lead_time", "b")
    gap = result.metric("lead_time").difference["median"]
    assert pilot.open > 900
    assert pilot.naive["median"] < 0.78 * 20
    assert pilot.statistics["median"].value == pytest.approx(20, rel=0.08)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < 0 < gap.high
    assert {"many_open", "naive_differs"} <= codes(result)
    assert any("the closed cases alone have a median of" in c.text for c in result.warnings)


def test_cases_that_are_there_because_they_took_long_are_told() -> None:
    """The comparison does not count them from the age they had; it says so, and how many they are."""
    one = cohort("baseline", lognormal(1, 40), opened=np.arange(40))
    since = replace(one, observed_from=START + timedelta(days=20))
    result = compare(since, cohort("pilot", lognormal(2, 40)), metrics=[LEAD_TIME])
    told = [c.text for c in result.warnings if c.code == "open_before_observation"]
    assert len(told) == 1
    assert told[0].startswith("20 cases of baseline were opened before observation began")


def test_a_quantile_not_yet_seen_has_a_reason_instead_of_a_number() -> None:
    """Nine tenths have not ended: there is no 90th percentile, and no difference of it."""
    result = compare(cohort("a", range(1, 101)), cohort("b", range(1, 101), read=60), metrics=[LEAD_TIME])
    late = figures(result, "lead_time", "b").statistics["p90"]
    assert late == Estimate(None, reason="not seen yet: 60% had ended, 90% are needed")
    assert result.metric("lead_time").difference["p90"].value is None
    assert figures(result, "lead_time", "b").statistics["median"].value == 50


def test_an_interval_may_reach_beyond_what_was_seen() -> None:
    """The median was just seen, its upper limit was not."""
    result = compare(cohort("a", range(1, 101)), cohort("b", range(1, 101), read=51), metrics=[LEAD_TIME])
    median = figures(result, "lead_time", "b").statistics["median"]
    assert median.value == 50
    assert median.low is not None
    assert median.high is None
    assert median.reason == "the interval reaches beyond what was seen"


def test_few_cases_get_no_interval() -> None:
    """Below thirty cases the value stands alone, with the reason."""
    result = compare(cohort("a", range(1, 101)), cohort("b", range(1, 13)), metrics=[LEAD_TIME])
    median = figures(result, "lead_time", "b").statistics["median"]
    assert median == Estimate(6, reason="12 cases; 30 are needed for an interval")
    gap = result.metric("lead_time").difference["median"]
    assert (gap.value, gap.low, gap.high) == (-44, None, None)


def offices(names: int, each: int, seed: int) -> tuple[list[str], Any]:
    """So many offices whose cases resemble each other strongly."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.lognormal(3, 0.5, names), each)
    return [f"office {k:02d}" for k in range(names) for _ in range(each)], level * random.lognormal(
        0, 0.2, names * each
    )


def test_offices_are_the_sample_size() -> None:
    """With four offices a side they are drawn instead of cases, and the interval shows how few they are."""
    (where, days), (elsewhere, other) = offices(8, 60, 1), offices(8, 60, 2)
    there = [name.replace("office", "branch") for name in elsewhere]
    clustered = compare(cohort("a", days, office=where), cohort("b", other, office=there), metrics=[LEAD_TIME])
    single = compare(cohort("a", days), cohort("b", other), metrics=[LEAD_TIME])
    wide, narrow = (c.metric("lead_time").difference["median"] for c in (clustered, single))
    assert clustered.metric("lead_time").resampled == "offices"
    assert wide.value == narrow.value
    assert wide.low is not None
    assert wide.high is not None
    assert narrow.low is not None
    assert narrow.high is not None
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert "few_offices" in codes(clustered)
    assert "cases_resampled" in codes(single)


def test_the_same_offices_on_both_sides_are_drawn_together() -> None:
    """Before and after in the same offices: their differences in level cancel."""
    where, days = offices(8, 60, 1)
    together = compare(cohort("a", days, office=where), cohort("b", days * 0.9, office=where), metrics=[LEAD_TIME])
    apart = [name.replace("office", "branch") for name in where]
    separate = compare(cohort("a", days, office=where), cohort("b", days * 0.9, office=apart), metrics=[LEAD_TIME])
    close, loose = (c.metric("lead_time").difference["median"] for c in (together, separate))
    assert together.metric("lead_time").resampled == "same offices"
    assert close.high is not None
    assert close.high < 0
    assert loose.high is not None
    assert loose.high > 0


@pytest.mark.parametrize("count", [3, 4])
def test_three_offices_are_too_few_to_draw_from(count: int) -> None:
    """Four on each side are the least."""
    where, days = offices(count, 40, 1)
    result = compare(cohort("a", days, office=where), cohort("b", days, office=where), metrics=[LEAD_TIME])
    assert result.metric("lead_time").resampled == ("same offices" if count == 4 else "cases")


def test_counts_shares_and_money_speak_of_final_values() -> None:
    """Closed cases for hand-overs and cost, cases past their deadline for deadlines."""
    data = data_set(
        """
        case  opened   closed   due
        A     1/08:00  2/12:00  3/00:00
        B     1/08:00  4/12:00  3/00:00
        C     1/08:00  -        3/00:00
        D     9/08:00  -        40/00:00
        """,
        """
        case step visit agency   started  completed outcome   cost
        A    one  1     dukcapil 1/10:00  1/12:00   completed 2
        A    two  1     polri    1/12:00  1/14:00   completed 4
        B    one  1     dukcapil 1/10:00  1/12:00   completed 2
        C    one  1     dukcapil 1/10:00  1/12:00   completed 2
        """,
        read="10/00:00",
    )
    result = compare(data, replace(data, name="again"), metrics=[HANDOVERS, COST, SERVICE_LEVEL_MET])
    handed, paid, met = (figures(result, name, "a") for name in ("handovers", "cost", "service_level_met"))
    assert (handed.used, handed.statistics["mean"].value) == (2, 0.5)
    assert (paid.used, paid.statistics["mean"].value, paid.statistics["p90"].value) == (2, 4, 6)
    assert (met.used, met.unknown) == (3, 1)
    assert met.statistics["mean"].value == pytest.approx(1 / 3)


def test_what_one_side_lacks_is_not_comparable() -> None:
    """A reason on that side, figures on the other, no difference."""
    a, b = (
        cohort("a", range(1, 51)),
        data_set("case opened closed\nA 1/08:00 2/08:00", "case step visit agency completed\nA one 1 x 1/09:00"),
    )
    handed = compare(a, b).metric("handovers")
    assert handed.a == NotComparable("no steps were recorded")
    assert isinstance(handed.b, Figures)
    assert handed.difference == {}


def test_groups_are_compared_one_by_one() -> None:
    """One table for each value, the largest first; a group that one side lacks has no difference."""
    channels = ["desk"] * 60 + ["post"] * 40
    a = cohort("a", [2] * 60 + [10] * 40, **{"case:channel": channels})
    b = cohort("b", [1] * 80 + [7] * 20, **{"case:channel": ["desk"] * 80 + [None] * 20})
    result = compare(a, b, by="case:channel", metrics=[LEAD_TIME])
    desk, post, unknown = result.groups
    assert [g.value for g in result.groups] == ["desk", "post", "(not recorded)"]
    assert desk.metrics[0].difference["median"] == Estimate(-1, -1, -1)
    assert post.metrics[0].b == NotComparable("no such case")
    assert unknown.metrics[0].a == NotComparable("no such case")


def test_comparing_by_a_column_that_is_not_there_names_those_that_are() -> None:
    """The message says what may be used; a column with too many values is no group."""
    data = cohort("a", range(1, 151), **{"case:number": [str(k) for k in range(150)]})
    with pytest.raises(BadInput, match=r"it can be compared by office, case:number"):
        compare(data, data, by="channel")
    with pytest.raises(BadInput, match="150 different values"):
        compare(data, data, by="case:number")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"clock": "validated to decided"}, "different_clocks", "may come from the definition alone"),
        ({"clock": ""}, "different_clocks", "nothing said"),
        ({"grade": Grade.PROMISED}, "grade", "promised times"),
        ({"grade": Grade.SAMPLE}, "grade", "short sample"),
        ({"grade": Grade.REHEARSAL, "simulated": True}, "grade", "rehearsal"),
        ({"simulated": True}, "simulated", "b is simulated"),
    ],
)
def test_what_caps_the_claim_is_said(change: dict[str, Any], code: str, words: str) -> None:
    """One plain sentence with a stable code."""
    a, b = cohort("a", range(1, 51)), replace(cohort("b", range(1, 51)), **change)
    found = [c for c in compare(a, b, metrics=[LEAD_TIME]).warnings if c.code == code]
    assert len(found) == 1
    assert words in found[0].text


def test_withdrawals_and_unknown_values_are_said() -> None:
    """A process that loses applicants looks fast; values missing for many cases are named."""
    a = cohort("a", range(1, 51), outcome="granted")
    lost = cohort("b", [*range(1, 41), *[-1] * 10], outcome=["withdrawn"] * 10 + ["granted"] * 40)
    result = compare(a, lost, metrics=[LEAD_TIME])
    assert {"withdrawals_differ", "values_unknown"} <= codes(result)
    assert figures(result, "lead_time", "b").unknown == 10


def test_the_same_seed_gives_the_same_figures_whatever_the_order_of_rows() -> None:
    """Shuffling the cases changes nothing; another seed changes only the intervals."""
    where, days = offices(6, 50, 3)
    a, b = cohort("a", days, office=where), cohort("b", days[::-1], office=where)
    shuffled = replace(b, cases=b.cases.sample(fraction=1, shuffle=True, seed=1))
    one = compare(a, b, by="office", seed=4).to_json()
    assert compare(a, shuffled, by="office", seed=4).to_json() == one
    assert compare(a, b, by="office", seed=5).to_json() != one


def test_swapping_the_sides_turns_the_sign() -> None:
    """b minus a is the opposite of a minus b, limits included."""
    a, b = cohort("a", lognormal(1, 400)), cohort("b", lognormal(2, 400, 0.8))
    there = compare(a, b, metrics=[LEAD_TIME]).metric("lead_time").difference["median"]
    back = compare(b, a, metrics=[LEAD_TIME]).metric("lead_time").difference["median"]
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))  # type: ignore[operator]


def test_a_data_set_compared_with_itself_differs_by_chance_only() -> None:
    """The difference is zero, and its interval is not."""
    data = cohort("a", lognormal(1, 200))
    gap = compare(data, data, metrics=[LEAD_TIME]).metric("lead_time").difference["median"]
    assert gap.value == 0
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < 0 < gap.high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Two hundred trials without any difference: about one in twenty intervals misses zero (open cases included)."""
    missed = 0
    for trial in range(200):
        intake = np.random.default_rng(trial).uniform(0, 90, 150)
        a = cohort("a", lognormal(2 * trial + 1000, 150), opened=intake, read=400)
        b = cohort("b", lognormal(2 * trial + 1001, 150), opened=intake, read=120)
        gap = compare(a, b, metrics=[LEAD_TIME], resamples=300, seed=trial).metric("lead_time").difference["median"]
        assert gap.low is not None
        assert gap.high is not None
        missed += not gap.low <= 0 <= gap.high
    assert 3 <= missed <= 20


def test_working_time_is_compared_by_the_calendar_of_the_case() -> None:
    """From Monday 1 January 2024 midnight, ten days of 08:00 to 16:00 are eight working days of eight hours."""
    office = Calendars(case=Calendar.weekdays("UTC"))
    data = cohort("a", [10] * 40)
    result = compare(data, data, calendars=office, metrics=[LEAD_TIME_WORKING])
    assert figures(result, "lead_time_working", "a").statistics["median"].value == 64


def test_the_result_is_plain_json() -> None:
    """No infinity and no NaN: what is missing is null, with its reason beside it."""
    data = cohort("a", range(1, 101), read=51, outcome="granted")
    text = json.dumps(compare(data, replace(data, name="b"), by="office").to_json(), allow_nan=False)
    found = json.loads(text)
    lead = found["metrics"][0]
    assert lead["name"] == "lead_time"
    assert lead["a"]["statistics"]["p90"]["value"] is None
    assert lead["a"]["statistics"]["p90"]["reason"].startswith("not seen yet")
    assert found["metrics"][1]["a"] == {"not_comparable": "no office hours were given in which to count working time"}
    assert [g["value"] for g in found["groups"]] == ["(not recorded)"]


def test_nothing_to_compare_is_not_an_error() -> None:
    """A data set without cases has no figures, and says so."""
    empty = cohort("a", [])
    lead = compare(empty, cohort("b", range(1, 51))).metric("lead_time")
    assert isinstance(lead.a, NotComparable)
    assert isinstance(lead.b, Figures)
