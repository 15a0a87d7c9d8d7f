"""Messages from agencies' systems: each is kept once, and answers the one step visit whose key it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, false, not_, or_, select, update

from perintis.doors.store.answering import answer_held
from perintis.doors.store.database import Database, placeholder
from perintis.doors.store.disclosing import keep_terms
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models import CaseRow, InboxRow, WorkRow
from perintis.doors.store.types import to_micros
from perintis.doors.store.workrows import hold_case, read_work
from perintis.doors.vault.vault import vault_of
from perintis.engine.agreed import Agreed
from perintis.engine.steps import Step, error_fields
from perintis.rules.agreement import Disclosure
from perintis.words.errors import NotAgreed, NotAllowed, NotFound
from perintis.words.recorded import Key, WorkKind

_PART = 200
_KEY = re.compile(r"([1-9][0-9]{0,17})/([^/]+)/([1-9][0-9]{0,8})")


class Arrival(NamedTuple):
    """A message as it arrived: the agency's own number for it, the key it answers, and its body (JSON)."""

    agency: str
    message: str
    key: str
    body: str


@dataclass(slots=True)
class Absorbed:
    """What became of messages: how many answered a step, how many were refused, and why (by reason)."""

    answered: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def receive(database: Database, arrivals: Sequence[Arrival], now: datetime) -> int:
    """Keep messages that are new; returns how many were. The same message twice is one row."""
    new = 0
    if not arrivals:
        return new
    with database.write() as connection:
        mark = placeholder(connection)
        key = vault_of(connection).messages(connection)
        for arrival in sorted(set(arrivals)):
            sealed = arrival._replace(body=key.seal(_place(arrival), arrival.body))
            done = connection.exec_driver_sql(
                "INSERT INTO inbox (agency, message, key, body, received, status) "
                f"VALUES ({', '.join([mark] * 5)}, 'new') ON CONFLICT DO NOTHING",
                (*sealed, to_micros(now)),
            )
            new += done.rowcount
        failpoint("inbox:received")
    failpoint("inbox:kept")
    return new


def absorb(
    database: Database, pilot: str, steps: Mapping[str, Step[Any]], now: datetime, *, agreed: Agreed | None = None
) -> Absorbed:
    """Let every new message for `pilot` answer its step visit, or note why it cannot; the agreement may be why."""
    report = Absorbed()
    prefix = database.prefix(pilot) + "/"
    if not _any_new(database):
        return report
    keep_terms(database, _answers_of(steps, agreed, now))
    while True:
        with database.write() as connection:
            rows = _take_new(connection, prefix, f"{database.store_name}/")
            # Cases are held in the order of their numbers, as everywhere, so that two workers never block each other.
            for number, row in sorted((_parse(row.key, prefix), row) for row in rows):
                reason = _answer(connection, prefix, steps, number, row, now, agreed)
                _note(connection, row, reason, report)
            failpoint("inbox:absorbed")
        if len(rows) < _PART:
            return report


def _answers_of(steps: Mapping[str, Step[Any]], agreed: Agreed | None, now: datetime) -> Iterator[Disclosure]:
    """Whatever an answer of an agency's system may disclose now."""
    if agreed is None:
        return
    for step in (s for s in steps.values() if s.kind is WorkKind.EXCHANGE):
        for opened in agreed.openings(now):
            with suppress(NotAgreed):
                yield from agreed.answer(step, now, opened)


def _any_new(database: Database) -> bool:
    with database.read() as connection:
        return connection.execute(select(InboxRow.key).where(InboxRow.status == "new").limit(1)).first() is not None


def _take_new(connection: Connection, prefix: str, store: str) -> list[Arrival]:
    """New messages for this pilot, and those for no pilot of this store, oldest first; nobody else takes them."""
    pilots = connection.execute(select(CaseRow.pilot).distinct()).scalars()
    known = or_(false(), *(InboxRow.key.startswith(f"{store}{pilot}/", autoescape=True) for pilot in pilots))
    wanted = (
        select(InboxRow.agency, InboxRow.message, InboxRow.key, InboxRow.body)
        .where(InboxRow.status == "new", or_(InboxRow.key.startswith(prefix, autoescape=True), not_(known)))
        .order_by(InboxRow.received, InboxRow.agency, InboxRow.message)
        .limit(_PART)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    rows = connection.execute(wanted).all()
    if not rows:
        return []
    key = vault_of(connection).messages(connection)
    return [a._replace(body=key.open(_place(a), a.body)) for a in (Arrival(*row) for row in rows)]


def _place(arrival: Arrival) -> str:
    return f"inbox.body/{arrival.agency}/{arrival.message}"


def _note(connection: Connection, arrival: Arrival, reason: str | None, report: Absorbed) -> None:
    """Say what became of a message. Its body goes: an answer is recorded with its work, the agency has the rest."""
    connection.execute(
        update(InboxRow)
        .where(InboxRow.agency == arrival.agency, InboxRow.message == arrival.message)
        .values(status="answered" if reason is None else "refused", reason=reason, body="")
    )
    if reason is None:
        report.answered += 1
    else:
        report.refused += 1
        report.reasons[reason] = report.reasons.get(reason, 0) + 1


def _parse(key: str, prefix: str) -> tuple[int, str, int]:
    """Case, step and visit in the key of a request; case 0 where it is not one of ours."""
    found = _KEY.fullmatch(key.removeprefix(prefix)) if key.startswith(prefix) else None
    return (int(found[1]), found[2], int(found[3])) if found else (0, "", 0)


def _answer(
    connection: Connection, prefix: str, steps: Mapping[str, Step[Any]], number: tuple[int, str, int],
    arrival: Arrival, now: datetime, agreed: Agreed | None,
) -> str | None:  # fmt: skip
    """Record the answer and return None, or return why it is refused; never a value out of the message."""
    case, key = number[0], Key(*number[1:])
    if not case:
        return "its key is not one of ours"
    step = steps.get(key.step)
    if step is None or step.agency.code != arrival.agency:
        return f"{arrival.agency} has nothing to answer under this key"
    try:
        result = step.output.dump_json(step.output.validate_json(arrival.body)).decode()
    except ValueError as error:
        return f"the answer is not valid: {', '.join(filter(None, error_fields(error))) or 'as a whole'}"
    try:
        head = hold_case(connection, case)
        found = read_work(connection, WorkRow.case_id == case, WorkRow.step == key.step, WorkRow.visit == key.visit)
        if not found:
            return "nothing was asked under this key"
        disclosed = () if agreed is None else agreed.answer(step, now, head.opened)
        answer_held(
            connection, head, found[0], result, prefix.rstrip("/"), None, now, by_agency=True, disclosed=disclosed
        )
    except NotFound:
        return "there is no such case"
    except NotAllowed as error:
        return str(error)
    return None
