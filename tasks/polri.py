"""The Police say whether there is a record, with a certificate (SKCK; Perpol 6/2023).

Criminal records are specific personal data (UU 27/2022 on personal data, art. 4(2)).
"""

from __future__ import annotations

from pydantic import BaseModel

from agencies.indonesia import POLRI
from perintis import Sla, human_step, working
from perintis.words.fields import CountryCode, IsoDate, PersonName
from perintis.words.identifiers import PassportNumber
from tasks.paper import Registered


class PoliceRequest(BaseModel):
    """What the Police are shown."""

    passport_number: PassportNumber
    citizenship: CountryCode
    full_name: PersonName
    date_of_birth: IsoDate


class PoliceRecord(BaseModel):
    """Clear or not, and the certificate's number; no entry of the record itself."""

    record_clear: bool
    police_certificate: str | None = None


@human_step(
    POLRI,
    within=Sla(working(days=3), "draft agreement art. 6(4)"),
    may_send_back=True,
    keyed=("police_certificate",),
)
def police_record(request: PoliceRequest) -> PoliceRecord:
    """Search the records and write the certificate."""


@human_step(POLRI, keyed=tuple(PoliceRequest.model_fields))
def register_at_counter(request: PoliceRequest) -> Registered:
    """Take in the paper file and type the applicant into the police register."""
