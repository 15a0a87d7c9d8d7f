"""The harm monitor pauses the intake of a pilot until a person answers; open cases go on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from perintis import Case
from perintis.doors.intake_files import take_in
from perintis.doors.prefect_flow import Intake, take_intake
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.harm_trips import answer_trip, record_trip
from perintis.doors.store.models import CaseRow, IntakeRow
from perintis.words.errors import NotAllowed
from tests.small_pilot import START, Application, Decision, Small, check, define

PAUSED = (
    r"small takes no new cases since 2 March 2026 \(open ones go on\): the harm monitor saw error_rate worse than the "
    r"baseline, and nobody has answered; look at the report, then run "
    r"`perintis harm small --answer \d+ --by ROLE --reason WHY --resume` \(or --stop\)"
)


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


@pytest.fixture
def small(database: Database) -> Small:
    """One case is open already."""
    small = Small(database, define(checked))
    small.open("r")
    return small


def trip(small: Small, pilot: str = "small", metric: str = "error_rate") -> int:
    return record_trip(
        small.database, pilot, metric, estimate=-0.06, bound=-0.03, sentence="more errors", data_until=START, at=START
    )


def answer(small: Small, number: int, *, resume: bool) -> None:
    answer_trip(small.database, number, by="committee", reason="known", resume=resume, at=START + timedelta(days=1))


def count(small: Small, row: type[CaseRow] | type[IntakeRow]) -> int:
    with small.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(row)).scalar_one())


def test_a_trip_that_nobody_answered_refuses_new_cases_in_one_sentence(small: Small) -> None:
    """It says which guardrail, since when, and how to answer; no case is opened."""
    trip(small)
    with pytest.raises(NotAllowed, match=PAUSED):
        small.open("s")
    assert count(small, CaseRow) == 1


def test_open_cases_go_on_and_are_still_known(small: Small) -> None:
    """A run moves them; the same application again is open already."""
    trip(small)
    assert small.open("r").already_open == 1
    assert small.run().counts["advanced"] == 1


def test_an_answer_to_resume_opens_the_intake_and_one_to_stop_does_not(small: Small) -> None:
    """Every trip has to be answered so; a stop is told before one that waits."""
    first, second = trip(small), trip(small, metric="refused")
    answer(small, first, resume=True)
    with pytest.raises(NotAllowed, match="saw refused worse"):
        small.open("s")
    answer(small, second, resume=True)
    assert len(small.open("s").cases) == 1
    trip(small)
    answer(small, trip(small, metric="cost"), resume=False)
    with pytest.raises(NotAllowed, match="saw cost worse than the baseline, and the answer was to stop"):
        small.open("t")


def test_a_trip_of_another_pilot_is_none_of_this_one(small: Small) -> None:
    """Each pilot has its own."""
    trip(small, "other")
    assert len(small.open("s").cases) == 1


def test_a_file_with_a_new_application_is_refused_and_leaves_no_intake(small: Small, tmp_path: Path) -> None:
    """The command line and the Prefect flow take files in by the same function; a file of open cases is taken."""
    trip(small)
    settings = Settings(home=tmp_path)
    (tmp_path / "intakes").mkdir()
    new, old = tmp_path / "intakes" / "new.csv", tmp_path / "intakes" / "old.csv"
    new.write_text("reference,name,office\nr,applicant,north\ns,applicant,north\n", "utf-8")
    old.write_text("reference,name,office\nr,applicant,north\n", "utf-8")
    with pytest.raises(NotAllowed, match=PAUSED):
        take_in(small.database, small.definition, new, strict=False, now=small.now)
    with pytest.raises(NotAllowed, match=PAUSED):
        take_intake(settings, small.database, small.definition, "new.csv")
    assert (count(small, CaseRow), count(small, IntakeRow)) == (1, 0)
    assert take_intake(settings, small.database, small.definition, "old.csv") == Intake(already_open=1)
