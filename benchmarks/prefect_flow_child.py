"""The measuring process of `benchmarks.prefect_flow`: prints cases a second of each way it is asked for, as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from benchmarks.raw_inserts import insert_raw
from perintis.doors.prefect_server import run_flow
from perintis.doors.settings import Settings, read_settings
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.upgrading import open_database, upgrade

STEPS = 12
STEP_CASES = 30
FLOW_CASES = 5


def main(cases: int, what: list[str]) -> None:
    """Measure what is asked for, all of it twice and in turns, for a machine that is not equally busy all the time."""
    settings = read_settings()
    settings.make_home()
    with closing(Database(settings.store_url)) as database:
        upgrade(database)
    run_flow(settings, "twelve")  # imports and first connections are not measured
    per_step, per_case = _prefect_ways()
    seconds: dict[str, list[float]] = {name: [] for name in what}
    for name in [*what, *what]:
        if name == "ours":
            open_them(settings, cases)
            seconds[name].append(_seconds(lambda: run_flow(settings, "twelve")) / cases)
        elif name == "raw":
            seconds[name].append(insert_raw(settings.store_url, cases) / cases)
        elif name == "per_step":
            seconds[name].append(_seconds(lambda: per_step(STEP_CASES)) / STEP_CASES)
        elif name == "per_case":
            seconds[name].append(_seconds(lambda: [per_case(i) for i in range(FLOW_CASES)]) / FLOW_CASES)
    print(json.dumps({name: len(taken) / sum(taken) for name, taken in seconds.items()}))


def _seconds(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def open_them(settings: Settings, count: int) -> None:
    """Open the cases; this is not measured."""
    begun = time.time_ns()
    new = []
    for i in range(count):
        application = {"reference": f"{begun}-{i}", "name": f"applicant {i}"}
        new.append(NewCase(application["reference"], None, {}, json.dumps(application), None))
    with closing(open_database(settings)) as database:
        open_cases(
            database, new, pilot="twelve", version="1", process="to_be", lead="registry", intake=None,
            now=datetime.now(UTC),
        )  # fmt: skip


def _prefect_ways() -> tuple[Callable[[int], Any], Callable[[int], Any]]:
    """Prefect as its first pages show it: a task run for each step of each case, in one flow run or one for each."""
    from prefect import flow, task

    def declare(number: int) -> Any:
        def look_up(case: int) -> bool:
            """Answer yes."""
            return True

        return task(name=f"look_up_{number}")(look_up)

    steps = [declare(number) for number in range(STEPS)]

    @flow
    def per_step(cases: int) -> None:
        for step in steps:
            futures = [step.submit(case) for case in range(cases)]
            for future in futures:
                future.result()

    @flow
    def per_case(case: int) -> None:
        for step in steps:
            step(case)

    return per_step, per_case


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
