"""Immigration leads: it takes the application in, decides and issues the permit.

Law: limited-stay permits are its duty (UU 6/2011 on immigration, art. 48 and 52; PP 31/2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, model_validator

from agencies.indonesia import IMIGRASI
from perintis import Retry, Sla, human_step, step, working
from perintis.words.fields import CountryCode, IsoDate, PersonName
from perintis.words.identifiers import Nik, PassportNumber, Reference
from tasks.connections import ask, drawn
from tasks.paper import Registered

RefusalGround = Literal["identity", "health", "police_record", "work", "false_statement", "other"]


class DocumentList(BaseModel):
    """Kinds of documents, by name; no document itself."""

    required_documents: tuple[str, ...]
    documents: tuple[str, ...]


class DocumentCheck(BaseModel):
    """What is missing; nothing means that the file is complete."""

    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


class MissingDocuments(BaseModel):
    """Whom to ask, and for what."""

    reference: Reference
    full_name: PersonName
    missing: tuple[str, ...]


class SuppliedDocuments(BaseModel):
    """The kinds of documents that the applicant has now handed in."""

    documents: tuple[str, ...]


class ReturnedFile(BaseModel):
    """A file that another agency returned, and why."""

    reference: Reference
    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate
    step: str
    reason: str


class Correction(BaseModel):
    """Says that the file has been put right."""

    done: Literal[True] = True


class WholeFile(BaseModel):
    """Everything that Immigration has of an application, results of the other agencies included.

    `simulated` says that nobody asked the civil registry: whether the identity matched was made up for a trial.
    """

    reference: Reference
    category: str
    citizenship: CountryCode
    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate
    sponsor_nik: Nik
    sponsor_name: PersonName
    identity_matched: bool
    fit: bool
    record_clear: bool
    work_approved: bool | None = None
    simulated: bool = False


class OfficerDecision(BaseModel):
    """Granted, or refused on a ground."""

    grant: bool
    ground: RefusalGround | None = None

    @model_validator(mode="after")
    def _ground_if_refused(self) -> Self:
        if self.grant == (self.ground is not None):
            raise ValueError("a refusal needs its ground, and a grant has none")
        return self


class PermitOrder(BaseModel):
    """For whom to issue a permit."""

    reference: Reference
    category: str
    citizenship: CountryCode
    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate


class Permit(BaseModel):
    """The permit's number; `simulated` means that no register of permits is connected and it is worth nothing."""

    permit_number: str
    simulated: bool = False


class PaperApplication(BaseModel):
    """The application form on paper, as it lies on the counter."""

    reference: Reference
    category: str
    citizenship: CountryCode
    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate
    sponsor_nik: Nik
    sponsor_name: PersonName


@step(IMIGRASI)
def check_documents(lists: Sequence[DocumentList]) -> list[DocumentCheck]:
    """Hold the documents handed in against the list for the category."""
    return [
        DocumentCheck(missing=tuple(d for d in asked.required_documents if d not in asked.documents)) for asked in lists
    ]


@human_step(IMIGRASI)  # no service level: the time is the applicant's
def request_documents(missing: MissingDocuments) -> SuppliedDocuments:
    """Ask the applicant for what is missing, and record what came."""


@human_step(IMIGRASI, within=Sla(working(days=1), "draft agreement art. 6(1)"))
def correct_file(returned: ReturnedFile) -> Correction:
    """Put right what another agency returned."""


@human_step(IMIGRASI, within=Sla(working(days=2), "draft agreement art. 6(1)"))
def decide(file: WholeFile) -> OfficerDecision:
    """Decide on the application, with the answers of all agencies at hand."""


@step(IMIGRASI, retries=Retry(times=5))
def issue_permit(orders: Sequence[PermitOrder], *, keys: Sequence[str]) -> list[Permit]:
    """Enter the permit in the register of permits.

    SIMULATED unless PERINTIS_IMIGRASI_URL is set: the number then begins with TRIAL.
    """
    return ask(IMIGRASI, "issue_permit", orders, keys, Permit, _simulated_permit)


def _simulated_permit(_: PermitOrder, key: str) -> Permit:
    return Permit(permit_number=f"TRIAL-{drawn(key):010}", simulated=True)


_TYPED_AT_THE_COUNTER = tuple(PaperApplication.model_fields)
_TYPED_FROM_CERTIFICATES = ("identity_matched", "fit", "record_clear", "work_approved")


@human_step(IMIGRASI, keyed=_TYPED_AT_THE_COUNTER)
def register_at_counter(form: PaperApplication) -> Registered:
    """Take in the paper form and type it into the register."""


@human_step(IMIGRASI, keyed=(*_TYPED_AT_THE_COUNTER, *_TYPED_FROM_CERTIFICATES))
def open_paper_file(file: WholeFile) -> Registered:
    """Take in the paper file that came back from the agencies, and type form and certificates into the system."""
