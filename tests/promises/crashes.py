"""Kills the program at one failpoint after the other, lets another process go on, and checks what is left.

    python -m tests.promises.crashes --url sqlite:////tmp/x.db --folder /tmp/x [--mutant split]

Each trial opens cases of its own. A child is killed with SIGKILL at the k-th failpoint that it reaches; a second one
goes on and is killed too, at another failpoint; a third finishes; then the checker speaks. This goes on for every k
until a child finishes without having been killed. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Literal

from perintis.doors.store import failpoints
from perintis.doors.store.database import Database
from perintis.doors.store.verifying import verify_store
from tests.promises import mutants
from tests.promises.crash_pilot import World, faults

Fate = Literal["finished", "killed", "failed"]


class Sweeper:
    """Runs trials on one store; children are forked, so that a trial costs milliseconds.

    The store is verified as a whole once in so many trials and at the end: what is wrong in it stays.
    """

    def __init__(self, url: str, folder: Path, *, cases: int = 2, verify_every: int = 10) -> None:
        self._database = Database(url, anchors=folder / "anchors")
        self._folder = folder
        self._cases = cases
        self._verify_every = verify_every
        self._number = 0
        self._names = folder / "failpoints"
        self._errors = folder / "errors"
        self._references: list[str] = []
        self._place = folder
        self._next()
        World(self._database, self._place).live(self._references)  # children inherit what was prepared for it
        self._database.close()

    def _next(self) -> None:
        self._number += 1
        self._references = [f"t{self._number}-{i}" for i in range(self._cases)]
        self._place = self._folder / str(self._number)
        self._place.mkdir()

    def trial(self, kills: Sequence[int]) -> tuple[bool, list[str]]:
        """One trial; `kills` are the failpoints at which one child after the other is killed.

        Returns whether the first one was, and what is wrong in the end.
        """
        self._next()
        fates = [self._child(at) for at in (*kills, 0)]
        if "failed" in fates:
            return True, [self._errors.read_text()]
        found = faults(self._database, self._place, self._references)
        if self._number % self._verify_every == 0:
            found += self.verify()
        self._database.close()
        return fates[0] == "killed", found

    def verify(self) -> list[str]:
        """What does not fit together in the store as a whole."""
        return [str(problem) for problem in verify_store(self._database)]

    def names(self) -> list[str]:
        """The failpoints that a child reaches when nobody kills it, in order."""
        self._next()
        self._child(0, note=True)
        return self._names.read_text().split()

    def _child(self, kill_at: int, *, note: bool = False) -> Fate:
        child = os.fork()
        if child == 0:
            self._live(kill_at, note)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return "killed"
        return "finished" if os.WEXITSTATUS(status) == 0 else "failed"

    def _live(self, kill_at: int, note: bool) -> None:
        """In the child: live until killed or done, and never return."""
        reached: list[str] = []

        def hook(name: str) -> None:
            reached.append(name)
            if len(reached) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        failpoints.hook = hook
        try:
            World(self._database, self._place).live(self._references)
        except BaseException:  # noqa: BLE001  # whatever it is, the parent reports it
            self._errors.write_text(traceback.format_exc())
            os._exit(1)
        if note:
            self._names.write_text("\n".join(reached))
        os._exit(0)


def sweep(sweeper: Sweeper, start: int, end: int | None, every: int, most_faults: int) -> dict[str, Any]:
    """Trials for every k from `start` until a child is not killed any more, or `end`."""
    wrong: dict[str, list[str]] = {}
    trials = 0
    for k in count(start, every):
        kills = [k] if k % 2 else [k, 1 + (k * 29) % 61]  # a recovery is killed somewhere else each time
        killed, found = sweeper.trial(kills)
        trials += 1
        found += [] if killed else sweeper.verify()
        if found:
            wrong[f"killed at {kills}"] = found[:5]
        if not killed or (end is not None and k >= end) or len(wrong) >= most_faults:
            break
    return {"trials": trials, "last": k, "killed_last": killed, "faults": wrong}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--mutant", choices=sorted(mutants.ALL))
    parser.add_argument("--from", dest="start", type=int, default=1, help="begin with this failpoint")
    parser.add_argument("--at", help="begin with the first failpoint of this name")
    parser.add_argument("--to", dest="end", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--cases", type=int, default=2)
    parser.add_argument("--most-faults", type=int, default=5, help="stop after so many trials that went wrong")
    given = parser.parse_args(arguments)
    if given.mutant:
        mutants.ALL[given.mutant]()
    sweeper = Sweeper(given.url, given.folder, cases=given.cases)
    _, without_crash = sweeper.trial([])
    names = sweeper.names()
    start = names.index(given.at) + 1 if given.at else given.start
    report = sweep(sweeper, start, given.end, given.every, given.most_faults)
    print(json.dumps({"without_crash": without_crash, "failpoints": names, **report}))


if __name__ == "__main__":
    main(sys.argv[1:])
