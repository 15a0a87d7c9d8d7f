"""What to record of a case when a run can do no more for it now: new waits, work nobody needs, how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from perintis.engine.agreed import Disclosures
from perintis.engine.case import TIMER
from perintis.engine.changes import Change, Standing
from perintis.engine.definition import Definition
from perintis.engine.live import Live
from perintis.engine.ports import WorkState
from perintis.engine.steps import Request
from perintis.rules.counted import figures_json
from perintis.words.errors import DefinitionError, NotAgreed
from perintis.words.recorded import CASE_STEP, CaseStatus, Key, Lifecycle, WorkKind, WorkStatus


def conclude(definition: Definition, live: Live, now: datetime) -> tuple[list[Change], Standing]:
    """The changes and the standing with which a run lets go of a case."""
    if live.problem is None and live.replay is not None:
        try:
            if live.replay.finished:
                return _close(definition, live, now)
            return _wait(definition, live, now)
        except (DefinitionError, NotAgreed) as error:
            live.problem = str(error)
    status = CaseStatus.DIVERGED if live.diverged else CaseStatus.FAILED
    return [], Standing(live.id, status, problem=live.problem)


def _close(definition: Definition, live: Live, now: datetime) -> tuple[list[Change], Standing]:
    assert live.replay is not None
    decision = live.replay.decision
    if not isinstance(decision, definition.pilot.decision):
        raise DefinitionError(
            f"the process returned {type(decision).__name__} instead of {definition.pilot.decision.__name__}"
        )
    outcome = str(getattr(decision, "outcome"))  # noqa: B009  # every decision model has it; checked with the pilot
    figures = figures_json(decision)
    closing = Change(
        live.id, Key(CASE_STEP, 1), Lifecycle.COMPLETE, now, WorkStatus.COMPLETED, WorkKind.AUTOMATIC,
        definition.pilot.lead.code, False, now, outcome=outcome, figures=figures,
    )  # fmt: skip
    changes = [*_withdrawals(live, now), closing]
    return changes, Standing(
        live.id, CaseStatus.CLOSED, closed=now, outcome=outcome, decision=decision.model_dump_json(), figures=figures
    )


def _wait(definition: Definition, live: Live, now: datetime) -> tuple[list[Change], Standing]:
    scheduled = [
        _schedule(definition, live, key, request, now)
        for key, request in live.pending()
        if key not in live.work and request.step.kind is not WorkKind.AUTOMATIC
    ]
    changes = [*_withdrawals(live, now), *scheduled]
    if live.blocked:
        return changes, Standing(live.id, CaseStatus.READY)
    gone = {c.key for c in changes if c.status is WorkStatus.WITHDRAWN}
    recorded = [w for w in live.work.values() if w.key not in gone and w.status.unfinished]
    failed = next((w for w in recorded if w.status is WorkStatus.FAILED), None)
    if failed is not None:
        problem = f"{failed.key} failed and was tried often enough; put it right and run `perintis retry {live.id}`"
        return changes, Standing(live.id, CaseStatus.FAILED, problem=problem)
    times = [t for t in (*map(_wakes, recorded), *(c.due for c in scheduled if c.kind is WorkKind.TIMER)) if t]
    return changes, Standing(live.id, CaseStatus.WAITING, wake_at=min(times, default=None))


def _wakes(work: WorkState) -> datetime | None:
    if work.status is WorkStatus.RETRYING:
        return work.retry_at
    return work.due if work.kind is WorkKind.TIMER else None


def _schedule(definition: Definition, live: Live, key: Key, request: Request[Any], now: datetime) -> Change:
    step, ready = request.step, live.asked_at.get(key, now)
    due = timer_due(definition, live, key, request) if step is TIMER else definition.due(step, ready)
    message: str | None = None
    shown: Disclosures = ()
    if step.kind is not WorkKind.TIMER:
        assert live.replay is not None
        if definition.agreed is not None:
            shown = definition.agreed.ask(step, now, live.replay.case.opened).shown
        body = step.build_input(live.replay.case.application, request.inputs)
        message = body.model_dump_json()
    return Change(
        live.id, key, Lifecycle.SCHEDULE, now, WorkStatus.OPEN, step.kind, step.agency.code, True, ready, due=due,
        keyed=step.keyed, message=message, disclosed=shown,
    )  # fmt: skip


def timer_due(definition: Definition, live: Live, key: Key, request: Request[Any]) -> datetime:
    """When this wait is over; a recorded date stands, whatever the code says now."""
    known = live.work.get(key)
    if known is not None and known.due is not None:
        return known.due
    return definition.timer_due(request.span, live.asked_at[key])


def _withdrawals(live: Live, now: datetime) -> list[Change]:
    return [
        Change(
            live.id, w.key, Lifecycle.WITHDRAW, now, WorkStatus.WITHDRAWN, w.kind, agency_of(w), False, w.ready,
            due=w.due, attempt=w.attempt,
        )
        for w in live.needless()
    ]  # fmt: skip


def agency_of(work: WorkState) -> str:
    """The code of the agency that does this work: the name of its step begins with it."""
    return TIMER.agency.code if work.kind is WorkKind.TIMER else work.key.step.partition(".")[0]
