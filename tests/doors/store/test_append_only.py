"""What is only added to: the database itself refuses to change or remove a row, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from perintis import Case
from perintis.doors.store.database import Database
from perintis.doors.store.models_disclosure import APPEND_ONLY as DISCLOSED
from perintis.doors.store.models_evaluation import APPEND_ONLY as JUDGED
from perintis.doors.vault.acts import note_act
from tests.databases import unprotect
from tests.small_pilot import START, Application, Decision, Small, define

RECORDED = (
    "events", "vault_acts", "anchors", "registry_versions", "registry_decisions", "registry_accesses",
    "chained_records",
)  # fmt: skip


async def at_once(case: Case[Application]) -> Decision:
    return Decision()


def test_each_of_these_tables_has_its_triggers(database: Database) -> None:
    """Both databases; a table that is forgotten in a migration is named here."""
    query = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT event_object_table FROM information_schema.triggers"
    )
    with database.read() as connection:
        protected = set(connection.exec_driver_sql(query).scalars())
        assert protected == {*RECORDED, *DISCLOSED, *JUDGED} & set(inspect(connection).get_table_names())
    assert protected >= set(RECORDED)


@pytest.mark.parametrize("table", ["events", "vault_acts", "anchors"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
def test_rows_of_the_history_are_only_added(store_url: str, tmp_path: Path, table: str, statement: str) -> None:
    """Events, acts on personal data, anchors: neither changed nor removed."""
    database = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(database, define(at_once), tmp_path / "exchange")
    small.open("a")
    small.run()
    with database.write() as connection:
        note_act(connection, "rotate-key", officer="o", reason="yearly", now=START, pilot=None)
    with pytest.raises(DBAPIError, match=f"rows of {table} are only added"), database.write() as connection:
        connection.exec_driver_sql(statement.format(table))
    with database.write() as connection:  # the triggers were what refused it
        unprotect(connection, table)
        assert connection.exec_driver_sql(statement.format(table)).rowcount > 0
    database.close()
