"""`run_pilot`: what a pilot's Prefect flow calls. Imports Prefect only when it is called, inside a flow run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import define, under_agreement
from perintis.doors.running import RunReport, now, run_cases
from perintis.doors.settings import Settings, read_settings
from perintis.doors.store.database import Database
from perintis.doors.store.models import IntakeRow
from perintis.doors.store.upgrading import open_database
from perintis.engine.definition import Definition
from perintis.engine.live import where
from perintis.engine.replay import ProcessFunction
from perintis.engine.waves import Tally
from perintis.words.errors import BadInput, DefinitionError, NotFound, PerintisError
from perintis.words.pilot import Pilot
from perintis.words.recorded import Process

Progress = Callable[[Tally], None]

LANES = 3
"""Claims worked on at once: a task run spends most of its time in Prefect's server, and the engine need not wait."""

_progress: ContextVar[Progress | None] = ContextVar("perintis_progress", default=None)


class RunSummary(BaseModel):
    """What a run did, in counts only, so that Prefect may keep it.

    `run` is the run's number in the run history. `opened`, `already_open` and `rejected` speak of the intake's
    applications; `advanced` to `left_ready` of cases; `steps` of automatic steps done; `sent` to `answers_refused` of
    messages; `breaches` of service levels; `down` of cases by agency that could not be reached; `unrun` of batches
    that Prefect could not run.
    """

    model_config = ConfigDict(frozen=True)

    run: int
    opened: int = 0
    already_open: int = 0
    rejected: int = 0
    advanced: int = 0
    closed: int = 0
    waiting: int = 0
    failed: int = 0
    diverged: int = 0
    left_ready: int = 0
    refused: int = 0
    steps: int = 0
    sent: int = 0
    in_doubt: int = 0
    answers: int = 0
    answers_refused: int = 0
    breaches: int = 0
    down: dict[str, int] = {}
    unrun: int = 0


class Intake(BaseModel):
    """What became of the applications of an intake, in counts."""

    model_config = ConfigDict(frozen=True)

    opened: int = 0
    already_open: int = 0
    rejected: int = 0


def run_pilot(pilot: Pilot[Any], process_function: ProcessFunction, *, intake: str | None = None) -> RunSummary:
    """Open the cases of one intake, then move every open case of this process as far as it can go.

    `intake` is the number of an intake that is in the store already, or the name of a file in `<home>/intakes/`. To
    be called inside a Prefect flow. Errors are `PerintisError`s whose text holds no value of any application; what
    was recorded before one stands, and the next run goes on from there.
    """
    try:
        return _run(pilot, process_function, intake)
    except PerintisError:
        raise
    except Exception as error:  # noqa: BLE001  # Prefect keeps the text of an error, which could hold personal data
        problem = f"the run stopped with {where(error)}; what was recorded stands, start the run again"
    raise PerintisError(problem)


def _run(pilot: Pilot[Any], function: ProcessFunction, intake: str | None) -> RunSummary:
    from perintis.doors import prefect_executor  # late: importing Prefect takes seconds

    flow_run = prefect_executor.flow_run_id()
    definition = define(pilot, getattr(function, "__globals__", {}))
    process = which_process(definition, function)
    settings = read_settings()
    definition = under_agreement(settings.pilots, definition)
    database = open_database(settings)
    try:
        taken = take_intake(settings, database, definition, intake)
        executor = prefect_executor.PrefectExecutor(pilot.name, process)
        report = run_cases(
            database, definition, process, FolderConnector(settings.exchange_folder), executor=executor,
            kind="prefect", flow_run=flow_run, opened=taken.opened, lanes=LANES, progress=_progress.get(),
            home=settings.home,
        )  # fmt: skip
    finally:
        database.close()
    prefect_executor.publish(pilot.name, report)
    return summarise(report, taken, executor.unrun)


def summarise(report: RunReport, taken: Intake, unrun: int) -> RunSummary:
    """The counts of a run and its intake in one."""
    return RunSummary(
        run=report.run, **{**report.counts, "opened": taken.opened}, already_open=taken.already_open,
        rejected=taken.rejected, unrun=unrun,
    )  # fmt: skip


def which_process(definition: Definition, function: ProcessFunction) -> Process:
    """Whether a process function is `to_be` or `as_is` of its flow file."""
    for name, known in definition.processes.items():
        if known is function:
            return name
    raise DefinitionError(
        f"pilot {definition.pilot.name}: run_pilot takes the function to_be or as_is of its own flow file"
    )


def take_intake(settings: Settings, database: Database, definition: Definition, intake: str | None) -> Intake:
    """The counts of an intake: of one in the store, or of a file in `<home>/intakes/` that is taken in now."""
    if intake is None:
        return Intake()
    if intake.isdecimal():
        return _stored_intake(database, definition.pilot.name, int(intake))
    path = intake_path(settings, intake)
    from perintis.doors.intake_files import take_in  # late: reading files needs more than moving cases on

    report = take_in(database, definition, path, strict=False, now=now(), progress=None)
    return Intake(opened=report.opened, already_open=report.already_open, rejected=report.rejected_rows)


def intake_path(settings: Settings, name: str) -> Path:
    """The file of that name in `<home>/intakes/`; a name that leads elsewhere is refused."""
    if not re.fullmatch(r"[\w][\w. -]*", name):
        raise BadInput("an intake is the number of an intake or the plain name of a file in the home folder's intakes/")
    path = settings.home / "intakes" / name
    if not path.is_file():
        raise NotFound(f"there is no intake of that name in {settings.home / 'intakes'}; put the file there first")
    return path


def _stored_intake(database: Database, pilot: str, number: int) -> Intake:
    wanted = select(IntakeRow.opened, IntakeRow.already_open, IntakeRow.rejected).where(
        IntakeRow.id == number, IntakeRow.pilot == pilot
    )
    with database.read() as connection:
        row = connection.execute(wanted).first()
    if row is None:
        raise NotFound(f"pilot {pilot} has no intake number {number}")
    return Intake(opened=row.opened, already_open=row.already_open, rejected=row.rejected)


@contextmanager
def watched(progress: Progress | None) -> Iterator[None]:
    """Have `progress` told how far a run has come that a flow called in here starts."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)
