"""Killed outright while it links or publishes, and started again: nothing is lost, doubled or published in half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.doors.registry.small_extracts import announced, dukcapil, kemenkes, people

KILLED_AT = """
import os, signal, sys
from perintis.doors.store import failpoints
from perintis.faces.cli.app import run

place = sys.argv[1]
failpoints.hook = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == place else None
sys.exit(run(sys.argv[2:]))
"""
RUN = ("run", "data-management", "--without-prefect")


def rows(home: Path, statement: str) -> list[tuple[object, ...]]:
    with create_engine(f"sqlite:///{home / 'perintis.db'}").connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.mark.parametrize("place", ["registry:linked", "registry:written"])
def test_a_killed_run_is_taken_up_where_it_was(tmp_path: Path, repository: Path, place: str) -> None:
    """SIGKILL, then the same command again; afterwards the registry is what it would have been without it."""
    home = tmp_path / "home"
    left = home / "exchange" / "extracts"
    extracts = [announced(left, "dukcapil", dukcapil(people())), announced(left, "kemenkes", kemenkes(people()))]
    intake = tmp_path / "deliveries.jsonl"
    intake.write_text("".join(json.dumps({**asdict(e), "office": "bali"}) + "\n" for e in extracts), "utf-8")
    environment = {**os.environ, "PERINTIS_HOME": str(home), "PERINTIS_PILOTS": str(repository)}

    def go(*arguments: str) -> int:
        command = [sys.executable, "-c", KILLED_AT, *arguments]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, check=False, timeout=120)
        return done.returncode

    assert go(place, *RUN[:2], str(intake), *RUN[2:]) == -signal.SIGKILL
    assert rows(home, "SELECT * FROM registry_versions") == []
    assert rows(home, "SELECT * FROM registry_links") == []
    assert go("nowhere", *RUN) == 0
    versions = rows(home, "SELECT number, persons, records FROM registry_versions ORDER BY number")
    assert versions == [(1, 13, 13), (2, 13, 26)]
    present = "SELECT count(*), count(DISTINCT agency || record) FROM registry_links WHERE until_version IS NULL"
    assert rows(home, present) == [(26, 26)]
    assert rows(home, "SELECT count(*) FROM cases WHERE status = 'failed'") == [(0,)]
    assert go("nowhere", "db", "verify") == 0
