"""A run over 90,000 cases that all wait for an officer: nothing to do, and how long it takes to find that out."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.waiting import START, fill, run
from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade

CASES, FEW = 90_000, 900
COMMAND = "python -m benchmarks idle_sweep"
TIMES = 5


def rows() -> list[dict[str, Any]]:
    """The middle of five sweeps in seconds, beside one over a hundredth of the cases."""
    few, many = _sweep(FEW), _sweep(CASES)
    return [
        {"name": f"idle sweep over {CASES:,} waiting cases", "value": many, "unit": "s",
         "against": f"a sweep over {FEW:,}", "ratio": many / few, "command": COMMAND}
    ]  # fmt: skip


def _sweep(cases: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/perintis.db")
        upgrade(database)
        fill(database, cases, Path(folder))
        taken = []
        for turn in range(1, TIMES + 1):
            begun = time.perf_counter()
            report = run(database, Path(folder), START + turn * timedelta(hours=1))
            taken.append(time.perf_counter() - begun)
            if report.counts["advanced"] or report.counts["breaches"]:
                raise RuntimeError("the sweep was not idle")
        database.close()
        return sorted(taken)[TIMES // 2]
