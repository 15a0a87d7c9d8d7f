"""Variants and successions of a real log are those that plain counting finds."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from perintis.rules.metrics.metric import Calendars
from perintis.rules.metrics.view import View
from perintis.rules.process.earth_mover import Apart, earth_mover
from perintis.rules.process.flow_map import FlowMap, flow_map
from perintis.rules.process.variants import Variants, compare_variants
from perintis.rules.statistics.grouped import Clustering
from perintis.words.tables import DataSet, Grade
from tests.rules.process.logs import complete
from tests.rules.small_tables import CASE_TYPES, INSTANT, STEP_TYPES

Path_ = tuple[tuple[datetime, str], ...]


@pytest.fixture(scope="module")
def paths(shared_data: Path) -> dict[str, dict[str, Path_]]:
    """Channel, case, and its events in order: environmental permits, doi 10.4121/uuid:a07386a5."""
    found: dict[str, dict[str, list[tuple[datetime, str]]]] = {}
    with gzip.open(shared_data / "eventlogs" / "receipt.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["time:timestamp"]).astimezone(UTC)
            cases = found.setdefault(row["case:channel"], {})
            cases.setdefault(row["case:concept:name"], []).append((at, row["concept:name"]))
    return {
        channel: {case: tuple(sorted(events, key=lambda e: e[0])) for case, events in cases.items()}
        for channel, cases in found.items()
    }


def view(cases: dict[str, Path_]) -> View:
    rows = [(case, at, step) for case, events in cases.items() for at, step in events]
    steps = pl.DataFrame(rows, schema={"case": pl.String, "completed": INSTANT, "step": pl.String}, orient="row")
    spans = [(case, events[0][0], events[-1][0]) for case, events in cases.items()]
    table = pl.DataFrame(spans, schema={"case": pl.String, "opened": INSTANT, "closed": INSTANT}, orient="row")
    read = datetime(2012, 1, 24, tzinfo=UTC)
    data = DataSet("receipt", complete(table, CASE_TYPES), complete(steps, STEP_TYPES), read, Grade.MEASURED)
    return View(data, Calendars())


def test_variants_of_the_receipt_log(paths: dict[str, dict[str, Path_]]) -> None:
    """1,434 cases; each channel's variants are as often as plain counting says."""
    assert sum(map(len, paths.values())) == 1_434
    found = compare_variants(view(paths["Internet"]), view(paths["Desk"]), Clustering.NONE)
    assert isinstance(found, Variants)
    plain = [Counter(tuple(step for _, step in events) for events in paths[c].values()) for c in ("Internet", "Desk")]
    assert found.cases == (1_250, 109)
    assert found.distinct == (len(plain[0]), len(plain[1]))
    assert {v.steps: v.cases for v in found.variants} == {
        variant: (plain[0][variant], plain[1][variant]) for variant in {*plain[0], *plain[1]}
    }


def test_successions_of_the_receipt_log(paths: dict[str, dict[str, Path_]]) -> None:
    """Each edge has the cases and the median wait that plain counting finds."""
    found = flow_map(view(paths["Internet"]), view(paths["Desk"]), Clustering.NONE)
    assert isinstance(found, FlowMap)
    cases: Counter[tuple[str, str]] = Counter()
    waits: dict[tuple[str, str], list[float]] = {}
    for events in paths["Internet"].values():
        pairs = list(pairwise(events))
        cases.update({(a, b) for (_, a), (_, b) in pairs})
        for (begun, a), (ended, b) in pairs:
            waits.setdefault((a, b), []).append((ended - begun).total_seconds() / 86_400)
    inner = [e for e in found.edges if not {e.source, e.target} & {"(start)", "(end)"}]
    assert {(e.source, e.target): e.cases[0] for e in inner if e.cases[0]} == cases
    for e in inner:
        if e.cases[0]:
            assert e.waits[0] == pytest.approx(median(waits[e.source, e.target]), abs=1e-9)
    assert any(e.survives for e in found.edges)


def test_channels_of_the_receipt_log_are_apart(paths: dict[str, dict[str, Path_]]) -> None:
    """Internet and post take different ways; no offices were recorded, so nothing is said of chance."""
    found = earth_mover(view(paths["Internet"]), view(paths["Post"]), seed=1)
    assert isinstance(found, Apart)
    assert 0.05 < found.distance < 0.6
    assert (found.p, found.reason) == (None, "the office of some cases was not recorded")
    same = earth_mover(view(paths["Post"]), view(paths["Post"]), seed=1)
    assert isinstance(same, Apart)
    assert same.distance == pytest.approx(0, abs=1e-9)
