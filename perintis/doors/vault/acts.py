"""Acts on the personal data of a case: each is an event of the case, with who and why."""

from __future__ import annotations

import json
import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update

from perintis.doors.store.models import CaseRow, EventRow
from perintis.doors.store.models_vault import ActRow, VaultRow
from perintis.doors.store.record_chain import add_records
from perintis.doors.store.recording import write_events
from perintis.doors.store.types import to_micros
from perintis.doors.store.workrows import CaseHead, hold_case
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.identifiers import looks_like_nik
from perintis.words.recorded import PERSON_STEP, Lifecycle


class Act(StrEnum):
    """What can be done with the personal data of a case."""

    TRACE = "trace"  # shown to the person, with all that was done with it
    ERASE = "erase"
    RESTRICT = "restrict"  # nobody works on it
    LIFT = "lift"
    HOLD = "hold"  # a court or an auditor needs it: it cannot be erased
    RELEASE = "release"


def checked(officer: str, reason: str) -> tuple[str, str]:
    """Who and why, as they are recorded. Raises BadInput where one is empty, or holds an identity number."""
    officer, reason = officer.strip(), " ".join(reason.split())
    if not officer or not reason:
        raise BadInput("say who does it and why (--officer, --reason); both are recorded")
    if _names_a_number(officer):
        raise BadInput("--officer has an identity number in it, and it is kept in clear; give a name or a staff number")
    if _names_a_number(reason):
        raise BadInput("the reason has an identity number in it, and it is kept in clear; name the file or the letter")
    return officer, reason


def _names_a_number(text: str) -> bool:
    return looks_like_nik(text) or re.search(r"\d{16}", text) is not None


def record_act(
    connection: Connection, head: CaseHead, act: Act, *, officer: str, reason: str, now: datetime, **facts: Any
) -> None:
    """Write the event of an act on a held case, with what its row says next (`facts`)."""
    step = PERSON_STEP + act.value
    before = select(func.count()).where(EventRow.case_id == head.id, EventRow.step == step)
    visit, seq = connection.execute(before).scalar_one() + 1, head.last_seq + 1
    detail = json.dumps({"reason": reason}, ensure_ascii=False)
    write_events(
        connection,
        [(head.id, seq, to_micros(now), step, visit, Lifecycle.COMPLETE.value, "", officer, None, None, None, detail)],
    )
    connection.execute(update(CaseRow).where(CaseRow.id == head.id).values(last_seq=seq, **facts))


def restrict(connection: Connection, case: int, *, officer: str, reason: str, now: datetime) -> None:
    """Set a case aside: no run, no officer and no agency goes on with it, and no list shows it."""
    head = hold_case(connection, case)
    if head.restricted is not None:
        raise NotAllowed(f"the processing of case {case} is restricted already; nothing was changed")
    aside: dict[str, Any] = {"restricted": now, "fence": head.fence + 1, "worker": None, "lease_until": None}
    record_act(connection, head, Act.RESTRICT, officer=officer, reason=reason, now=now, **aside)


def lift(connection: Connection, case: int, *, officer: str, reason: str, now: datetime) -> None:
    """End a restriction; an open case goes on where it stood."""
    head = hold_case(connection, case)
    if head.restricted is None:
        raise NotAllowed(f"the processing of case {case} is not restricted; nothing was changed")
    again: dict[str, Any] = {"restricted": None}
    if head.status == "waiting":
        again["status"] = "ready"  # what came due meanwhile is looked at
    record_act(connection, head, Act.LIFT, officer=officer, reason=reason, now=now, **again)


def hold(connection: Connection, case: int, *, officer: str, reason: str, now: datetime) -> None:
    """Keep a case from being erased."""
    _set_hold(connection, case, Act.HOLD, now, officer=officer, reason=reason, now=now)


def release(connection: Connection, case: int, *, officer: str, reason: str, now: datetime) -> None:
    """Let a case be erased again."""
    _set_hold(connection, case, Act.RELEASE, None, officer=officer, reason=reason, now=now)


def _set_hold(
    connection: Connection, case: int, act: Act, held: datetime | None, *, officer: str, reason: str, now: datetime
) -> None:
    head = hold_case(connection, case)
    row = connection.execute(select(VaultRow.held, VaultRow.erased).where(VaultRow.case_id == case)).first()
    if row is None or row.erased is not None:
        raise NotAllowed(f"case {case} was erased; there is nothing to hold")
    if (row.held is None) is (held is None):
        raise NotAllowed(f"case {case} is {'not ' if held is None else ''}held already; nothing was changed")
    connection.execute(update(VaultRow).where(VaultRow.case_id == case).values(held=held))
    record_act(connection, head, act, officer=officer, reason=reason, now=now)


def note_act(connection: Connection, act: str, *, officer: str, reason: str, now: datetime, pilot: str | None) -> None:
    """Note an act that concerns no single case: an export with identities, a new master key."""
    row = {"at": now, "act": act, "officer": officer, "reason": reason, "pilot": pilot}
    add_records(connection, ActRow, [row])
