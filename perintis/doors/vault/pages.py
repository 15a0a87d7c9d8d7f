"""Has the database let go of the old contents of rows that were emptied or sealed."""

from __future__ import annotations

from collections.abc import Sequence

from perintis.doors.store.database import Database


def clear_pages(database: Database, tables: Sequence[str]) -> None:
    """Clear the log of an SQLite file, whose pages were overwritten already; vacuum these tables on PostgreSQL."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT", perintis_read=True) as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
            return
        for table in tables:
            connection.exec_driver_sql(f"VACUUM {table}")
