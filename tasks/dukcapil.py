"""The Civil Registry confirms who the sponsor is.

Law: other bodies may use population data with the Ministry of Home Affairs' permission (UU 24/2013 on population
administration; Permendagri 102/2019).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from agencies.indonesia import DUKCAPIL
from perintis import Retry, Sla, human_step, step, working
from perintis.words.fields import PersonName
from perintis.words.identifiers import Nik
from tasks.connections import ask, drawn

SIMULATED_MISMATCHES_IN_100 = 2


class IdentityRequest(BaseModel):
    """What the Civil Registry is shown."""

    sponsor_nik: Nik
    sponsor_name: PersonName


class IdentityMatch(BaseModel):
    """Whether number and name belong together; `simulated` means that nobody asked the registry."""

    identity_matched: bool
    simulated: bool = False


@step(DUKCAPIL, within=Sla(working(days=1), "draft agreement art. 6(2)"), retries=Retry(times=5))
def verify_identity(requests: Sequence[IdentityRequest], *, keys: Sequence[str]) -> list[IdentityMatch]:
    """Look the sponsors up in the civil registry.

    SIMULATED unless PERINTIS_DUKCAPIL_URL is set: the same NIK then always gives the same answer, about 2 in 100 of
    them "no match".
    """
    return ask(DUKCAPIL, "verify_identity", requests, keys, IdentityMatch, _simulated_match)


def _simulated_match(request: IdentityRequest, _: str) -> IdentityMatch:
    return IdentityMatch(
        identity_matched=drawn(request.sponsor_nik) % 100 >= SIMULATED_MISMATCHES_IN_100, simulated=True
    )


@human_step(DUKCAPIL, keyed=("sponsor_nik", "sponsor_name"))
def search_at_counter(request: IdentityRequest) -> IdentityMatch:
    """Type the sponsor's number and name into the registry, and stamp the paper."""
