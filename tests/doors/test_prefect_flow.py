"""`run_pilot` takes an intake by number or plain name, and says which process it runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from perintis.doors.prefect_flow import Intake, intake_path, take_intake, which_process
from perintis.doors.store.database import Database
from perintis.doors.store.models import IntakeRow
from perintis.doors.store.upgrading import open_database
from perintis.words.errors import BadInput, DefinitionError, NotFound
from perintis.words.recorded import Process
from tests.doors.pilot_elsewhere import SmallPilot
from tests.doors.test_tickets import DEFINITION, to_be


@pytest.fixture
def small(tmp_path: Path) -> SmallPilot:
    """The small pilot in an empty folder."""
    return SmallPilot(tmp_path)


@pytest.fixture
def database(small: SmallPilot) -> Iterator[Database]:
    """Its store, with intake 1 of this pilot and intake 2 of another."""
    with closing(open_database(small.settings)) as database:
        counts = {"source": "a.csv", "digest": "-", "opened": 9, "already_open": 2, "rejected": 1}
        with database.write() as connection:
            for pilot in ("small", "other"):
                connection.execute(
                    insert(IntakeRow).values(pilot=pilot, received=datetime(2026, 3, 2, tzinfo=UTC), **counts)
                )
        yield database


def test_stored_intake_is_told_by_its_number(small: SmallPilot, database: Database) -> None:
    """The counts are those with which it was taken in; no intake has none."""
    assert take_intake(small.settings, database, DEFINITION, "1") == Intake(opened=9, already_open=2, rejected=1)
    assert take_intake(small.settings, database, DEFINITION, None) == Intake()


@pytest.mark.parametrize("number", ["2", "3"])
def test_intake_of_another_pilot_or_none_is_not_found(small: SmallPilot, database: Database, number: str) -> None:
    """One sentence."""
    with pytest.raises(NotFound, match=f"pilot small has no intake number {number}"):
        take_intake(small.settings, database, DEFINITION, number)


@pytest.mark.parametrize("name", ["../perintis.db", "a/b.csv", "/etc/passwd", "", ".hidden", "a\\b.csv", "a\n.csv"])
def test_intake_name_that_leads_elsewhere_is_refused(small: SmallPilot, name: str) -> None:
    """A flow parameter must not open any file but those laid ready."""
    with pytest.raises(BadInput, match="plain name of a file"):
        intake_path(small.settings, name)


def test_intake_file_is_looked_for_in_the_home_folder(small: SmallPilot) -> None:
    """`<home>/intakes/`, nowhere else; an unknown name is said."""
    with pytest.raises(NotFound, match="there is no intake of that name"):
        intake_path(small.settings, "march.csv")
    (small.home / "intakes").mkdir(parents=True)
    (small.home / "intakes" / "march.csv").touch()
    assert intake_path(small.settings, "march.csv") == small.home / "intakes" / "march.csv"


def test_process_is_known_by_its_function() -> None:
    """Only the functions of the flow file itself."""
    assert which_process(DEFINITION, to_be) is Process.TO_BE

    async def another(case: object) -> None:
        """Not in the flow file."""

    with pytest.raises(DefinitionError, match="to_be or as_is of its own flow file"):
        which_process(DEFINITION, another)


def test_run_pilot_is_there_without_prefect() -> None:
    """`from perintis import run_pilot` must not make `perintis status` wait for Prefect."""
    program = "import sys; from perintis import RunSummary, run_pilot; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
