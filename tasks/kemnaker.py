"""Manpower approves the work of a foreign worker (PP 34/2021 on the use of foreign workers)."""

from __future__ import annotations

from pydantic import BaseModel

from agencies.indonesia import KEMNAKER
from perintis import Sla, human_step, working
from perintis.words.fields import CountryCode, PersonName
from perintis.words.identifiers import PassportNumber
from tasks.paper import Registered


class WorkRequest(BaseModel):
    """What the Ministry of Manpower is shown."""

    passport_number: PassportNumber
    citizenship: CountryCode
    full_name: PersonName
    employer: str
    occupation: str


class WorkApproval(BaseModel):
    """Approved or not, and the number of the approval."""

    work_approved: bool
    work_permit_number: str | None = None


@human_step(
    KEMNAKER,
    within=Sla(working(days=2), "draft agreement art. 6(5)"),
    keyed=("work_permit_number",),
)
def approve_work(request: WorkRequest) -> WorkApproval:
    """Hold the post against the employer's plan for foreign workers (RPTKA)."""


@human_step(KEMNAKER, keyed=tuple(WorkRequest.model_fields))
def register_at_counter(request: WorkRequest) -> Registered:
    """Take in the paper file and type worker and employer into the register."""
