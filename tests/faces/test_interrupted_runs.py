"""A killed run: told from one that goes on, in the run history, in the status and before the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perintis.doors.going_on import marked
from perintis.doors.settings import read_settings
from perintis.doors.store.runs import begin_run
from perintis.doors.store.upgrading import open_database
from perintis.faces.cli.here import now
from tests.faces.office import Office, application

KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from perintis.faces.cli import app, moving
moving.handled = lambda tally: os.kill(os.getpid(), signal.SIGKILL)  # what is called as soon as cases have moved
app.run(sys.argv[1:])
"""


@pytest.fixture
def killed(office: Office) -> Office:
    """An office with one finished run, and a second one killed with -9 while it moved a case."""
    office.opened(application(1))
    office.opened(application(1), application(2))
    begun("small")
    return office


def begun(pilot: str) -> int:
    """A run that begins and never ends, as a killed one leaves it."""
    database = open_database(read_settings())
    try:
        return begin_run(database, pilot, "1", "to_be", kind="local", flow_run=None, now=now())
    finally:
        database.close()


def test_a_run_killed_with_9_is_shown_as_interrupted_and_the_next_goes_on(office: Office) -> None:
    """The real thing: SIGKILL while cases move; the store has the run without an end, and says so three times."""
    office.opened(application(1))
    rows = Path("applications.csv")
    rows.write_text(rows.read_text("utf-8").replace("A-001", "A-002"), "utf-8")
    command = [sys.executable, "-c", KILLED_IN_THE_MIDDLE, "run", "small", str(rows), "--without-prefect"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [run["course"] for run in office.done("runs", "small", "--json").json] == ["interrupted", "ended"]
    assert "Run 2 was interrupted" in office.done("runs", "small").out
    assert "Run 2, started today" in office.done("status").out
    again = office.done("run", "small", "--without-prefect")
    assert "this run goes on from there" in again.err
    told = office.done("runs", "small").out
    assert "Run 2 was interrupted. What was recorded stands; run 3 went on from there." in told
    assert "interrupted" not in office.done("status").out
    assert "interrupted" not in office.done("run", "small", "--without-prefect").err


def test_a_run_that_goes_on_is_not_called_interrupted(killed: Office) -> None:
    """Its process holds a lock on its mark for as long as it is there."""
    with marked(read_settings().home, 3):
        assert killed.done("runs", "small", "--json").json[0]["course"] == "going on"
        assert "interrupted" not in killed.done("runs", "small").out
        assert "Run 3 is going on, since today" in killed.done("status").out
        assert "is still going on" in killed.done("run", "small", "--without-prefect").err


def test_the_mark_of_a_dead_process_counts_for_nothing(killed: Office) -> None:
    """The file is still there; whoever locked it is not."""
    mark = read_settings().home / "running" / "3"
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    assert killed.done("runs", "small", "--json").json[0]["course"] == "interrupted"


def test_several_interrupted_runs_are_named_together(killed: Office) -> None:
    """In the order in which they were started."""
    begun("small")
    assert (
        "Runs 3 and 4 were interrupted. What was recorded stands; `perintis run small`"
        in killed.done("runs", "small").out
    )


def test_an_interrupted_rehearsal_is_only_not_finished(office: Office) -> None:
    """Nothing tells whether one still goes on, and nobody goes on from it."""
    database = open_database(read_settings())
    begin_run(database, "small", "1", "to_be", kind="rehearsal", flow_run=None, now=now())
    database.close()
    told = office.done("runs", "small").out
    assert "not finished" in told
    assert "interrupted" not in told


def test_cases_that_no_run_has_in_hand_come_with_the_command_that_moves_them(office: Office) -> None:
    """A run killed before it began leaves cases ready and no row in the run history."""
    from perintis.doors.pilot_folder import load_definition
    from perintis.faces.cli.run_command import take_file
    from tests.faces.office import write_csv

    settings = read_settings()
    database = open_database(settings)
    file = write_csv(office.folder / "a.csv", [application(1), application(2)])
    take_file(database, load_definition(settings.pilots, "small"), file, strict=False)
    database.close()
    assert "2 cases ready: `perintis run small` moves them on." in office.done("status").out
