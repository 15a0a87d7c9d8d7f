"""What the engine asks of the store; `perintis.doors.store` answers. The engine itself opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from perintis.engine.changes import Change, Standing
from perintis.words.recorded import Key, WorkKind, WorkStatus


class WorkState(NamedTuple):
    """What is recorded of one step visit, as far as driving the case needs it."""

    key: Key
    kind: WorkKind
    status: WorkStatus
    ready: datetime
    completed: datetime | None
    due: datetime | None
    retry_at: datetime | None
    attempt: int
    result: str | None


@dataclass(slots=True)
class History:
    """One claimed case as recorded: its application (JSON) and its work, answered work first and in recorded order."""

    case: int
    reference: str
    office: str | None
    opened: datetime
    application: str
    fence: int
    last_seq: int
    work: list[WorkState] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a recording: the last event number of each case; cases refused because another worker took
    them over or because they were closed meanwhile; cases of which somebody else recorded something in between;
    and those of them where the very same had been recorded before, so that it was not recorded again."""

    last_seq: dict[int, int]
    refused: frozenset[int]
    overtaken: frozenset[int]
    repeated: frozenset[int] = frozenset()


Heads = Mapping[int, tuple[int, int]]
"""By case: the fence it was claimed with, and the number of its last event as far as we know."""


class EngineStore(Protocol):
    """The part of the store that drives the cases of one process of one pilot. Every method is one transaction."""

    def claim(self, *, now: datetime, limit: int, only: Iterable[int] | None = None, after: int = 0) -> list[int]:
        """Lease up to `limit` runnable cases with ids above `after`; `only` restricts the choice."""
        ...

    def load(self, cases: Sequence[int]) -> list[History]:
        """The histories of cases, in the order of their ids, without those taken over by another worker since."""
        ...

    def record(
        self, changes: Sequence[Change], standings: Sequence[Standing], *, heads: Heads, now: datetime
    ) -> Recorded:
        """Write changes and standings; `heads` gives fence and expected last event number of each case."""
        ...

    def key(self, case: int, key: Key) -> str:
        """The key under which an agency may recognise this request: one per logical effect, whatever the attempt."""
        ...
