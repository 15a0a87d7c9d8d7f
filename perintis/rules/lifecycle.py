"""The state of a case, rebuilt from its events alone.

One step visit moves like this (in brackets: the event's lifecycle, as in XES):

                          ┌──────────────────────────────────────────────┐
                          │                  [complete]                  ▼
    nothing ─[schedule]─► open ─[start]─► started ─[complete]──────► completed
       │                  │ ▲ │              │                           ▲
       │      [ate_abort] │ │ └─[ate_abort]──┴─[ate_abort]─► sent_back   │
       │                  ▼ │[schedule]                                  │
       │                in_doubt ────────────[complete]──────────────────┤
       │                                                                 │
       ├─[complete]──────────────────────────────────────────────────────┤
       ├─[ate_abort]─► retrying ─[complete]──────────────────────────────┘
       │               │  ▲ [schedule]
       │   [ate_abort] ▼  │
       └─[ate_abort]─► failed             from every unfinished state ─[withdraw]─► withdrawn

- nothing to open: an officer, an agency's system or a date is waited for.
- nothing to completed: an automatic step succeeded at once, or a date had already come.
- nothing to retrying: an automatic step failed and will be tried again.
- nothing to failed: an automatic step failed and may not be tried again.
- open to started: an officer took the work.
- open or started to completed: it was answered, or the date came.
- open or started to sent_back: an officer returned it with a reason.
- open to in_doubt: a request was interrupted while it was sent, and the agency does not recognise repeats.
- in_doubt to open: an officer found out whether the agency has the request.
- in_doubt to completed: the agency answered, so it had the request.
- retrying to retrying, failed or completed: the next attempt.
- failed to retrying: somebody took the case up again.
- any unfinished state to withdrawn: nobody needs it any more.

Attempts count up by one. A `breach` changes no state; it comes at most once, and before the end. The case itself is
opened by `start` of the step "case" and closed by its `complete` (decided) or `withdraw` (withdrawn, cancelled);
nothing comes after that but acts on its personal data (steps beginning with "person."), which move nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from perintis.words.errors import BrokenHistory
from perintis.words.recorded import CASE_STEP, PERSON_STEP, UNFINISHED, Key, Lifecycle, WorkKind, WorkStatus

_S = WorkStatus
_TRANSITIONS: dict[tuple[WorkStatus | None, Lifecycle], frozenset[WorkStatus]] = {
    (None, Lifecycle.SCHEDULE): frozenset({_S.OPEN}),
    (None, Lifecycle.COMPLETE): frozenset({_S.COMPLETED}),
    (None, Lifecycle.ATE_ABORT): frozenset({_S.RETRYING, _S.FAILED}),
    (_S.OPEN, Lifecycle.START): frozenset({_S.STARTED}),
    (_S.OPEN, Lifecycle.COMPLETE): frozenset({_S.COMPLETED}),
    (_S.OPEN, Lifecycle.ATE_ABORT): frozenset({_S.SENT_BACK, _S.IN_DOUBT}),
    (_S.STARTED, Lifecycle.COMPLETE): frozenset({_S.COMPLETED}),
    (_S.STARTED, Lifecycle.ATE_ABORT): frozenset({_S.SENT_BACK}),
    (_S.IN_DOUBT, Lifecycle.SCHEDULE): frozenset({_S.OPEN}),
    (_S.IN_DOUBT, Lifecycle.COMPLETE): frozenset({_S.COMPLETED}),
    (_S.RETRYING, Lifecycle.COMPLETE): frozenset({_S.COMPLETED}),
    (_S.RETRYING, Lifecycle.ATE_ABORT): frozenset({_S.RETRYING, _S.FAILED}),
    (_S.FAILED, Lifecycle.SCHEDULE): frozenset({_S.RETRYING}),
    **{(status, Lifecycle.WITHDRAW): frozenset({_S.WITHDRAWN}) for status in UNFINISHED},
}
_CLOSING = (Lifecycle.COMPLETE, Lifecycle.WITHDRAW)


class Event(NamedTuple):
    """One event of a case. `status` is where the step visit stands after it; `seq` counts from 1 within the case.

    `kind`, `ready`, `due` and `keyed` are told by the first event of a step visit only. Instants are aware.
    """

    seq: int
    at: datetime
    step: str
    visit: int
    lifecycle: Lifecycle
    agency: str
    status: WorkStatus = WorkStatus.COMPLETED
    kind: WorkKind = WorkKind.AUTOMATIC
    officer: str | None = None
    ready: datetime | None = None
    started: datetime | None = None
    due: datetime | None = None
    retry_at: datetime | None = None
    attempt: int = 1
    cost: float | None = None
    keyed: tuple[str, ...] = ()
    error: str | None = None
    outcome: str | None = None
    figures: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class VisitState:
    """Where one step visit stands. `answered` is the number of the event that answered it."""

    kind: WorkKind
    agency: str
    status: WorkStatus
    ready: datetime
    started: datetime | None = None
    completed: datetime | None = None
    due: datetime | None = None
    breached: datetime | None = None
    retry_at: datetime | None = None
    attempt: int = 1
    officer: str | None = None
    cost: float | None = None
    keyed: tuple[str, ...] = ()
    error: str | None = None
    answered: int | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """Where a case stands: what its events say, and nothing else."""

    opened: datetime
    closed: datetime | None = None
    outcome: str | None = None
    breached: datetime | None = None
    last_seq: int = 1
    visits: dict[Key, VisitState] = field(default_factory=dict)
    figures: Mapping[str, Any] | None = None


def rebuild(events: Iterable[Event]) -> CaseState:
    """The state that the events of one case lead to, in the order of their numbers.

    Raises BrokenHistory, naming the event, where a number is missing or an event cannot follow those before it.
    """
    state: _Draft | None = None
    for event in events:
        if state is None:
            state = _opened(event)
        else:
            _after(state, event)
    if state is None:
        raise BrokenHistory("there is no event")
    return CaseState(
        state.opened, state.closed, state.outcome, state.breached, state.last_seq, state.visits, state.figures
    )  # fmt: skip


@dataclass(slots=True)
class _Draft:
    """The state so far; one for all events of a case, for a new value an event would cost more than all the checks."""

    opened: datetime
    closed: datetime | None = None
    outcome: str | None = None
    breached: datetime | None = None
    last_seq: int = 1
    visits: dict[Key, VisitState] = field(default_factory=dict)
    figures: Mapping[str, Any] | None = None


def _opened(event: Event) -> _Draft:
    if (event.seq, event.step, event.lifecycle) != (1, CASE_STEP, Lifecycle.START):
        raise BrokenHistory(f"event {event.seq} comes first, but a case begins with event 1, its opening")
    return _Draft(opened=event.at)


def _after(state: _Draft, event: Event) -> None:
    if event.seq != state.last_seq + 1:
        raise BrokenHistory(f"event {event.seq} comes after event {state.last_seq}")
    state.last_seq = event.seq
    if event.step.startswith(PERSON_STEP):
        return  # an act on the personal data of the case: it may come at any time, and nothing moves
    if state.closed is not None:
        raise BrokenHistory(f"event {event.seq} comes after the case was closed")
    if event.step == CASE_STEP:
        _case_after(state, event)
        return
    key = Key(event.step, event.visit)
    before = state.visits.get(key)
    state.visits[key] = _first(event) if before is None else _visit_after(before, event)


def _case_after(state: _Draft, event: Event) -> None:
    if event.lifecycle is Lifecycle.BREACH and state.breached is None:
        state.breached = event.at
        return
    if event.lifecycle in _CLOSING and event.outcome is not None:
        state.closed, state.outcome, state.figures = event.at, event.outcome, event.figures
        return
    raise BrokenHistory(f"event {event.seq} ({event.lifecycle.value}) cannot happen to the case now")


def _first(event: Event) -> VisitState:
    _check(None, event)
    if event.ready is None:
        raise BrokenHistory(f"event {event.seq} does not say since when {event.step} was ready")
    nothing = VisitState(event.kind, event.agency, event.status, event.ready, due=event.due, keyed=event.keyed)
    return _moved(nothing, event)


def _visit_after(before: VisitState, event: Event) -> VisitState:
    if event.lifecycle is Lifecycle.BREACH:
        if before.breached is not None or before.status not in UNFINISHED:
            raise BrokenHistory(f"event {event.seq} says a second time, or too late, that {event.step} was overdue")
        return replace(before, breached=event.at)
    _check(before.status, event)
    tried = before.status is WorkStatus.RETRYING and event.lifecycle is not Lifecycle.WITHDRAW
    if event.attempt != before.attempt + tried:
        raise BrokenHistory(f"event {event.seq} is attempt {event.attempt} of {event.step}, after {before.attempt}")
    return _moved(before, event)


def _check(before: WorkStatus | None, event: Event) -> None:
    if event.status not in _TRANSITIONS.get((before, event.lifecycle), frozenset()):
        was = "not yet asked for" if before is None else before.value
        raise BrokenHistory(
            f"event {event.seq} ({event.lifecycle.value}) makes {event.step} (visit {event.visit}) "
            f"{event.status.value}, but it is {was}"
        )


def _moved(before: VisitState, event: Event) -> VisitState:
    """What is said anew replaces what was; who, since when and at what cost stays where it is not said anew."""
    return VisitState(
        before.kind, before.agency, event.status, before.ready,
        started=event.started or before.started,
        completed=None if event.status in UNFINISHED else event.at,
        due=before.due, breached=before.breached, retry_at=event.retry_at, attempt=event.attempt,
        officer=event.officer or before.officer,
        cost=before.cost if event.cost is None else event.cost,
        keyed=before.keyed, error=event.error,
        answered=event.seq if event.status.answered else None,
    )  # fmt: skip
