"""What the agreement does not allow is not sent, by no kind of step; what it allows is recorded with its event."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis import Retry, step
from perintis.doors.answered import answer_work, check_answer
from perintis.doors.asked import read_asked
from perintis.doors.store.database import Database
from perintis.doors.store.ending import retry_case
from perintis.words.errors import AgencyUnavailable, NotAgreed, NotAllowed
from perintis.words.recorded import Process
from tests.engine.agreeing import (
    AGREEMENT,
    KINDS,
    NIGHT,
    ask_tax,
    ask_tax_for_more,
    ask_tax_more,
    asked_outside,
    at_work,
    disclosures,
    examine,
    examine_for_more,
    examine_more,
    exchange_it,
    under,
)
from tests.small_pilot import TAX, YES, Answer, Asked


@pytest.fixture(autouse=True)
def nobody_asked() -> None:
    asked_outside.clear()


TO_TAX = "office may not disclose 'reference' to tax: agreement MoU-1 art. 1(1) lists name"
FROM_TAX = "tax may not disclose 'diagnosis' to office: agreement MoU-1 art. 1(2) lists ok, note"
TO_LAB = "office may not disclose 'reference' to lab: agreement MoU-1 art. 1(3) lists name"
FROM_LAB = "lab may not disclose 'diagnosis' to office: agreement MoU-1 art. 1(4) lists ok, note"


@pytest.mark.parametrize(
    ("kind", "function", "sentence"),
    [
        ("automatic", ask_tax_more, TO_TAX),
        ("automatic", ask_tax_for_more, FROM_TAX),
        ("exchange", examine_more, TO_TAX),
        ("exchange", examine_for_more, FROM_TAX),
        ("human", examine_more, TO_LAB),
        ("human", examine_for_more, FROM_LAB),
    ],
)
def test_what_no_term_lists_is_not_sent(
    database: Database, tmp_path: Path, kind: str, function: Callable[..., Any], sentence: str
) -> None:
    """The case is set aside with the article; nothing is asked, queued or put into an inbox; other cases go on."""
    outside = tmp_path / "exchange"
    small = at_work(database, outside, [KINDS[kind](function)])
    refused = small.open("R-1").cases[0]
    other = small.open("R-2", name="no").cases[0]
    report = small.run()
    assert (report.tally.failed, report.tally.closed) == (1, 1)
    row = small.case(refused)
    assert (row.status, row.problem) == ("failed", f"not-agreed: {sentence}")
    assert small.case(other).status == "closed"
    assert small.slots(refused) == {"office.look_up 1": "completed"}
    assert (asked_outside, small.outbox(refused), disclosures(small), outside.exists()) == ([], {}, [], False)
    assert small.run().tally.advanced == 0  # not tried again by itself
    small.verify()


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_agreement_was_amended_a_retry_goes_on(database: Database, tmp_path: Path, kind: str) -> None:
    """The same case, with a term for what was missing."""
    without = AGREEMENT.replace("fields: [name]", "fields: [other]")
    small = at_work(database, tmp_path, [KINDS[kind](ask_tax if kind == "automatic" else examine)], without)
    case = small.open("R-1").cases[0]
    small.run()
    assert small.case(case).status == "failed"
    small.definition = under(small.definition, AGREEMENT)
    retry_case(database, case, now=small.now)
    small.run()
    assert small.case(case).status == ("closed" if kind == "automatic" else "waiting")
    assert disclosures(small)[0].endswith("name art. 1(3)" if kind == "human" else "name art. 1(1)")
    small.verify()


def test_one_refused_branch_keeps_the_others_from_being_asked(database: Database, tmp_path: Path) -> None:
    """A case that cannot go on as its process means it discloses nothing more, not even what would be allowed."""
    small = at_work(database, tmp_path, [KINDS["automatic"](ask_tax), KINDS["human"](examine_more)])
    case = small.open("R-1").cases[0]
    small.run()
    assert small.case(case).status == "failed"
    assert (asked_outside, disclosures(small)) == ([], [])


def test_every_disclosure_is_recorded_with_its_event(database: Database, tmp_path: Path) -> None:
    """Request and answer of each kind of step; of the lead's own steps and of waits nothing."""
    steps = [KINDS["automatic"](ask_tax), KINDS["exchange"](exchange_it), KINDS["human"](examine)]
    small = at_work(database, tmp_path, steps)
    small.open("R-1")
    small.run()
    small.hand_in_answer(1, "tax.exchange_it 1")
    work = small.work(1, "lab.examine 1")
    answer_work(database, small.definition, work, YES, officer="o", now=small.now)
    small.run()
    assert small.case(1).status == "closed"
    assert sorted(disclosures(small)) == [
        "1 lab.examine complete: lab > office ok,note art. 1(4)",
        "1 lab.examine schedule: office > lab name art. 1(3)",
        "1 tax.ask_tax complete: office > tax name art. 1(1)",
        "1 tax.ask_tax complete: tax > office ok,note art. 1(2)",
        "1 tax.exchange_it complete: tax > office ok,note art. 1(2)",
        "1 tax.exchange_it schedule: office > tax name art. 1(1)",
    ]
    small.verify()


def test_a_failed_attempt_has_shown_the_request(database: Database, tmp_path: Path) -> None:
    """Each attempt that reached the agency is recorded, its answer only once there is one."""
    fails = [True]

    def ask_at_last(request: Asked) -> Answer:
        """Ask."""
        if fails.pop():
            raise ConnectionError
        return Answer()

    fails.insert(0, False)
    small = at_work(database, tmp_path, [step(TAX, retries=Retry(times=3, first=timedelta(seconds=1)))(ask_at_last)])
    small.open("R-1")
    small.run()
    small.now += timedelta(minutes=1)
    small.run()
    assert disclosures(small) == [
        "1 tax.ask_at_last ate_abort: office > tax name art. 1(1)",
        "1 tax.ask_at_last complete: office > tax name art. 1(1)",
        "1 tax.ask_at_last complete: tax > office ok,note art. 1(2)",
    ]


def test_an_agency_that_is_down_was_shown_nothing(database: Database, tmp_path: Path) -> None:
    """Nothing was handed over, so nothing is recorded."""

    def never_there(requests: list[Asked]) -> list[Answer]:
        """Ask."""
        raise AgencyUnavailable("down")

    small = at_work(database, tmp_path, [KINDS["automatic"](never_there)])
    small.open("R-1")
    assert small.run().tally.left_ready == 1
    assert disclosures(small) == []


@pytest.mark.parametrize(
    ("open_cases", "minutes", "opened_on", "status"),
    [
        ("stop", 0, NIGHT, "closed"),
        ("stop", 1, NIGHT, "failed"),  # midnight in Jakarta, though not in UTC
        ("finish", 1, NIGHT, "closed"),
        ("finish", 60 * 24 * 90, NIGHT, "closed"),
        ("finish", 2, NIGHT + timedelta(minutes=1), "failed"),  # opened too late
    ],
)
def test_it_ends_at_midnight_of_the_leads_clock(
    database: Database, tmp_path: Path, open_cases: str, minutes: int, opened_on: datetime, status: str
) -> None:
    """What becomes of open cases then, the agreement says."""
    small = at_work(database, tmp_path, [KINDS["automatic"](ask_tax)], open_cases=open_cases)
    small.now = opened_on
    case = small.open("R-1").cases[0]
    small.now = NIGHT + timedelta(minutes=minutes)
    small.run()
    assert small.case(case).status == status
    assert (asked_outside == []) is (status == "failed")
    if status == "failed":
        told = (
            "not-agreed: office may not disclose 'name' to tax: agreement MoU-1 allows it by art. 1(1) from 2026-01-01"
        )
        assert small.case(case).problem == f"{told} until 2026-12-31 only"


def test_new_cases_end_at_midnight_too(database: Database, tmp_path: Path) -> None:
    """By the lead's clock, with the dates in the sentence."""
    agreed = at_work(database, tmp_path, [KINDS["automatic"](ask_tax)]).definition.agreed
    assert agreed is not None
    agreed.check_opening(NIGHT)
    with pytest.raises(NotAllowed, match="from 2026-01-01 until 2026-12-31, and today is 2027-01-01: no case may be"):
        agreed.check_opening(NIGHT + timedelta(minutes=1))
    agreed.check_opening(datetime(2025, 12, 31, 17, tzinfo=UTC))
    with pytest.raises(NotAllowed, match="today is 2025-12-31: no case may be opened before it is in force"):
        agreed.check_opening(datetime(2025, 12, 31, 16, 59, tzinfo=UTC))


def test_work_put_into_an_inbox_before_the_end_can_be_seen_and_answered_only_until_then(
    database: Database, tmp_path: Path
) -> None:
    """Under `stop`: neither the officer is shown the request, nor the lead the answer, and nothing is recorded."""
    small = at_work(database, tmp_path, [KINDS["human"](examine)])
    small.now = NIGHT
    case = small.open("R-1").cases[0]
    small.run()
    work, late = small.work(case, "lab.examine 1"), NIGHT + timedelta(minutes=1)
    assert read_asked(database, small.definition, Process.TO_BE, work, NIGHT).request == Asked(name="applicant")
    check_answer(database, small.definition, work, NIGHT)
    for refused in (
        lambda: read_asked(database, small.definition, Process.TO_BE, work, late),
        lambda: check_answer(database, small.definition, work, late),
        lambda: answer_work(database, small.definition, work, YES, officer="o", now=late),
    ):
        with pytest.raises(NotAgreed, match=r"^not-agreed: office may not disclose 'name' to lab: agreement MoU-1"):
            refused()
    assert small.slots(case)["lab.examine 1"] == "open"
    assert len(disclosures(small)) == 1


def test_an_answer_of_a_system_after_the_end_is_refused_with_its_reason(database: Database, tmp_path: Path) -> None:
    """The message is kept, and says why it answered nothing."""
    small = at_work(database, tmp_path, [KINDS["exchange"](exchange_it)])
    small.now = NIGHT
    case = small.open("R-1").cases[0]
    small.run()
    small.hand_in_answer(case, "tax.exchange_it 1")
    small.now = NIGHT + timedelta(minutes=1)
    report = small.run()
    assert report.received.refused == 1
    assert next(iter(report.received.reasons)).startswith("not-agreed: office may not disclose 'name' to tax")
    assert small.slots(case)["tax.exchange_it 1"] == "open"
    small.verify()


def test_a_request_that_could_not_be_sent_before_the_end_is_not_sent_after_it(
    database: Database, tmp_path: Path
) -> None:
    """It stays in the outbox and the case is set aside; under an amended agreement a retry sends it."""
    small = at_work(database, tmp_path, [KINDS["exchange"](exchange_it)])
    (tmp_path / "tax").write_text("in the way of the folder")
    small.now = NIGHT
    case = small.open("R-1").cases[0]
    small.run()
    assert small.outbox(case) == {"tax.exchange_it 1": "queued"}
    (tmp_path / "tax").unlink()
    small.now = NIGHT + timedelta(days=1)
    assert (small.run().sent.sent, small.run().sent.sent) == (0, 0)
    assert (small.case(case).status, small.outbox(case)) == ("failed", {"tax.exchange_it 1": "queued"})
    assert small.case(case).problem.startswith("not-agreed: office may not disclose 'name' to tax")
    assert list(tmp_path.rglob("*.json")) == []
    small.definition = under(small.definition, AGREEMENT.replace("until: 2026", "until: 2027"))
    retry_case(database, case, now=small.now)
    assert small.run().sent.sent == 1
    [sent] = tmp_path.rglob("*.json")
    assert json.loads(sent.read_text())["request"] == {"name": "applicant"}
    small.verify()


def test_without_an_agreement_a_run_asks_no_other_agency(database: Database, tmp_path: Path) -> None:
    """It says so before anything is done; a pilot of the lead alone needs none."""
    small = at_work(database, tmp_path, [KINDS["automatic"](ask_tax)], None)
    small.open("R-1")
    with pytest.raises(
        NotAllowed, match=r"^pilots/small/agreement.yaml is missing, so nothing may be disclosed to tax"
    ):
        small.run()
    alone = at_work(database, tmp_path, [], None)
    alone.run()
    assert alone.case(1).status == "closed"
    assert asked_outside == []
