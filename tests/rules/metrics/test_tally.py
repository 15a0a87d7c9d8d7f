"""What is counted in one pass is the same as told case by case, in whatever order and parts the rows come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from perintis.rules.metrics import (
    COST,
    DUPLICATE_ENTRY,
    HANDOVERS,
    OFFICER_HANDOVERS,
    REWORK,
    TOUCH_TIME,
    Calendars,
    Metric,
    View,
    matured,
    tally,
)
from perintis.words.tables import DataSet, Grade
from tests.rules.process.logs import complete
from tests.rules.small_tables import CASE_TYPES, INSTANT, STEP_TYPES

START = datetime(2024, 3, 4, tzinfo=UTC)
READ = START + timedelta(days=30)
CASES = 60


@dataclass(frozen=True)
class Visit:
    step: str
    visit: int
    agency: str | None
    officer: str
    started: int
    completed: int
    outcome: str
    cost: float
    keyed: list[str]


def visits_of(random: np.random.Generator) -> list[Visit]:
    """Up to eight visits in the order of their starts, some side by side, some sent back, some by nobody known."""
    found: list[Visit] = []
    at, seen = 0, dict.fromkeys("abc", 0)
    for _ in range(int(random.integers(0, 9))):
        at += int(random.integers(1, 9))
        step = str(random.choice(list("abc")))
        seen[step] += 1
        agency = None if random.random() < 0.03 else str(random.choice(["front", "police"]))
        found.append(
            Visit(
                step, seen[step], agency, str(random.choice(["x", "y", "z"])), at, at + int(random.integers(1, 15)),
                "sent_back" if random.random() < 0.2 else "completed", float(random.integers(1, 9)),
                list(random.choice(["name", "born", "sex"], int(random.integers(0, 3)), replace=False)),
            )
        )  # fmt: skip
    return found


LOG = [visits_of(np.random.default_rng([11, k])) for k in range(CASES)]


def log(order: list[tuple[int, int]]) -> View:
    """The log with its rows (case, visit) in that order; case 7 is not in the case table."""
    rows = [(f"c{c:03}", LOG[c][v]) for c, v in order]
    steps = pl.DataFrame(
        {
            "case": [c for c, _ in rows], "step": [v.step for _, v in rows], "visit": [v.visit for _, v in rows],
            "agency": [v.agency for _, v in rows], "officer": [v.officer for _, v in rows],
            "started": [v.started for _, v in rows], "completed": [v.completed for _, v in rows],
            "outcome": [v.outcome for _, v in rows], "cost": [v.cost for _, v in rows],
            "keyed": [v.keyed for _, v in rows],
        },
        schema_overrides={"visit": pl.Int32, "keyed": pl.List(pl.String)},
    ).with_columns(
        (pl.lit(START) + pl.duration(hours=name)).cast(INSTANT).alias(name) for name in ("started", "completed")
    )  # fmt: skip
    names = [f"c{c:03}" for c in range(CASES) if c != 7]
    cases = pl.DataFrame({"case": names}).with_columns(
        opened=pl.lit(START).cast(INSTANT), closed=pl.lit(READ - timedelta(days=1)).cast(INSTANT)
    )
    return View(DataSet("log", complete(cases, CASE_TYPES), complete(steps, STEP_TYPES), READ, Grade.MEASURED),
                Calendars())  # fmt: skip


def handed_over(visits: list[Visit], who: str) -> float | None:
    names = [getattr(v, who) for v in visits]
    return None if not names or None in names else float(sum(a != b for a, b in pairwise(names)))


def repeated(visits: list[Visit]) -> float | None:
    count = 0
    for k, one in enumerate(visits):
        count += any(e.step == one.step and e.completed <= one.started for e in visits[:k])
        count += one.outcome == "sent_back" and all(later.step != one.step for later in visits[k + 1 :])
    return float(count) if visits else None


def worked_on(visits: list[Visit]) -> float | None:
    hours = {hour for v in visits for hour in range(v.started, v.completed)}
    return len(hours) / 24 if visits else None


def typed_again(visits: list[Visit]) -> float | None:
    fields = [field for v in visits for field in v.keyed]
    return float(len(fields) - len(set(fields))) if visits else None


EXPECTED = (
    (HANDOVERS, lambda visits: handed_over(visits, "agency")),
    (OFFICER_HANDOVERS, lambda visits: handed_over(visits, "officer")),
    (REWORK, repeated),
    (TOUCH_TIME, worked_on),
    (DUPLICATE_ENTRY, typed_again),
    (COST, lambda visits: sum(v.cost for v in visits) if visits else None),
)


def orders() -> dict[str, list[tuple[int, int]]]:
    """As recorded; cases in another order; all rows mixed up."""
    cases = [[(c, v) for v in range(len(LOG[c]))] for c in range(CASES)]
    mixed = [row for case in cases for row in case]
    np.random.default_rng(2).shuffle(mixed)
    return {
        "as recorded": [row for case in cases for row in case],
        "cases reversed": [row for case in reversed(cases) for row in case],
        "rows mixed": [(int(c), int(v)) for c, v in mixed],
    }


@pytest.mark.parametrize("order", orders())
@pytest.mark.parametrize("part", [3, 500_000])
@pytest.mark.parametrize(("metric", "expected"), EXPECTED, ids=lambda one: getattr(one, "name", ""))
def test_counts_are_those_of_each_case_by_itself(
    metric: Metric, expected: object, part: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows in any order, parts of any length, a case in no table: the number is what its own visits say."""
    monkeypatch.setattr(tally, "PART", part)
    found = metric.measure(log(orders()[order]))["value"].to_list()

    assert callable(expected)
    assert found == [
        None if (value := expected(LOG[c])) is None else pytest.approx(value) for c in range(CASES) if c != 7
    ]


def test_behind_the_horizon_nothing_counts() -> None:
    """Within its first day a case was worked on only in the hours of that day."""
    ripe = matured(log(orders()["rows mixed"]), 1.0)
    found = TOUCH_TIME.measure(ripe)["value"].to_list()
    hours = [{h for v in LOG[c] for h in range(v.started, min(v.completed, 24))} for c in range(CASES) if c != 7]

    assert found == [
        pytest.approx(len(day) / 24) if LOG[c] else None
        for day, c in zip(hours, (c for c in range(CASES) if c != 7), strict=True)
    ]
