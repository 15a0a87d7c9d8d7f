"""The words in which a case, its work and its events are recorded. Stored as text; never renamed lightly."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Key(NamedTuple):
    """Names one activity of one case: the `visit`-th call of `step`, counted from 1."""

    step: str
    visit: int

    def __str__(self) -> str:
        return f"{self.step} (visit {self.visit})"


class CaseStatus(StrEnum):
    """Where a case stands."""

    READY = "ready"  # something can be done by the program now
    WAITING = "waiting"  # for an officer, an agency's answer or a date
    CLOSED = "closed"  # decided, withdrawn or cancelled
    FAILED = "failed"  # a step failed for good; `perintis retry` takes it up again
    DIVERGED = "diverged"  # the process code does not fit its history; set aside


class WorkKind(StrEnum):
    """How an activity gets done."""

    AUTOMATIC = "automatic"  # the program does it
    HUMAN = "human"  # an officer does it
    EXCHANGE = "exchange"  # an agency's system answers later
    TIMER = "timer"  # a date comes


class WorkStatus(StrEnum):
    """Where one activity stands."""

    OPEN = "open"  # waits for an officer, an agency or a date
    STARTED = "started"  # an officer has taken it
    RETRYING = "retrying"  # failed, will be tried again
    COMPLETED = "completed"
    SENT_BACK = "sent_back"  # an officer returned it with a reason
    WITHDRAWN = "withdrawn"  # nobody needs it any more
    FAILED = "failed"
    IN_DOUBT = "in_doubt"  # sent, outcome unknown, the agency does not recognise repeats

    @property
    def unfinished(self) -> bool:
        """Whether somebody or something still has to act on it."""
        return self in UNFINISHED

    def __init__(self, value: str) -> None:
        self.answered = value in ("completed", "sent_back")
        """Whether the process may go on from it; a plain attribute, for it is asked of every event."""


UNFINISHED = frozenset(
    {WorkStatus.OPEN, WorkStatus.STARTED, WorkStatus.RETRYING, WorkStatus.FAILED, WorkStatus.IN_DOUBT}
)


class Lifecycle(StrEnum):
    """What an event says of a step (XES lifecycle names; the case itself has step "case").

    `breach` is ours: XES has no word for a due date that passed.
    """

    SCHEDULE = "schedule"
    ASSIGN = "assign"
    START = "start"
    COMPLETE = "complete"
    ATE_ABORT = "ate_abort"
    WITHDRAW = "withdraw"
    BREACH = "breach"


CASE_STEP = "case"
"""The `step` of events about the case as a whole: opened (start), closed (complete), withdrawn, breached."""

PERSON_STEP = "person."
"""How the `step` of events about the personal data of a case begins: person.trace, person.erase and so on."""

TIMER_STEP = "timer"
"""The `step` of waits for a date, so that they are counted like any other step."""


class Process(StrEnum):
    """Which of the two processes of a pilot a case follows."""

    TO_BE = "to_be"
    AS_IS = "as_is"


class Outcome(StrEnum):
    """Outcomes that the program itself gives; all others come from the pilot's own decision."""

    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
