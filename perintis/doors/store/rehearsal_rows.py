"""The rows of simulated cases, as plain values that can be handed to whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from perintis.doors.store.lateness import Slot, breach_event
from perintis.doors.store.opening import opening_event
from perintis.doors.store.recording import event_row, work_row
from perintis.doors.store.rehearsal_writer import CaseRows
from perintis.doors.store.types import micros_or_none, to_micros
from perintis.engine.changes import Change
from perintis.engine.rehearsal.cases import Simulated
from perintis.words.pilot import Pilot
from perintis.words.recorded import CASE_STEP, Key, Lifecycle

_CASE = Key(CASE_STEP, 1)
_BREACH = Lifecycle.BREACH


def rows_of(part: Sequence[Simulated], pilot: Pilot[Any], process: str, run: int) -> list[CaseRows]:
    """The rows of these cases. They begin with the number of the case in the rehearsal, not in the store."""
    return [CaseRows(_case_row(case, pilot, process, run), *_step_rows(case, pilot.lead.code)) for case in part]


def _case_row(case: Simulated, pilot: Pilot[Any], process: str, run: int) -> tuple[Any, ...]:
    standing = case.standing
    return (
        case.number, pilot.name, pilot.version, process, case.reference, run, case.office, json.dumps(case.segments),
        standing.status.value, to_micros(case.opened), micros_or_none(standing.closed), micros_or_none(case.due),
        micros_or_none(case.breached.get(_CASE)), standing.outcome, standing.problem, 1 + len(case.changes),
        micros_or_none(standing.wake_at), 0,
    )  # fmt: skip


def _step_rows(case: Simulated, lead: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The last state of each step visit, in the order in which they came up, and the events of a case."""
    number, breached = case.number, case.breached
    events = [opening_event(number, to_micros(case.opened), lead)]
    last: dict[Key, tuple[Change, int]] = {}
    for seq, change in enumerate(case.changes, start=2):
        if change.lifecycle is _BREACH:
            events.append(breach_event(Slot(number, change.key), seq, change.agency, change.at))
            continue
        events.append(event_row(change, seq))
        last[change.key] = (change, seq)
    last.pop(_CASE, None)
    work = [
        (*work_row(change, seq), micros_or_none(breached.get(key)) if breached else None)
        for key, (change, seq) in last.items()
    ]
    return work, events
