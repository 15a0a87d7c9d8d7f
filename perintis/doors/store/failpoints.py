"""Named places in the recording path where a test may stop the process dead. Nothing happens unless a test hooks in."""

from __future__ import annotations

from collections.abc import Callable

hook: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    """Mark a place at which a crash must lose and double nothing."""
    if hook is not None:
        hook(name)
