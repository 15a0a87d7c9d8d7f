"""Service levels: a breach is recorded once, by whoever first finds it, and never before it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from perintis import Agency, Case, Retry, Sla, any_of, human_step, step, working
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.words.agency import Calendar
from perintis.words.recorded import Outcome
from tests.small_pilot import START, Answer, Application, Asked, Decision, Small, audit, check, define

TWO_DAYS, DAY, MICROSECOND = timedelta(days=2), timedelta(days=1), timedelta(microseconds=1)


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


@pytest.fixture
def small(database: Database) -> Small:
    """A case due in three days, whose check is due in two."""
    small = Small(database, define(checked, within=timedelta(days=3)))
    small.open("r")
    small.run()
    return small


def breaches(small: Small) -> list[str]:
    return [e.removesuffix(" breach") for e in small.events(1) if e.endswith("breach")]


def test_a_breach_is_recorded_once_and_not_before_it_is_due(small: Small) -> None:
    """Due means: until that instant all is well."""
    for passed, expected in (
        (TWO_DAYS, []), (TWO_DAYS + MICROSECOND, ["office.check 1"]), (TWO_DAYS + DAY, ["office.check 1"]),
        (TWO_DAYS + DAY + MICROSECOND, ["office.check 1", "case 1"]), (9 * DAY, ["office.check 1", "case 1"]),
    ):  # fmt: skip
        small.now = START + passed
        counts = small.run().counts
        assert breaches(small) == expected
        assert small.run().counts["breaches"] == 0
    assert counts["breaches"] == 0
    assert small.case(1).breached == START + 3 * DAY + MICROSECOND
    small.verify()


def test_a_late_answer_is_a_breach_even_if_no_run_saw_it(small: Small) -> None:
    """The breach comes before the answer in the same transaction, and the late case's before its closing."""
    small.now += 4 * DAY
    small.answer(1, "office.check 1")
    small.run()
    assert small.events(1)[2:] == [
        "office.check 1 breach",
        "office.check 1 complete",
        "case 1 breach",
        "case 1 complete",
    ]
    assert small.work(1, "office.check 1").breached == small.now
    small.verify()


def test_a_case_withdrawn_late_was_late(small: Small) -> None:
    """Ending it does not make the promise kept."""
    small.now += 4 * DAY
    end_case(small.database, 1, Outcome.WITHDRAWN, "tired of waiting", officer=None, now=small.now)
    assert breaches(small) == ["office.check 1", "case 1"]
    small.verify()


def test_an_answer_in_time_is_no_breach_whenever_it_is_seen(small: Small) -> None:
    """The run may come days later."""
    small.now += TWO_DAYS
    small.answer(1, "office.check 1")
    small.now += TWO_DAYS
    small.run()
    assert breaches(small) == ["case 1"]
    small.verify()


def test_a_clock_put_back_takes_nothing_back(small: Small) -> None:
    """An hour back after a breach: it stays, and is not recorded again when the hour comes once more."""
    small.now += TWO_DAYS + MICROSECOND
    small.run()
    small.now -= timedelta(hours=1)
    small.run()
    small.now += timedelta(hours=2)
    small.run()
    assert breaches(small) == ["office.check 1"]
    small.answer(1, "office.check 1")
    small.run()
    assert small.case(1).status == "closed"
    small.verify()


def test_the_loser_of_a_race_was_late_if_it_was(database: Database) -> None:
    """Work withdrawn after its date had not been done in time."""

    async def race(case: Case[Application]) -> Decision:
        await any_of(check(case), audit(case))
        return Decision()

    small = Small(database, define(race))
    small.open("r")
    small.run()
    small.now += TWO_DAYS + MICROSECOND
    small.answer(1, "office.audit 1")
    small.run()
    assert breaches(small) == ["office.check 1"]
    small.verify()


def test_a_step_tried_again_after_its_date_was_late(database: Database) -> None:
    """An automatic step has a promise too."""
    tries = []

    @step(Agency("tax", "Tax"), within=timedelta(minutes=1), retries=Retry(first=timedelta(minutes=2)))
    def ask(request: Asked) -> Answer:
        """Ask."""
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError
        return Answer()

    async def process(case: Case[Application]) -> Decision:
        await ask(case)
        return Decision()

    small = Small(database, define(process, [ask]))
    small.open("r")
    small.run()
    small.now += timedelta(minutes=2)
    small.run()
    assert small.events(1)[1:] == ["tax.ask 1 ate_abort", "tax.ask 1 breach", "tax.ask 1 complete", "case 1 complete"]
    small.verify()


@pytest.mark.parametrize(
    ("opened", "within", "due"),
    [
        (datetime(2028, 2, 28, 3, 0, tzinfo=UTC), working(days=1), datetime(2028, 2, 29, 3, 0, tzinfo=UTC)),
        (datetime(2028, 2, 29, 3, 0, tzinfo=UTC), timedelta(days=365), datetime(2029, 2, 28, 3, 0, tzinfo=UTC)),
        (datetime(2026, 3, 6, 8, 0, tzinfo=UTC), working(days=1), datetime(2026, 3, 9, 8, 0, tzinfo=UTC)),
    ],
    ids=["into a leap day", "from a leap day", "over a weekend"],
)
def test_due_dates(database: Database, opened: datetime, within: timedelta, due: datetime) -> None:
    """Calendar days are days; working days are the agency's."""
    office = Agency("office", "Office", Calendar.weekdays("Asia/Jakarta", "08:00", "16:00"))

    @human_step(office, within=Sla(within))
    def check_it(request: Asked) -> Answer:
        """Check."""

    async def process(case: Case[Application]) -> Decision:
        await check_it(case)
        return Decision()

    small = Small(database, define(process, [check_it]))
    small.now = opened
    small.open("r")
    small.run()
    assert small.work(1, "office.check_it 1").due == due
