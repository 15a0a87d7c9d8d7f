"""One change to one step of one case. The store turns it into an event row and a work row, never one alone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from perintis.rules.agreement import Disclosure
from perintis.words.recorded import CaseStatus, Key, Lifecycle, WorkKind, WorkStatus


class Change(NamedTuple):
    """What happened to `key` of `case` at `at`, and where its work stands now.

    `first` says that nothing was recorded of this key before. `ready`, `started`, `due` and `retry_at` are instants;
    `result` is the recorded result as JSON; `message` is the body of a request to an agency's system; `outcome` is how
    the case as a whole ended, `figures` what was counted in it, as JSON. `disclosed` is what another agency was shown,
    or showed the lead, by it.
    """

    case: int
    key: Key
    lifecycle: Lifecycle
    at: datetime
    status: WorkStatus
    kind: WorkKind
    agency: str
    first: bool
    ready: datetime
    started: datetime | None = None
    due: datetime | None = None
    retry_at: datetime | None = None
    attempt: int = 1
    officer: str | None = None
    cost: float | None = None
    keyed: tuple[str, ...] = ()
    result: str | None = None
    message: str | None = None
    error: str | None = None
    outcome: str | None = None
    disclosed: tuple[Disclosure, ...] = ()
    figures: str | None = None


class Standing(NamedTuple):
    """What the row of a case says when a run lets go of it."""

    case: int
    status: CaseStatus
    wake_at: datetime | None = None
    closed: datetime | None = None
    outcome: str | None = None
    decision: str | None = None
    problem: str | None = None
    figures: str | None = None
