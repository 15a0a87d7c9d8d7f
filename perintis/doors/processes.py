"""Whether a process of this machine is still there: what a killed one left may be taken over or removed."""

from __future__ import annotations

import os


def is_running(process: int) -> bool:
    """Whether a process of that number is there, whoever runs it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
