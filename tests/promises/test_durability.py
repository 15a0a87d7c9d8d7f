"""P4: committed means on disk, and a full disk refuses instead of losing half."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from perintis import Case
from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade
from perintis.words.errors import PerintisError
from tests.databases import Cluster, PostgresServer
from tests.small_pilot import Application, Decision, Small, check, define, look_up

COMMITS = 20
WRITER = """
import sys
from perintis.doors.store.database import Database
database = Database(sys.argv[1])
_ = database.store_name
for i in range(int(sys.argv[2])):
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE store SET created = {i}")
"""


async def checked(case: Case[Application]) -> Decision:
    await look_up(case)
    await check(case)
    return Decision()


def test_the_databases_are_told_to_be_durable(database: Database) -> None:
    """SQLite: write-ahead log, FULL; PostgreSQL: no commit is answered before it is on disk."""
    with database.read() as connection:
        if database.is_sqlite:
            told = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
            assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        else:
            told = {n: connection.exec_driver_sql(f"SHOW {n}").scalar() for n in ("fsync", "synchronous_commit")}
            assert told == {"fsync": "on", "synchronous_commit": "on"}


@pytest.mark.postgres
def test_a_server_set_for_speed_is_overruled(postgres_server: PostgresServer) -> None:
    """synchronous_commit=off would lose the last second of work in a crash of the server."""
    url = postgres_server.create()
    database = Database(url)
    with database.write() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database.close()
    again = Database(url)
    with again.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    again.close()
    postgres_server.drop(url)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_every_commit_reaches_the_disk(tmp_path: Path, repository: Path) -> None:
    """At least one fdatasync or fsync for each commit, seen from outside by strace."""
    url = f"sqlite:///{tmp_path / 'perintis.db'}"
    database = Database(url)
    upgrade(database)
    database.close()
    trace = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(trace), sys.executable, "-c", WRITER, url,
         str(COMMITS)],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"f(?:data)?sync\(\d+\)\s+= 0", trace.read_text())) >= COMMITS


class Disk:
    """How far an SQLite file may grow, in pages."""

    def __init__(self, database: Database) -> None:
        with database.read() as connection:
            self.pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        event.listen(database.engine, "begin", self._limit)

    def _limit(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {self.pages}")


def state(database: Database) -> list[list[object]]:
    with database.read() as connection:
        return [list(connection.exec_driver_sql(f"SELECT * FROM {t} ORDER BY 1, 2").all())
                for t in ("cases", "work", "events", "payloads", "outbox", "inbox")]  # fmt: skip


def test_a_full_disk_is_refused_and_nothing_has_changed(tmp_path: Path) -> None:
    """The message says what to do; when there is room again everything goes on."""
    database = Database(f"sqlite:///{tmp_path / 'perintis.db'}")
    upgrade(database)
    small = Small(database, define(checked))
    small.open("r", "s")
    disk = Disk(database)
    before = state(database)
    with pytest.raises(PerintisError, match="the disk is full: nothing was recorded; make room"):
        small.open(*(f"more{i}" for i in range(2_000)))
    assert state(database) == before
    small.verify()
    disk.pages *= 100
    assert small.open(*(f"more{i}" for i in range(20))).cases
    assert small.run().counts["waiting"] == 22
    small.verify()
    database.close()


@pytest.mark.postgres
def test_a_crash_of_the_server_loses_nothing_that_was_committed(postgres_cluster: Cluster) -> None:
    """`pg_ctl -m immediate` between two runs: what was recorded is there, and the case goes on."""
    url = PostgresServer(postgres_cluster.admin_url).create()
    database = Database(url)
    small = Small(database, define(checked))
    small.open(*(f"r{i}" for i in range(50)))
    small.run()
    small.answer(1, "office.check 1")
    before = state(database)
    postgres_cluster.stop("immediate")
    with pytest.raises(PerintisError, match="the database does not answer"):
        small.run()
    postgres_cluster.start()
    assert state(database) == before
    small.now += timedelta(minutes=1)
    small.run()
    assert small.case(1).status == "closed"
    small.verify()
    database.close()
