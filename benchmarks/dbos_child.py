"""The same twelve steps as DBOS workflows, one a case; run by the Python of an environment that has DBOS."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from dbos import DBOS


def main(url: str, cases: int) -> None:
    """Print cases a second as JSON."""
    DBOS(config={"name": "twelve", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"})
    steps = [_declare(number) for number in range(12)]

    @DBOS.workflow()
    def to_be(case: int) -> str:
        for step in steps:
            step(case)
        return "granted"

    DBOS.launch()
    to_be(0)
    begun = time.perf_counter()
    handles = [DBOS.start_workflow(to_be, case) for case in range(cases)]
    for handle in handles:
        handle.get_result()
    print(json.dumps({"dbos": cases / (time.perf_counter() - begun)}), flush=True)
    DBOS.destroy()


def _declare(number: int) -> Any:
    @DBOS.step(name=f"look_up_{number}")
    def look_up(case: int) -> bool:
        return True

    return look_up


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
