"""A look at the store in plain SQL, without SQLAlchemy: lists must be on the screen in well under a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from perintis.doors.settings import Settings
from perintis.doors.store.version import HEAD
from perintis.words.errors import BadInput, PerintisError

Row = tuple[Any, ...]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(micros: int) -> datetime:
    """What the store keeps as microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def micros(at: datetime) -> int:
    """An aware instant as the store keeps it."""
    return (at - EPOCH) // timedelta(microseconds=1)


class Reader(Protocol):
    """Runs queries; marks for parameters are written `?`, and no `%` may stand in the text."""

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer. Instants are microseconds since 1970."""
        ...


class _SqliteReader:
    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.connection.execute("PRAGMA query_only = ON")
        self.connection.execute("BEGIN")  # one consistent view for all queries of a page

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(query, tuple(parameters)).fetchall()


class _PostgresReader:
    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url, options="-c default_transaction_read_only=on")
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(query.replace("?", "%s").encode(), tuple(parameters)).fetchall()


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """The store for reading. One that is missing is made, one of another version is refused, as for writing."""
    path = _sqlite_path(settings.store_url)
    if path is not None and not path.exists():
        _open_thoroughly(settings)
    reader = _connect(settings, path)
    with closing(reader.connection):
        if _version(reader) != HEAD:
            _open_thoroughly(settings)
        yield reader


def _connect(settings: Settings, path: Path | None) -> _SqliteReader | _PostgresReader:
    if path is not None:
        return _SqliteReader(path)
    import psycopg

    try:
        return _PostgresReader(settings.store_url.replace("postgresql+psycopg://", "postgresql://", 1))
    except psycopg.ProgrammingError:  # its text repeats the address, which may hold a password
        raise BadInput("PERINTIS_DATABASE_URL is not a database address; use postgresql+psycopg://...") from None
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise PerintisError(f"the database does not answer ({reason}); `perintis doctor` says more") from None


def _version(reader: Reader) -> str | None:
    try:
        found = reader.rows("SELECT version_num FROM alembic_version")
    except Exception as error:  # noqa: BLE001  # each driver has its own error for a missing table
        if "alembic_version" in str(error):
            return None
        raise PerintisError(f"the store cannot be read ({type(error).__name__}); `perintis doctor` says more") from None
    return found[0][0] if found else None


def _open_thoroughly(settings: Settings) -> None:
    """Make the store, or raise what is wrong with it; slow, for it needs SQLAlchemy."""
    from perintis.doors.store.upgrading import open_database

    open_database(settings).close()


def _sqlite_path(url: str) -> Path | None:
    return Path(url.partition(":///")[2]) if url.startswith("sqlite") else None
