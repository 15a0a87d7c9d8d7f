"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from tests.databases import Cluster, PostgresServer, new_cluster, new_sqlite, why_no_cluster

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

os.environ.setdefault("PERINTIS_KEY", secrets.token_hex(32))  # one master key for all stores of a test session

BOTH_DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout these tests belong to."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real logs that may not ship with the product; a test that needs them is skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the real event logs in ../shared/data, which do not ship with the product")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the session: ours in a temporary folder, or the one PERINTIS_TEST_POSTGRES_URL names."""
    if url := os.environ.get("PERINTIS_TEST_POSTGRES_URL"):
        yield PostgresServer(url)
        return
    if reason := why_no_cluster():
        pytest.skip(reason)
    with new_cluster() as cluster:
        yield PostgresServer(cluster.admin_url)


@pytest.fixture
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of the test's own, which it may kill."""
    if reason := why_no_cluster():
        pytest.skip(reason)
    with new_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty SQLite store; copying it is faster than making one."""
    file = tmp_path_factory.mktemp("template") / "perintis.db"
    new_sqlite(file)
    return file


@pytest.fixture(params=BOTH_DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, upgraded store: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "perintis.db")
        yield f"sqlite:///{tmp_path / 'perintis.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """A fresh, upgraded store, opened: SQLite and PostgreSQL in turn."""
    database = Database(store_url)
    yield database
    database.close()
