"""Reads an SQLite file in a process of its own: a request on standard input, Arrow streams on standard output.

It imports little, for it is started for every read.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

FAILED = 3


def query(cursor: Any, text: str, values: list[Any]) -> pl.DataFrame:
    """The result of one statement as columns."""
    import polars as pl

    cursor.execute(text, tuple(values))
    return pl.DataFrame(cursor.fetch_arrow())


def main() -> int:
    """Answer the request; a failure is one line on standard error."""
    from adbc_driver_sqlite import dbapi

    asked = json.loads(sys.stdin.buffer.read())
    try:
        with dbapi.connect(asked["path"]) as connection, connection.cursor() as cursor:
            for text, values in asked["queries"]:  # one transaction, so both see the same state
                stream = BytesIO()
                query(cursor, text, values).write_ipc_stream(stream)
                sys.stdout.buffer.write(stream.tell().to_bytes(8, "big"))
                sys.stdout.buffer.write(stream.getbuffer())
    except dbapi.Error as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
