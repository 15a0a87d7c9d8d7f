"""Pseudonyms: names for persons and cases that only this store can trace back, others for each agency and purpose.

HMAC with SHA-256 under a key per agency and purpose, derived (HKDF) from a secret of the store that the master key
guards. A plain hash of an identity number would fall to guessing; this one does not, and two agencies cannot join what
they were given. The pseudonyms of a store stay the same when its master key is replaced.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable

from sqlalchemy import Connection

from perintis.doors.vault.keys import derive
from perintis.doors.vault.vault import PSEUDONYMS, vault_of

LENGTH = 20
"""Letters and digits of a pseudonym: 100 bits, so that two never meet."""


def pseudonyms(connection: Connection, agency: str, purpose: str) -> Callable[[str], str]:
    """The function that names values for an agency and a purpose."""
    key = derive(vault_of(connection).secret(connection, PSEUDONYMS), f"perintis pseudonym/{agency}/{purpose}")

    def name(value: str) -> str:
        digest = hmac.digest(key, value.encode(), "sha256")
        return base64.b32encode(digest).decode()[:LENGTH].lower()

    return name
