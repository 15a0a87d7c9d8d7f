"""The version that this program needs is that of the newest migration."""

from __future__ import annotations

from pathlib import Path

from perintis.doors.store import version


def test_the_version_is_the_newest_migrations() -> None:
    """So that a list, which does not import Alembic, knows whether it can read the store."""
    files = sorted((Path(version.__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
    assert files[-1].name.startswith(f"{version.HEAD}_")
