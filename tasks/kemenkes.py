"""Health screens the applicant. Health data are specific personal data (UU 27/2022 on personal data, art. 4(2))."""

from __future__ import annotations

from pydantic import BaseModel

from agencies.indonesia import KEMENKES
from perintis import Sla, human_step, working
from perintis.words.fields import IsoDate, PersonName
from perintis.words.identifiers import PassportNumber
from tasks.paper import Registered


class HealthRequest(BaseModel):
    """What the Ministry of Health is shown."""

    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate


class HealthResult(BaseModel):
    """Fit or not, and the certificate's number; no finding, which is nobody else's business."""

    fit: bool
    health_certificate: str | None = None


@human_step(
    KEMENKES,
    within=Sla(working(days=2), "draft agreement art. 6(3)"),
    may_send_back=True,
    keyed=("health_certificate",),
)
def health_screening(request: HealthRequest) -> HealthResult:
    """Screen the applicant and record the certificate."""


@human_step(KEMENKES, keyed=tuple(HealthRequest.model_fields))
def register_at_counter(request: HealthRequest) -> Registered:
    """Take in the paper file and type the applicant into the clinic's register."""
