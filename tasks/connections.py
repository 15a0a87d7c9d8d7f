"""How automatic steps reach the agencies' systems: over HTTP where an address is set, else simulated and marked so.

`PERINTIS_DUKCAPIL_URL`, `PERINTIS_KEMENKEU_URL` and `PERINTIS_IMIGRASI_URL` (environment or `.env`) hold the
addresses. A batch is sent as one request:

    POST <address>/<service>   {"requests": [{"key": "...", ...the fields of the request...}]}
    answer                     [{...the fields of the answer...}]          in the same order

`key` is the same for every attempt, so that the system can recognise a repeated request.
Without an address the answer is made up here and carries `simulated: true`.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from perintis import Agency, AgencyUnavailable

TIMEOUT_SECONDS = 30
LARGEST_ANSWER = 10_000_000

RequestT = TypeVar("RequestT", bound=BaseModel)
AnswerT = TypeVar("AnswerT", bound=BaseModel)
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class Connections(BaseSettings):
    """The addresses of agencies' systems; None means that the system is simulated."""

    model_config = SettingsConfigDict(env_prefix="PERINTIS_", env_file=".env", extra="ignore", frozen=True)

    dukcapil_url: Address | None = None
    kemenkeu_url: Address | None = None
    imigrasi_url: Address | None = None

    def address(self, agency: Agency) -> str | None:
        """The address of an agency's system."""
        found: str | None = getattr(self, f"{agency.code}_url", None)
        return found


@cache
def connections() -> Connections:
    """The addresses set for this process."""
    return Connections()


def ask(
    agency: Agency,
    service: str,
    requests: Sequence[RequestT],
    keys: Sequence[str],
    answer: type[AnswerT],
    simulate: Callable[[RequestT, str], AnswerT],
) -> list[AnswerT]:
    """One answer for each request, from the agency's system or simulated.

    Raises AgencyUnavailable where the system does not answer, or not as agreed; the cases then stay ready.
    """
    address = connections().address(agency)
    if address is None:
        return [simulate(request, key) for request, key in zip(requests, keys, strict=True)]
    body = {"requests": [{"key": k, **r.model_dump(mode="json")} for r, k in zip(requests, keys, strict=True)]}
    try:
        answers = TypeAdapter(list[answer]).validate_json(_post(f"{address.rstrip('/')}/{service}", body))  # type: ignore[valid-type]
    except OSError as error:
        raise AgencyUnavailable(f"the system of {agency} cannot be reached ({type(error).__name__})") from None
    except ValidationError:
        raise AgencyUnavailable(f"the system of {agency} answered {service} not as agreed") from None
    if len(answers) != len(requests):
        raise AgencyUnavailable(f"the system of {agency} gave {len(answers)} answers to {len(requests)} requests")
    return answers


def _post(url: str, body: object) -> bytes:
    request = urllib.request.Request(  # Address lets http and https through only
        url, json.dumps(body).encode(), {"Content-Type": "application/json", "Accept": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        return bytes(response.read(LARGEST_ANSWER))


def drawn(text: str) -> int:
    """A number from 0 to 2**32 - 1 that depends on the text alone: chance for simulated systems, the same each time."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
