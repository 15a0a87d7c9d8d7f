"""Does one automatic step for a batch of cases and records what came out, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from perintis.engine.changes import Change
from perintis.engine.definition import Definition
from perintis.engine.live import Live, where
from perintis.engine.ports import EngineStore, Recorded, WorkState
from perintis.engine.steps import Request, Step
from perintis.words.errors import AgencyUnavailable, DefinitionError
from perintis.words.recorded import Key, Lifecycle, WorkKind, WorkStatus

Clock = Callable[[], datetime]


class Item(NamedTuple):
    """One request of a batch."""

    live: Live
    key: Key
    request: Request[Any]


class _Done(NamedTuple):
    result: str


class _Failed(NamedTuple):
    error: str


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
    """Ask the agency, then record results, retries and failures of all items together.

    If the agency is down nothing is recorded: the cases stay ready.
    """
    report = BatchReport(step.name, len(items))
    started = clock()
    try:
        outcomes = _ask(definition, step, items, store)
    except AgencyUnavailable as error:
        report.down = str(error) or f"{step.agency.code} cannot be reached"
        return report
    completed = clock()
    changes = [
        _change(definition, step, item, outcome, started, completed)
        for item, outcome in zip(items, outcomes, strict=True)
    ]
    heads = {item.live.id: (item.live.fence, item.live.seq) for item in items}
    report.recorded = store.record(changes, (), heads=heads, now=completed)
    _count(report, items, changes)
    return report


def _ask(definition: Definition, step: Step[Any], items: Sequence[Item], store: EngineStore) -> list[_Outcome]:
    """One outcome for each item; an item whose input cannot be built fails alone."""
    outcomes: list[_Outcome | None] = [None] * len(items)
    asked: list[int] = []
    requests: list[Any] = []
    for i, item in enumerate(items):
        assert item.live.replay is not None
        try:
            requests.append(step.build_input(item.live.replay.case.application, item.request.inputs))
            asked.append(i)
        except DefinitionError as error:
            outcomes[i] = _Failed(str(error))
    keys = [store.key(items[i].live.id, items[i].key) for i in asked]
    for i, outcome in zip(asked, _perform(step, requests, keys), strict=True):
        outcomes[i] = outcome
    return [o for o in outcomes if o is not None]


def _perform(step: Step[Any], requests: list[Any], keys: list[str]) -> list[_Outcome]:
    """Call the step's function; when a batch fails as a whole, one by one, so that one bad record stops no other."""
    assert step.perform is not None
    if not requests:
        return []
    try:
        results = step.perform(requests, keys)
        if len(results) != len(requests):
            raise DefinitionError(f"{step.name} gave {len(results)} results for {len(requests)} requests")
        return [_Done(step.output.dump_json(step.output.validate_python(r)).decode()) for r in results]
    except AgencyUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # the failure of one item is recorded, not raised
        if len(requests) == 1:
            return [_Failed(str(error) if isinstance(error, DefinitionError) else where(error))]
    outcomes: list[_Outcome] = []
    for request, key in zip(requests, keys, strict=True):
        outcomes += _perform(step, [request], [key])
    return outcomes


def _change(
    definition: Definition, step: Step[Any], item: Item, outcome: _Outcome, started: datetime, completed: datetime
) -> Change:
    known = item.live.work.get(item.key)
    attempt = 1 if known is None else known.attempt + 1
    ready = item.live.asked_at.get(item.key, started) if known is None else known.ready
    lifecycle, status = Lifecycle.COMPLETE, WorkStatus.COMPLETED
    result = error = retry_at = None
    if isinstance(outcome, _Done):
        result = outcome.result
    else:
        error, lifecycle = outcome.error, Lifecycle.ATE_ABORT
        delay = step.retry.delay(attempt)
        status = WorkStatus.FAILED if delay is None else WorkStatus.RETRYING
        retry_at = None if delay is None else completed + delay
    return Change(
        item.live.id, item.key, lifecycle, completed, status, WorkKind.AUTOMATIC, step.agency.code, known is None,
        ready, started, definition.due(step, ready), retry_at, attempt, cost=step.cost, keyed=step.keyed,
        result=result, error=error,
    )  # fmt: skip


def _count(report: BatchReport, items: Sequence[Item], changes: Sequence[Change]) -> None:
    assert report.recorded is not None
    report.refused = len(report.recorded.refused)
    left = Counter(change.case for change in changes)
    for item, change in zip(items, changes, strict=True):
        if change.case in report.recorded.refused:
            continue
        report.done += change.status is WorkStatus.COMPLETED
        report.retrying += change.status is WorkStatus.RETRYING
        report.failed += change.status is WorkStatus.FAILED
        left[change.case] -= 1
        report.states.append((report.recorded.last_seq[change.case] - left[change.case], item.live, state_of(change)))


def state_of(change: Change) -> WorkState:
    """What is recorded of a step visit after `change`."""
    done = change.at if change.status.answered else None
    return WorkState(
        change.key, change.kind, change.status, change.ready, done, change.due, change.retry_at, change.attempt,
        change.result,
    )  # fmt: skip
