"""Messages from agencies' systems: each is kept once, and answers the one step visit whose key it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from perintis.doors.store.answering import answer_held
from perintis.doors.store.database import Database
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models import InboxRow, WorkRow
from perintis.doors.store.workrows import hold_case, read_work
from perintis.engine.steps import Step
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.recorded import Key

_PART = 200


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
    with database.write() as connection:
        for arrival in arrivals:
            known = select(InboxRow.key).where(InboxRow.agency == arrival.agency, InboxRow.message == arrival.message)
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(InboxRow).values(**arrival._asdict(), received=now, status="new", reason=None)
                )
                new += 1
        failpoint("inbox:received")
    return new


def absorb(database: Database, pilot: str, steps: Mapping[str, Step[Any]], now: datetime) -> Absorbed:
    """Let every new message for `pilot` answer its step visit, or note why it cannot."""
    report = Absorbed()
    while rows := _new(database, pilot):
        with database.write() as connection:
            for row in rows:
                reason = _answer(connection, database.prefix(pilot), steps, row, now)
                connection.execute(
                    update(InboxRow)
                    .where(InboxRow.agency == row.agency, InboxRow.message == row.message)
                    .values(status="answered" if reason is None else "refused", reason=reason)
                )
                if reason is None:
                    report.answered += 1
                else:
                    report.refused += 1
                    report.reasons[reason] = report.reasons.get(reason, 0) + 1
            failpoint("inbox:absorbed")
    return report


def _new(database: Database, pilot: str) -> list[Arrival]:
    wanted = (
        select(InboxRow.agency, InboxRow.message, InboxRow.key, InboxRow.body)
        .where(InboxRow.status == "new", InboxRow.key.startswith(database.prefix(pilot) + "/", autoescape=True))
        .order_by(InboxRow.received, InboxRow.agency, InboxRow.message)
        .limit(_PART)
    )
    with database.read() as connection:
        return [Arrival(*row) for row in connection.execute(wanted)]


def _answer(
    connection: Connection, prefix: str, steps: Mapping[str, Step[Any]], arrival: Arrival, now: datetime
) -> str | None:
    """Record the answer and return None, or return why it is refused; never a value out of the message."""
    parts = arrival.key.removeprefix(prefix + "/").split("/")
    if len(parts) != 3 or not parts[0].isdecimal() or not parts[2].isdecimal():
        return "its key is not one of ours"
    case, key = int(parts[0]), Key(parts[1], int(parts[2]))
    step = steps.get(key.step)
    if step is None or step.agency.code != arrival.agency:
        return f"{arrival.agency} has nothing to answer under this key"
    try:
        result = step.output.dump_json(step.output.validate_json(arrival.body)).decode()
    except ValueError as error:
        names = sorted({".".join(map(str, e["loc"])) or "body" for e in _errors(error)})
        return f"the answer is not valid: {', '.join(names)}"
    try:
        head = hold_case(connection, case)
        found = read_work(connection, WorkRow.case_id == case, WorkRow.step == key.step, WorkRow.visit == key.visit)
        if not found:
            return "nothing was asked under this key"
        answer_held(connection, head, found[0], result, prefix, None, now)
    except NotFound:
        return "there is no such case"
    except NotAllowed as error:
        return str(error)
    return None


def _errors(error: ValueError) -> list[Any]:
    errors = getattr(error, "errors", None)
    return list(errors(include_input=False)) if errors else [{"loc": ()}]
