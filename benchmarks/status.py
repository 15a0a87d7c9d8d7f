"""`perintis status` on a store with 1,000 cases, start of Python included, beside the start of Python alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND = "perintis status"
TIMES = 7


def rows() -> list[dict[str, Any]]:
    """The middle of seven runs, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PERINTIS_HOME": f"{folder}/home", "PERINTIS_PILOTS": str(REPOSITORY)}
        perintis = str(Path(sys.executable).with_name("perintis"))
        fill = [perintis, "run", "fast-track", str(REPOSITORY / "samples" / "applications.csv"), "--without-prefect"]
        subprocess.run(fill, env=environment, check=True, capture_output=True)
        ours = _middle([perintis, "status"], environment)
        bare = _middle([sys.executable, "-c", "pass"], environment)
    return [
        {"name": "status of 1,000 cases", "value": ours, "unit": "s", "against": "starting Python",
         "ratio": ours / bare, "command": COMMAND}
    ]  # fmt: skip


def _middle(command: list[str], environment: dict[str, str]) -> float:
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[TIMES // 2]
