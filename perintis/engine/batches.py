"""Does one automatic step for a batch of cases and records what came out, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from perintis.engine.agreed import NOTHING, Exchange
from perintis.engine.changes import Change
from perintis.engine.definition import Definition
from perintis.engine.live import Live, where
from perintis.engine.ports import EngineStore, Recorded, WorkState
from perintis.engine.steps import Request, Step, error_fields
from perintis.words.errors import AgencyUnavailable, DefinitionError, NotAgreed
from perintis.words.recorded import Key, Lifecycle, WorkKind, WorkStatus

Clock = Callable[[], datetime]

AT_ONCE = 500
"""Requests that an agency's system is given in one call; a batch may be larger, and is mostly recorded as one."""
_ONE_BY_ONE = 10
"""Calls of a function of one record between two looks at the clock."""
RECORD_EVERY = timedelta(seconds=10)
"""What a slow agency has done for longer is recorded before it is asked for more: a crash then costs no more work."""


class Item(NamedTuple):
    """One request of a batch."""

    live: Live
    key: Key
    request: Request[Any]


class _Done(NamedTuple):
    result: str


class _Failed(NamedTuple):
    error: str
    asked: bool = True


_Outcome = _Done | _Failed


@dataclass(slots=True)
class BatchReport:
    """What came of a batch. `down` says why the agency did nothing.

    `states` are event number, case and work of what was recorded; a batch done in another process leaves them empty,
    and the cases are read from the store instead.
    """

    step: str
    size: int
    done: int = 0
    retrying: int = 0
    failed: int = 0
    refused: int = 0
    down: str | None = None
    recorded: Recorded | None = field(default=None, repr=False)
    states: list[tuple[int, Live, WorkState]] = field(default_factory=list, repr=False)


def perform_batch(
    definition: Definition, step: Step[Any], items: Sequence[Item], store: EngineStore, clock: Clock
) -> BatchReport:
    """Ask the agency, then record results, retries and failures of all items together, or of what RECORD_EVERY gave.

    What an agency that is down did not do is not recorded: those cases stay ready. Nor is what the agreement does not
    allow (any more): it is not asked, and the run sets the case aside.
    """
    report = BatchReport(step.name, len(items))
    size = AT_ONCE if step.batch else _ONE_BY_ONE
    done: list[Item] = []
    changes: list[Change] = []
    since = started = clock()
    for start in range(0, len(items), size):
        part = items[start : start + size]
        exchanges = _agreed(definition, step, part, started)
        outcomes, report.down = _ask(step, part, exchanges, store)
        completed = clock()
        for item, outcome, exchange in zip(part, outcomes, exchanges, strict=True):
            if outcome is not None:
                done.append(item)
                changes.append(_change(definition, step, item, outcome, started, completed, exchange))
        if report.down is not None:
            break
        if completed - since >= RECORD_EVERY:
            _record(report, done, changes, store, completed)
            done, changes, since = [], [], completed
        started = completed
    _record(report, done, changes, store, started)
    return report


def _record(
    report: BatchReport, done: Sequence[Item], changes: Sequence[Change], store: EngineStore, now: datetime
) -> None:
    """Record what came of some items of a batch, behind what was recorded of others before."""
    if not changes:
        return
    before = Recorded({}, frozenset(), frozenset()) if report.recorded is None else report.recorded
    # A case that was overtaken stays so: what else of it was recorded before must be looked up again.
    ours = {case: seq for case, seq in before.last_seq.items() if case not in before.overtaken}
    heads = {item.live.id: (item.live.fence, ours.get(item.live.id, item.live.seq)) for item in done}
    recorded = store.record(changes, (), heads=heads, now=now)
    _count(report, recorded, done, changes)
    report.recorded = Recorded(
        {**before.last_seq, **recorded.last_seq}, before.refused | recorded.refused,
        before.overtaken | recorded.overtaken, before.repeated | recorded.repeated,
    )  # fmt: skip
    report.refused = len(report.recorded.refused)


def _agreed(definition: Definition, step: Step[Any], items: Sequence[Item], at: datetime) -> list[Exchange | None]:
    """What asking for each item discloses; None where the agreement does not allow it."""
    agreed = definition.agreed
    if agreed is None:
        return [NOTHING] * len(items)
    found: list[Exchange | None] = []
    for item in items:
        assert item.live.replay is not None
        try:
            found.append(agreed.ask(step, at, item.live.replay.case.opened))
        except NotAgreed:
            found.append(None)
    return found


def _ask(
    step: Step[Any], items: Sequence[Item], exchanges: Sequence[Exchange | None], store: EngineStore
) -> tuple[list[_Outcome | None], str | None]:
    """One outcome for each item, None where the agency went down before it came to it or must not be asked; and why it
    is down.

    An item whose input cannot be built fails alone.
    """
    outcomes: list[_Outcome | None] = [None] * len(items)
    asked: list[int] = []
    requests: list[Any] = []
    for i, item in enumerate(items):
        if exchanges[i] is None:
            continue
        assert item.live.replay is not None
        try:
            requests.append(step.build_input(item.live.replay.case.application, item.request.inputs))
            asked.append(i)
        except DefinitionError as error:
            outcomes[i] = _Failed(str(error), asked=False)
    keys = [store.key(items[i].live.id, items[i].key) for i in asked]
    found: list[_Outcome] = []
    down = None
    try:
        _perform(step, requests, keys, found)
    except AgencyUnavailable as error:
        down = str(error) or f"{step.agency.code} cannot be reached"
    for i, outcome in zip(asked, found, strict=False):
        outcomes[i] = outcome
    return outcomes, down


def _perform(step: Step[Any], requests: list[Any], keys: list[str], found: list[_Outcome]) -> None:
    """Call the step's function and append one outcome for each request.

    A batch that fails as a whole is done again one by one, so that one bad record stops no other. Raises
    AgencyUnavailable as soon as the agency is down; `found` then holds what was done before.
    """
    assert step.perform is not None
    if step.batch and len(requests) > 1:
        try:
            results = step.perform(requests, keys)
            if len(results) == len(requests):
                found += [_outcome(step, result) for result in results]
                return
        except AgencyUnavailable:
            raise
        except Exception:  # noqa: BLE001, S110  # which record it was shows when each is done alone
            pass
    for request, key in zip(requests, keys, strict=True):
        found.append(_perform_one(step, request, key))


def _perform_one(step: Step[Any], request: Any, key: str) -> _Outcome:
    assert step.perform is not None
    try:
        results = step.perform([request], [key])
    except AgencyUnavailable:
        raise
    except DefinitionError as error:
        return _Failed(str(error))
    except Exception as error:  # noqa: BLE001  # the failure of one item is recorded, not raised
        return _Failed(where(error))
    if not isinstance(results, list | tuple):
        return _Failed(f"{step.name} gave {type(results).__name__} instead of a list with one result for each request")
    if len(results) != 1:
        return _Failed(f"{step.name} gave {len(results)} results for 1 request")
    return _outcome(step, results[0])


def _outcome(step: Step[Any], result: Any) -> _Outcome:
    try:
        valid = step.output.validator.validate_python(result)
        return _Done(step.output.serializer.to_json(valid, warnings="error").decode())
    except ValueError as error:
        fields = ", ".join(error_fields(error)) or type(result).__name__
        return _Failed(f"the result of {step.name} is not valid: {fields}")


def _change(
    definition: Definition, step: Step[Any], item: Item, outcome: _Outcome, started: datetime, completed: datetime,
    exchange: Exchange | None,
) -> Change:  # fmt: skip
    known = item.live.work.get(item.key)
    attempt = 1 if known is None else known.attempt + 1
    ready = item.live.asked_at.get(item.key, started) if known is None else known.ready
    due = definition.due(step, ready) if known is None else known.due  # a recorded date stands
    lifecycle, status = Lifecycle.COMPLETE, WorkStatus.COMPLETED
    result = error = retry_at = None
    disclosed = exchange.shown if exchange is not None and (isinstance(outcome, _Done) or outcome.asked) else ()
    if isinstance(outcome, _Done):
        result = outcome.result
        disclosed += exchange.answered if exchange is not None else ()
    else:
        error, lifecycle = outcome.error, Lifecycle.ATE_ABORT
        delay = step.retry.delay(attempt)
        status = WorkStatus.FAILED if delay is None else WorkStatus.RETRYING
        retry_at = None if delay is None else completed + delay
    return Change(  # by position: this is done for every event
        item.live.id, item.key, lifecycle, completed, status, WorkKind.AUTOMATIC, step.agency.code, known is None,
        ready, started, due, retry_at, attempt, None, step.cost, step.keyed, result, None, error, None, disclosed,
    )  # fmt: skip


def _count(report: BatchReport, recorded: Recorded, items: Sequence[Item], changes: Sequence[Change]) -> None:
    last_seq, lost = recorded.last_seq, recorded.refused | recorded.repeated
    left = Counter(change.case for change in changes)
    for item, change in zip(items, changes, strict=True):
        case, status = change.case, change.status
        if case in lost:
            continue
        if status is WorkStatus.COMPLETED:
            report.done += 1
        else:
            report.retrying += status is WorkStatus.RETRYING
            report.failed += status is WorkStatus.FAILED
        left[case] -= 1
        report.states.append((last_seq[case] - left[case], item.live, state_of(change)))


def state_of(change: Change) -> WorkState:
    """What is recorded of a step visit after `change`."""
    done = change.at if change.status.answered else None
    return WorkState(
        change.key, change.kind, change.status, change.ready, done, change.due, change.retry_at, change.attempt,
        change.result,
    )  # fmt: skip
