"""Writes simulated cases as the rows that live cases of the same course would have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from perintis.doors.store.database import Database, insert_rows
from perintis.doors.store.lateness import Slot, breach_event
from perintis.doors.store.models import CaseRow, EventRow, WorkRow
from perintis.doors.store.opening import opening_event, reserve_ids
from perintis.doors.store.recording import EVENT_COLUMNS, WORK_COLUMNS, event_row, work_row
from perintis.doors.store.types import micros_or_none, to_micros
from perintis.engine.changes import Change
from perintis.engine.rehearsal.cases import Simulated
from perintis.words.recorded import CASE_STEP, Key, Lifecycle

_CASE_COLUMNS = (
    "id", "pilot", "version", "process", "reference", "rehearsal", "office", "segments", "status", "opened", "closed",
    "due", "breached", "outcome", "problem", "last_seq", "wake_at", "fence", "figures",
)  # fmt: skip
_WORK_COLUMNS = (*WORK_COLUMNS, "breached")
_CASE = Key(CASE_STEP, 1)
_BREACH = Lifecycle.BREACH


class Owner(NamedTuple):
    """What all cases of a rehearsal have in common; `lead` is the code of the lead agency, `run` the rehearsal."""

    pilot: str
    version: str
    lead: str
    process: str
    run: int


def write_part(database: Database, part: Sequence[Simulated], owner: Owner) -> int:
    """Store some cases in one transaction; returns how many."""
    cases: list[tuple[Any, ...]] = []
    work: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    with database.write() as connection:
        for number, case in zip(reserve_ids(connection, len(part)), part, strict=True):
            cases.append(_case_row(number, case, owner))
            _add_step_rows(number, case, owner.lead, work, events)
        insert_rows(connection, CaseRow, _CASE_COLUMNS, cases)
        insert_rows(connection, WorkRow, _WORK_COLUMNS, work)
        insert_rows(connection, EventRow, EVENT_COLUMNS, events)
    return len(part)


def _case_row(number: int, case: Simulated, owner: Owner) -> tuple[Any, ...]:
    standing = case.standing
    return (
        number, owner.pilot, owner.version, owner.process, case.reference, owner.run, case.office,
        json.dumps(case.segments), standing.status.value, to_micros(case.opened), micros_or_none(standing.closed),
        micros_or_none(case.due), micros_or_none(case.breached.get(_CASE)), standing.outcome, standing.problem,
        1 + len(case.changes), micros_or_none(standing.wake_at), 0, standing.figures,
    )  # fmt: skip


def _add_step_rows(
    number: int, case: Simulated, lead: str, work: list[tuple[Any, ...]], events: list[tuple[Any, ...]]
) -> None:
    """Add the events of a case, and the last state of each of its step visits in the order in which they came up."""
    breached = case.breached
    events.append(opening_event(number, to_micros(case.opened), lead))
    last: dict[Key, tuple[Change, int, tuple[Any, ...]]] = {}
    for seq, change in enumerate(case.changes, start=2):
        if change.lifecycle is _BREACH:
            events.append(breach_event(Slot(number, change.key), seq, change.agency, change.at))
            continue
        event = event_row(change, seq)
        events.append((number, *event[1:]))
        last[change.key] = (change, seq, event)
    last.pop(_CASE, None)
    for key, (change, seq, event) in last.items():
        late = micros_or_none(breached.get(key)) if breached else None
        work.append((number, *work_row(change, seq, event)[1:], late))
