"""P1, P2: whatever is killed and whenever, no recorded step is lost or doubled, and no agency is told twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SWEPT = {"open", "claim", "record", "answer", "send_back", "outbox", "inbox", "breaches", "anchor"}
"""The parts of the recording path in which the sweep must have killed."""

KILLED_ELSEWHERE = {"registry"}
"""In tests/pilots/test_data_management_killed.py: the sweep's pilot has no registry."""


def crashes(repository: Path, url: str, folder: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.promises.crashes", "--url", url, "--folder", str(folder), *options],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_every_failpoint(store_url: str, tmp_path: Path, repository: Path) -> None:
    """SIGKILL at the first failpoint, the second, ... the last, every other time again during recovery: all is well.

    Every case closed, each step completed once, event numbers without gaps, exactly one effect at the agency for each
    step, everything stored as the events alone rebuild it.
    """
    report = crashes(repository, store_url, tmp_path)
    assert report["without_crash"] == []
    assert report["faults"] == {}
    assert (report["killed_last"], report["trials"]) == (False, len(report["failpoints"]) + 1)
    assert {name.split(":")[0] for name in report["failpoints"]} == SWEPT


@pytest.mark.parametrize(
    ("mutant", "begin_at"),
    [("split", "mutant:split"), ("apart", "mutant:apart"), ("nokey", "record:begin"), ("noguard", "mutant:noguard")],
)
@pytest.mark.timeout(600)
def test_the_checker_finds_what_is_recorded_wrongly(
    store_url: str, tmp_path: Path, repository: Path, mutant: str, begin_at: str
) -> None:
    """A wrong way of recording passes as long as nothing crashes, and is found when something does.

    Without this the sweep would prove nothing.
    """
    report = crashes(repository, store_url, tmp_path, "--mutant", mutant, "--at", begin_at, "--most-faults", "1")
    assert report["without_crash"] == []
    assert report["faults"] != {}


def test_every_failpoint_in_the_code_is_swept(repository: Path) -> None:
    """Someone who adds a place where a crash may hurt also makes the sweep reach it."""
    found = set()
    for path in (repository / "perintis").rglob("*.py"):
        found |= set(re.findall(r'failpoint\("([^"]+)"\)', path.read_text("utf-8")))
    assert {name.split(":")[0] for name in found} == SWEPT | KILLED_ELSEWHERE
