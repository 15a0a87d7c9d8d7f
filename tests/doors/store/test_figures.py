"""What a process counts is recorded in clear with the end of its case, in its events first of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pytest
from pydantic import BaseModel
from sqlalchemy import select

from perintis import Case
from perintis.doors.exporters import export
from perintis.doors.frozen import freeze, thaw
from perintis.doors.importers.own_export import own_mapping
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.doors.store.models import CaseRow, EventRow, RunRow
from perintis.doors.store.rehearsals import store_rehearsal
from perintis.doors.store.verifying import read_event, verify_store
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.rules.lifecycle import rebuild
from perintis.words.counted import Counted
from perintis.words.recorded import Outcome, Process
from perintis.words.tables import DataSet
from tests.databases import unprotect
from tests.doors.import_kit import import_file
from tests.engine import rehearsing
from tests.small_pilot import NO, START, YES, Application, Small, check, define, look_up

FIGURES = {"asked": 1, "agreed": [1, 1]}


class Counts(BaseModel):
    outcome: str = "granted"
    checks: int | None = None
    asked: Annotated[int | None, Counted()] = None
    agreed: Annotated[int | None, Counted(of="checks")] = None
    note: str = "nobody's business"


async def counting(case: Case[Application]) -> Counts:
    """Check until it is agreed, and count."""
    asked = 1
    while not (await check(case)).ok:
        asked += 1
    await look_up(case)
    return Counts(asked=asked, agreed=1, checks=asked)


def defined(process: Any = counting, decision: type[BaseModel] = Counts) -> Definition:
    definition = define(process)
    return replace(definition, pilot=replace(definition.pilot, decision=decision))


@pytest.fixture
def small(store_url: str, tmp_path: Path) -> Iterator[Small]:
    """Three cases: one closed at once, one after a second check, one open."""
    database = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(database, defined())
    small.open("a", "b", "c")
    small.run()
    small.now += timedelta(hours=1)
    small.answer(1, "office.check 1", YES)
    small.answer(2, "office.check 1", NO)
    small.run()
    small.now += timedelta(hours=1)
    small.answer(2, "office.check 2", YES)
    small.run()
    yield small
    database.close()


def dataset(small: Small, **options: Any) -> DataSet:
    options = {"until": START + timedelta(days=9), **options}
    return pilot_dataset(small.database, small.definition.pilot, process=Process.TO_BE, **options)


def figures(data: DataSet) -> list[tuple[Any, ...]]:
    names = ("case:figure:asked", "case:figure:agreed", "case:figure_of:agreed")
    return data.cases.select("case", *names).rows()


EXPECTED = [("a", 1.0, 1.0, 1.0), ("b", 2.0, 1.0, 2.0), ("c", None, None, None)]


def test_the_event_that_closes_a_case_says_what_was_counted(small: Small) -> None:
    """The state rebuilt from the events alone has the figures, and the row of the case has the same; no other field."""
    small.verify()
    assert [small.case(n).figures for n in (1, 2, 3)] == [FIGURES, {"asked": 2, "agreed": [1, 2]}, None]
    with small.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT seq, at, step, visit, lifecycle, agency, officer, ready, started, cost, detail FROM events "
            "WHERE case_id = 1 ORDER BY seq"
        ).all()
    assert rebuild(map(read_event, rows)).figures == FIGURES
    assert json.loads(rows[-1][-1]) == {"outcome": "granted", "figures": FIGURES}


CHANGED = '{"outcome":"granted","figures":{"asked":0,"agreed":[1,1]}}'


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE cases SET figures = '{\"asked\": 0}' WHERE id = 1"], "case 1: its row says figures {'asked': 0}"),
        (["UPDATE cases SET figures = NULL WHERE id = 1"], "case 1: its row says figures None, its events say"),
        (["UPDATE cases SET figures = '{\"asked\": 3}' WHERE id = 3"], "case 3: its row says figures {'asked': 3}"),
        ([f"UPDATE events SET detail = '{CHANGED}' WHERE case_id = 1 AND lifecycle = 'complete' AND step = 'case'",
          "UPDATE cases SET figures = '{\"asked\": 0, \"agreed\": [1, 1]}' WHERE id = 1"],
         "or its place in the history was changed afterwards"),
    ],
    ids=["row", "taken-out", "slipped-in", "both"],
)  # fmt: skip
def test_a_figure_that_was_changed_is_found(small: Small, statements: list[str], expected: str) -> None:
    """In the row of the case by its events; in both by the hash chain."""
    with small.database.write() as connection:
        unprotect(connection, "events")
        for statement in statements:
            connection.exec_driver_sql(statement)
    found = [str(problem) for problem in verify_store(small.database)]
    assert any(expected in problem for problem in found), found


def test_a_case_that_ends_without_a_decision_has_no_figures(small: Small) -> None:
    """Withdrawn: nothing was counted, which is not zero."""
    end_case(small.database, 3, Outcome.WITHDRAWN, "not needed", officer="o", now=START)
    small.verify()
    assert small.case(3).figures is None
    assert figures(dataset(small)) == EXPECTED


class Unmarked(BaseModel):
    outcome: str = "granted"
    asked: int = 1


async def uncounted(case: Case[Application]) -> Unmarked:
    """Look up."""
    await look_up(case)
    return Unmarked()


def test_nothing_is_recorded_of_a_process_that_declares_none(database: Database) -> None:
    """A number that is not marked stays in the sealed decision; the column is not written and no column is read."""
    small = Small(database, defined(uncounted, Unmarked))
    small.open("a")
    report = small.run()
    with database.read() as connection:
        detail = connection.execute(select(EventRow.detail).order_by(EventRow.seq.desc()).limit(1)).scalar_one()
    assert (small.case(1).figures, detail) == (None, '{"outcome":"granted"}')
    assert "figures" not in report.metrics
    assert not [name for name in dataset(small).cases.columns if "figure" in name]


class Wrong(BaseModel):
    outcome: str = "granted"
    asked: Annotated[float, Counted()]


async def not_a_number(case: Case[Application]) -> Wrong:
    """Look up, and count wrongly."""
    await look_up(case)
    return Wrong(asked=float("nan"))


def test_a_figure_that_is_no_number_sets_the_case_aside(database: Database) -> None:
    """The case is not closed with a figure that cannot be read; what was done stays, and the sentence names it."""
    small = Small(database, defined(not_a_number, Wrong))
    small.open("a")
    small.run()
    assert small.case(1).status == "failed"
    assert small.case(1).problem.startswith("the figure 'asked' of the decision is no finite number")
    small.verify()


def test_figures_are_numbers_of_the_case_table(small: Small) -> None:
    """Null while a case is open, also at an instant before it was closed."""
    assert figures(dataset(small)) == EXPECTED
    late = Small(small.database, small.definition)
    late.now = START + timedelta(days=3)
    late.answer(3, "office.check 1", YES)
    late.run()
    assert figures(dataset(small))[2] == ("c", 1.0, 1.0, 1.0)
    assert figures(dataset(small, until=START + timedelta(days=1))) == EXPECTED


def test_they_are_frozen_and_come_back(small: Small, tmp_path: Path) -> None:
    """So an evaluation can be done again to the last digit."""
    freeze(dataset(small), tmp_path / "frozen")
    assert figures(thaw(tmp_path / "frozen")) == EXPECTED


@pytest.mark.parametrize("kind", ["csv", "parquet", "xes"])
def test_they_go_out_and_come_back_in_as_attributes_of_the_case(small: Small, tmp_path: Path, kind: str) -> None:
    """Every format has them under their names, and a baseline that is made of an export has the same numbers."""
    file = tmp_path / f"out.{kind}"
    export(dataset(small), file)
    mapping = own_mapping(file) or {
        "opened": "case:perintis:opened", "closed": "case:perintis:closed", "outcome": "case:perintis:outcome",
    }  # fmt: skip
    again = import_file(file, tmp_path, **mapping)
    names = ("case:figure:asked", "case:figure:agreed", "case:figure_of:agreed")
    found = again.cases.select(pl.col("case"), *(pl.col(n).cast(pl.Float64) for n in names)).rows()
    assert found == (EXPECTED if kind == "xes" else EXPECTED[:2])  # a row of work without a date is no event


def test_the_run_history_has_what_was_counted_since_the_run_before(small: Small) -> None:
    """By figure: in how many cases, the sum, and of a part the sum of the wholes."""
    with small.database.read() as connection:
        told = [metrics.get("figures") for metrics in connection.execute(select(RunRow.metrics)).scalars()]
    assert told == [
        None,
        {"asked": {"cases": 1, "sum": 1}, "agreed": {"cases": 1, "sum": 1, "of": 1}},
        {"asked": {"cases": 1, "sum": 2}, "agreed": {"cases": 1, "sum": 1, "of": 2}},
    ]


async def rehearsed(case: Case[rehearsing.Application]) -> Counts:
    """One look at a counter."""
    await rehearsing.serve(case)
    return Counts(asked=3, agreed=1, checks=4)


def test_a_rehearsal_records_them_as_a_live_run_would(database: Database) -> None:
    """In the rows of its cases, in their events and in its metrics."""
    pilot = replace(rehearsing.PILOT, decision=Counts)
    rehearsal = Rehearsal(
        rehearsing.define(rehearsed, pilot=pilot), Process.TO_BE, rehearsing.assume(), seed=1, cases=20
    )
    run = store_rehearsal(database, rehearsal, clock=lambda: START, alone_from=10)
    assert verify_store(database) == []
    with database.read() as connection:
        assert set(map(str, connection.execute(select(CaseRow.figures)).scalars())) == {
            "{'asked': 3, 'agreed': [1, 4]}"
        }
        kept = connection.execute(select(RunRow.metrics)).scalar_one()["figures"]
    assert kept == {"asked": {"cases": 20, "sum": 60}, "agreed": {"cases": 20, "sum": 20, "of": 80}}
    found = pilot_dataset(database, pilot, process=Process.TO_BE, rehearsal=run)
    assert found.cases["case:figure_of:agreed"].to_list() == [4.0] * 20
