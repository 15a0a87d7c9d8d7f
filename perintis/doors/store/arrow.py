"""Large reads: from the database straight into columns (ADBC to Arrow), with no Python object a row.

All statements of one call see the same state of the store, although others go on writing.

ADBC brings an SQLite library of its own. Two of them in one process break each other's file locks (the system drops all
locks of a process on a file when any handle of it is closed; sqlite.org/howtocorrupt.html, section 2.2), so an SQLite
store is read by a child process, which sends the columns back through a pipe.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from perintis.doors.store import arrow_child
from perintis.doors.store.arrow_child import FAILED, query
from perintis.doors.store.database import Database
from perintis.words.errors import BadInput, PerintisError

if TYPE_CHECKING:
    import polars as pl

_TYPED = {"String": "''", "Int64": "0", "Int32": "0", "Float64": "0.0"}
Statement = tuple[str, Sequence[Any], Mapping[str, Any]]
"""A SELECT with `?` for values, the values, and the columns it gives with their Polars types."""


def read_columns(database: Database, statements: Sequence[Statement]) -> list[pl.DataFrame]:
    """The result of each statement, in the order in which the database gives the rows."""
    import polars as pl

    queries = [(_typed(text, types), list(values)) for text, values, types in statements]
    found = _from_sqlite(database, queries) if database.is_sqlite else _from_postgresql(database, queries)
    return [
        table.slice(1).select(pl.col(name).cast(kind) for name, kind in types.items())
        for table, (_, _, types) in zip(found, statements, strict=True)
    ]


def _typed(statement: str, types: Mapping[str, Any]) -> str:
    """SQLite's columns have no types of their own; a first row of known types gives them, and is taken off again."""
    first = ", ".join(f'{_TYPED[str(kind)]} AS "{name}"' for name, kind in types.items())
    return f"SELECT {first} UNION ALL SELECT * FROM ({statement}) AS found"


def _from_sqlite(database: Database, queries: Sequence[tuple[str, list[Any]]]) -> list[pl.DataFrame]:
    import polars as pl

    path = make_url(database.url).database
    if not path or path == ":memory:":
        raise BadInput("a store in memory cannot be read by another process; keep it in a file")
    child = subprocess.run(
        [sys.executable, "-P", arrow_child.__file__],  # -P: modules beside it are not taken for others of their names
        input=json.dumps({"path": path, "queries": queries}).encode(), capture_output=True, check=False,
    )  # fmt: skip
    if child.returncode:
        raise _explain(child.stderr.decode(errors="replace") if child.returncode == FAILED else "its reader stopped")
    stream = BytesIO(child.stdout)
    return [pl.read_ipc_stream(BytesIO(stream.read(int.from_bytes(stream.read(8), "big")))) for _ in queries]


def _from_postgresql(database: Database, queries: Sequence[tuple[str, list[Any]]]) -> list[pl.DataFrame]:
    from adbc_driver_manager import AdbcConnection, AdbcStatement, Error
    from adbc_driver_postgresql import connect

    address = make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with connect(address) as store, AdbcConnection(store) as connection:
            connection.set_autocommit(False)
            with AdbcStatement(connection) as statement:
                statement.set_sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                statement.execute_update()
            return [query(connection, _numbered(text), values) for text, values in queries]
    except Error as error:
        raise _explain(str(error)) from None


def _numbered(text: str) -> str:
    """PostgreSQL's own marks for values: $1, $2 ..."""
    parts = text.split("?")
    return "".join(part + (f"${place}" if place < len(parts) else "") for place, part in enumerate(parts, 1))


def _explain(cause: str) -> PerintisError:
    if "no such table" in cause or ("relation" in cause and "does not exist" in cause):
        return BadInput("the store has no tables yet; run `perintis db upgrade`")
    return PerintisError(f"the database does not answer ({(cause.splitlines() or ['no reason given'])[0]})")
