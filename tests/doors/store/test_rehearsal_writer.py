"""The rows of a rehearsal are the same whoever writes them; what keeps them from being stored is told."""

from __future__ import annotations

import hashlib
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.rehearsal_rows import Owner
from perintis.doors.store.rehearsal_writer import PartWriter, pack, unpack
from perintis.doors.store.rehearsals import find_rehearsal, store_rehearsal, unfinished_rehearsals
from perintis.doors.store.upgrading import upgrade
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.words.errors import PerintisError
from perintis.words.recorded import Process
from tests.engine.rehearsing import assume, define, serve_only, simulate

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def store(database: Database, *, alone_from: int, progress: list[int] | None = None) -> int:
    """Store forty cases, seven at a time."""
    rehearsal = Rehearsal(define(serve_only), Process.TO_BE, assume(a_day=100), seed=1, cases=40)
    return store_rehearsal(
        database, rehearsal, clock=lambda: NOW, batch=7, alone_from=alone_from,
        progress=None if progress is None else progress.append,
    )  # fmt: skip


def digest(database: Database) -> str:
    """Every row of cases, work and events, in order."""
    found = hashlib.sha256()
    with database.read() as connection:
        for table, order in (("cases", "id"), ("work", "id"), ("events", "case_id, seq")):
            for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {order}"):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


NOWHERE = Owner("small", "1", "counter", "to_be", run=99)
"""Belongs to no run of the store."""


def put_all(writer: PartWriter, *, parts: int) -> None:
    """Hand over so many parts and wait for the last."""
    for _ in range(parts):
        writer.put(simulate(serve_only, assume(), cases=1))
    writer.finish()


def test_another_process_writes_the_same_rows(database: Database, tmp_path: Path) -> None:
    """All here, all there, or changed half-way: the same rows in the same order."""
    assert find_rehearsal(database, store(database, alone_from=0)).counts["opened"] == 40
    found = set()
    for alone_from in (0, 15, 1_000):
        other = Database(f"sqlite:///{tmp_path}/{alone_from}.db")
        upgrade(other)
        store(other, alone_from=alone_from)
        found.add(digest(other))
        other.close()
    assert len(found) == 1


def test_progress_counts_what_is_stored(database: Database) -> None:
    """Counts rise to the number of cases, whoever writes."""
    told: list[int] = []
    store(database, alone_from=10, progress=told)
    assert told == sorted(told)
    assert told[-1] == 40


def test_a_part_that_cannot_be_stored_is_told(database: Database) -> None:
    """The other process says in one sentence what went wrong, without a value of a row."""
    with (
        PartWriter(database, NOWHERE, alone_from=0) as writer,
        pytest.raises(PerintisError, match=r"^the rehearsal could not be stored \(IntegrityError\)$"),
    ):
        put_all(writer, parts=1)


def test_later_parts_are_not_lost_silently(database: Database) -> None:
    """Whoever goes on handing parts over is told."""
    with (
        PartWriter(database, NOWHERE, alone_from=0) as writer,
        pytest.raises(PerintisError, match="could not be stored"),
    ):
        put_all(writer, parts=3)


def test_a_killed_writer_leaves_a_rehearsal_without_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process is killed half-way: the run stops with a sentence, and is never listed as finished."""
    put = PartWriter.put

    def put_then_kill(writer: PartWriter, part: list[Simulated]) -> None:
        put(writer, part)
        if writer._child is not None:
            os.kill(writer._child.pid, signal.SIGKILL)
            writer._child.wait()

    monkeypatch.setattr(PartWriter, "put", put_then_kill)
    with pytest.raises(PerintisError, match="the process that stores the rehearsal was stopped; rehearse again"):
        store(database, alone_from=10)
    assert len(unfinished_rehearsals(database, "small")) == 1


def test_what_goes_through_the_pipe_comes_out_as_it_went_in() -> None:
    """Every field of every change, in its own type."""
    for case in simulate(serve_only, assume(a_day=100), cases=5):
        again = unpack(*pack(case))
        assert again == case
        assert [[type(field) for field in change] for change in again.changes] == [
            [type(field) for field in change] for change in case.changes
        ]
