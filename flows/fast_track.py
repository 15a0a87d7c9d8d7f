"""The limited-stay permit, fast track: the process as it is to be, and as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple, TypeVar

from prefect import flow

from perintis import Case, RunSummary, SentBack, all_of, any_of, run_pilot
from pilots.fast_track import COURIER, DOCUMENTS, PAYMENT, PILOT, Application, Decision
from tasks import dukcapil, imigrasi, kemenkes, kemenkeu, kemnaker, polri
from tasks.dukcapil import IdentityMatch
from tasks.kemenkes import HealthResult
from tasks.kemnaker import WorkApproval
from tasks.polri import PoliceRecord

T = TypeVar("T")
FastTrack = Case[Application]


class FeeNotPaid(Exception):
    """The payment did not come in time; the application lapses."""


class Answers(NamedTuple):
    """What the agencies said; `work` is None for a family member."""

    identity: IdentityMatch
    health: HealthResult
    police: PoliceRecord
    work: WorkApproval | None

    def for_officer(self) -> dict[str, bool | None]:
        """The answers as the officer's form has them."""
        return {
            "identity_matched": self.identity.identity_matched,
            "fit": self.health.fit,
            "record_clear": self.police.record_clear,
            "work_approved": self.work.work_approved if self.work else None,
            "simulated": self.identity.simulated,
        }


async def to_be(case: FastTrack) -> Decision:
    """One intake; the agencies check side by side while the fee is paid; one officer decides."""
    if not await file_complete(case):
        return lapsed("documents_not_supplied")
    try:
        identity, health, police, work, _ = await all_of(
            dukcapil.verify_identity(case),
            until_accepted(case, kemenkes.health_screening),
            until_accepted(case, polri.police_record),
            work_approval(case),
            fee_paid(case),
        )
    except FeeNotPaid:  # nobody need go on checking
        return lapsed("fee_not_paid")
    return await decided(case, Answers(identity, health, police, work))


async def as_is(case: FastTrack) -> Decision:
    """One counter after another; a paper file goes from each to the next and is typed in again at each."""
    await imigrasi.register_at_counter(case)
    identity = await carried_to(case, dukcapil.search_at_counter)
    await carried_to(case, kemenkes.register_at_counter)
    health = await until_accepted(case, kemenkes.health_screening)
    await carried_to(case, polri.register_at_counter)
    police = await until_accepted(case, polri.police_record)
    work = None
    if case.application.category == "worker":
        await carried_to(case, kemnaker.register_at_counter)
        work = await work_approval(case)
    await case.wait(COURIER.within)
    answers = Answers(identity, health, police, work)
    await imigrasi.open_paper_file(case, **answers.for_officer())
    if not await file_complete(case):  # only now does anybody look whether the file is complete
        return lapsed("documents_not_supplied")
    await carried_to(case, kemenkeu.register_at_counter)
    try:
        await fee_paid(case)
    except FeeNotPaid:
        return lapsed("fee_not_paid")
    return await decided(case, answers)


async def file_complete(case: FastTrack) -> bool:
    """Ask the applicant for missing documents until none is missing; false when they did not come in time."""
    documents: tuple[str, ...] = case.application.documents
    while missing := (await imigrasi.check_documents(case, documents=documents)).missing:
        reply = await any_of(imigrasi.request_documents(case, missing=missing), within=DOCUMENTS.within)
        if reply.value is None:
            return False
        documents += reply.value.documents
    return True


async def until_accepted(case: FastTrack, ask: Callable[[FastTrack], Awaitable[T]]) -> T:
    """Ask an agency; as often as it sends the file back, put it right and ask again."""
    while True:
        try:
            return await ask(case)
        except SentBack as back:
            await imigrasi.correct_file(case, step=back.step, reason=back.reason)


async def work_approval(case: FastTrack) -> WorkApproval | None:
    """Manpower approves workers; a family member needs no approval."""
    return await kemnaker.approve_work(case) if case.application.category == "worker" else None


async def fee_paid(case: FastTrack) -> None:
    """Ask for a billing code and wait for the payment; raises FeeNotPaid when it did not come in time."""
    code = await kemenkeu.billing_code(case)
    payment = await any_of(kemenkeu.payment_notice(case, billing_code=code.billing_code), within=PAYMENT.within)
    if payment.timed_out:
        raise FeeNotPaid


async def decided(case: FastTrack, answers: Answers) -> Decision:
    """The officer decides with all answers at hand; a permit is issued if granted."""
    decision = await imigrasi.decide(case, **answers.for_officer())
    if not decision.grant:
        return Decision(outcome="refused", ground=decision.ground)
    permit = await imigrasi.issue_permit(case)
    return Decision(outcome="granted", permit_number=permit.permit_number, simulated=permit.simulated)


def lapsed(ground: Literal["documents_not_supplied", "fee_not_paid"]) -> Decision:
    """The applicant did not do in time what was asked."""
    return Decision(outcome="lapsed", ground=ground)


async def carried_to(case: FastTrack, counter: Callable[[FastTrack], Awaitable[T]]) -> T:
    """The paper file goes to the next agency, where it is typed in again."""
    await case.wait(COURIER.within)
    return await counter(case)


@flow(name="fast-track")
def fast_track(intake: str | None = None) -> RunSummary:
    """Open the cases of one intake, then move every open case as far as it can go."""
    return run_pilot(PILOT, to_be, intake=intake)
