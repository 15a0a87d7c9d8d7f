"""Leases: which worker may record something of a case. A lease ends by itself; the fence refuses who overslept."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from perintis.doors.processes import is_running
from perintis.doors.store.database import Database, in_list, one_of, placeholder
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.types import to_micros


def worker_name() -> str:
    """Host, process and a random part: two workers never share a name."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(worker: str) -> bool:
    """Whether `worker` ran on this host and its process is gone: its leases need not be waited for."""
    host, pid, _ = worker.rsplit(":", 2)
    return host == socket.gethostname() and pid.isdigit() and not is_running(int(pid))


class Claims:
    """Takes, extends and gives back leases for one worker."""

    def __init__(self, database: Database, worker: str, *, lease_seconds: int) -> None:
        self._database = database
        self.worker = worker
        self._lease_micros = lease_seconds * 1_000_000
        self._fences: dict[int, int] = {}
        self._mark = placeholder(database.engine)

    def claim(
        self, pilot: str, process: str, *, now: datetime, limit: int, only: Iterable[int] | None = None, after: int = 0
    ) -> list[int]:
        """Lease up to `limit` runnable cases with an id above `after`, oldest first; returns their ids."""
        micros = to_micros(now)
        with self._database.write() as connection:
            gone = [w for w in self._workers(connection) if w != self.worker and is_dead(w)]
            cases = self._runnable(connection, pilot, process, micros, limit, only, after, gone)
            if cases:
                leased = connection.exec_driver_sql(
                    f"UPDATE cases SET fence = fence + 1, worker = {self._mark}, lease_until = {self._mark} "
                    f"WHERE {one_of(connection, 'id', cases)} RETURNING id, fence",
                    (self.worker, micros + self._lease_micros),
                )
                self._fences = dict(map(tuple, leased))
                failpoint("claim:commit")
        if cases:
            failpoint("claim:committed")
        return cases

    def holds(self, case: int, fence: int) -> bool:
        """Whether `fence` is the one this worker got with its lease; of cases of older claims nothing is known here."""
        return self._fences.get(case, fence) == fence

    def extend(self, now: datetime) -> None:
        """Extend every lease of this worker, during a slow call to an agency."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE cases SET lease_until = {self._mark} WHERE worker = {self._mark}",
                (to_micros(now) + self._lease_micros, self.worker),
            )

    def release(self) -> None:
        """Give every case of this worker back as it is; those that were runnable stay so."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE cases SET worker = NULL, lease_until = NULL WHERE worker = {self._mark}", (self.worker,)
            )

    def _workers(self, connection: Connection) -> list[str]:
        rows = connection.exec_driver_sql("SELECT DISTINCT worker FROM cases WHERE worker IS NOT NULL")
        return [row[0] for row in rows]

    def _runnable(
        self,
        connection: Connection,
        pilot: str,
        process: str,
        now: int,
        limit: int,
        only: Iterable[int] | None,
        after: int,
        gone: list[str],
    ) -> list[int]:
        mark = self._mark
        dead = f" OR worker IN ({', '.join([mark] * len(gone))})" if gone else ""
        chosen = "" if only is None else f" AND id IN ({in_list(list(only)) or '0'})"
        lock = "" if self._database.is_sqlite else " FOR UPDATE SKIP LOCKED"
        statement = (
            "SELECT id FROM cases WHERE pilot = {m} AND process = {m} AND rehearsal IS NULL AND {state} "
            f"AND restricted IS NULL AND id > {int(after)}{chosen} "
            f"AND (lease_until IS NULL OR lease_until < {{m}}{dead}) "
            f"ORDER BY id LIMIT {int(limit)}{lock}"
        )
        found: list[int] = []
        # Two index look-ups instead of one OR, so that waiting cases with nothing to do cost nothing.
        for state, times in (("status = 'ready'", ()), ("status = 'waiting' AND wake_at <= " + mark, (now,))):
            rows = connection.exec_driver_sql(
                statement.format(m=mark, state=state), (pilot, process, *times, now, *gone)
            )
            found += [row[0] for row in rows]
        return sorted(found)[:limit]
