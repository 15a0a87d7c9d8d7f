"""What a value was read as: its standard form, or the reason why there is none. Never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A standard form, or None with the reason; the reason never repeats the value."""

    value: T | None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.value is None and self.reason is None:
            raise ValueError("a reading without a value says why")


EMPTY = "is empty"
"""The reason of a value that is not there; the only one that is not a fault of the record."""


def given(text: str | None) -> str | None:
    """The text without spaces around it, or None where it says nothing (empty, `-`, `N/A`, `null`, `tidak ada`)."""
    stripped = (text or "").strip()
    return None if stripped.casefold() in NOTHING else stripped


NOTHING = frozenset({"", "-", "--", ".", "?", "n/a", "na", "nan", "nil", "none", "null", "tidak ada", "kosong", "xxx"})
