"""The most memory that a run holds, with 10,000 and with 100,000 cases to move: it should be the same."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
FEW, MANY = 10_000, 100_000
COMMAND = "python -m benchmarks memory"


def rows() -> list[dict[str, Any]]:
    """Highest resident memory in MB of a process that moves all cases of a store in one run."""
    few, many = _measure(FEW), _measure(MANY)
    return [
        {"name": f"memory of a run over {MANY:,} cases", "value": many, "unit": "MB",
         "against": f"a run over {FEW:,}", "ratio": many / few, "command": COMMAND}
    ]  # fmt: skip


def _measure(cases: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for what in ("open", "run"):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.memory", what, str(cases), folder], cwd=REPOSITORY, check=True,
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        return float(json.loads(done.stdout))


def _child(what: str, cases: int, folder: Path) -> float:
    """In a process of its own: open the cases, or move all of them to their officers."""
    from benchmarks.waiting import START, open_all, run
    from perintis.doors.store.database import Database
    from perintis.doors.store.upgrading import upgrade

    database = Database(f"sqlite:///{folder}/perintis.db")
    if what == "open":
        upgrade(database)
        open_all(database, cases)
    elif run(database, folder, START).counts["waiting"] != cases:
        raise RuntimeError("not every case reached its officer")
    database.close()
    return _most_resident()


def _most_resident() -> float:
    """In MB. The kernel's own figure: what `getrusage` says is never less than what the parent process had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
