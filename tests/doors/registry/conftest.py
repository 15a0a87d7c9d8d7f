"""A small registry that several of these tests begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from perintis.doors.linkage.linking import link_records
from perintis.doors.registry import joining
from perintis.doors.registry.joining import join_extracts
from perintis.doors.registry.publishing import publish
from perintis.doors.registry.registry import Registry
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from tests.doors.registry.small_extracts import announced, dukcapil, kemenkes, people, taken

_LINKED: dict[str, Any] = {}


def linked_once(sources: dict[str, pl.DataFrame], linkage: Any, **_: Any) -> Any:
    """The pairs of the same records, found once: tests that begin with a registry are about what comes after."""
    key = f"{linkage} {[(agency, frame.write_csv()) for agency, frame in sources.items()]}"
    if key not in _LINKED:
        _LINKED[key] = link_records(sources, linkage)
    return _LINKED[key]


@pytest.fixture
def registry(
    database: Database, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> Registry:  # fmt: skip
    """Two versions of the same thirteen persons: from the Civil Registry, and with Health."""
    registry = Registry(Settings(home=tmp_path / "home", pilots=repository), "data-management", database)
    left, rows = registry.shelf.places()[0], people()
    first = taken(registry, announced(left, "dukcapil", dukcapil(rows)))
    second = taken(
        registry, announced(left, "kemenkes", kemenkes([{**rows[0], "full_name": "Boedi Santoso"}, *rows[1:]]))
    )
    with monkeypatch.context() as patched:
        patched.setattr(joining, "link_records", linked_once)
        join_extracts(registry, [first, second])
    publish(registry, first, [])
    publish(registry, second, [])
    return registry
