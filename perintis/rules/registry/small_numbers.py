"""Small numbers of persons are not published: whoever knows one of them could learn something of the others."""

from __future__ import annotations

LEAST_SHOWN = 5
"""Counts from 1 to 4 are shown as "fewer than 5"; zero tells of nobody."""


def shown(count: int) -> str:
    """A count of persons for a summary that leaves the office."""
    return f"fewer than {LEAST_SHOWN}" if 0 < count < LEAST_SHOWN else f"{count:,}"
