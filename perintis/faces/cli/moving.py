"""Moves cases: all of a pilot through a Prefect flow or in this process, or the one that was just answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perintis.doors.running import run_cases
from perintis.faces.cli.here import Here
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import note
from perintis.words.recorded import Process

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.engine.definition import Definition
    from perintis.engine.waves import Tally


def move_here(here: Here, definition: Definition, *, opened: int) -> Mapping[str, Any]:
    """Move all runnable cases in this process; returns the counts of the run."""
    with here.database() as database, Meter("Moving cases", "cases") as meter:
        report = run_cases(
            database, definition, Process.TO_BE, here.connector(), opened=opened,
            progress=lambda tally: meter(handled(tally)), home=here.settings.home,
        )  # fmt: skip
    return {"run": report.run, **report.counts, "unrun": 0}


def move_through_prefect(here: Here, pilot: str, *, intake: int | None, quiet: bool) -> Mapping[str, Any]:
    """Run the pilot's Prefect flow; returns the counts of the run. Says what is being waited for, unless `quiet`."""
    from perintis.doors.prefect_server import run_flow

    with Meter("Moving cases", "cases") as meter:
        summary = run_flow(
            here.settings, pilot, None if intake is None else str(intake),
            waiting=lambda what: None if quiet else note(f"({what})"), progress=lambda tally: meter(handled(tally)),
        )  # fmt: skip
    return summary.model_dump()


def move_one(here: Here, database: Database, definition: Definition, case: int, process: Process) -> None:
    """Move the one case that was just answered, with the same engine and without Prefect."""
    run_cases(database, definition, process, here.connector(), only=[case], kind="answer", home=here.settings.home)


def handled(tally: Tally) -> int:
    """How many cases a run has let go of."""
    return tally.closed + tally.waiting + tally.failed + tally.diverged + tally.left_ready
