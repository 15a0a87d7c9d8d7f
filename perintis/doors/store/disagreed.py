"""Requests queued while the agreement allowed them, and not allowed any more: unsent, their cases set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, not_, select, update

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, OutboxRow
from perintis.doors.store.workrows import hold_case
from perintis.engine.agreed import Agreed
from perintis.engine.steps import Step
from perintis.words.errors import NotAgreed
from perintis.words.recorded import CaseStatus

NOT_SET_ASIDE = not_(
    exists()
    .where(
        CaseRow.id == OutboxRow.case_id,
        CaseRow.status == CaseStatus.FAILED.value,
        CaseRow.problem.startswith(f"{NotAgreed.code}:"),
    )
    .correlate(OutboxRow)
)
"""Of a case that was set aside because of the agreement nothing is sent until `perintis retry`."""


def set_aside_not_agreed(
    database: Database, mine: Any, steps: Mapping[str, Step[Any]], agreed: Agreed, now: datetime
) -> int:
    """Set aside the cases whose queued requests (those that meet `mine`) may not be sent now; returns how many."""
    found = dict(_not_agreed(database, mine, steps, agreed, now))
    for case in sorted(found):
        with database.write() as connection:
            head = hold_case(connection, case)
            if head.status == CaseStatus.WAITING:
                connection.execute(
                    update(CaseRow)
                    .where(CaseRow.id == case)
                    .values(status=CaseStatus.FAILED.value, problem=found[case])
                )
    return len(found)


def _not_agreed(
    database: Database, mine: Any, steps: Mapping[str, Step[Any]], agreed: Agreed, now: datetime
) -> Iterator[tuple[int, str]]:
    """Case and reason of each queued request that the agreement does not allow now."""
    doubtful = [name for name, step in steps.items() if _reason(agreed, step, now, now)]
    if not doubtful:  # as on nearly every day
        return
    wanted = (
        select(OutboxRow.case_id, OutboxRow.step, CaseRow.opened)
        .join(CaseRow, CaseRow.id == OutboxRow.case_id)
        .where(OutboxRow.status == "queued", OutboxRow.step.in_(doubtful), mine, NOT_SET_ASIDE)
    )
    with database.read() as connection:
        rows = connection.execute(wanted).all()
    for case, name, opened in rows:
        if reason := _reason(agreed, steps[name], now, opened):
            yield case, reason


def _reason(agreed: Agreed, step: Step[Any], now: datetime, opened: datetime) -> str | None:
    try:
        agreed.ask(step, now, opened)
    except NotAgreed as error:
        return str(error)
    return None
