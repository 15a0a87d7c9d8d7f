"""Opens what the store has sealed and holds it against the commitments of the events. It needs the master key.

The chain shows that no event was changed; it says nothing of the texts, which lie beside it and may be erased. An event
commits to its text with the salt of its case: whoever can open a text can tell whether it is the one that was recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from perintis.doors.store.database import Database
from perintis.doors.vault.vault import APPLICATION, DECISION, NOTE, Key, answer_place, request_place, unwrapped
from perintis.words.errors import PerintisError
from perintis.words.recorded import CASE_STEP, PERSON_STEP, Lifecycle

_PART = 1_000
_ERASE = f"{PERSON_STEP}erase"
_CASES = (
    "SELECT c.id, v.master, v.sealed, v.erased, p.application, p.decision, p.note FROM cases c "
    "LEFT JOIN vault v ON v.case_id = c.id LEFT JOIN payloads p ON p.case_id = c.id "
    "WHERE c.rehearsal IS NULL AND c.id > {after} ORDER BY c.id LIMIT {part}"
)
_WITHIN = "case_id BETWEEN {first} AND {last}"
_EVENTS = (
    "SELECT case_id, seq, step, visit, lifecycle, commitment FROM events "
    f"WHERE (commitment IS NOT NULL OR step = '{_ERASE}') AND {_WITHIN}"
)
_ANSWERS = f"SELECT case_id, step, visit, answered, result FROM work WHERE result IS NOT NULL AND {_WITHIN}"
_REQUESTS = f"SELECT case_id, step, visit, body FROM outbox WHERE body <> '' AND {_WITHIN}"


class Misfit(NamedTuple):
    """A text that is not what was recorded: its case, the event that commits to it (where one does), what is wrong."""

    case: int
    seq: int | None
    what: str


@dataclass
class Contents:
    """What came of opening everything: how many texts fit, how many cases are erased, and what does not fit."""

    texts: int = 0
    erased: int = 0
    misfits: list[Misfit] = field(default_factory=list)


class _Case(NamedTuple):
    id: int
    master: str | None
    sealed: str | None
    erased: int | None
    application: str | None
    decision: str | None
    note: str | None


class _Event(NamedTuple):
    seq: int
    step: str
    visit: int
    lifecycle: str
    commitment: bytes | None


_Rows = Mapping[int, list[tuple[Any, ...]]]


def verify_contents(database: Database, progress: Callable[[int, int], None] | None = None) -> Contents:
    """Open every application, answer, decision, note and request of every live case, a thousand cases at a time.

    An erased case holds where its act of erasure is recorded and nothing that was sealed is left. Raises KeyMissing
    where the master key is not at hand, or is another one than the store was sealed with.
    """
    found = Contents()
    with database.read() as connection:
        store, after, done = database.vault.store(connection), 0, 0
        total = connection.exec_driver_sql("SELECT count(*) FROM cases WHERE rehearsal IS NULL").scalar_one()
        database.vault.secret(connection, "messages")  # a wrong key is one sentence, not one problem a case
        while cases := [_Case(*row) for row in connection.exec_driver_sql(_CASES.format(after=after, part=_PART))]:
            span = {"first": cases[0].id, "last": cases[-1].id}
            events, answers, requests = (_by_case(connection, q.format(**span)) for q in (_EVENTS, _ANSWERS, _REQUESTS))
            for case in cases:
                told = [_Event(*row) for row in events[case.id]]
                _look_at(database, store, case, told, answers[case.id], requests[case.id], found)
            after, done = cases[-1].id, done + len(cases)
            if progress is not None:
                progress(done, total)
    return found


def _by_case(connection: Connection, query: str) -> _Rows:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in connection.exec_driver_sql(query):
        found[row[0]].append(tuple(row[1:]))
    return found


def _look_at(
    database: Database, store: str, case: _Case, events: Sequence[_Event], answers: Sequence[tuple[Any, ...]],
    requests: Sequence[tuple[Any, ...]], found: Contents,
) -> None:  # fmt: skip
    """Add what one case comes to."""
    erasure = next((event.seq for event in events if event.step == _ERASE), None)
    left = bool(answers or requests or case.application or case.decision or case.note)
    if case.sealed is None:
        found.erased += case.erased is not None and erasure is not None and not left
        found.misfits += (Misfit(case.id, erasure, what) for what in _erased(case, erasure, left=left))
        return
    if erasure is not None:
        what = f"event {erasure} says that it was erased, but its key is there"
        found.misfits.append(Misfit(case.id, erasure, what))
    try:
        key: Key = unwrapped(database.vault.ring(), store, [(case.id, case.master, case.sealed)])[case.id]
    except PerintisError as error:
        found.misfits.append(Misfit(case.id, None, f"its key cannot be opened: {error}"))
        return
    commitments = {event.seq: event for event in events if event.commitment is not None}
    texts = [*_payload(case, commitments), *((a[2], answer_place(a[0], a[1]), a[3]) for a in answers)]
    for seq, place, sealed in texts:
        misfit = _fits(key, case.id, seq, place, sealed, commitments)
        found.misfits += [] if misfit is None else [misfit]
        found.texts += misfit is None
    for step, visit, body in requests:
        misfit = _opens(key, case.id, request_place(step, visit), body)
        found.misfits += [] if misfit is None else [misfit]
        found.texts += misfit is None
    gone = commitments.keys() - {seq for seq, _, _ in texts}
    found.misfits += (_gone(case.id, commitments[seq]) for seq in sorted(gone))


def _erased(case: _Case, erasure: int | None, *, left: bool) -> Iterator[str]:
    """What is wrong with a case without a key."""
    if case.erased is None:
        yield "its key is gone, but it was not erased"
    elif erasure is None:
        yield "it is erased, but no event records who erased it and why"
    if left and case.erased is not None:
        yield "it is erased, but sealed texts of it are left"


def _payload(case: _Case, commitments: Mapping[int, _Event]) -> Iterator[tuple[int | None, str, str | None]]:
    """Application, decision and note that are there, each with the number of the event that should commit to it."""
    if case.application:
        yield 1, APPLICATION, case.application
    ending = next((e.seq for e in commitments.values() if e.step == CASE_STEP and e.lifecycle != "start"), None)
    if case.decision is not None:
        yield ending, DECISION, case.decision
    if case.note is not None:
        yield ending, NOTE, case.note


def _fits(
    key: Key, case: int, seq: int | None, place: str, sealed: str | None, commitments: Mapping[int, _Event]
) -> Misfit | None:
    try:
        text = key.open(place, sealed or "")
    except PerintisError:
        return Misfit(case, seq, f"{place} cannot be opened: it was changed, or moved here from elsewhere")
    if seq is None or seq not in commitments:
        return Misfit(case, seq, f"{place} is there, but no event commits to it")
    if key.commit(place, text) != commitments[seq].commitment:
        return Misfit(case, seq, f"{place} is not what event {seq} commits to: another text was put in its place")
    return None


def _opens(key: Key, case: int, place: str, sealed: str) -> Misfit | None:
    try:
        key.open(place, sealed)
    except PerintisError:
        return Misfit(case, None, f"{place} cannot be opened: it was changed, or moved here from elsewhere")
    return None


def _gone(case: int, event: _Event) -> Misfit:
    what = {Lifecycle.START.value: APPLICATION}.get(event.lifecycle, "the decision or note")
    place = what if event.step == CASE_STEP else answer_place(event.step, event.visit)
    return Misfit(case, event.seq, f"{place}, to which event {event.seq} commits, is gone")
