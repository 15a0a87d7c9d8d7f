"""Databases for tests: fresh SQLite files, and a PostgreSQL server of our own when its binaries are here."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url, text

from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade

TEMPLATE = "perintis_template"
_SUPERUSER = "postgres"


def unprotect(connection: Connection, *tables: str) -> None:
    """Drop the triggers that keep rows from being changed, as whoever has all rights on the database can."""
    for table in tables:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
            continue
        for what in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{what}")


def find_binaries() -> Path | None:
    """The folder of the newest PostgreSQL server binaries on this machine, or None."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if packaged:
        return packaged[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """One PostgreSQL server, on which every test gets a database of its own, copied from an upgraded template."""

    def __init__(self, admin: str) -> None:
        self._admin = make_url(admin.replace("postgresql://", "postgresql+psycopg://", 1))
        self._numbers = count(1)
        self.drop(TEMPLATE)
        self._execute(f'CREATE DATABASE "{TEMPLATE}"')
        template = Database(self._url(TEMPLATE))
        upgrade(template)
        template.close()

    def create(self, *, template: str = TEMPLATE) -> str:
        """Make a database; returns its address."""
        name = f"perintis_test_{os.getpid()}_{next(self._numbers)}"
        self.drop(name)
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._url(name)

    def drop(self, name_or_url: str) -> None:
        """Remove a database and whoever is still connected to it."""
        name = make_url(name_or_url).database if "://" in name_or_url else name_or_url
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        url: URL = self._admin.set(database=name)
        return url.render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        engine = create_engine(self._admin, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


class Cluster:
    """A PostgreSQL data folder that this test session made and may stop, kill and start."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self.data = folder / "data"  # public: a test may search the files of its own server
        self._user = _SUPERUSER if os.geteuid() == 0 else None  # the server refuses to run as root
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self.data), "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale", "C",
                  "--no-instructions")  # fmt: skip

    def start(self) -> None:
        """Start the server on a socket in its own folder, with everything that makes a commit durable left on."""
        options = f"-k {self._folder} -c listen_addresses= -c fsync=on -c synchronous_commit=on -c max_connections=60"
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self._folder / "log"), "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode `immediate` is a crash of the server: nothing is written out."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    @property
    def admin_url(self) -> str:
        """The address of its maintenance database."""
        return f"postgresql+psycopg://{_SUPERUSER}@/postgres?host={self._folder}"

    def _run(self, command: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._binaries / command), *arguments], user=self._user, cwd=self._folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command} failed: {done.stderr.strip()}")


def why_no_cluster() -> str | None:
    """Why no PostgreSQL server can be started here, or None."""
    if find_binaries() is None:
        return "needs PostgreSQL binaries (or PERINTIS_TEST_POSTGRES_URL)"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_SUPERUSER)
        except KeyError:
            return "needs a user `postgres`, for the server refuses to run as root"
    return None


@contextmanager
def new_cluster() -> Iterator[Cluster]:
    """A running server in a folder of its own, gone afterwards."""
    binaries = find_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="perintis-pg-", dir="/tmp"))  # short: a socket's path has 107 characters
    try:
        cluster = Cluster(binaries, folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_sqlite(file: Path) -> str:
    """An upgraded, empty SQLite store; returns its address."""
    url = f"sqlite:///{file}"
    database = Database(url)
    upgrade(database)
    database.close()
    return url
