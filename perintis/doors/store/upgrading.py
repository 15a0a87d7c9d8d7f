"""Brings the tables of a store to the present version, and says which version they have."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.models import StoreIdentity
from perintis.doors.store.record_chain import chain_old
from perintis.doors.store.version import HEAD
from perintis.doors.vault.pages import clear_pages
from perintis.doors.vault.sealing_old import seal_old, seal_old_registry
from perintis.doors.vault.sources import key_source
from perintis.words.errors import BadInput, PerintisError

FIRST_WITH_VAULT = "0004"
"""From this version on personal data are sealed and events are chained."""

FIRST_WITH_SEALED_REGISTRY = "0007"
"""From this version on the values of a registry's persons are sealed."""

FIRST_WITH_CHAINED_RECORDS = "0010"
"""From this version on what is recorded beside the events is chained, too."""

if TYPE_CHECKING:
    from alembic.config import Config


def open_database(settings: Settings) -> Database:
    """The store of these settings, with its tables as this version needs them.

    A new SQLite store is made on the spot. A shared PostgreSQL store is changed only by `perintis db upgrade`.
    """
    settings.make_home()
    database = Database(settings.store_url, keys=key_source(settings), anchors=settings.anchors)
    version = present_version(database)
    if version is None and database.is_sqlite:
        upgrade(database)
    elif version != HEAD:
        database.close()
        raise BadInput(
            f"the store has version {version or 'none'} and this program needs {HEAD}; run `perintis db upgrade`"
            if version is None or version < HEAD
            else f"the store has version {version}, made by a newer Perintis than this one ({HEAD}); install that one"
        )
    return database


def present_version(database: Database) -> str | None:
    """The migration that the tables stand at, or None where there are no tables."""
    with database.read() as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(database: Database) -> None:
    """Run the migrations that are missing, all in one transaction."""
    from alembic import command  # imported late: only here, and slow

    config = _config()
    try:
        with database.write() as connection:
            config.attributes["connection"] = connection
            before = _version(connection)
            command.upgrade(config, "head")
            _name_store(connection)
            database.vault.found(connection)
            if before is not None and before < FIRST_WITH_VAULT:
                seal_old(connection)
            if sealed_now := before is not None and before < FIRST_WITH_SEALED_REGISTRY:
                seal_old_registry(connection)
            if before is not None and before < FIRST_WITH_CHAINED_RECORDS:
                chain_old(connection)
        if sealed_now:
            clear_pages(database, ("registry_attributes",))
    except SQLAlchemyError as error:
        raise PerintisError(f"the store could not be upgraded ({type(error).__name__}); it is as it was") from error


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _name_store(connection: Connection) -> None:
    if connection.execute(select(StoreIdentity.id)).first() is None:
        connection.execute(insert(StoreIdentity).values(id=1, name=secrets.token_hex(4), created=datetime.now(UTC)))
