"""Run a pilot inside a test: the real engine and store in memory, no Prefect, a clock that the test moves."""

from __future__ import annotations

import inspect
import shutil
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import insert, select

from perintis.doors.answered import signed
from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import define
from perintis.doors.running import RunReport, run_cases
from perintis.doors.store.answering import complete_work, send_back_work
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.doors.store.models import Base, CaseRow, PayloadRow, StoreIdentity, WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.workrows import WorkRecord, read_work
from perintis.doors.vault.vault import DECISION, open_or_erased, vault_of
from perintis.engine.definition import Definition
from perintis.engine.replay import ProcessFunction
from perintis.engine.steps import Perform, Step
from perintis.rules.calendar import timetable
from perintis.words.durations import Span
from perintis.words.errors import NotFound
from perintis.words.pilot import Pilot
from perintis.words.recorded import UNFINISHED, Outcome, Process

OutputT = TypeVar("OutputT")

A_MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""When a trial begins unless told otherwise: a Monday without holidays, 08:00 in Jakarta."""


@dataclass(frozen=True)
class Waiting:
    """One piece of work that waits: its step, visit and due date."""

    step: str
    visit: int
    due: datetime | None


class Trial:
    """A pilot in a test. Every act moves the case as far as it can go.

        trial = Trial(PILOT, to_be, replacing={dukcapil.verify_identity: lambda requests: [...]})
        case = trial.open(application)
        trial.answer(case, kemenkes.health_screening, HealthResult(fit=True))
        trial.pass_time(working(days=3))
        assert trial.outcome(case) == "granted"

    `replacing` gives automatic steps another function for this trial: a list of requests in, a list of results out.
    """

    def __init__(
        self,
        pilot: Pilot[Any],
        process: ProcessFunction,
        *,
        replacing: Mapping[Step[Any], Callable[[Sequence[Any]], Sequence[Any]]] | None = None,
        starts: datetime = A_MONDAY,
    ) -> None:
        self.now = starts
        self._process = Process(getattr(process, "__name__", Process.TO_BE))
        self._definition = _definition(pilot, process, replacing or {})
        folder = Path(mkdtemp(prefix="perintis-trial-"))
        self._connector = FolderConnector(folder)
        self._database = _memory()
        weakref.finalize(self, _clear_away, folder, self._database)

    def open(self, application: BaseModel) -> int:
        """Hand in an application; returns the number of its case."""
        pilot = self._definition.pilot
        office = getattr(application, pilot.office) if pilot.office else None
        segments = {name: getattr(application, name) for name in pilot.segments}
        new = NewCase(
            str(getattr(application, pilot.reference)), office, segments, application.model_dump_json(),
            self._definition.case_due(self.now),
        )  # fmt: skip
        opened = open_cases(
            self._database, [new], pilot=pilot.name, version=pilot.version, process=self._process.value,
            lead=pilot.lead.code, intake=None, now=self.now,
        )  # fmt: skip
        if not opened.cases:
            raise ValueError("a case with this reference is open already")
        self.run()
        return opened.cases[0]

    def run(self) -> RunReport:
        """Move every case as far as it can go now."""
        return run_cases(self._database, self._definition, self._process, self._connector, clock=lambda: self.now)

    def answer(self, case: int, step: Step[OutputT], result: OutputT, *, officer: str = "officer") -> None:
        """Answer the step that waits, as an officer or an agency's system would."""
        work = self._work(case, step)
        document = step.output.dump_json(step.output.validate_python(result)).decode()
        document = signed(self._database, self._definition, work, document, officer=officer, now=self.now)
        complete_work(self._database, work.id, document, officer=officer, now=self.now)
        self.run()

    def send_back(self, case: int, step: Step[Any], reason: str) -> None:
        """Return the waiting work with a reason."""
        send_back_work(self._database, self._work(case, step).id, reason, officer="officer", now=self.now)
        self.run()

    def withdraw(self, case: int, reason: str = "withdrawn by the applicant") -> None:
        """The applicant withdraws."""
        end_case(self._database, case, Outcome.WITHDRAWN, reason, officer=None, now=self.now)

    def pass_time(self, span: Span) -> None:
        """Let time pass; `working(...)` counts by the lead agency's calendar."""
        self.now = timetable(self._definition.pilot.lead.calendar).add(self.now, span)
        self.run()

    def waiting(self, case: int) -> list[Waiting]:
        """What the case waits for, oldest first."""
        return [Waiting(w.key.step, w.key.visit, w.due) for w in self._unfinished(case)]

    def steps(self, case: int) -> list[str]:
        """The steps asked for so far, in that order, each as often as it was visited."""
        with self._database.read() as connection:
            return [w.key.step for w in read_work(connection, WorkRow.case_id == case)]

    def outcome(self, case: int) -> str | None:
        """How the case ended, or None while it is open."""
        return self._row(case, CaseRow.outcome)

    def problem(self, case: int) -> str | None:
        """Why the case was set aside, or None."""
        return self._row(case, CaseRow.problem)

    def decision(self, case: int) -> BaseModel | None:
        """What the process returned, or None while the case is open."""
        with self._database.read() as connection:
            sealed = connection.execute(select(PayloadRow.decision).where(PayloadRow.case_id == case)).scalar_one()
            document = open_or_erased(vault_of(connection).keys(connection, [case]), case, DECISION, sealed)
        model: type[BaseModel] = self._definition.pilot.decision
        return None if document is None else model.model_validate_json(document)

    def _row(self, case: int, column: Any) -> str | None:
        with self._database.read() as connection:
            found: str | None = connection.execute(select(column).where(CaseRow.id == case)).scalar_one()
            return found

    def _unfinished(self, case: int) -> list[WorkRecord]:
        unfinished = WorkRow.status.in_([s.value for s in UNFINISHED])
        with self._database.read() as connection:
            return read_work(connection, WorkRow.case_id == case, unfinished)

    def _work(self, case: int, step: Step[Any]) -> WorkRecord:
        waiting = self._unfinished(case)
        for work in waiting:
            if work.key.step == step.name:
                return work
        names = ", ".join(w.key.step for w in waiting) or "nothing"
        raise NotFound(f"case {case} does not wait for {step.name}; it waits for {names}")


def _definition(
    pilot: Pilot[Any], process: ProcessFunction, replacing: Mapping[Step[Any], Callable[..., Any]]
) -> Definition:
    """The definition of the flow file the process is written in, with some automatic steps done differently."""
    module = sys.modules.get(process.__module__)
    namespace = vars(module) if module is not None else dict(inspect.getclosurevars(process).globals)
    namespace = {**namespace, getattr(process, "__name__", "to_be"): process}
    definition = define(pilot, namespace)
    if not replacing:
        return definition
    changed = {step.name: replace(step, perform=_without_keys(function)) for step, function in replacing.items()}
    return replace(definition, steps={**definition.steps, **changed})


def _without_keys(function: Callable[[Sequence[Any]], Sequence[Any]]) -> Perform:
    return lambda requests, _keys: function(requests)


def _clear_away(folder: Path, database: Database) -> None:
    database.close()
    shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Database:
    """A store in memory, with the tables as the models say."""
    database = Database("sqlite://")
    with database.write() as connection:
        Base.metadata.create_all(connection)
        connection.execute(insert(StoreIdentity).values(id=1, name="trial", created=A_MONDAY))
        database.vault.found(connection)
    _ = database.store_name
    return database
