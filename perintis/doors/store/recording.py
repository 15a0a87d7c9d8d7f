"""The one place where events are written, always with the state they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from perintis.doors.store.chaining import NONE_KNOWN, LastEvent, LastEvents, chained, last_events
from perintis.doors.store.database import Database, insert_rows, one_of, set_rows, update_rows
from perintis.doors.store.disclosing import keep_terms_of, write_disclosures
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.lateness import Slot, breach_event, find_late, mark_late
from perintis.doors.store.models import EventRow, OutboxRow, WorkRow
from perintis.doors.store.types import micros_or_none, to_micros
from perintis.doors.vault.vault import DECISION, answer_place, fresh_nonces, request_place, vault_of
from perintis.doors.vault.vault import Key as CaseKey
from perintis.engine.changes import Change, Standing
from perintis.engine.ports import Heads, Recorded
from perintis.words.errors import LeaseLost
from perintis.words.recorded import CASE_STEP, Key, Lifecycle, WorkKind, WorkStatus

WORK_COLUMNS = (
    "case_id", "step", "visit", "kind", "agency", "status", "ready", "started", "completed", "due", "retry_at",
    "attempt", "officer", "cost", "keyed", "error", "answered", "result",
)  # fmt: skip
EVENT_COLUMNS = (
    "case_id", "seq", "at", "step", "visit", "lifecycle", "agency", "officer", "ready", "started", "cost", "detail",
)  # fmt: skip
_AT, _READY, _STARTED = (EVENT_COLUMNS.index(name) for name in ("at", "ready", "started"))
CHAINED_COLUMNS = (*EVENT_COLUMNS, "commitment", "hash")
OUTBOX_COLUMNS = (
    "key", "case_id", "step", "visit", "agency", "body", "status", "attempt", "queued", "next_at",
)  # fmt: skip

# The guard on `completed` is what makes a second answer to the same step visit impossible. Who did it, since when and
# at what cost stays as recorded where a change does not say it anew.
_UPDATE_WORK = (
    "UPDATE work SET status = ?, started = coalesce(?, started), completed = ?, retry_at = ?, attempt = ?, "
    "officer = coalesce(?, officer), cost = coalesce(?, cost), error = ?, answered = ?, result = ? "
    "WHERE case_id = ? AND step = ? AND visit = ? AND completed IS NULL"
)
_ADVANCE_CASES = "UPDATE cases SET last_seq = last_seq + {more}, lease_until = {until} WHERE {chosen}"
_STANDING = {
    "last_seq": "bigint", "status": "text", "wake_at": "bigint", "closed": "bigint", "outcome": "text",
    "problem": "text",
}  # fmt: skip
_WITH_FIGURES = {**_STANDING, "figures": "json"}
_LEASED = {"id": "bigint", "fence": "bigint"}


# The next two make the rows of every event: names are looked up once, and a member's text comes from `_value_`, because
# `value` is a Python function call in Python 3.11.
_COMPLETE, _WITHDRAW = Lifecycle.COMPLETE, Lifecycle.WITHDRAW
_COMPLETED, _SENT_BACK = WorkStatus.COMPLETED, WorkStatus.SENT_BACK
_AUTOMATIC = WorkKind.AUTOMATIC


def event_row(change: Change, seq: int) -> tuple[Any, ...]:
    """The event of a change, in the order of EVENT_COLUMNS."""
    (case, (step, visit), lifecycle, at, status, kind, agency, first, ready, started, due, retry_at, attempt, officer,
     cost, keyed, _result, _message, error, outcome, _disclosed, figures) = change  # fmt: skip
    plain = lifecycle is _COMPLETE and status is _COMPLETED
    detail = _detail(
        kind if first and kind is not _AUTOMATIC else None, due if first else None, retry_at, attempt, error, outcome,
        keyed if first else (), None if plain else status,
    )  # fmt: skip
    if figures is not None:  # only of a case that is closed, whose detail has its outcome
        detail = f'{(detail or "")[:-1]},"figures":{figures}}}'
    return (
        case, seq, to_micros(at), step, visit, lifecycle._value_, agency, officer, to_micros(ready) if first else None,
        None if started is None else to_micros(started), cost, detail,
    )  # fmt: skip


def _detail(
    kind: WorkKind | None, due: datetime | None, retry_at: datetime | None, attempt: int, error: str | None,
    outcome: str | None, keyed: tuple[str, ...], status: WorkStatus | None,
) -> str | None:  # fmt: skip
    """What an event says beyond its columns, so that the state can be rebuilt from events alone."""
    if retry_at is not None or error is not None:
        detail = {
            "kind": kind, "due": micros_or_none(due), "retry_at": micros_or_none(retry_at),
            "attempt": None if attempt == 1 else attempt, "error": error, "outcome": outcome, "keyed": keyed or None,
            "status": status,
        }  # fmt: skip
        return to_json({name: value for name, value in detail.items() if value is not None}).decode()
    before, after = _frame(kind, due is not None, attempt, outcome, keyed, status)
    return (before or None) if due is None else f"{before}{to_micros(due)}{after}"


@lru_cache(maxsize=1024)
def _frame(
    kind: WorkKind | None, dated: bool, attempt: int, outcome: str | None, keyed: tuple[str, ...],
    status: WorkStatus | None,
) -> tuple[str, str]:  # fmt: skip
    """The JSON of a detail, before and after the instant at which it is due. There are few, of millions of events."""
    detail: dict[str, Any] = {}
    if kind is not None:
        detail["kind"] = kind
    if dated:
        detail["due"] = 0
    if attempt != 1:
        detail["attempt"] = attempt
    if outcome is not None:
        detail["outcome"] = outcome
    if keyed:
        detail["keyed"] = keyed
    if status is not None:
        detail["status"] = status
    text = to_json(detail).decode() if detail else ""
    if not dated:
        return text, ""
    before, _, after = text.partition('"due":0')
    return f'{before}"due":', after


def work_row(change: Change, seq: int, event: tuple[Any, ...]) -> tuple[Any, ...]:
    """The work row of a change, in the order of WORK_COLUMNS; `event` is its event row, whose instants it shares."""
    (case, (step, visit), lifecycle, _at, status, kind, agency, _first, ready, _started, due, retry_at, attempt,
     officer, cost, keyed, result, _message, error, _outcome, _disclosed, _figures) = change  # fmt: skip
    answered = status is _COMPLETED or status is _SENT_BACK
    ended = answered or lifecycle is _COMPLETE or lifecycle is _WITHDRAW
    since = event[_READY]  # told by the first event alone
    return (
        case, step, visit, kind._value_, agency, status._value_, to_micros(ready) if since is None else since,
        event[_STARTED], event[_AT] if ended else None,
        None if due is None else to_micros(due), None if retry_at is None else to_micros(retry_at), attempt, officer,
        cost, ",".join(keyed) if keyed else None, error, seq if answered else None, result,
    )  # fmt: skip


def _update_parameters(row: tuple[Any, ...]) -> tuple[Any, ...]:
    (case, step, visit, _kind, _agency, status, _ready, started, completed, _due, retry_at, attempt, officer, cost,
     _keyed, error, answered, result) = row  # fmt: skip
    return (
        status, started, completed, retry_at, attempt, officer, cost, error, answered, result, case, step, visit,
    )  # fmt: skip


Ending = Mapping[int, tuple[str, str]]
"""By case that is closed: the place and the text of its decision, or of the reason with which it ended."""
NOTHING_ENDS: Ending = {}


def write_changes(
    connection: Connection,
    changes: Sequence[Change],
    last_seq: dict[int, int],
    prefix: str,
    ending: Ending = NOTHING_ENDS,
    known: LastEvents = NONE_KNOWN,
) -> dict[int, LastEvent]:
    """Write events, work and disclosures of `changes`, and queue their messages; counts `last_seq` of each case up.

    What is ended late gets the event of its breach first. Answers and messages are sealed; the events commit to answers
    and to what is in `ending`. The caller holds the case rows, and has had the terms kept that the disclosures rest on.
    Returns the last event of each case, which is there once the caller has committed; `known` as in `chained`.
    Raises LeaseLost if a step visit was already completed.
    """
    events: list[tuple[Any, ...]] = []
    new, old, messages, disclosed = [], [], [], []
    keys, nonces = _keys(connection, changes, ending), fresh_nonces(sum(c.result is not None for c in changes))
    found_late, late = set(find_late(connection, changes)), dict[Slot, datetime]()
    for change in changes:
        if found_late and (slot := Slot(change.case, change.key)) in found_late:
            seq = last_seq[change.case] = last_seq[change.case] + 1
            agency = "" if change.key.step == CASE_STEP else change.agency
            events.append(breach_event(slot, seq, agency, change.at))
            late[slot] = change.at
        seq = last_seq[change.case] = last_seq[change.case] + 1
        if change.disclosed:
            disclosed.append((change, seq))
        if change.key.step == CASE_STEP:
            events.append((*event_row(change, seq), _commit_ending(keys, change.case, ending)))
            continue
        event = event_row(change, seq)
        row = work_row(change, seq, event)
        if change.result is None:
            events.append(event)
        else:
            place, key = answer_place(*change.key), keys[change.case]
            events.append((*event, key.commit(place, change.result)))
            row = (*row[:-1], key.seal(place, change.result, next(nonces)))
        if change.first:
            new.append(row)
        else:
            old.append(_update_parameters(row))
        if change.message is not None and change.kind is WorkKind.EXCHANGE:
            messages.append(_outbox_row(change, prefix, keys[change.case]))
    insert_rows(connection, WorkRow, WORK_COLUMNS, new)
    failpoint("record:work")
    if update_rows(connection, _UPDATE_WORK, old) != len(old):
        raise LeaseLost("a step was completed by somebody else meanwhile; nothing of this batch was recorded")
    mark_late(connection, late)
    written = write_events(connection, events, known)
    write_disclosures(connection, disclosed)
    insert_rows(connection, OutboxRow, OUTBOX_COLUMNS, messages)
    _call_back(connection, changes, prefix)
    return written


def _keys(connection: Connection, changes: Sequence[Change], ending: Ending) -> Mapping[int, CaseKey]:
    """The keys of the cases about which something personal is recorded."""
    told = {c.case for c in changes if c.result is not None or c.message is not None}
    return vault_of(connection).keys(connection, told | ending.keys()) if told or ending else {}


def _commit_ending(keys: Mapping[int, CaseKey], case: int, ending: Ending) -> bytes | None:
    return keys[case].commit(*ending[case]) if case in ending else None


def write_events(
    connection: Connection, rows: Sequence[tuple[Any, ...]], known: LastEvents = NONE_KNOWN
) -> dict[int, LastEvent]:
    """Append events; their number within the case is unique, so nothing is overwritten. Returns the last of each case.

    `rows` have the EVENT_COLUMNS, and then a commitment where there is one; those of one case come in their order.
    """
    linked = chained(connection, rows, known)
    insert_rows(connection, EventRow, CHAINED_COLUMNS, linked)
    return last_events(linked)


def _call_back(connection: Connection, changes: Sequence[Change], prefix: str) -> None:
    """Keep requests that nobody needs any more from being sent."""
    needless = [
        (effect_key(prefix, c.case, *c.key),)
        for c in changes
        if c.lifecycle is Lifecycle.WITHDRAW and c.kind is WorkKind.EXCHANGE
    ]
    update_rows(connection, "UPDATE outbox SET status = 'withdrawn' WHERE key = ? AND status = 'queued'", needless)


def _outbox_row(change: Change, prefix: str, key: CaseKey) -> tuple[Any, ...]:
    queued = to_micros(change.at)
    body = key.seal(request_place(*change.key), change.message or "")
    return (
        effect_key(prefix, change.case, change.key.step, change.key.visit), change.case, change.key.step,
        change.key.visit, change.agency, body, "queued", 0, queued, queued,
    )  # fmt: skip


def effect_key(prefix: str, case: int, step: str, visit: int) -> str:
    """The key sent to an agency: one per logical effect, never per attempt. `prefix` names the store and the pilot."""
    return f"{prefix}/{case}/{step}/{visit}"


class Recorder:
    """Records what an engine did with cases it has leased."""

    def __init__(self, database: Database, *, lease_seconds: int) -> None:
        self._database = database
        self._lease_micros = lease_seconds * 1_000_000
        self._written: dict[int, LastEvent] = {}  # of cases in our hands: not looked up again

    def record(
        self,
        changes: Sequence[Change],
        standings: Sequence[Standing],
        *,
        heads: Heads,
        prefix: str,
        now: datetime,
    ) -> Recorded:
        """One transaction: re-read the fences, write what concerns cases still ours, extend their lease.

        The result of a step counts whatever else happened meanwhile, unless it is recorded already. A standing is a
        conclusion, so with it comes the rule that nothing may have been recorded since we looked: of an overtaken case
        nothing is written.
        """
        if not heads:
            return Recorded({}, frozenset(), frozenset())
        keep_terms_of(self._database, changes)
        failpoint("record:begin")
        with self._database.write() as connection:
            current = self._lock(connection, list(heads))
            ours = {case for case, (fence, _) in heads.items() if self.still_ours(current, case, fence)}
            overtaken = frozenset(case for case in ours if current[case][1] != heads[case][1])
            concluded = {s.case for s in standings}
            writable = ours - (overtaken & concluded)
            last_seq = {case: current[case][1] for case in writable}
            again = self._recorded_before(connection, changes, overtaken & writable)
            kept = [c for c in changes if c.case in writable and Slot(c.case, c.key) not in again]
            decided = {s.case: (DECISION, s.decision) for s in standings if s.decision and s.case in writable}
            written = write_changes(connection, kept, last_seq, prefix, decided, self._written)
            self._stand(connection, [s for s in standings if s.case in writable], last_seq, heads)
            self._advance(connection, writable - concluded, last_seq, current, now)
            failpoint("record:commit")
        failpoint("record:committed")
        self._remember(written, concluded | (heads.keys() - ours))
        return Recorded(last_seq, frozenset(heads.keys() - ours), overtaken, frozenset(s.case for s in again))

    def _remember(self, written: dict[int, LastEvent], let_go: Iterable[int]) -> None:
        """Keep the last events of the cases that stay with us; called only after they were committed."""
        self._written.update(written)
        for case in let_go:
            self._written.pop(case, None)

    @staticmethod
    def _recorded_before(connection: Connection, changes: Sequence[Change], cases: frozenset[int]) -> set[Slot]:
        """What somebody else has recorded meanwhile under the same claim: the same batch, done twice after a crash."""
        asked = {Slot(c.case, c.key): c.first for c in changes if c.case in cases}
        if not asked:
            return set()
        rows = connection.exec_driver_sql(
            f"SELECT case_id, step, visit, completed FROM work WHERE {one_of(connection, 'case_id', sorted(cases))}"
        )
        found = {Slot(row[0], Key(row[1], row[2])): row[3] is not None for row in rows}
        return {slot for slot, first in asked.items() if slot in found and (first or found[slot])}

    @staticmethod
    def still_ours(current: dict[int, tuple[int, int]], case: int, fence: int) -> bool:
        """Whether nobody has taken the case over since it was claimed with `fence`."""
        return case in current and current[case][0] == fence

    def _lock(self, connection: Connection, cases: list[int]) -> dict[int, tuple[int, int]]:
        suffix = "" if self._database.is_sqlite else " ORDER BY id FOR UPDATE"
        rows = connection.exec_driver_sql(
            f"SELECT id, fence, last_seq FROM cases WHERE {one_of(connection, 'id', cases)} AND closed IS NULL "
            f"AND restricted IS NULL{suffix}"
        )
        return {row[0]: (row[1], row[2]) for row in rows.all()}

    def _advance(
        self,
        connection: Connection,
        cases: Iterable[int],
        last_seq: dict[int, int],
        current: dict[int, tuple[int, int]],
        now: datetime,
    ) -> None:
        """Count events up and extend leases; the cases are held and their fences were read in this transaction."""
        until = to_micros(now) + self._lease_micros
        by_number: dict[int, list[int]] = {}
        for case in cases:
            by_number.setdefault(last_seq[case] - current[case][1], []).append(case)
        for more, ids in by_number.items():
            chosen = one_of(connection, "id", ids)
            connection.exec_driver_sql(_ADVANCE_CASES.format(more=more, until=until, chosen=chosen))

    @staticmethod
    def _stand(
        connection: Connection,
        standings: Sequence[Standing],
        last_seq: dict[int, int],
        heads: Heads,
    ) -> None:
        counted = any(s.figures is not None for s in standings)
        rows = [
            (last_seq[s.case], s.status.value, micros_or_none(s.wake_at), micros_or_none(s.closed), s.outcome,
             s.problem, *((s.figures,) if counted else ()), s.case, heads[s.case][0])
            for s in standings
        ]  # fmt: skip
        columns = _WITH_FIGURES if counted else _STANDING
        set_rows(connection, "cases", columns, _LEASED, rows, also=", worker = NULL, lease_until = NULL")
        decided = {s.case: s.decision for s in standings if s.decision is not None}
        keys = vault_of(connection).keys(connection, decided)
        decisions = [(keys[case].seal(DECISION, decision), case) for case, decision in decided.items()]
        set_rows(connection, "payloads", {"decision": "text"}, {"case_id": "bigint"}, decisions)
