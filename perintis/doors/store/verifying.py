"""Holds what the store says of each case against what its events alone say. `perintis db verify` runs it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Connection

from perintis.doors.store.database import Database, in_list
from perintis.doors.store.record_chain import verify_records
from perintis.doors.store.recording import effect_key
from perintis.doors.store.types import from_micros, instant_or_none
from perintis.doors.vault.anchors import Anchored, CaseHead, anchor_file, missing_lines, read_anchors
from perintis.doors.vault.disclosed import disclosures_of, folded, term_digests
from perintis.rules.chain import Link, beginning, first_break
from perintis.rules.lifecycle import CaseState, Event, VisitState, rebuild
from perintis.words.errors import BrokenHistory
from perintis.words.recorded import CaseStatus, Key, Lifecycle, WorkKind, WorkStatus

_PART = 1_000
_CASES = (
    "SELECT c.id, c.pilot, c.rehearsal, c.status, c.opened, c.closed, c.outcome, c.breached, c.last_seq, c.problem, "
    "CAST(c.figures AS TEXT), p.case_id FROM cases c LEFT JOIN payloads p ON p.case_id = c.id "
    "WHERE c.id > {after} ORDER BY c.id LIMIT {part}"
)
_WORK = (
    "SELECT case_id, step, visit, kind, agency, status, ready, started, completed, due, breached, retry_at, attempt, "
    "officer, cost, keyed, error, answered FROM work WHERE case_id IN ({ids})"
)
_EVENTS = (
    "SELECT case_id, seq, at, step, visit, lifecycle, agency, officer, ready, started, cost, detail, "
    "commitment, hash FROM events "
    "WHERE case_id IN ({ids}) ORDER BY case_id, seq"
)
_OUTBOX = "SELECT case_id, key, step, visit, status FROM outbox WHERE case_id IN ({ids})"
_ANSWERS = "SELECT key, count(*) FROM inbox WHERE status = 'answered' GROUP BY key HAVING count(*) > 1"
_DISCLOSURES = (
    "SELECT d.case_id, count(*) FROM disclosures d LEFT JOIN events e ON e.case_id = d.case_id AND e.seq = d.seq "
    "LEFT JOIN disclosure_terms t ON t.id = d.term_id WHERE e.seq IS NULL OR t.id IS NULL GROUP BY d.case_id ORDER BY 1"
)
_WITHOUT_CASE = (
    "SELECT t.case_id, count(*) FROM {table} t LEFT JOIN cases c ON c.id = t.case_id WHERE c.id IS NULL "
    "GROUP BY t.case_id ORDER BY 1"
)

_SENDING = {
    WorkStatus.OPEN: ("queued", "sending", "sent"),
    WorkStatus.STARTED: ("queued", "sending", "sent"),
    WorkStatus.IN_DOUBT: ("in_doubt",),
    WorkStatus.COMPLETED: ("sent", "sending", "withdrawn"),
    WorkStatus.SENT_BACK: ("queued", "sending", "sent", "withdrawn"),
    WorkStatus.WITHDRAWN: ("sent", "sending", "withdrawn", "in_doubt"),
}
"""Where a request to an agency's system may be, by the state of the work it belongs to."""


_LIFECYCLES = {member.value: member for member in Lifecycle}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit together; `case` is None where it concerns no single case."""

    case: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.case is None else f"case {self.case}: {self.what}"


class _Case(NamedTuple):
    """The row of a case, and whether its payload is there."""

    id: int
    pilot: str
    rehearsal: int | None
    status: str
    opened: int
    closed: int | None
    outcome: str | None
    breached: int | None
    last_seq: int
    problem: str | None
    figures: str | None
    payload: int | None


def verify_store(database: Database, progress: Callable[[int, int], None] | None = None) -> list[Problem]:
    """Everything in the store that does not fit together; empty when all is well.

    Every case's row and step visits are what its events rebuild; event numbers have no gap; the events are chained to
    one another and are what the anchor file says; each exchange has one request under its own key; each request was
    answered at most once; each event and step visit belongs to a case, each disclosure to an event and a term; files
    given away, acts and looks at values are chained to one another, too. Works through a thousand cases at a time and
    needs no key. `progress` is told how many cases are done, and of how many.
    """
    problems: list[Problem] = []
    done = 0
    with database.read() as connection:
        anchored = _anchored(connection, database)
        problems += [Problem(None, what) for what in anchored.problems]
        terms = term_digests(connection) if anchored.heads else {}
        total = int(connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one())
        for cases in _parts(connection):
            problems += _verify_part(
                connection, database.store_name, cases, anchored, terms, chained=database.vault.protects
            )
            done += len(cases)
            if progress is not None:
                progress(done, total)
        problems += [Problem(case, "it was anchored, but is not in the store any more") for case in anchored.heads]
        problems += [Problem(None, what) for what in verify_records(connection, anchored.records)]
        problems += [
            Problem(None, f"request {key} was answered by {count} messages")
            for key, count in connection.exec_driver_sql(_ANSWERS)
        ]
        problems += [
            Problem(case, f"{count} of its disclosures belong to no event or to no term of an agreement")
            for case, count in connection.exec_driver_sql(_DISCLOSURES)
        ]
        problems += [
            Problem(case, f"there is no such case, but {table} holds rows of it ({count})")
            for table in ("events", "work")
            for case, count in connection.exec_driver_sql(_WITHOUT_CASE.format(table=table))
        ]
    return problems


def _parts(connection: Connection) -> Iterator[list[_Case]]:
    after = 0
    while rows := connection.exec_driver_sql(_CASES.format(after=after, part=_PART)).all():
        yield [_Case(*row) for row in rows]
        after = rows[-1][0]


def _anchored(connection: Connection, database: Database) -> Anchored:
    """What the anchor file says of cases and of itself; nothing where this store has none."""
    if database.anchors is None or not database.vault.protects:
        return Anchored()
    file = anchor_file(database.anchors, database.store_name)
    found = read_anchors(file, database.store_name)
    found.problems += missing_lines(connection, found, file)
    return found


def _verify_part(
    connection: Connection, store: str, cases: Sequence[_Case], anchored: Anchored, terms: Mapping[int, bytes], *,
    chained: bool,
) -> Iterator[Problem]:  # fmt: skip
    ids = in_list([case.id for case in cases])
    work = _by_case(connection, _WORK, ids)
    events = _by_case(connection, _EVENTS, ids)
    disclosed = disclosures_of(connection, [case.id for case in cases]) if anchored.heads else {}
    outbox = _by_case(connection, _OUTBOX, ids)
    for case in cases:
        heads = sorted(anchored.heads.pop(case.id, ()), key=lambda head: head.seq)
        visits = {Key(row[0], row[1]): _visit(row[2:]) for row in work[case.id]}
        found = [
            *_against_events(case, visits, events[case.id]),
            *(_chain(store, case, events[case.id], heads) if chained and case.rehearsal is None else ()),
            *_disclosed(heads, disclosed.get(case.id, ()), terms),
            *_standing(case, visits),
            *([] if case.rehearsal else _requests(f"{store}/{case.pilot}", case, visits, outbox[case.id])),
        ]
        yield from (Problem(case.id, what) for what in found)


def _by_case(connection: Connection, statement: str, ids: str) -> Mapping[int, list[Sequence[Any]]]:
    found: dict[int, list[Sequence[Any]]] = defaultdict(list)
    for row in connection.exec_driver_sql(statement.format(ids=ids)):
        found[row[0]].append(row[1:])
    return found


def _visit(row: Sequence[Any]) -> VisitState:
    (kind, agency, status, ready, started, completed, due, breached, retry_at, attempt, officer, cost, keyed, error,
     answered) = row  # fmt: skip
    return VisitState(
        WorkKind(kind), agency, WorkStatus(status), from_micros(ready), instant_or_none(started),
        instant_or_none(completed), instant_or_none(due), instant_or_none(breached),
        instant_or_none(retry_at), attempt, officer, cost,
        tuple(keyed.split(",")) if keyed else (), error, answered,
    )  # fmt: skip


def _disclosed(heads: Sequence[CaseHead], disclosures: Sequence[Any], terms: Mapping[int, bytes]) -> Iterator[str]:
    """The first anchor that says that other disclosures were recorded than there are."""
    for head in heads:
        if head.disclosed is not None and head.disclosed != folded(disclosures, terms, head.seq):
            yield f"a disclosure up to event {head.seq} was changed, added or removed: the anchor says so"
            return


def _chain(store: str, case: _Case, events: Sequence[Sequence[Any]], heads: Sequence[CaseHead]) -> Iterator[str]:
    """The first event whose hash does not fit, or the first anchor that says something else than the chain."""
    links = (Link((case.id, *row[:-2]), row[-2], row[-1]) for row in events)
    if broken := first_break(beginning(store, case.pilot, case.id), links):
        yield broken.what
        return
    sound = 0
    for seq, told, _ in heads:
        if seq > len(events):
            yield f"its events after {len(events)} are missing: it was anchored with {seq}"
            return
        if not events[seq - 1][-1].hex().startswith(told):
            yield f"an event from {sound + 1} to {seq} was rewritten, and all after it chained anew: the anchor says so"
            return
        sound = seq


def read_event(row: Sequence[Any]) -> Event:
    """An event from its columns from seq to detail; what comes after them is left alone."""
    (seq, at, step, visit, lifecycle, agency, officer, ready, started, cost, detail) = row[:11]
    more = json.loads(detail) if detail else {}
    return Event(
        seq, from_micros(at), step, visit, _LIFECYCLES.get(lifecycle) or Lifecycle(lifecycle), agency,
        status=WorkStatus(more["status"]) if "status" in more else WorkStatus.COMPLETED,
        kind=WorkKind(more["kind"]) if "kind" in more else WorkKind.AUTOMATIC,
        officer=officer, ready=instant_or_none(ready), started=instant_or_none(started),
        due=instant_or_none(more.get("due")),
        retry_at=instant_or_none(more.get("retry_at")), attempt=more.get("attempt", 1), cost=cost,
        keyed=tuple(more.get("keyed", ())), error=more.get("error"), outcome=more.get("outcome"),
        figures=more.get("figures"),
    )  # fmt: skip


def _against_events(case: _Case, visits: Mapping[Key, VisitState], events: list[Sequence[Any]]) -> Iterator[str]:
    try:
        told = rebuild(map(read_event, events))
    except BrokenHistory as error:
        yield str(error)
        return
    stored = CaseState(
        from_micros(case.opened),
        instant_or_none(case.closed),
        case.outcome,
        instant_or_none(case.breached),
        case.last_seq,
        figures=None if case.figures is None else json.loads(case.figures),
    )
    for name in ("opened", "closed", "outcome", "breached", "last_seq", "figures"):
        if getattr(told, name) != getattr(stored, name):
            yield f"its row says {name} {getattr(stored, name)}, its events say {getattr(told, name)}"
    for key in sorted(told.visits.keys() | visits.keys()):
        yield from _differences(key, visits.get(key), told.visits.get(key))


def _differences(key: Key, stored: VisitState | None, told: VisitState | None) -> Iterator[str]:
    if stored is None or told is None:
        yield f"{key} is in its {'events' if stored is None else 'work'} only"
        return
    if stored == told:
        return
    for f in fields(VisitState):
        if getattr(stored, f.name) != getattr(told, f.name):
            yield f"{key}: the work says {f.name} {getattr(stored, f.name)}, the events say {getattr(told, f.name)}"


def _standing(case: _Case, visits: Mapping[Key, VisitState]) -> Iterator[str]:
    status = CaseStatus(case.status)
    unfinished = any(visit.status.unfinished for visit in visits.values())
    if (status is CaseStatus.CLOSED) != (case.closed is not None):
        yield f"it is {status.value}, but {'has' if case.closed else 'has no'} time of closing"
    if status is CaseStatus.CLOSED and unfinished:
        yield "it is closed, but work is still open"
    if status is CaseStatus.WAITING and not unfinished:
        yield "it is waiting, but for nothing"
    if status in (CaseStatus.FAILED, CaseStatus.DIVERGED) and not case.problem:
        yield f"it is {status.value}, but nothing says why"
    if case.payload is None and case.rehearsal is None:  # a rehearsal's can be made again from its seed
        yield "its application is missing"


def _requests(prefix: str, case: _Case, visits: Mapping[Key, VisitState], outbox: list[Sequence[Any]]) -> Iterator[str]:
    exchanges = {key: visit for key, visit in visits.items() if visit.kind is WorkKind.EXCHANGE}
    queued = {Key(step, visit): (key, status) for key, step, visit, status in outbox}
    if len(queued) != len(outbox):
        yield "more than one request for one step visit"
    for key in sorted(exchanges.keys() | queued.keys()):
        if key not in queued or key not in exchanges:
            yield f"{key} has {'no request' if key not in queued else 'a request but no work'}"
            continue
        (name, status), visit = queued[key], exchanges[key]
        if name != effect_key(prefix, case.id, *key):
            yield f"the request of {key} has a key that is not its own"
        if status not in _SENDING[visit.status]:
            yield f"{key} is {visit.status.value}, but its request is {status}"
