"""Evaluations of one and of ten million events, reading from the store, the page, and metrics beside pandas and pm4py.

    python -m benchmarks evaluation

The log is made up from a seed. PERINTIS_PANDAS names the Python of an environment with `pip install pandas pyarrow`,
PERINTIS_PM4PY of one with `pip install pm4py pyarrow`; PERINTIS_BENCH_POSTGRES_URL an empty PostgreSQL database. What
is measured, and what is left out, is said in `evaluation_child`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.evaluation_peers import PANDAS, PM4PY, run_peer

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND = "perintis evaluate"
POSTGRES_URL = "PERINTIS_BENCH_POSTGRES_URL"
TIMES = 3
A_MILLION, TEN_MILLION = 50_000, 500_000
"""Cases a cohort, of ten events each."""

STORED = 100_000


def rows() -> list[dict[str, Any]]:
    """Seconds and megabytes of every part, the best of three runs; that of ten million events once."""
    with tempfile.TemporaryDirectory() as folder:
        few, many, one = (Path(folder) / name for name in ("few", "many", "one"))
        for path, cases in ((few, A_MILLION), (many, TEN_MILLION), (one, STORED)):
            path.mkdir()
            _child("make", cases, path)
        found = [*_measured(few, many), *_evaluated(few), *_beside_peers(one)]
    return [*found, *_on_sqlite(), *_on_postgresql()]


def _measured(few: Path, many: Path) -> list[dict[str, Any]]:
    small = _best("measure", A_MILLION, few)
    large = _child("measure", TEN_MILLION, many)
    name = "all metrics and 1,000 resamples of offices, "
    ratio = large["seconds"] / small["seconds"]
    return [
        _row(f"{name}1M events", small["seconds"], "s", "the target of 2 s", small["seconds"] / 2),
        _row(f"{name}10M events", large["seconds"], "s", "the same with 1M events", ratio),
        _row(f"{name}10M events, processor", large["cpu"], "s", "the target of 15 s", large["cpu"] / 15),
        _row(f"{name}10M events, peak", large["megabytes"], "MB", "the target of 3 GB", large["megabytes"] / 3_000),
    ]


def _evaluated(few: Path) -> list[dict[str, Any]]:
    found = _best("evaluate", A_MILLION, few)
    whole = _row("evaluation with all panels, 1M events", found["seconds"], "s", "no peer", None)
    name, page = "page of an evaluation", found["page"]
    if page is None:
        return [whole, _row(name, None, "s", "the page is not there yet", None)]
    return [whole, _row(name, page, "s", "the target of 5 s", page / 5)]


def _beside_peers(folder: Path) -> list[dict[str, Any]]:
    ours = _best("table", STORED, folder)
    found = []
    for name, program, variable in (("pandas", PANDAS, "PERINTIS_PANDAS"), ("pm4py", PM4PY, "PERINTIS_PM4PY")):
        title = f"five metrics of 100,000 cases, 1M events, beside {name}"
        python = os.environ.get(variable)
        if python is None:
            found.append(_row(title, ours["seconds"], "s", f"{name} (not measured; set {variable})", None))
            continue
        theirs = [run_peer(python, program, folder / "pilot-steps.parquet") for _ in range(TIMES)]
        well = [one["seconds"] for one in theirs if not isinstance(one, str)]
        if not well:
            found.append(_row(title, ours["seconds"], "s", f"{name} (not measured: {theirs[0]})", None))
            continue
        found.append(_row(title, ours["seconds"], "s", f"{name}, {min(well):.2f} s", ours["seconds"] / min(well)))
    return found


def _on_sqlite() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/perintis.db"
        return [_stored("SQLite", url)]


def _on_postgresql() -> list[dict[str, Any]]:
    url = os.environ.get(POSTGRES_URL)
    if url is None:
        return [_row(_store_name("PostgreSQL"), None, "s", f"{POSTGRES_URL} names no database", None)]
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return [_stored("PostgreSQL", url)]


def _stored(name: str, url: str) -> dict[str, Any]:
    from benchmarks.full_store import fill_store

    fill_store(url, STORED)
    found = _best("store", url)
    return _row(_store_name(name), found["seconds"], "s", "the target of 3 s", found["seconds"] / 3)


def _store_name(name: str) -> str:
    return f"both analysis tables from {name}, 1M step visits"


def _best(*what: object) -> dict[str, Any]:
    """The run with the least time: the one least disturbed."""
    return min((_child(*what) for _ in range(TIMES)), key=lambda found: found["seconds"])


def _child(*what: object) -> dict[str, Any]:
    program = [sys.executable, "-m", "benchmarks.evaluation_child", *map(str, what)]
    done = subprocess.run(program, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _row(name: str, value: float | None, unit: str, against: str, ratio: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "against": against, "ratio": ratio, "command": COMMAND}
