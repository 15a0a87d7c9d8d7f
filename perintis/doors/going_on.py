"""Which runs are going on and which were interrupted: a run without an end is either.

A run holds a lock on a file of its own in `<home>/running/` for as long as its process is there, so that a killed run
is told from one that works. Of a run on another machine only its leases in the store tell.
"""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from perintis.doors.settings import Settings
from perintis.doors.store.queries import RunLine
from perintis.doors.store.reading import Reader, micros

FOLDER = "running"


class Course(StrEnum):
    """How far a run has come."""

    ENDED = "ended"
    GOING_ON = "going on"
    INTERRUPTED = "interrupted"


@contextmanager
def marked(home: Path | None, run: int) -> Iterator[None]:
    """Let other commands see that a run is going on, until it ends or its process is gone.

    Where the mark cannot be made (a full disk), the run goes on without it.
    """
    if home is None:
        yield
        return
    path = home / FOLDER / str(run)
    with ExitStack() as held:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fcntl.flock(held.enter_context(path.open("w")), fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def course_of(run: RunLine, settings: Settings, reader: Reader, at: datetime) -> Course:
    """Whether a run ended, goes on, or was interrupted."""
    if run.ended is not None:
        return Course.ENDED
    if _is_marked(settings.home, run.run) or (
        not settings.store_url.startswith("sqlite") and _is_led_elsewhere(run, reader, at)
    ):
        return Course.GOING_ON
    return Course.INTERRUPTED


def _is_marked(home: Path, run: int) -> bool:
    try:
        with (home / FOLDER / str(run)).open() as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no mark: it ended with an error, or works on another machine
        return False
    return False


def _is_led_elsewhere(run: RunLine, reader: Reader, at: datetime) -> bool:
    """Whether a worker of another machine holds cases of this pilot and process; workers are named host:pid:random."""
    workers = reader.rows(
        "SELECT DISTINCT worker FROM cases WHERE pilot = ? AND process = ? AND worker IS NOT NULL AND lease_until > ?",
        (run.pilot, run.process, micros(at)),
    )
    return any(worker.rsplit(":", 2)[0] != socket.gethostname() for (worker,) in workers)
