"""Rehearsing fast-track, as its own assumptions say: both processes, stored, comparable, and not rigged."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from perintis.doors.pilot_folder import load_definition, read_terms
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.database import Database
from perintis.doors.store.verifying import verify_store
from perintis.engine.definition import Definition
from perintis.rules.assumptions import Assumptions, parse_assumptions
from perintis.use.rehearse import RehearsalResult, rehearse
from perintis.words.recorded import Process
from perintis.words.tables import DataSet
from tests.databases import new_sqlite

CASES = 400


@pytest.fixture(scope="module")
def definition(repository: Path) -> Definition:
    return load_definition(repository, "fast-track")


@pytest.fixture(scope="module")
def assumptions(repository: Path, definition: Definition) -> Assumptions:
    text = read_terms(repository, definition.pilot, "rehearsal.yaml")
    assert text is not None
    return parse_assumptions(text, "pilots/fast_track/rehearsal.yaml")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(new_sqlite(tmp_path_factory.mktemp("rehearsed") / "perintis.db"))
    yield database
    database.close()


Both = dict[Process, tuple[RehearsalResult, DataSet]]


@pytest.fixture(scope="module")
def both(store: Database, definition: Definition, assumptions: Assumptions) -> Both:
    """Both processes, rehearsed with one seed, and their analysis tables."""
    found = {}
    for process in Process:
        result = rehearse(store, definition, process, assumptions, cases=CASES, seed=3)
        data = pilot_dataset(store, definition.pilot, process=process, rehearsal=result.run)
        found[process] = (result, data)
    return found


def test_everything_is_stored_and_fits_together(both: Both, store: Database) -> None:
    """As many cases as asked for in each process; no case failed; events alone rebuild what is stored."""
    for result, data in both.values():
        assert result.problem is None
        assert result.stored.counts["opened"] == data.cases.height == CASES
        assert result.cases_per_second > 0
    assert verify_store(store) == []


def test_both_processes_have_the_same_applications(both: Both) -> None:
    """References, arrivals, offices and categories are equal, case by case: the comparison is paired."""
    columns = ("case", "opened", "office", "case:category")
    one, two = (data.cases.select(columns).sort("case") for _, data in both.values())
    assert one.equals(two)


def test_a_step_that_both_have_takes_the_same_time_in_both(both: Both) -> None:
    """The same person is screened as long and as well in either process."""
    screened = [
        data.steps.filter((pl.col("step") == "kemenkes.health_screening") & (pl.col("visit") == 1)).select(
            "case", "outcome", "cost"
        )
        for _, data in both.values()
    ]
    paired = screened[0].join(screened[1], on="case")
    assert paired.height > 0.9 * CASES
    done = paired.filter((pl.col("outcome") == "completed") & (pl.col("outcome_right") == "completed"))
    assert done["cost"].equals(done["cost_right"], null_equal=True)


def test_no_agency_is_overloaded_in_either_process(both: Both) -> None:
    """Officers are busy less than nine tenths of their time, so that no queue grows without end."""
    for result, _ in both.values():
        for code, used in result.stored.metrics["officers"].items():
            assert used["busy"] < 0.9, code


def test_what_the_pilot_removes_is_gone_and_the_rest_stays(both: Both) -> None:
    """Typing at counters happens in the present process only; checks by agencies happen in both."""
    steps = {process: set(data.steps["step"].unique()) for process, (_, data) in both.items()}
    typed = {name for name in steps[Process.AS_IS] if "counter" in name or name.endswith("open_paper_file")}
    assert typed
    assert not typed & steps[Process.TO_BE]
    for shared in ("kemenkes.health_screening", "polri.police_record", "kemnaker.approve_work", "imigrasi.decide"):
        assert shared in steps[Process.AS_IS] & steps[Process.TO_BE]


def test_refusals_and_lapses_happen_in_both(both: Both) -> None:
    """A rehearsal in which everybody is granted would hide what a process does with the others."""
    for _, data in both.values():
        assert set(data.cases["outcome"].drop_nulls()) == {"granted", "refused", "lapsed"}


def test_progress_is_told_and_the_start_can_be_set(
    store: Database, definition: Definition, assumptions: Assumptions
) -> None:
    """`progress` hears of every transaction; `start` moves the first day on which cases are kept."""
    heard: list[tuple[int, int | None]] = []
    result = rehearse(
        store, definition, Process.TO_BE, assumptions, cases=30, seed=1, start=date(2025, 7, 7),
        progress=lambda done, of: heard.append((done, of)),
    )  # fmt: skip
    assert heard[-1] == (30, 30)
    data = pilot_dataset(store, definition.pilot, process=Process.TO_BE, rehearsal=result.run)
    opened = data.cases["opened"].min()
    assert isinstance(opened, datetime)
    assert opened >= datetime(2025, 7, 6, 17, tzinfo=UTC)


def test_pythons_collector_is_left_as_it_was(store: Database, definition: Definition, assumptions: Assumptions) -> None:
    """Thresholds that were changed for speed are put back."""
    before = gc.get_threshold()
    rehearse(store, definition, Process.TO_BE, assumptions, cases=1, seed=1)
    assert gc.get_threshold() == before
