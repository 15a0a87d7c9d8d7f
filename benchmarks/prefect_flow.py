"""Cases a second of twelve automatic steps through the Prefect flow, beside other ways to run or record the same.

    python -m benchmarks prefect_flow

PERINTIS_BENCH_POSTGRES_URL names an empty PostgreSQL database for the same there; PERINTIS_BENCH_DBOS names the Python
of an environment of its own with `pip install "dbos==3.4.*" "psycopg[binary]"`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from perintis.doors.prefect_server import early_server
from perintis.doors.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
PILOTS = REPOSITORY / "benchmarks" / "twelve"
COMMAND = "perintis run"
CASES = 10_000
DBOS_CASES = 500

POSTGRES_URL = "PERINTIS_BENCH_POSTGRES_URL"
DBOS_PYTHON = "PERINTIS_BENCH_DBOS"


def rows() -> list[dict[str, Any]]:
    """Ours on each database, with the ratio to each of the others measured in the same run."""
    with tempfile.TemporaryDirectory() as folder, early_server(Settings(home=Path(folder), pilots=PILOTS)) as server:
        if server is not None:
            server.wait()
        return [*_on_sqlite(folder), *_on_postgresql(folder)]


def _on_sqlite(folder: str) -> list[dict[str, Any]]:
    rates = _measure(folder, None, "ours", "raw", "per_step", "per_case")
    return [
        _row("flow, 10,000 cases of 12 steps, SQLite", rates, "raw", "the same rows inserted raw"),
        _row("flow, SQLite, beside a task run a step", rates, "per_step", "one Prefect flow run, a task run a step"),
        _row("flow, SQLite, beside a flow run a case", rates, "per_case", "one Prefect flow run a case"),
    ]


def _on_postgresql(folder: str) -> list[dict[str, Any]]:
    name, url, dbos = (
        "flow, 10,000 cases of 12 steps, PostgreSQL",
        os.environ.get(POSTGRES_URL),
        os.environ.get(DBOS_PYTHON),
    )
    beside = "flow, PostgreSQL, beside DBOS 3.4"
    if url is None:
        return [
            _absent(name, f"{POSTGRES_URL} names no database"),
            _absent(beside, f"{POSTGRES_URL} names no database"),
        ]
    rates = _measure(folder, url, "ours", "raw")
    found = [_row(name, rates, "raw", "the same rows inserted raw")]
    if dbos is None:
        return [*found, _absent(beside, f"{DBOS_PYTHON} names no Python with DBOS")]
    program = [dbos, str(REPOSITORY / "benchmarks" / "dbos_child.py"), url, str(DBOS_CASES)]
    rates["dbos"] = json.loads(_last_line(program, dict(os.environ)))["dbos"]
    return [*found, _row(beside, rates, "dbos", "DBOS 3.4, a workflow a case")]


def _measure(folder: str, url: str | None, *what: str) -> dict[str, float]:
    home = f"{folder}/{'postgresql' if url else 'sqlite'}"
    environment = {**os.environ, "PERINTIS_HOME": home, "PERINTIS_PILOTS": str(PILOTS)}
    environment.pop("PERINTIS_DATABASE_URL", None)
    if url:
        environment["PERINTIS_DATABASE_URL"] = url
    program = [sys.executable, "-m", "benchmarks.prefect_flow_child", str(CASES), *what]
    rates: dict[str, float] = json.loads(_last_line(program, environment))
    return rates


def _last_line(program: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(program, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def _row(name: str, rates: dict[str, float], beside: str, against: str) -> dict[str, Any]:
    return {
        "name": name, "value": rates["ours"], "unit": "cases/s", "against": against,
        "ratio": rates["ours"] / rates[beside], "command": COMMAND,
    }  # fmt: skip


def _absent(name: str, why: str) -> dict[str, Any]:
    return {"name": name, "value": None, "unit": "cases/s", "against": why, "ratio": None, "command": COMMAND}
