"""One measured piece of an evaluation, in a process of its own; prints {"seconds", "cpu", "megabytes", ...}.

    python -m benchmarks.evaluation_child make 500000 FOLDER       both cohorts of so many cases as Parquet
    python -m benchmarks.evaluation_child measure 500000 FOLDER    all metrics with intervals, and the bootstrap
    python -m benchmarks.evaluation_child evaluate 50000 FOLDER    the whole evaluation, and its page where there is one
    python -m benchmarks.evaluation_child table 100000 FOLDER      five metrics of every case of the pilot, from Parquet
    python -m benchmarks.evaluation_child store URL                the two tables of `full_store`

Seconds are without starting Python and importing libraries, and without reading the tables where these are given;
megabytes are the most that the process ever held, tables and libraries included.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.made_up_log import OFFICES, made_up, read_at
from perintis.rules.evaluation.document import Phase
from perintis.rules.fixed_calendars import fixed_all
from perintis.rules.metrics import (
    HANDOVERS,
    LEAD_TIME,
    REWORK,
    TOUCH_TIME,
    WAITING_TIME,
    Calendars,
    NotComparable,
    View,
    measure,
)
from perintis.rules.plan import read_plan
from perintis.rules.statistics.bootstrap_offices import (
    Replicates,
    count_offices,
    mean_within,
    office_weights,
    replicates,
)
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.material import Material, Registered, Request
from perintis.use.evaluation.measuring import Measured, measure_all
from perintis.use.evaluation.prepare import Prepared, prepare
from perintis.words.agency import Calendar
from perintis.words.tables import DataSet, Grade

TAU = 40.0
FIVE = (LEAD_TIME, TOUCH_TIME, WAITING_TIME, HANDOVERS, REWORK)
START = datetime(2024, 1, 1, tzinfo=UTC)
PLAN = """
pilot: made-up
question: Does it help?
objectives: [decide sooner]
design: {kind: parallel_cohorts, why: no lot was drawn, baseline: before, cases: after, start: 2024-01-01,
         covariates: ["case:kind"]}
population: {who: all, entry: handed in, exit: decided}
metrics:
  - {metric: lead_time, role: primary, tau: 40 days, unit: days, worthwhile: 1, target: 3, why: noticeable}
  - {metric: "outcome:refused", role: guardrail, direction: lower, unit: share, margin: 0.08, why: no haste}
minimums: {cases: 100, offices: 6, matured_cases_per_office: 10}
looks: {fractions: [0.5, 1], planned_cases: 1000}
missing_data: told
scalability:
  representative_offices: {met: yes, evidence: all kinds of offices}
  marginal_cost: {met: yes, evidence: counted}
  capacity: {met: yes, evidence: asked}
  legal_basis: {met: yes, evidence: decree}
value_for_money: {exception: {reason: no cost is added, signed_by: directorate}}
calendar: Indonesia
analysis: "1"
rule: as the program has it
"""


def make(cases: int, folder: Path) -> dict[str, Any]:
    """Write both cohorts."""
    for pilot in (False, True):
        data = made_up(cases, pilot=pilot, seed=5)
        data.cases.write_parquet(folder / f"{data.name}-cases.parquet")
        data.steps.write_parquet(folder / f"{data.name}-steps.parquet")
    return {}


def read(folder: Path, *, pilot: bool) -> DataSet:
    """One cohort of `make`."""
    name = "pilot" if pilot else "baseline"
    cases, steps = (pl.read_parquet(folder / f"{name}-{table}.parquet") for table in ("cases", "steps"))
    return DataSet(name, cases, steps, read_at(pilot=pilot), Grade.MEASURED, "made up")


def material(cases: int, folder: Path) -> Material:
    """Both cohorts with a plan."""
    request = Request(
        pilot="made-up", title="Made up", currency="IDR", steps=(), seed=7, code_version="0", lock_hash=None,
        phase=Phase(version="1", first=START, last=START, cases=cases), holidays=(date(2024, 1, 1),),
        registered=Registered(hash="0" * 64, at=START, late=False, results_visible=False),
    )  # fmt: skip
    calendars = fixed_all(Calendars(case=Calendar.weekdays("Asia/Jakarta", country="ID")), 2023, 2026)
    baseline, pilot = (read(folder, pilot=pilot) for pilot in (False, True))
    return Material(request, read_plan(PLAN), baseline, pilot, calendars)


def measure_and_bootstrap(cases: int, folder: Path) -> dict[str, Any]:
    """All metrics with intervals by office, and a thousand resamples of offices for the mean lead time."""
    given = material(cases, folder)
    events = given.baseline.steps.height + given.pilot.steps.height

    def measured() -> None:
        prepared = prepare(given)
        found = [outcome for outcome in measure_all(prepared) if isinstance(outcome, Measured)]
        if len(found) < 10 or not np.isfinite(bootstrapped(prepared).error):
            raise RuntimeError("not every metric could be measured")

    return {**timed(measured), "events": events}


def bootstrapped(prepared: Prepared) -> Replicates:
    """Pilot minus baseline of the mean lead time within tau, in a thousand resamples of offices."""
    counts, exact = [], []
    for view in prepared.views():
        values = measure(LEAD_TIME, view)
        assert not isinstance(values, NotComparable)
        time_open, ended = values["value"].to_numpy(), values["ended"].to_numpy()
        office = prepared.units.office[prepared.units.pilot == (view is prepared.pilot)]
        counts.append(count_offices(time_open, ended, office, OFFICES, TAU))
        mean = restricted_mean(follow(time_open, ended), TAU)
        assert isinstance(mean, FromCurve)
        exact.append(mean.value)
    weights = office_weights(counts)
    baseline, pilot = (replicates(c, weights, mean_within, e) for c, e in zip(counts, exact, strict=True))
    return pilot.minus(baseline)


def evaluate_all(cases: int, folder: Path) -> dict[str, Any]:
    """The evaluation with all its panels; then its page, apart."""
    given, kept = material(cases, folder), []
    found = timed(lambda: kept.append(evaluate(given).evaluation))
    try:
        from perintis.faces.report.evaluation_page import evaluation_page
    except ImportError:
        return {**found, "page": None}
    return {**found, "page": timed(lambda: evaluation_page(kept[0], "en"))["seconds"]}


def table(cases: int, folder: Path) -> dict[str, Any]:
    """Lead, touch and waiting time, hand-overs and rework of every case, reading included."""

    def five() -> None:
        view = View(read(folder, pilot=True), Calendars())
        for metric in FIVE:
            values = measure(metric, view)
            if isinstance(values, NotComparable) or values.height != cases:
                raise RuntimeError(f"{metric.name} was not measured")

    return timed(five)


def from_store(url: str) -> dict[str, Any]:
    """Both analysis tables of the live cases."""
    from benchmarks.full_store import READ
    from benchmarks.waiting import PILOT
    from perintis.doors.store.analysis import pilot_dataset
    from perintis.doors.store.database import Database
    from perintis.words.recorded import Process

    database, kept = Database(url), []
    found = timed(lambda: kept.append(pilot_dataset(database, PILOT, process=Process.TO_BE, until=READ)))
    database.close()
    return {**found, "rows": kept[0].steps.height}


def timed(work: Callable[[], object]) -> dict[str, Any]:
    """Wall and processor seconds (with those of child processes), and the most memory that this process has held."""
    begun, used = time.perf_counter(), sum(os.times()[:4])
    work()
    seconds, cpu = time.perf_counter() - begun, sum(os.times()[:4]) - used
    (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return {"seconds": seconds, "cpu": cpu, "megabytes": int(peak.split()[1]) / 1024}


WHAT = {"make": make, "measure": measure_and_bootstrap, "evaluate": evaluate_all, "table": table}

if __name__ == "__main__":
    chosen, *given = sys.argv[1:]
    print(json.dumps(from_store(given[0]) if chosen == "store" else WHAT[chosen](int(given[0]), Path(given[1]))))
