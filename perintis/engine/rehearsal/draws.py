"""Chance, without a state: each draw is a function of what it is drawn for.

Because a draw depends on nothing that was drawn before, two processes rehearsed with the same seed meet the same
applications with the same luck (common random numbers), and a rehearsal comes out the same to the last digit on every
machine.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from random import Random

Draw = Callable[[int, str, int, str], float]
"""Case number, stream (mostly the name of a step), visit and purpose in; a number strictly between 0 and 1 out."""

_WHOLE = 2.0**-53


def draws(seed: int) -> Draw:
    """The draws of a rehearsal with this seed."""
    start = blake2b(str(seed).encode(), digest_size=8)

    def draw(case: int, stream: str, visit: int, purpose: str) -> float:
        digest = start.copy()
        digest.update(f"|{case}|{stream}|{visit}|{purpose}".encode())
        return ((int.from_bytes(digest.digest(), "big") >> 11) + 0.5) * _WHOLE

    return draw


def generator(seed: int, purpose: str) -> Random:
    """A generator of its own for one purpose; seeding with text does not depend on Python's hash seed."""
    return Random(f"{seed}|{purpose}")
