"""Import of a real XES log (road_fines.xes.gz: 150,370 cases, 561,470 events): time and peak memory, beside pm4py.

Ours reads, rejects, hashes and stores; pm4py with its Rust reader only reads. Each run is a process of its own; its
peak memory is that of the whole process, its time is without starting Python and importing libraries. The runs take
turns, and the best of each counts. pm4py is no dependency: make an environment and name its Python.

    python -m venv /tmp/pm4py && /tmp/pm4py/bin/pip install pm4py rustxes
    PERINTIS_PM4PY=/tmp/pm4py/bin/python python -m benchmarks import_xes
    python -m benchmarks.import_xes --pm4py /tmp/pm4py/bin/python --log road_fines.xes.gz
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LOG = REPOSITORY.parent / "shared" / "data" / "eventlogs" / "road_fines.xes.gz"
COMMAND = "perintis baseline import fast-track road_fines.xes.gz --name fines"
TIMES = 3
PEER = "pm4py with rustxes, reading only"

OURS = """
import json, sys, tempfile, time
from pathlib import Path
from perintis.doors.baselines import import_baseline
from perintis.doors.importers.mapping import Mapping
with tempfile.TemporaryDirectory() as home:
    begun = time.perf_counter()
    manifest = import_baseline(Path(home), "fast-track", Path(sys.argv[1]), "fines", Mapping())
    seconds = time.perf_counter() - begun
"""
THEIRS = """
import json, sys, time
import pm4py, rustxes
begun = time.perf_counter()
log = pm4py.read_xes(sys.argv[1], variant="rustxes")
seconds = time.perf_counter() - begun
"""
REPORT = """
with open("/proc/self/status") as status:  # getrusage would count what the parent had before this program began
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "megabytes": peak / 1024}))
"""


def rows(log: Path = LOG, peer: str | None = None) -> list[dict[str, Any]]:
    """Seconds and megabytes of one import, with the ratio to pm4py where its environment is named."""
    peer = peer or os.environ.get("PERINTIS_PM4PY")
    if not log.is_file():
        return [_row(name, None, unit, f"{PEER} (no {log.name} here)", None) for name, unit in NAMES.items()]
    ours, theirs = [], []
    for _ in range(TIMES):
        ours.append(_run(sys.executable, OURS, log))
        if peer:
            theirs.append(_run(peer, THEIRS, log))
    return [
        _row(NAME_TIME, *_best(ours, theirs, "seconds")),
        _row(NAME_MEMORY, *_best(ours, theirs, "megabytes")),
    ]


NAME_TIME, NAME_MEMORY = "import of road_fines.xes.gz", "import of road_fines.xes.gz, peak memory"
NAMES = {NAME_TIME: "s", NAME_MEMORY: "MB"}


def _best(
    ours: list[dict[str, float]], theirs: list[dict[str, float]], what: str
) -> tuple[float, str, str, float | None]:
    # The best time is the one least disturbed; of memory the most counts, since a limit must always hold.
    value = min(one[what] for one in ours) if what == "seconds" else max(one[what] for one in ours)
    unit = "s" if what == "seconds" else "MB"
    if not theirs:
        return value, unit, f"{PEER} (not measured; set PERINTIS_PM4PY)", None
    return value, unit, PEER, value / min(one[what] for one in theirs)


def _row(name: str, value: float | None, unit: str, against: str, ratio: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "against": against, "ratio": ratio, "command": COMMAND}


def _run(python: str, program: str, log: Path) -> dict[str, float]:
    done = subprocess.run(
        [python, "-c", program + REPORT, str(log)], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--log", type=Path, default=LOG)
    options.add_argument("--pm4py", help="a Python that has pm4py and rustxes")
    chosen = options.parse_args()
    print(json.dumps(rows(chosen.log, chosen.pm4py), indent=2))
