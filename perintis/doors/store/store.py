"""One store in the hands of one worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from perintis.doors.store.claims import Claims, worker_name
from perintis.doors.store.database import Database
from perintis.doors.store.histories import load_histories
from perintis.doors.store.recording import Recorder, effect_key
from perintis.engine.changes import Change, Standing
from perintis.engine.ports import Heads, History, Recorded
from perintis.words.recorded import Key, Process

LEASE_SECONDS = 120


class ProcessStore:
    """The store as the engine sees it: the cases of one process of one pilot, worked on by one worker."""

    def __init__(
        self, database: Database, pilot: str, process: Process, *, worker: str | None = None,
        lease_seconds: int = LEASE_SECONDS,
    ) -> None:  # fmt: skip
        self._database = database
        self._pilot = pilot
        self._process = process.value
        self._claims = Claims(database, worker or worker_name(), lease_seconds=lease_seconds)
        self._recorder = Recorder(database, lease_seconds=lease_seconds)
        self._prefix = database.prefix(pilot)

    @property
    def worker(self) -> str:
        """The name under which this worker holds leases."""
        return self._claims.worker

    def claim(self, *, now: datetime, limit: int, only: Iterable[int] | None = None, after: int = 0) -> list[int]:
        """Lease up to `limit` runnable cases with ids above `after`; `only` restricts the choice."""
        return self._claims.claim(self._pilot, self._process, now=now, limit=limit, only=only, after=after)

    def load(self, cases: Sequence[int]) -> list[History]:
        """The histories of cases, in the order of their ids, without those that another worker has taken over since.

        Who sleeps between claiming and loading must not wake up with the fence of who came after.
        """
        return [h for h in load_histories(self._database, cases) if self._claims.holds(h.case, h.fence)]

    def record(
        self, changes: Sequence[Change], standings: Sequence[Standing], *, heads: Heads, now: datetime
    ) -> Recorded:
        """Write changes and standings of leased cases in one transaction."""
        return self._recorder.record(changes, standings, heads=heads, prefix=self._prefix, now=now)

    def release(self) -> None:
        """Give every leased case back as it is."""
        self._claims.release()

    def extend(self, now: datetime) -> None:
        """Extend every lease of this worker."""
        self._claims.extend(now)

    def key(self, case: int, key: Key) -> str:
        """The key under which an agency may recognise this request."""
        return effect_key(self._prefix, case, *key)
