"""Runs the benchmarks one after another, prints one table and writes benchmarks/results.json.

    python -m benchmarks                 all of them
    python -m benchmarks status memory   some of them

Each module has `rows()`, which measures and returns rows {name, value, unit, against, ratio, command}; `ratio` is ours
against the thing named in `against`, measured in the same run. A module whose needs are absent (PostgreSQL, a peer's
environment) says so in its rows' `against` and leaves `ratio` empty.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perintis.doors.vault.keys import new_key

RESULTS = Path(__file__).with_name("results.json")
ROOT = RESULTS.parents[1]
ALL = ("status", "idle_sweep", "memory", "rehearsal", "import_xes", "prefect_flow", "evaluation", "linkage", "vault",
       "disclosures")  # fmt: skip


def main(chosen: Sequence[str]) -> int:
    """Run the chosen benchmarks, or all; results of the others in results.json stay."""
    unknown = [name for name in chosen if name not in ALL]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there is {', '.join(ALL)}", file=sys.stderr)
        return 2
    results = {row["name"]: row for row in json.loads(RESULTS.read_text("utf-8"))} if RESULTS.exists() else {}
    for name in chosen or ALL:
        print(f"{name} ...", flush=True)
        for row in _measured(name):
            results[row["name"]] = row
            print(f"  {_line(row)}", flush=True)
        RESULTS.write_text(json.dumps(list(results.values()), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _measured(name: str) -> list[dict[str, Any]]:
    """The rows of one benchmark, measured in a process of its own: the folders of pilots of two would be one module."""
    program = f"import json; from benchmarks import {name}; print(json.dumps({name}.rows()))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=_environment()
    )
    *said, last = done.stdout.splitlines()
    print(*said, sep="\n", end="\n" if said else "")
    rows: list[dict[str, Any]] = json.loads(last)
    return rows


def _environment() -> dict[str, str]:
    """That of this process, with a master key for the stores that are made: none is to be written and told about."""
    given = any(f"PERINTIS_{name}" in os.environ for name in ("KEY", "KEY_FILE", "KEY_COMMAND"))
    return dict(os.environ) if given else {**os.environ, "PERINTIS_KEY": new_key()}


def _line(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] is None else f"   ratio {row['ratio']:.2f} to {row['against']}"
    value = "not measured" if row["value"] is None else f"{row['value']:,.2f} {row['unit']}"
    return f"{row['name']:<55} {value:>22}{ratio}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
