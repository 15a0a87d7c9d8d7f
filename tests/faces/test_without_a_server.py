"""Where Prefect cannot be reached, the sentence says how to go on without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.office import application, write_csv, write_pilot


@pytest.mark.prefect
def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    """The cases are open already, and the same command without Prefect moves them."""
    folder = write_pilot(tmp_path)
    write_csv(folder / "a.csv", [application(1)])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PERINTIS_")}
    environment["PREFECT_API_URL"] = "http://127.0.0.1:1/api"
    command = [sys.executable, "-c", "from perintis.faces.cli import main; main()", "run", "small", "a.csv"]
    failed = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=200
    )
    assert failed.returncode == 1
    assert "1 case opened" in failed.stdout
    assert "--without-prefect" in failed.stderr
    assert "Traceback" not in failed.stderr
    again = [*command, "--without-prefect"]
    done = subprocess.run(again, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0
    assert "1 already open" in done.stdout
    assert "1 case moved on" in done.stdout
