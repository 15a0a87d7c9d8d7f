"""Metrics as bupaR has them, computed by pandas and by pm4py from the same Parquet; programs for other environments.

Each prints {"seconds", "cpu", "megabytes"} (cpu with starting Python): reading included, importing not. Of every case:
throughput time, processing time (work by several at once counted once), idle time, hand-overs between agencies,
repeated steps. pm4py gives the nearest that it has: durations, service and waiting time of cases, the hand-over
network, and rework by activity.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

PANDAS = """
import json, sys, time
import pandas as pd
begun = time.perf_counter()
columns = ["case", "step", "agency", "ready", "started", "completed"]
df = pd.read_parquet(sys.argv[1], columns=columns)
df["begin"] = df["started"].fillna(df["completed"])
df = df.sort_values(["case", "begin", "completed"], kind="stable").reset_index(drop=True)
same = df["case"].eq(df["case"].shift())
cases = df.groupby("case", sort=False)
throughput = cases["completed"].max() - cases["ready"].min()
covered = cases["completed"].cummax().shift().where(same)
start = df["started"].where(~(covered > df["started"]), covered)
worked = (df["completed"] - start).clip(lower=pd.Timedelta(0))
processing = worked.groupby(df["case"], sort=False).sum()
passed = same & df["agency"].ne(df["agency"].shift())
found = pd.DataFrame({
    "throughput": throughput, "processing": processing, "idle": throughput - processing,
    "handovers": passed.groupby(df["case"], sort=False).sum(), "rework": cases.size() - cases["step"].nunique(),
})
seconds = time.perf_counter() - begun
"""
PM4PY = """
import json, sys, time
import pandas as pd, pm4py
begun = time.perf_counter()
df = pd.read_parquet(sys.argv[1], columns=["case", "step", "agency", "started", "completed"])
df = df.dropna(subset=["completed", "started"]).rename(columns={
    "case": "case:concept:name", "step": "concept:name", "agency": "org:resource",
    "completed": "time:timestamp", "started": "start_timestamp"})
df = df.sort_values(["case:concept:name", "time:timestamp"], kind="stable").reset_index(drop=True)
durations = pm4py.get_all_case_durations(df)
times = pm4py.insert_case_service_waiting_time(df, start_timestamp_key="start_timestamp")
handovers = pm4py.discover_handover_of_work_network(df)
rework = pm4py.get_rework_cases_per_activity(df)
seconds = time.perf_counter() - begun
"""
REPORT = """
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "megabytes": peak / 1024}))
"""


def run_peer(python: str, program: str, steps: Path) -> dict[str, float] | str:
    """What the peer measured, or in one line why it could not."""
    done = subprocess.run([python, "-c", program + REPORT, str(steps)], capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it stopped"])[-1][:120]
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured
