"""Migrations make the tables that the models describe, on both databases; nothing older or newer is opened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect

from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.models import Base
from perintis.doors.store.upgrading import open_database, present_version, upgrade
from perintis.doors.store.verifying import verify_store
from perintis.doors.store.version import HEAD
from perintis.doors.vault.acts import note_act
from perintis.words.errors import BadInput
from tests.conftest import BOTH_DATABASES
from tests.databases import PostgresServer, unprotect
from tests.small_pilot import START


@pytest.fixture(params=BOTH_DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a store without tables."""
    if request.param == "sqlite":
        yield Settings(home=tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create(template="template0")
    yield Settings(home=tmp_path, database_url=url)
    server.drop(url)


def test_upgrading_an_empty_store(empty: Settings) -> None:
    """All migrations in one go; doing it again changes nothing, not even the store's name."""
    database = Database(empty.store_url)
    upgrade(database)
    name = database.store_name
    upgrade(database)
    database.close()
    again = open_database(empty)
    assert (present_version(again), again.store_name) == (HEAD, name)
    again.close()


def test_migrations_make_what_the_models_say(database: Database) -> None:
    """No table, column, index or key more or less."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_indexes_are_partial_where_the_models_say_so(database: Database) -> None:
    """A comparison by Alembic does not see the condition of an index; a sweep depends on it."""
    with database.read() as connection:
        indexes = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
            if database.is_sqlite
            else "SELECT indexname, indexdef FROM pg_indexes"
        )
        found: dict[str, str] = {row[0]: row[1] or "" for row in connection.exec_driver_sql(indexes)}
    for table in Base.metadata.tables.values():
        assert not [c for c in table.constraints if isinstance(c, CheckConstraint)]
        for index in table.indexes:
            partial = index.dialect_options["sqlite"]["where"] is not None
            assert (" WHERE " in found[str(index.name)]) is partial, index.name


def test_a_new_sqlite_store_is_made_and_a_shared_one_is_not(empty: Settings) -> None:
    """A shared store is changed by `perintis db upgrade` alone, when its operators want it."""
    if empty.database_url is None:
        database = open_database(empty)
        assert present_version(database) == HEAD
        database.close()
        return
    with pytest.raises(BadInput, match=f"version none and this program needs {HEAD}; run `perintis db upgrade`"):
        open_database(empty)


@pytest.mark.parametrize(
    ("version", "message"),
    [("0000", "run `perintis db upgrade`"), ("9999", "made by a newer Perintis than this one .*; install that one")],
)
def test_a_store_of_another_version_is_refused(empty: Settings, version: str, message: str) -> None:
    """An old program never writes into a new store."""
    database = Database(empty.store_url)
    upgrade(database)
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    database.close()
    with pytest.raises(BadInput, match=message):
        open_database(empty)


def test_several_programs_make_the_same_new_store(tmp_path: Path, repository: Path) -> None:
    """Two terminals in a fresh folder: one makes the tables, the others find them."""
    code = (
        "import sys; from pathlib import Path; from perintis.doors.settings import Settings\n"
        "from perintis.doors.store.upgrading import open_database\n"
        "print(open_database(Settings(home=Path(sys.argv[1]))).store_name)"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], cwd=repository, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [program.communicate(timeout=60) for program in programs]
    assert [error for _, error in said] == [""] * 4
    assert len({name for name, _ in said}) == 1


def test_going_back_removes_everything(empty: Settings) -> None:
    """A migration can be undone, as far as there is something to undo."""
    from alembic import command

    from perintis.doors.store import upgrading

    database = Database(empty.store_url)
    upgrade(database)
    config = upgrading._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    database.close()


def test_answers_given_before_there_could_be_a_second_one_are_kept(empty: Settings) -> None:
    """Migration 0006 makes the table of answers anew: a row stays, as the first answer of its trip, there and back."""
    from alembic import command

    from perintis.doors.store import upgrading

    database = Database(empty.store_url)
    config = upgrading._config()

    def move(version: str, *statements: str) -> None:
        with database.write() as connection:
            config.attributes["connection"] = connection
            (command.downgrade if version == "0005" and statements == () else command.upgrade)(config, version)
            for statement in statements:
                connection.exec_driver_sql(statement)

    move(
        "0005",
        "INSERT INTO harm_trips (id, pilot, at, data_until, metric, estimate, bound, sentence) "
        "VALUES (1, 'small', 0, 0, 'errors', -0.1, -0.05, 'more errors')",
        "INSERT INTO harm_answers (trip_id, at, \"by\", reason, resume) VALUES (1, 5, 'head', 'r', true)",
    )
    for version, columns in (("head", "trip_id, number, at, resume"), ("0005", "trip_id, 1, at, resume")):
        move(version)
        with database.read() as connection:
            rows = connection.exec_driver_sql(f"SELECT {columns} FROM harm_answers").all()
        assert [tuple(map(int, row)) for row in rows] == [(1, 1, 5, 1)]
    database.close()


def test_records_of_an_older_store_are_chained_by_the_upgrade(database: Database) -> None:
    """Acts on personal data that were written before there was a chain over them; afterwards a change is found."""
    from alembic import command

    from perintis.doors.store import upgrading

    for number in (1, 2):
        with database.write() as connection:
            note_act(connection, "rotate-key", officer="o", reason=f"letter {number}", now=START, pilot=None)
    config = upgrading._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
    upgrade(database)
    assert verify_store(database) == []
    with database.write() as connection:
        unprotect(connection, "vault_acts")
        connection.exec_driver_sql("UPDATE vault_acts SET reason = 'another' WHERE id = 1")
    [problem] = verify_store(database)
    assert "record 1 of vault_acts" in problem.what
