"""The testing kit: a pilot in memory, in milliseconds, with the real engine and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import pytest
from pydantic import BaseModel

from perintis import Agency, Case, Pilot, Retry, SentBack, Sla, any_of, exchange_step, human_step, step, working
from perintis.testing import Trial
from perintis.words.agency import Calendar
from perintis.words.errors import NotAllowed, NotFound

LEAD = Agency("lead", "Lead agency", Calendar.weekdays("Asia/Jakarta", country="ID"))
OTHER = Agency("other", "Other agency", Calendar.weekdays("Asia/Jakarta", country="ID"))


class Application(BaseModel):
    reference: str
    name: str
    office: str = "north"


class Decision(BaseModel):
    outcome: Literal["granted", "refused", "lapsed"]


class Named(BaseModel):
    name: str


class Found(BaseModel):
    found: bool


class Paid(BaseModel):
    receipt: str


@step(LEAD, retries=Retry(times=2, first=timedelta(minutes=1)))
def look_up(requests: Sequence[Named]) -> list[Found]:
    """Look the persons up."""
    return [Found(found=r.name != "nobody") for r in requests]


@human_step(OTHER, within=working(days=2), may_send_back=True)
def examine(request: Named) -> Found:
    """Examine the person."""


@human_step(LEAD)
def correct(request: Named) -> Found:
    """Correct the application."""


@exchange_step(OTHER, within=timedelta(days=7))
def collect_fee(request: Named) -> Paid:
    """Collect the fee."""


async def to_be(case: Case[Application]) -> Decision:
    if not (await look_up(case)).found:
        return Decision(outcome="refused")
    while True:
        try:
            await examine(case)
            break
        except SentBack:
            await correct(case)
    fee = await any_of(collect_fee(case), within=timedelta(days=7))
    return Decision(outcome="lapsed" if fee.timed_out else "granted")


PILOT = Pilot(
    name="small",
    title="A small pilot",
    version="1",
    lead=LEAD,
    agencies=(LEAD, OTHER),
    application=Application,
    decision=Decision,
    service_level=Sla(working(days=10)),
)


@pytest.fixture
def trial() -> Trial:
    return Trial(PILOT, to_be)


def test_a_case_goes_from_hand_to_hand_until_its_decision(trial: Trial) -> None:
    """Automatic steps are done at once; people and agencies are waited for."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    assert [w.step for w in trial.waiting(case)] == ["other.examine"]
    trial.answer(case, examine, Found(found=True))
    trial.answer(case, collect_fee, Paid(receipt="R-1"))
    assert trial.outcome(case) == "granted"
    assert trial.decision(case) == Decision(outcome="granted")
    assert trial.steps(case) == ["lead.look_up", "other.examine", "other.collect_fee", "timer"]


def test_a_due_date_counts_the_agencys_working_days(trial: Trial) -> None:
    """Two working days from Monday morning are over when the office closes on Tuesday."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    (waiting,) = trial.waiting(case)
    assert waiting.due is not None
    assert waiting.due - trial.now == timedelta(days=1, hours=8)


def test_work_sent_back_is_asked_for_again_after_the_correction(trial: Trial) -> None:
    """A step returned with a reason gets a second visit."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    trial.send_back(case, examine, "the photograph is missing")
    assert [w.step for w in trial.waiting(case)] == ["lead.correct"]
    trial.answer(case, correct, Found(found=True))
    assert [(w.step, w.visit) for w in trial.waiting(case)] == [("other.examine", 2)]


def test_time_out_withdraws_what_was_waited_for(trial: Trial) -> None:
    """A fee not paid within a week ends the case, and the fee is not waited for any more."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    trial.answer(case, examine, Found(found=True))
    trial.pass_time(timedelta(days=8))
    assert trial.outcome(case) == "lapsed"
    assert trial.waiting(case) == []


def test_an_automatic_step_can_be_done_differently_in_a_test() -> None:
    """The replacement gets the batch and gives the results; the process is untouched."""
    trial = Trial(PILOT, to_be, replacing={look_up: lambda requests: [Found(found=False) for _ in requests]})
    case = trial.open(Application(reference="A-1", name="somebody"))
    assert trial.outcome(case) == "refused"


def test_answering_what_is_not_waited_for_says_what_is(trial: Trial) -> None:
    """The message names the step asked for and those that wait."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    with pytest.raises(NotFound, match=r"does not wait for other.collect_fee; it waits for other.examine"):
        trial.answer(case, collect_fee, Paid(receipt="R-1"))


def test_a_withdrawn_case_takes_no_more_answers(trial: Trial) -> None:
    """Withdrawing closes the case with that outcome and withdraws its work."""
    case = trial.open(Application(reference="A-1", name="somebody"))
    trial.withdraw(case)
    assert trial.outcome(case) == "withdrawn"
    with pytest.raises(NotFound):
        trial.answer(case, examine, Found(found=True))
    with pytest.raises(NotAllowed, match="was closed"):
        trial.withdraw(case)
