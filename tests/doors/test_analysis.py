"""The analysis tables out of the store: live cases as they stood at an instant, or a rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from perintis import Agency, Calendar, Case, Pilot, all_of, human_step, working
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import run_cases
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.answering import complete_work, send_back_work, start_work
from perintis.doors.store.database import Database
from perintis.doors.store.models import WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.rehearsals import store_rehearsal
from perintis.doors.store.workrows import read_work
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.engine.steps import Step
from perintis.rules.metrics import DUPLICATE_ENTRY, HANDOVERS, REWORK, Calendars, Metric, View, measure
from perintis.words.errors import BadInput, SentBack
from perintis.words.recorded import Process
from perintis.words.tables import CASE_COLUMNS, STEP_COLUMNS, Grade
from tests.engine.rehearsing import PILOT as REHEARSED
from tests.engine.rehearsing import Answer, Application, Asked, Decision, assume, define, serve_only

WEST = Agency("west", "Office in Jakarta", Calendar.weekdays("Asia/Jakarta"))
EAST = Agency("east", "Office in Jayapura", Calendar.weekdays("Asia/Jayapura"))
INSTANT = pl.Datetime("us", "UTC")


@human_step(WEST, within=working(days=1), may_send_back=True, keyed=("name", "number"))
def check(request: Asked) -> Answer:
    """Check."""


@human_step(EAST)
def stamp(request: Asked) -> Answer:
    """Stamp."""


PILOT = Pilot(
    name="two-zones", title="Two zones", version="1", lead=WEST, agencies=(WEST, EAST), application=Application,
    decision=Decision, segments=("kind",),
)  # fmt: skip


async def to_be(case: Case[Application]) -> Decision:
    """Check until it is accepted, then stamp and wait side by side."""
    while True:
        try:
            await check(case)
            break
        except SentBack:
            pass
    await all_of(stamp(case), case.wait(timedelta(hours=2)))
    return Decision()


DEFINITION = Definition(PILOT, {Process.TO_BE: to_be}, {s.name: s for s in (check, stamp)})


class Office:
    """Live cases, moved by hand; times are hours after Monday 2 March 2026, 01:00 UTC (08:00 in Jakarta)."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def open(self, reference: str, at: float, office: str = "north", kind: str = "new") -> int:
        application = Application(reference=reference, name="A", office=office)
        new = NewCase(reference, office, {"kind": kind}, application.model_dump_json(), moment(at + 48))
        opened = open_cases(
            self.database, [new], pilot="two-zones", version="1", process="to_be", lead="west", intake=None,
            now=moment(at),
        )  # fmt: skip
        self.run(at)
        return opened.cases[0]

    def run(self, at: float) -> None:
        connector = FolderConnector(Path("/nonexistent"))
        run_cases(self.database, DEFINITION, Process.TO_BE, connector, clock=lambda: moment(at))

    def act(self, case: int, step: Step[Any], act: Callable[[int], object], at: float) -> None:
        with self.database.read() as connection:
            work = read_work(connection, WorkRow.case_id == case, WorkRow.step == step.name)[-1]
        act(work.id)
        self.run(at)

    def start(self, case: int, step: Step[Any], at: float) -> None:
        self.act(case, step, lambda w: start_work(self.database, w, officer="ani", now=moment(at)), at)

    def answer(self, case: int, step: Step[Any], at: float) -> None:
        document = '{"ok": true, "name": "A"}'
        done = lambda w: complete_work(self.database, w, document, officer="ani", now=moment(at), cost=7.5)  # noqa: E731
        self.act(case, step, done, at)

    def send_back(self, case: int, step: Step[Any], at: float) -> None:
        back = lambda w: send_back_work(self.database, w, "illegible", officer="ani", now=moment(at))  # noqa: E731
        self.act(case, step, back, at)


def moment(hours: float) -> datetime:
    return datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(hours=hours)


@pytest.fixture
def office(database: Database) -> Office:
    """Two cases: R-1 is sent back, checked, stamped and closed after four hours; R-2 is being checked."""
    office = Office(database)
    first = office.open("R-1", 0)
    office.send_back(first, check, 0.5)
    office.start(first, check, 0.75)
    second = office.open("R-2", 1, office="south", kind="renewal")
    office.answer(first, check, 1.5)
    office.start(second, check, 2)
    office.answer(first, stamp, 3)
    office.run(4)
    return office


def read(office: Office, until: float, **options: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    data = pilot_dataset(office.database, PILOT, process=Process.TO_BE, until=moment(until), **options)
    return data.cases, data.steps


def test_the_tables_have_the_columns_of_the_contract(office: Office) -> None:
    """Column names, order and types are those of `perintis.words.tables`; segments are text attributes."""
    cases, steps = read(office, 5)
    assert cases.schema == pl.Schema({
        "case": pl.String, "cohort": pl.String, "office": pl.String, "opened": INSTANT, "opened_offset": pl.Int32,
        "closed": INSTANT, "due": INSTANT, "outcome": pl.String, "case:kind": pl.String,
    })  # fmt: skip
    assert steps.schema == pl.Schema({
        "case": pl.String, "step": pl.String, "visit": pl.Int32, "agency": pl.String, "office": pl.String,
        "officer": pl.String, "ready": INSTANT, "started": INSTANT, "completed": INSTANT, "offset": pl.Int32,
        "outcome": pl.String, "due": INSTANT, "cost": pl.Float64, "keyed": pl.List(pl.String),
    })  # fmt: skip
    assert tuple(cases.columns)[: len(CASE_COLUMNS)] == CASE_COLUMNS
    assert tuple(steps.columns) == STEP_COLUMNS


def test_each_case_is_one_row(office: Office) -> None:
    """Open cases have neither closing time nor outcome; the offset is that of the lead agency."""
    cases, _ = read(office, 5)
    assert cases.rows() == [
        ("R-1", "to_be", "north", moment(0), 420, moment(4), moment(48), "granted", "new"),
        ("R-2", "to_be", "south", moment(1), 420, None, moment(49), None, "renewal"),
    ]  # fmt: skip


def test_each_step_visit_is_one_row_in_recorded_order(office: Office) -> None:
    """Offsets are those of the step's own agency; fields typed are a list, empty where nothing is typed."""
    _, steps = read(office, 5)
    shown = steps.select(
        "case", "step", "visit", "office", "officer", "ready", "started", "completed", "offset", "outcome", "cost"
    )
    assert shown.rows() == [
        ("R-1", "west.check", 1, "north", "ani", moment(0), None, moment(0.5), 420, "sent_back", None),
        ("R-1", "west.check", 2, "north", "ani", moment(0.5), moment(0.75), moment(1.5), 420, "completed", 7.5),
        ("R-1", "east.stamp", 1, "north", "ani", moment(1.5), None, moment(3), 540, "completed", 7.5),
        ("R-2", "west.check", 1, "south", "ani", moment(1), moment(2), None, None, None, None),
    ]
    assert steps["keyed"].to_list() == [["name", "number"], ["name", "number"], [], ["name", "number"]]
    assert steps["due"].to_list()[0] == moment(8)


def test_waits_for_a_date_are_left_out_unless_asked_for(office: Office) -> None:
    """A timer is nobody's work."""
    _, steps = read(office, 5, include_timers=True)
    assert steps["step"].to_list() == ["west.check", "west.check", "east.stamp", "timer", "west.check"]


@pytest.mark.parametrize(
    ("until", "cases", "steps"),
    [
        (-1, [], []),
        (0.25, [("R-1", None)], [("west.check", 1, None)]),
        (0.6, [("R-1", None)], [("west.check", 1, "sent_back"), ("west.check", 2, None)]),
        (3.5, [("R-1", None), ("R-2", None)], [("west.check", 1, "sent_back"), ("west.check", 2, "completed"),
                                               ("east.stamp", 1, "completed"), ("west.check", 1, None)]),
        (4, [("R-1", "granted"), ("R-2", None)], [("west.check", 1, "sent_back"), ("west.check", 2, "completed"),
                                                  ("east.stamp", 1, "completed"), ("west.check", 1, None)]),
    ],
)  # fmt: skip
def test_what_was_recorded_later_is_not_there(office: Office, until: float, cases: list[Any], steps: list[Any]) -> None:
    """The tables show the cases as they stood at the instant: later ends, starts and cases are left out."""
    found_cases, found_steps = read(office, until)
    assert found_cases.select("case", "outcome").rows() == cases
    assert found_steps.select("step", "visit", "outcome").rows() == steps
    for column in ("started", "completed"):
        assert (found_steps[column].drop_nulls() <= moment(until)).all()


def test_live_cases_are_a_measured_log(office: Office) -> None:
    """The data set is named for pilot and process, and observed until the instant that was asked for."""
    data = pilot_dataset(office.database, PILOT, process=Process.TO_BE, until=moment(5))
    assert (data.name, data.grade, data.simulated) == ("two-zones to-be", Grade.MEASURED, False)
    assert data.observed_until == moment(5)
    with pytest.raises(BadInput, match="say until when"):
        pilot_dataset(office.database, PILOT, process=Process.TO_BE)


def test_a_rehearsal_is_apart_and_marked(database: Database) -> None:
    """A rehearsal's tables hold its cases only, with the grade of one; live tables never hold any of them."""
    runs = [
        store_rehearsal(
            database, Rehearsal(define(serve_only), Process.TO_BE, assume(), seed=seed, cases=25),
            clock=lambda: datetime(2026, 11, 2, tzinfo=UTC),
        )
        for seed in (1, 2)
    ]  # fmt: skip
    data = pilot_dataset(database, REHEARSED, process=Process.TO_BE, rehearsal=runs[0])
    assert (data.cases.height, data.steps.height) == (25, 25)
    assert (data.name, data.grade, data.simulated) == (f"small to-be (rehearsal {runs[0]})", Grade.REHEARSAL, True)
    assert data.observed_until == data.cases["opened"].max() + timedelta(days=30)
    assert data.cases["case"].n_unique() == 25
    live = pilot_dataset(database, REHEARSED, process=Process.TO_BE, until=datetime(2030, 1, 1, tzinfo=UTC))
    assert live.cases.is_empty()
    with pytest.raises(BadInput, match="is one of small to_be"):
        pilot_dataset(database, REHEARSED, process=Process.AS_IS, rehearsal=runs[0])


@pytest.mark.parametrize(("metric", "value"), [(REWORK, 1), (HANDOVERS, 1), (DUPLICATE_ENTRY, 2)])
def test_metrics_read_these_tables(office: Office, metric: Metric, value: float) -> None:
    """A check done twice and a stamp by another agency: one rework, one hand-over, two fields typed again."""
    data = pilot_dataset(office.database, PILOT, process=Process.TO_BE, until=moment(5))
    calendars = Calendars(WEST.calendar, {agency.code: agency.calendar for agency in PILOT.agencies})
    values = measure(metric, View(data, calendars))
    assert isinstance(values, pl.DataFrame)
    assert values.row(0, named=True)["value"] == value
