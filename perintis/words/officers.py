"""Who answers: the officer that is recorded with an answer, and whether two names are one officer."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ByOfficer:
    """Marks a field of an answer that holds the recorded officer: nobody types it, and no form asks for it.

    `unlike` names the field of the request with an officer who must be somebody else.
    """

    unlike: str | None = None


def same_officer(one: str, other: str) -> bool:
    """Whether two names are one officer: capitals, spaces and the width of letters do not make another."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
