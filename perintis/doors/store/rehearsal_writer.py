"""Writes the cases of a rehearsal: here, or in a process of its own, so that one core simulates and another stores.

The other process is given parts through its standard input and says on its standard output what is stored. It writes
one part while the next is simulated; whoever is faster waits for the other. When its input ends, also because this
process was killed, it ends.
"""

from __future__ import annotations

import gc
import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime
from types import TracebackType
from typing import IO, Any, Self

from sqlalchemy import make_url

from perintis.doors.store.database import Database
from perintis.doors.store.rehearsal_rows import Owner, write_part
from perintis.engine.changes import Change, Standing
from perintis.engine.rehearsal.cases import Simulated
from perintis.words.errors import PerintisError
from perintis.words.recorded import Key

ALONE_FROM = 1_000
"""Cases from which on a rehearsal is worth a process for its rows; starting one takes half a second."""

_NEW_OBJECTS = 200_000
_LENGTH = 8


class PartWriter:
    """Takes the parts of a rehearsal and stores them in order; use it in a `with` block.

    `stored` is how many cases are known to be in the store. The first `alone_from` cases are written here.
    """

    def __init__(self, database: Database, owner: Owner, *, alone_from: int = ALONE_FROM) -> None:
        self._database = database
        self._owner = owner
        self._alone_from = alone_from if _is_shared(database) else sys.maxsize
        self._child: subprocess.Popen[bytes] | None = None
        self._owed = False  # whether the reply to the latest part is still to come
        self.stored = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        child = self._child
        if child is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):
            child.stdin.close()  # it ends after the part that it has in hand
        child.wait()
        child.stdout.close()

    def put(self, part: Sequence[Simulated]) -> None:
        """Store a part, or hand it over. Raises what kept this part or one before it from being stored."""
        if self._child is None and self.stored < self._alone_from:
            self.stored += write_part(self._database, part, self._owner)
            return
        if self._child is None:
            self._child = _start()
            # The address is no argument of the program: everybody can read those, and it may hold a password.
            self._send((self._database.url, self._owner))
        self._send([pack(case) for case in part])
        if self._owed:
            self._take_reply()
        self._owed = True

    def finish(self) -> None:
        """Wait until everything is stored."""
        if self._owed:
            self._take_reply()
            self._owed = False

    def _send(self, value: Any) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            _hand_over(value, self._child.stdin)
        except BrokenPipeError:
            self._take_reply()  # it says why it ended
            raise PerintisError(_STOPPED) from None

    def _take_reply(self) -> None:
        assert self._child is not None
        assert self._child.stdout is not None
        reply = json.loads(self._child.stdout.readline() or b"{}")
        if "stored" not in reply:
            raise PerintisError(reply.get("problem", _STOPPED))
        self.stored += reply["stored"]


_STOPPED = "the process that stores the rehearsal was stopped; rehearse again"


def _is_shared(database: Database) -> bool:
    """Whether another process can open the same store."""
    return not database.is_sqlite or make_url(database.url).database not in (None, "", ":memory:")


def _start() -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "perintis.doors.store.rehearsal_writer"]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


_Packed = tuple[
    int,
    str,
    str | None,
    dict[str, Any],
    datetime,
    datetime | None,
    list[tuple[Any, ...]],
    Standing,
    dict[Key, datetime],
]


def pack(case: Simulated) -> _Packed:
    """A case as plain tuples, which go through a pipe in half the time of objects."""
    changes = [(*change[1], *change[2:]) for change in case.changes]
    return (
        case.number, case.reference, case.office, case.segments, case.opened, case.due, changes, case.standing,
        case.breached,
    )  # fmt: skip


def unpack(
    number: int, reference: str, office: str | None, segments: dict[str, Any], opened: datetime, due: datetime | None,
    changes: list[tuple[Any, ...]], standing: Standing, breached: dict[Key, datetime],
) -> Simulated:  # fmt: skip
    """The case that was packed."""
    whole = [Change(number, Key(step, visit), *rest) for step, visit, *rest in changes]
    return Simulated(number, reference, office, segments, opened, due, whole, standing, breached)


def _hand_over(value: Any, pipe: IO[bytes]) -> None:
    """Write a value with its length before it: the reader takes it out of the pipe first, and unpacks it afterwards."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(len(packed).to_bytes(_LENGTH, "big"))
    pipe.write(packed)
    pipe.flush()


def _take_over(pipe: IO[bytes]) -> Any:
    """The next value of a pipe; EOFError at its end, also where it ends in the middle of a value."""
    length = int.from_bytes(pipe.read(_LENGTH), "big")
    packed = pipe.read(length)
    if not length or len(packed) < length:
        raise EOFError
    return pickle.loads(packed)


def main() -> int:
    """Write what comes in, part by part. A problem is told as the reply to its part, and ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asked; then the input ends
    gc.set_threshold(_NEW_OBJECTS)  # rows leave no rings behind
    try:
        return _write_all(sys.stdin.buffer)
    except PerintisError as error:
        return _fail(str(error))
    except Exception as error:  # noqa: BLE001  # its text may hold values of rows
        return _fail(f"the rehearsal could not be stored ({type(error).__name__})")


def _write_all(parts: IO[bytes]) -> int:
    url, owner = _take_over(parts)
    with closing(Database(url)) as database:
        while True:
            try:
                part = [unpack(*packed) for packed in _take_over(parts)]
            except EOFError:
                return 0
            print(json.dumps({"stored": write_part(database, part, owner)}), flush=True)


def _fail(problem: str) -> int:
    print(json.dumps({"problem": problem}), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
