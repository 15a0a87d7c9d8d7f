"""Erases the personal data of closed cases whose last period of retention has ended, as the agreement says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_vault import VaultRow
from perintis.doors.vault.erasing import erase_unless_kept
from perintis.rules.agreement import Agreement
from perintis.rules.agreement.wording import Language
from perintis.rules.retention import Keeping, longest
from perintis.words.pilot import Pilot

OFFICER = "retention"
"""Who erases where no person does; recorded in the event."""


class Retained(NamedTuple):
    """A closed case with personal data: what keeps it longest, and whether something keeps it beyond that."""

    case: int
    reference: str
    closed: datetime
    keeping: Keeping
    held: bool
    restricted: bool

    def due(self, at: datetime) -> bool:
        """Whether it is to be erased: its last period has ended, and neither a hold nor a restriction keeps it."""
        return self.keeping.until <= at and not self.held and not self.restricted


def retained_cases(database: Database, pilot: Pilot[Any], agreement: Agreement | None) -> list[Retained]:
    """The closed cases of a pilot whose data are still there, those first that are erased first.

    Empty where there is no agreement or it says nothing of retention: then nothing is erased by time.
    """
    if agreement is None or not any(kept.of == "case" for kept in agreement.retention):
        return []
    wanted = (
        select(CaseRow.id, CaseRow.reference, CaseRow.closed, CaseRow.restricted, VaultRow.held)
        .join(VaultRow, VaultRow.case_id == CaseRow.id)
        .where(CaseRow.pilot == pilot.name, CaseRow.rehearsal.is_(None), CaseRow.closed.is_not(None),
               VaultRow.erased.is_(None))
    )  # fmt: skip
    with database.read() as connection:
        rows = connection.execute(wanted).all()
    found = []
    for row in rows:
        keeping = longest(agreement, row.closed, pilot.lead.calendar)
        assert keeping is not None
        held, restricted = row.held is not None, row.restricted is not None
        found.append(Retained(row.id, row.reference, row.closed, keeping, held, restricted))
    return sorted(found, key=lambda one: (one.keeping.until, one.case))


def erase_due(
    database: Database,
    cases: list[Retained],
    exchange: Path,
    agreement: Agreement,
    *,
    now: datetime,
    officer: str = OFFICER,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Erase those of `cases` that are due; returns how many. The article and the purpose are recorded as the reason.

    One that is erased, held, restricted or opened meanwhile is passed over.
    """
    due = [case for case in cases if case.due(now)]
    by_article: dict[str, list[Retained]] = {}
    for one in due:
        by_article.setdefault(one.keeping.kept.article, []).append(one)
    done = looked_at = 0
    for article, group in by_article.items():
        purpose = group[0].keeping.kept.purpose.said(Language.ENGLISH)
        reason = f"{article} of {agreement.citation}: no longer kept to {purpose}"

        def tell(so_far: int, _total: int, before: int = looked_at) -> None:
            if progress is not None:
                progress(before + so_far, len(due))

        numbers = [one.case for one in group]
        done += erase_unless_kept(database, numbers, exchange, officer=officer, reason=reason, now=now, progress=tell)
        looked_at += len(group)
    return done
