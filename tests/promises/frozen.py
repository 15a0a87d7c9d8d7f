"""A worker that is frozen in the middle of its work: what `test_frozen_worker` starts, stops and wakes.

    python -m tests.promises.frozen --url URL --folder DIR [--claim CASES] [--freeze-at N NAME] [--mutant nofence]

Works with a lease of one second and the real clock, and prints as JSON what it did. `--claim` says how many cases it
takes at a time. With `--freeze-at` it stops itself
(SIGSTOP) when it reaches the failpoint of that name for the N-th time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from perintis import Agency, Case, Pilot, Retry, human_step, step
from perintis.doors.store import failpoints
from perintis.doors.store.database import Database
from perintis.doors.store.store import ProcessStore
from perintis.engine.definition import Definition
from perintis.engine.waves import InTurn, Tally, Waves
from perintis.words.recorded import Process
from tests.promises import crash_pilot, mutants

LEASE_SECONDS = 1
TAX = Agency("tax", "Tax office")


class Application(BaseModel):
    reference: str


class Decision(BaseModel):
    outcome: str = "granted"


class Asked(BaseModel):
    reference: str


class Answer(BaseModel):
    ok: bool = True


@step(TAX)
def register(requests: list[Asked], keys: list[str]) -> list[Answer]:
    """Register."""
    for request, key in zip(requests, keys, strict=True):
        crash_pilot.ledger.effect(key, f"register {request.reference}")
    return [Answer() for _ in requests]


@step(TAX, retries=Retry(times=3, first=timedelta(0)))
def never(request: Asked) -> Answer:
    """Fail."""
    raise ConnectionError


@human_step(TAX)
def check(request: Asked) -> Answer:
    """Check."""


async def registered(case: Case[Application]) -> Decision:
    """One effect, then a decision."""
    await register(case)
    return Decision()


async def tried_in_vain(case: Case[Application]) -> Decision:
    """A step that fails for good after four attempts."""
    await never(case)
    return Decision()


async def registered_and_checked(case: Case[Application]) -> Decision:
    """One effect, then a wait for an officer."""
    await register(case)
    await check(case)
    return Decision()


PROCESSES = {p.__name__: p for p in (registered, tried_in_vain, registered_and_checked)}
PILOT = Pilot(
    name="frozen", title="Frozen", version="1", lead=TAX, agencies=(TAX,), application=Application, decision=Decision,
    office=None,
)  # fmt: skip


def now() -> datetime:
    """The real clock: a lease runs out while its holder is frozen."""
    return datetime.now(UTC)


def work(database: Database, process: str, claim: int) -> Tally:
    """Move every case as far as it can go."""
    definition = Definition(PILOT, {Process.TO_BE: PROCESSES[process]}, {s.name: s for s in (register, never, check)})
    store = ProcessStore(database, "frozen", Process.TO_BE, lease_seconds=LEASE_SECONDS)
    return Waves(definition, Process.TO_BE, store, InTurn(), now, claim_size=claim).run()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--process", required=True, choices=sorted(PROCESSES))
    parser.add_argument("--claim", type=int, default=2_000)
    parser.add_argument("--freeze-at", nargs=2)
    parser.add_argument("--mutant", choices=sorted(mutants.ALL))
    given = parser.parse_args(arguments)
    if given.mutant:
        mutants.ALL[given.mutant]()
    crash_pilot.ledger = crash_pilot.Ledger(given.folder / "ledger.jsonl")
    if given.freeze_at:
        times, name = int(given.freeze_at[0]), given.freeze_at[1]
        reached: list[str] = []

        def hook(here: str) -> None:
            reached.append(here)
            if here == name and reached.count(name) == times:
                os.kill(os.getpid(), signal.SIGSTOP)

        failpoints.hook = hook
    print(json.dumps(asdict(work(Database(given.url), given.process, given.claim))))


if __name__ == "__main__":
    main(sys.argv[1:])
