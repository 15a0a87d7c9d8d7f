"""Reads an SQLite file in a process of its own: a request on standard input, Arrow streams on standard output.

It imports little, for it is started for every read: nothing of this package, and of ADBC only the lower interface (the
upper one brings pyarrow and pandas where they are installed, a second each time).
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    from adbc_driver_manager import AdbcConnection

FAILED = 3
ROWS = {"adbc.sqlite.query.batch_rows": "16384"}
FIRST, FEW = 1_000, 100


def query(connection: AdbcConnection, text: str, values: list[Any], **options: str) -> pl.DataFrame:
    """The result of one statement as columns. `options` are the driver's for this statement."""
    import polars as pl
    from adbc_driver_manager import AdbcStatement

    with AdbcStatement(connection) as statement:
        statement.set_options(**options)
        statement.set_sql_query(text)
        if values:
            statement.bind_stream(pl.DataFrame({str(place): [value] for place, value in enumerate(values)}))
        return pl.DataFrame(statement.execute_query()[0])


def packed(table: pl.DataFrame) -> pl.DataFrame:
    """Texts that repeat, by the look of the first rows, travel as numbers: half the bytes."""
    import polars as pl

    texts = [column for column in table if column.dtype == pl.String]
    few = [column.name for column in texts if column.head(FIRST).n_unique() <= FEW]
    return table.with_columns(pl.col(few).cast(pl.Categorical)) if table.height > FIRST else table


def main() -> int:
    """Answer the request; a failure is one line on standard error."""
    from adbc_driver_manager import AdbcConnection, Error
    from adbc_driver_sqlite import connect

    asked = json.loads(sys.stdin.buffer.read())
    try:
        with connect(asked["path"]) as database, AdbcConnection(database) as connection:
            connection.set_autocommit(False)  # one transaction, so all see the same state
            for text, values in asked["queries"]:
                stream = BytesIO()
                packed(query(connection, text, values, **ROWS)).write_ipc_stream(stream)
                sys.stdout.buffer.write(stream.tell().to_bytes(8, "big"))
                sys.stdout.buffer.write(stream.getbuffer())
    except Error as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
