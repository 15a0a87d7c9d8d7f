"""A batch as plain text, so that it can be done by a process that shares no memory with the one that asked for it.

A ticket names cases, visits and fences and holds no value of any application: it may stand in Prefect's database. Who
takes it reads the cases from the store, replays them, and does what they ask for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from perintis.doors.pilot_folder import load_definition
from perintis.doors.running import now
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.store import ProcessStore
from perintis.doors.store.upgrading import open_database
from perintis.engine.batches import BatchReport, Item, perform_batch
from perintis.engine.definition import Definition
from perintis.engine.live import Live
from perintis.engine.ports import EngineStore
from perintis.words.errors import BadInput
from perintis.words.recorded import Key, Process


class Ticket(NamedTuple):
    """One batch: the step to do, and for whom. `cases` is `case.visit.fence` for each item, parted by commas."""

    pilot: str
    process: str
    step: str
    size: int
    cases: str
    asked: str


def write_ticket(pilot: str, process: Process, step: str, items: Sequence[Item], at: datetime) -> Ticket:
    """The ticket of a batch that was asked for at `at`."""
    cases = ",".join(f"{item.live.id}.{item.key.visit}.{item.live.fence}" for item in items)
    return Ticket(pilot, process.value, step, len(items), cases, at.isoformat())


def perform_ticket(settings: Settings, ticket: Ticket) -> BatchReport:
    """Do a batch from its ticket alone.

    A case that another worker has taken over since, or that has got what it asked for, is passed over.
    """
    definition = _definition(settings.pilots, ticket.pilot)
    process = Process(ticket.process)
    store = ProcessStore(_database(settings, os.getpid()), ticket.pilot, process)
    items = take_items(definition, process, store, ticket)
    return perform_batch(definition, definition.step(ticket.step), items, store, now)


def take_items(definition: Definition, process: Process, store: EngineStore, ticket: Ticket) -> list[Item]:
    """The requests of a ticket that still stand, read from the store and replayed."""
    asked = datetime.fromisoformat(ticket.asked)
    wanted: dict[int, list[tuple[Key, int]]] = {}
    for case, visit, fence in _entries(ticket.cases):
        wanted.setdefault(case, []).append((Key(ticket.step, visit), fence))
    items = []
    for history in store.load(sorted(wanted)):
        live = Live(definition, definition.process(process), history, asked)
        pending = dict(live.pending())
        items += [
            Item(live, key, pending[key])
            for key, fence in wanted[history.case]
            if fence == history.fence and key in pending
        ]
    return items


def _entries(cases: str) -> Iterator[tuple[int, int, int]]:
    for entry in cases.split(",") if cases else ():
        try:
            case, visit, fence = map(int, entry.split("."))
        except ValueError:
            raise BadInput("a batch was asked for with a list of cases that cannot be read") from None
        yield case, visit, fence


@lru_cache(maxsize=8)
def _definition(folder: Path, pilot: str) -> Definition:
    return load_definition(folder, pilot)


@lru_cache(maxsize=8)
def _database(settings: Settings, _process_id: int) -> Database:
    # The process is part of the question: a connection must not be used on both sides of a fork.
    return open_database(settings)
