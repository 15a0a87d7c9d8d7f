"""Erases the personal data of a case: key and salt are destroyed, and what they had sealed goes too.

One transaction does all that the database holds. What lies beside it (the files exchanged with agencies, the old
contents of database pages) is cleared afterwards; if the program dies in between, the next run or erasure finishes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, and_, delete, select, update

from perintis.doors.connectors import file_name
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.doors.store.models import CaseRow, InboxRow, OutboxRow, PayloadRow, WorkRow
from perintis.doors.store.models_evaluation import SatisfactionRow
from perintis.doors.store.models_vault import VaultRow
from perintis.doors.store.workrows import hold_case
from perintis.doors.vault.acts import Act, record_act
from perintis.doors.vault.pages import clear_pages
from perintis.words.errors import NotAllowed
from perintis.words.recorded import Outcome

CLEARED = ""
"""In the place of the id of the master key, once nothing of an erased case is left beside the database either."""


def erase(
    database: Database,
    cases: Sequence[int],
    exchange: Path,
    *,
    officer: str,
    reason: str,
    now: datetime,
    force_withdraw: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Erase cases one after another; returns how many. `exchange` is the folder of files exchanged with agencies.

    Raises NotAllowed where one is held, erased already or still open; an open one is withdrawn first with
    `force_withdraw`. Every case is looked at before the first is erased.
    """
    finish(database, exchange)
    open_ones = _check(database, cases, force_withdraw=force_withdraw)
    for done, case in enumerate(cases, start=1):
        if case in open_ones:
            end_case(database, case, Outcome.WITHDRAWN, reason, officer=officer, now=now)
        with database.write() as connection:
            _destroy(connection, database, case, officer, reason, now)
        if progress is not None:
            progress(done, len(cases))
    finish(database, exchange)
    database.vault.forget()
    return len(cases)


def erase_unless_kept(
    database: Database,
    cases: Sequence[int],
    exchange: Path,
    *,
    officer: str,
    reason: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Erase those of the cases that nothing keeps when their turn comes; returns how many.

    One that is held, restricted, erased or opened again, were it a moment ago, is passed over and the others go on.
    """
    finish(database, exchange)
    erased = 0
    for done, case in enumerate(cases, start=1):
        with suppress(NotAllowed):
            with database.write() as connection:
                _destroy(connection, database, case, officer, reason, now, unless_restricted=True)
            erased += 1
        if progress is not None:
            progress(done, len(cases))
    finish(database, exchange)
    database.vault.forget()
    return erased


def finish(database: Database, exchange: Path) -> int:
    """Clear what is left of erased cases beside the database; returns of how many something was."""
    with database.read() as connection:
        rows = connection.execute(
            select(VaultRow.case_id, CaseRow.pilot)
            .join(CaseRow, CaseRow.id == VaultRow.case_id)
            .where(VaultRow.erased.is_not(None), VaultRow.master != CLEARED)
        ).all()
    if not rows:
        return 0
    _clear_files(exchange, {f"{database.prefix(pilot)}/{case}/" for case, pilot in rows})
    _clear_pages(database)
    with database.write() as connection:
        connection.execute(
            update(VaultRow).where(VaultRow.case_id.in_([case for case, _ in rows])).values(master=CLEARED)
        )
    return len(rows)


def _check(database: Database, cases: Sequence[int], *, force_withdraw: bool) -> set[int]:
    """The cases that are still open; NotAllowed where one cannot be erased."""
    with database.read() as connection:
        rows = connection.execute(
            select(CaseRow.id, CaseRow.closed, VaultRow.held, VaultRow.erased)
            .outerjoin(VaultRow, VaultRow.case_id == CaseRow.id)
            .where(CaseRow.id.in_(list(cases)))
        ).all()
    for row in rows:
        _check_one(row.id, row.held, row.erased)
        if row.closed is None and not force_withdraw:
            raise NotAllowed(
                f"case {row.id} is still open; --force-withdraw withdraws it first, or wait for its decision"
            )
    return {row.id for row in rows if row.closed is None}


def _check_one(case: int, held: datetime | None, erased: datetime | None) -> None:
    if erased is not None:
        raise NotAllowed(f"case {case} was erased on {erased:%d %B %Y}; nothing was changed")
    if held is not None:
        raise NotAllowed(f"case {case} is under legal hold since {held:%d %B %Y}; `perintis subject release` ends that")


def _destroy(
    connection: Connection, database: Database, case: int, officer: str, reason: str, now: datetime, *,
    unless_restricted: bool = False,
) -> None:  # fmt: skip
    if database.is_sqlite:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten, too
    head = hold_case(connection, case)
    kept = connection.execute(select(VaultRow.held, VaultRow.erased).where(VaultRow.case_id == case)).one()
    _check_one(case, kept.held, kept.erased)
    if head.closed is None:
        raise NotAllowed(f"case {case} was opened again meanwhile; nothing was changed")
    if unless_restricted and head.restricted is not None:
        raise NotAllowed(f"the processing of case {case} is restricted; nothing was changed")
    connection.execute(update(VaultRow).where(VaultRow.case_id == case).values(sealed=None, erased=now))
    emptied = {"application": "", "decision": None, "note": None}
    connection.execute(update(PayloadRow).where(PayloadRow.case_id == case).values(**emptied))
    connection.execute(update(WorkRow).where(WorkRow.case_id == case).values(result=None))
    connection.execute(update(OutboxRow).where(OutboxRow.case_id == case).values(body=""))
    connection.execute(
        update(OutboxRow)
        .where(OutboxRow.case_id == case, OutboxRow.status.in_(("queued", "sending")))
        .values(status="withdrawn", worker=None)
    )
    mine = InboxRow.key.startswith(f"{database.prefix(head.pilot)}/{case}/", autoescape=True)
    connection.execute(update(InboxRow).where(mine).values(body=""))
    refused = {"status": "refused", "reason": "the case was erased"}
    connection.execute(update(InboxRow).where(and_(mine, InboxRow.status == "new")).values(**refused))
    connection.execute(delete(SatisfactionRow).where(SatisfactionRow.case_id == case))
    record_act(connection, head, Act.ERASE, officer=officer, reason=reason, now=now)


def _clear_files(exchange: Path, prefixes: set[str]) -> None:
    """Remove requests and answers that are about these cases from the folders of the agencies."""
    starts = tuple(map(file_name, prefixes))
    for path in exchange.glob("*/out/*.json"):
        if path.name.startswith(starts):
            path.unlink(missing_ok=True)
    for path in _answers(exchange):
        if _key_of(path).startswith(tuple(prefixes)):
            path.unlink(missing_ok=True)


def _answers(exchange: Path) -> Iterator[Path]:
    yield from exchange.glob("*/in/*.json")
    yield from exchange.glob("*/in/*/*.json")


def _key_of(path: Path) -> str:
    try:
        return str(json.loads(path.read_bytes())["key"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _clear_pages(database: Database) -> None:
    """Have the database let go of the old contents of the rows that were emptied."""
    clear_pages(database, ("vault", "payloads", "work", "outbox", "inbox"))
