"""Connections and transactions: what SQLite and PostgreSQL must be told so that committed means on disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase

from perintis.words.errors import BadInput, PerintisError

if TYPE_CHECKING:
    from perintis.doors.vault.keys import KeySource

_ROWS_A_STATEMENT = 100


class Database:
    """One database. `write()` and `read()` open transactions; everything inside one is recorded, or nothing.

    `keys` says where the master key of the personal data comes from (else as the environment says, or a file beside an
    SQLite store); `anchors` is the folder of the anchor files, None for none. Without `protects`, which is for the
    benchmark of the vault alone, nothing is encrypted or chained.
    """

    def __init__(
        self, url: str, *, keys: KeySource | None = None, anchors: Path | None = None, protects: bool = True
    ) -> None:
        from perintis.doors.vault.sources import key_source_of  # late, for the vault knows the database
        from perintis.doors.vault.vault import Vault

        self.url = url
        self.anchors = anchors
        self.vault = Vault(keys or key_source_of(url), protects=protects)
        try:
            self.engine = _create(url).execution_options(perintis_vault=self.vault)
        except ArgumentError:
            raise BadInput("PERINTIS_DATABASE_URL is not a database address; use postgresql+psycopg://...") from None
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite lets one writer in at a time; threads of this process queue here instead of polling for its lock.
        self.kept_terms: set[int] = set()  # numbers of rows of disclosure_terms that this process knows to be there
        self._writer: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A writing transaction; SQLite takes its write lock at once, so it cannot fail half-way."""
        with _explained(), self._writer, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction that never waits for a writer."""
        with _explained(), self.engine.connect().execution_options(perintis_read=True) as connection:
            yield connection

    @cached_property
    def store_name(self) -> str:
        """The random name this store was given when it was made; part of every key sent to an agency."""
        with self.read() as connection:
            name = connection.exec_driver_sql("SELECT name FROM store").scalar()
        if name is None:
            raise BadInput("the store is not set up yet; run `perintis db upgrade`")
        return str(name)

    def prefix(self, pilot: str) -> str:
        """What the keys of a pilot's requests to agencies begin with."""
        return f"{self.store_name}/{pilot}"

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=8)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Few statements are kept: those that list cases differ each time, and each holds some hundred kilobytes.
    options = {"timeout": 60, "check_same_thread": False, "cached_statements": 16}
    engine = create_engine(parsed, connect_args=options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=60000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Committed means on disk, also where the server's own setting says otherwise for speed.

    Nothing is asked that is worth compiling: that takes longer than the answer.
    """
    connection.execute("SET jit = off")
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("perintis_read")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _explained() -> Iterator[None]:
    """Say in one sentence what a database cannot do, and leave what is a fault of the program as it is."""
    try:
        yield
    except OperationalError as error:
        raise _explain(error) from error
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise PerintisError("the file of the store is damaged; put the last backup back") from error
        raise


def _explain(error: OperationalError) -> PerintisError:
    cause = str(error.orig)
    if "no such table" in cause:
        return BadInput("the store has no tables yet; run `perintis db upgrade`")
    if "full" in cause or "No space left" in cause:
        return PerintisError("the disk is full: nothing was recorded; make room and run the command again")
    if "locked" in cause:
        return PerintisError("the store stayed locked by another program for a minute; try again when it is done")
    return PerintisError(f"the database does not answer ({cause.splitlines()[0]}); nothing was recorded")


def insert_rows(
    connection: Connection, model: type[DeclarativeBase], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows of already converted values in the order of `columns`.

    This is the one hot path of the store, so it goes past the ORM: a hundred rows a statement on SQLite (Python lets
    go of its lock once a statement, and other threads then get in), COPY on PostgreSQL.
    """
    if not rows:
        return
    names = ", ".join(columns)
    if _is_postgresql(connection):
        _copy_rows(connection, f"COPY {model.__tablename__} ({names}) FROM STDIN", rows)
        return
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        part = rows[start : start + _ROWS_A_STATEMENT]
        statement = _insertion(model.__tablename__, names, len(columns), len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


@lru_cache(maxsize=64)
def _insertion(table: str, names: str, columns: int, rows: int) -> str:
    marks = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([marks] * rows)}"


def _copy_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """COPY goes past SQLAlchemy, so its errors are made into SQLAlchemy's here."""
    driver: Any = connection.dialect.loaded_dbapi
    raw: Any = connection.connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(
            statement, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def update_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run one UPDATE, written with `?`, for many rows; returns how many rows it changed in all."""
    if not rows:
        return 0
    statement = statement.replace("?", placeholder(connection))
    return connection.exec_driver_sql(statement, list(rows)).rowcount


def set_rows(
    connection: Connection, table: str, values: Mapping[str, str], keys: Mapping[str, str],
    rows: Sequence[tuple[Any, ...]], also: str = "",
) -> None:  # fmt: skip
    """Set columns of many rows to values of their own; `also` is set in all of them alike.

    `values`, and the `keys` by which a row is found (the first a number), map columns to their types; `rows` hold the
    values, then the keys. PostgreSQL gets all of it in one statement, as an array a column, and so plans and answers
    once instead of once a row.
    """
    if not rows:
        return
    if not _is_postgresql(connection):
        assigned = ", ".join(f"{name} = ?" for name in values)
        found = " AND ".join(f"{name} = ?" for name in keys)
        connection.exec_driver_sql(f"UPDATE {table} SET {assigned}{also} WHERE {found}", list(rows))
        return
    columns = {**values, **keys}
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    assigned = ", ".join(f"{name} = new.{name}" for name in values)
    found = " AND ".join(f"{table}.{name} = new.{name}" for name in keys)
    key = next(iter(keys))
    # The list of keys, given once more, leads to the rows by their index; else the whole table is read for the join.
    chosen = one_of(connection, f"{table}.{key}", [row[len(values)] for row in rows])
    connection.exec_driver_sql(
        f"UPDATE {table} SET {assigned}{also} FROM unnest({arrays}) AS new({', '.join(columns)}) "
        f"WHERE {found} AND {chosen}",
        tuple(map(list, zip(*rows, strict=True))),
    )


def placeholder(where: Connection | Engine) -> str:
    """How the driver of this database marks a value in a statement."""
    return "%s" if _is_postgresql(where) else "?"


def _is_postgresql(where: Connection | Engine) -> bool:
    return where.dialect.name == "postgresql"


def one_of(where: Connection | Engine, column: str, ids: Sequence[int]) -> str:
    """The condition that `column` is one of these whole numbers.

    PostgreSQL gets them as one array: two thousand numbers in a list take it four times as long, most of it parsing.
    """
    numbers = in_list(ids)
    return f"{column} = ANY('{{{numbers}}}'::bigint[])" if _is_postgresql(where) else f"{column} IN ({numbers})"


def in_list(ids: Sequence[int]) -> str:
    """Whole numbers as the inside of an SQL list; they are our own row numbers, never text from outside."""
    return ", ".join(str(int(i)) for i in ids)
