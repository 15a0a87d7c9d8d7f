"""The phases of a pilot: each version of it that had real cases, with its dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow
from perintis.words.recorded import Process


@dataclass(frozen=True)
class PilotPhase:
    """One version of a pilot: its first and last case opened, and how many cases there were and are closed."""

    version: str
    first: datetime
    last: datetime
    cases: int
    closed: int


def phases_of(database: Database, pilot: str, *, until: datetime | None = None) -> list[PilotPhase]:
    """The phases of a pilot's new process in the order in which they began; rehearsals do not count.

    With `until`, of the cases that had been opened by then; `closed` counts those closed by now.
    """
    opened = [] if until is None else [CaseRow.opened <= until]
    query = (
        select(CaseRow.version, func.min(CaseRow.opened), func.max(CaseRow.opened), func.count(),
               func.count(CaseRow.closed))
        .where(CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None), CaseRow.process == Process.TO_BE.value,
               *opened)
        .group_by(CaseRow.version)
        .order_by(func.min(CaseRow.opened), CaseRow.version)
    )  # fmt: skip
    with database.read() as connection:
        return [PilotPhase(*row) for row in connection.execute(query)]
