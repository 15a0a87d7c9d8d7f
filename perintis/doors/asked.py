"""What an officer is asked: the request as the step's input model has it, and nothing beyond it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from perintis.doors.store.database import Database
from perintis.doors.store.histories import load_histories
from perintis.doors.store.workrows import WorkRecord, find_work, hold_case
from perintis.engine.definition import Definition
from perintis.engine.live import Live
from perintis.words.errors import Diverged, NotFound
from perintis.words.recorded import Process


class Asked(NamedTuple):
    """A request to an officer, and whose case it is about."""

    reference: str
    request: BaseModel


def find_item(database: Database, work: int) -> tuple[WorkRecord, str, Process]:
    """A work item of a live case with its pilot and process, or NotFound."""
    with database.read() as connection:
        record = find_work(connection, work)
        try:
            head = hold_case(connection, record.case)
        except NotFound:  # a rehearsal's: nobody has to do it
            raise NotFound(f"there is no work item {work}; `perintis inbox AGENCY` lists them") from None
    return record, head.pilot, Process(head.process)


def read_asked(
    database: Database, definition: Definition, process: Process, record: WorkRecord, now: datetime
) -> Asked:
    """The request of a work item: the case is replayed, for keyword arguments may come from earlier answers.

    Raises Diverged where the process code does not ask for this any more, and NotAgreed where the agreement does not
    allow the request to be shown (any more).
    """
    history = load_histories(database, [record.case])[0]
    live = Live(definition, definition.process(process), history, now)
    request = dict(live.pending()).get(record.key)
    if request is None or live.replay is None:
        raise Diverged(live.problem or f"the process does not ask for {record.key} any more; run the pilot again")
    if definition.agreed is not None:
        definition.agreed.ask(request.step, now, history.opened)
    return Asked(history.reference, request.step.build_input(live.replay.case.application, request.inputs))
