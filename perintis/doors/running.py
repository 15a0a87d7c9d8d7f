"""One run of a pilot: take in agencies' answers, move the cases in waves, send requests, note what is overdue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perintis.doors.connectors import FolderConnector
from perintis.doors.going_on import marked
from perintis.doors.store.breaches import record_breaches
from perintis.doors.store.database import Database, one_of
from perintis.doors.store.inbox import Absorbed, absorb, receive
from perintis.doors.store.outbox import Dispatched, dispatch
from perintis.doors.store.runs import begin_run, end_run, run_metrics
from perintis.doors.store.store import LEASE_SECONDS, ProcessStore
from perintis.doors.vault.anchors import anchor
from perintis.doors.vault.erasing import finish
from perintis.engine.definition import Definition
from perintis.engine.waves import Executor, InTurn, Tally, Waves
from perintis.rules.counted import declared_figures
from perintis.words.errors import PerintisError
from perintis.words.recorded import Process

_ASKED = 1_000
"""Requests whose cases are looked up at once."""


def now() -> datetime:
    """The present instant; the one place where a run reads the clock."""
    return datetime.now(UTC)


@dataclass
class RunReport:
    """What a run did: in cases (`tally`), in messages, in breaches; `metrics` as in the runs table."""

    run: int
    tally: Tally
    received: Absorbed = field(default_factory=Absorbed)
    sent: Dispatched = field(default_factory=Dispatched)
    breaches: int = 0
    opened: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, Any]:
        """The counts that the run history keeps."""
        t = self.tally
        down = {
            agency: t.down.get(agency, 0) + self.sent.down.get(agency, 0) for agency in {**t.down, **self.sent.down}
        }
        return {
            "opened": self.opened, "advanced": t.advanced, "closed": t.closed, "waiting": t.waiting,
            "failed": t.failed, "diverged": t.diverged, "left_ready": t.left_ready, "refused": t.refused,
            "steps": t.steps, "sent": self.sent.sent, "in_doubt": self.sent.in_doubt,
            "answers": self.received.answered, "answers_refused": self.received.refused,
            "breaches": self.breaches, "down": dict(sorted(down.items())),
        }  # fmt: skip


def run_cases(
    database: Database,
    definition: Definition,
    process: Process,
    connector: FolderConnector,
    *,
    executor: Executor | None = None,
    clock: Callable[[], datetime] = now,
    only: Sequence[int] | None = None,
    kind: str = "local",
    flow_run: str | None = None,
    opened: int = 0,
    batch_size: int = 2_000,
    lanes: int = 1,
    progress: Callable[[Tally], None] | None = None,
    home: Path | None = None,
) -> RunReport:
    """Move every runnable case (or `only` these) as far as it can go, and record the run.

    In `home`, if given, others can see that the run is going on.
    """
    pilot = definition.pilot
    if definition.agreed is not None:
        definition.agreed.check_there(definition.steps.values())
    store = ProcessStore(database, pilot.name, process)
    run = begin_run(database, pilot.name, pilot.version, process.value, kind=kind, flow_run=flow_run, now=clock())
    waves = Waves(
        definition, process, store, executor or InTurn(), clock, batch_size=batch_size, lanes=lanes, progress=progress
    )
    report = RunReport(run, waves.tally, opened=opened)
    with marked(home, run):
        if only is None:  # an officer who answers one case need not wait for it
            finish(database, connector.folder)  # an erasure that was cut short
        report.received = take_in_answers(database, definition, connector, clock())
        with _kept_leases(store, clock):
            waves.run(only)
        report.sent = dispatch(
            database, pilot.name, definition.steps, connector.send, worker=store.worker, clock=clock,
            agreed=definition.agreed,
        )  # fmt: skip
        report.breaches = record_breaches(database, pilot.name, clock())
        ended = clock()
        counted = declared_figures(pilot.decision)
        report.metrics = run_metrics(database, pilot.name, process.value, run, ended, counted)
        end_run(database, run, report.counts, report.metrics, ended)
        anchor(database, ended)
    return report


def take_in_answers(database: Database, definition: Definition, connector: FolderConnector, at: datetime) -> Absorbed:
    """Keep the messages that lie ready, then let them answer; a file is put away only after it is in the store."""
    arrived = connector.fetch()
    receive(database, [arrival for _, arrival in arrived], at)
    for path, arrival in arrived:
        connector.done(path, arrival)
    absorbed = absorb(database, definition.pilot.name, definition.steps, at, agreed=definition.agreed)
    if absorbed.answered:
        empty_answered(database, definition.pilot.name, connector)
    return absorbed


def empty_answered(database: Database, pilot: str, connector: FolderConnector) -> None:
    """Empty the requests in agencies' folders that were answered, or that nobody needs to answer any more."""
    asked = list(connector.asked(database.prefix(pilot)))
    over: set[tuple[int, str, int]] = set()
    with database.read() as connection:
        for start in range(0, len(asked), _ASKED):
            cases = sorted({case for _, (case, _, _) in asked[start : start + _ASKED]})
            found = connection.exec_driver_sql(
                "SELECT case_id, step, visit FROM work WHERE status IN ('completed', 'withdrawn') AND "
                + one_of(connection, "case_id", cases)
            )
            over |= {(row[0], row[1], row[2]) for row in found}
    for path, work in asked:
        if work in over:
            connector.empty(path)


@contextmanager
def _kept_leases(store: ProcessStore, clock: Callable[[], datetime]) -> Iterator[None]:
    """Extend this worker's leases while an agency is slow; a frozen process stops extending, and loses them.

    A run that stops with an error gives them back, so that the next one need not wait for their end.
    """
    finished = threading.Event()

    def keep() -> None:
        while not finished.wait(LEASE_SECONDS / 3):
            with suppress(PerintisError):  # tried again in time; if the leases are lost, the fence refuses us
                store.extend(clock())

    keeper = threading.Thread(target=keep, name="perintis-leases", daemon=True)
    keeper.start()
    try:
        yield
    except Exception:
        with suppress(PerintisError):  # where the database is the trouble, they end by themselves
            store.release()
        raise
    finally:
        finished.set()
        keeper.join()
