"""P3: a wait survives days, restarts and upgrades: each due date is kept once, on its day, whatever the clock does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from perintis import Agency, Calendar, Case, Pilot, any_of, working
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import run_cases
from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.verifying import verify_store
from perintis.engine.definition import Definition
from perintis.words.durations import Span
from perintis.words.recorded import Process
from tests.small_pilot import STEPS, Application, Decision, check, look_up

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ThisCase = Case[Application]
ProcessOf = Callable[[ThisCase], Awaitable[Decision]]


def office(zone: str) -> Agency:
    return Agency("office", "Office", Calendar.weekdays(zone, "08:00", "16:00"))


class Days:
    """A store that lives through days; each day the program starts anew, with the code of that day."""

    def __init__(self, url: str, folder: Path, start: datetime, zone: str = "UTC") -> None:
        self._url = url
        self._folder = folder
        self.lead = office(zone)
        self.start = start

    def definition(self, process: ProcessOf) -> Definition:
        pilot = Pilot(
            name="days", title="Days", version="1", lead=self.lead, agencies=(self.lead,), application=Application,
            decision=Decision,
        )  # fmt: skip
        return Definition(pilot, {Process.TO_BE: process}, {s.name: s for s in STEPS})

    def open(self, count: int) -> None:
        new = [
            NewCase(f"r{i}", "north", {}, Application(reference=f"r{i}").model_dump_json(), None) for i in range(count)
        ]
        database = Database(self._url)
        open_cases(database, new, pilot="days", version="1", process="to_be", lead="office", intake=None,
                   now=self.start)  # fmt: skip
        database.close()

    def restart(self, at: datetime, process: ProcessOf) -> None:
        """A new process of the program at that time: nothing of the one before is left in memory."""
        database = Database(self._url)
        connector = FolderConnector(self._folder)
        run_cases(database, self.definition(process), Process.TO_BE, connector, clock=lambda: at)
        database.close()

    def ended(self) -> dict[str, datetime]:
        """When each wait was over, by reference and visit."""
        database = Database(self._url)
        with database.read() as connection:
            rows = connection.execute(
                select(CaseRow.reference, WorkRow.visit, WorkRow.completed)
                .join(CaseRow, CaseRow.id == WorkRow.case_id)
                .where(WorkRow.step == "timer", WorkRow.status == "completed")
            ).all()
        database.close()
        return {f"{row.reference} {row.visit}": row.completed for row in rows}

    def statuses(self) -> set[str]:
        database = Database(self._url)
        with database.read() as connection:
            found = set(connection.execute(select(CaseRow.status)).scalars())
        assert [str(problem) for problem in verify_store(database)] == []
        database.close()
        return found


async def two_waits(case: ThisCase) -> Decision:
    """Ten days, then five."""
    await case.wait(10 * DAY)
    await case.wait(5 * DAY)
    return Decision()


async def two_waits_and_a_look(case: ThisCase) -> Decision:
    """The code after an upgrade: the same waits, and a step after them that no open case has seen."""
    await case.wait(10 * DAY)
    await case.wait(5 * DAY)
    await look_up(case)
    return Decision(outcome="looked up")


def test_started_anew_each_day_by_a_clock_that_jumps_an_hour(store_url: str, tmp_path: Path) -> None:
    """The clock is an hour fast, an hour slow and right by turns; on the fourth day the program is upgraded."""
    days = Days(store_url, tmp_path, datetime(2026, 3, 2, 1, tzinfo=UTC))
    days.open(50)
    for day in range(18):
        jump = (HOUR, -HOUR, 0 * HOUR)[day % 3]
        at = days.start + day * DAY + jump
        days.restart(at, two_waits if day < 4 else two_waits_and_a_look)
        days.restart(at - HOUR, two_waits if day < 4 else two_waits_and_a_look)  # put back on the same day
    # Asked for at +1 h, the first wait is over on day 10 at +1 h: the slow clock of day 10 has not come to that yet.
    first, second = days.start + 11 * DAY, days.start + 17 * DAY
    expected = {f"r{i} {visit}": at for i in range(50) for visit, at in ((1, first), (2, second))}
    assert days.ended() == expected
    assert days.statuses() == {"closed"}


FRIDAY = datetime(2026, 10, 23, 8, tzinfo=UTC)  # ten o'clock in Berlin, two days before its clocks are put back


@pytest.mark.parametrize(
    ("span", "zone", "opened", "due"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), "UTC", FRIDAY, FRIDAY),
        (timedelta(days=1), "UTC", datetime(2028, 2, 28, 12, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (timedelta(days=366), "UTC", datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2029, 3, 1, 12, tzinfo=UTC)),
        (working(days=1), "UTC", datetime(2028, 2, 28, 12, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (working(days=1), "Europe/Berlin", FRIDAY, datetime(2026, 10, 26, 9, tzinfo=UTC)),
        (timedelta(days=3), "Europe/Berlin", FRIDAY, datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
    ids=[
        "past",
        "to a leap day",
        "from a leap day",
        "a working leap day",
        "clocks put back, office",
        "clocks put back",
    ],
)
def test_when_a_wait_is_over(
    store_url: str, tmp_path: Path, span: Span | datetime, zone: str, opened: datetime, due: datetime
) -> None:
    """Not a microsecond before, and at the very instant; by the office's clock where it is working time."""

    async def one_wait(case: ThisCase) -> Decision:
        await case.wait(span)
        return Decision()

    days = Days(store_url, tmp_path, opened, zone)
    days.open(1)
    days.restart(opened, one_wait)
    if due > opened:
        days.restart(due - timedelta(microseconds=1), one_wait)
        assert days.ended() == {}
        days.restart(due, one_wait)
    assert days.ended() == {"r0 1": due}
    assert days.statuses() == {"closed"}


async def working_day(case: ThisCase) -> Decision:
    """One working day, or an officer's answer before."""
    await any_of(check(case), within=working(days=1))
    return Decision()


def test_a_recorded_date_stands_when_the_office_changes_its_zone(store_url: str, tmp_path: Path) -> None:
    """The office moves from Jakarta to Jayapura, two hours east, while the case waits: what was promised is kept."""
    opened = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday, nine in Jakarta
    days = Days(store_url, tmp_path, opened, "Asia/Jakarta")
    days.open(1)
    days.restart(opened, working_day)
    days.lead = office("Asia/Jayapura")
    due = opened + DAY
    days.restart(due - timedelta(microseconds=1), working_day)
    assert days.ended() == {}
    days.restart(due, working_day)
    assert days.ended() == {"r0 1": due}
    assert days.statuses() == {"closed"}
