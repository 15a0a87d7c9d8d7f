"""One extract on its way into a registry that holds the full registers of the other agencies: time and peak memory.

The persons are made up as in `samples/make_extracts.py`, only more of them. With 100,000 persons the others have some
165,000 records, and Health's extract, which comes last, has some 49,000 rows.

    python -m benchmarks.registry_extract --persons 100000
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from perintis.doors.registry.changes import write_notices
from perintis.doors.registry.joining import join_extracts
from perintis.doors.registry.publishing import publish
from perintis.doors.registry.registry import Announced, Registry, now
from perintis.doors.registry.verifying import verify_registries
from perintis.doors.settings import Settings
from perintis.doors.store.upgrading import open_database

REPOSITORY = Path(__file__).resolve().parents[1]
PILOT, LEAD, LAST = "data-management", "imigrasi", "kemenkes"
ValueT = TypeVar("ValueT")


def made(folder: Path, persons: int) -> dict[str, Announced]:
    """The extracts of all agencies, where agencies leave them."""
    spec = importlib.util.spec_from_file_location("make_extracts", REPOSITORY / "samples" / "make_extracts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    vars(module)["PERSONS"] = persons
    module.make(folder)
    lines = (folder / "deliveries.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    names = ("reference", "agency", "period", "file_name", "sha256", "row_count")
    return {
        one["agency"]: Announced(**{name: one[name] for name in names}, columns=tuple(one["columns"])) for one in told
    }


class Measured:
    """Seconds by stage, as they pass."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, work: Callable[[], ValueT]) -> ValueT:
        """Do it and note how long it took."""
        begun = time.perf_counter()
        found = work()
        self.seconds[stage] = round(time.perf_counter() - begun, 1)
        print(f"{stage}: {self.seconds[stage]} s", flush=True)
        return found


def taken(registry: Registry, extract: Announced) -> None:
    """Receive an extract and bring it into the registry's form."""
    receipt = registry.receive(extract)
    if receipt.fault is not None:
        raise SystemExit(receipt.fault)
    registry.standardise(extract.sha256, extract.file_name)


def measure(persons: int, home: Path) -> dict[str, Any]:
    """Fill a registry with all extracts but the last, then take that one in, stage by stage."""
    settings = Settings(home=home, pilots=REPOSITORY, database_url=None)
    left = settings.exchange_folder / "extracts"
    left.mkdir(parents=True)
    measured = Measured()
    extracts = measured("make", lambda: made(left, persons))
    last = extracts.pop(LAST)
    database = open_database(settings)
    registry = Registry(settings, PILOT, database)
    for extract in extracts.values():
        taken(registry, extract)
    others = [extract.sha256 for extract in extracts.values()]
    measured("link the others", lambda: join_extracts(registry, others))
    for digest in others:
        measured("publish another", lambda digest=digest: publish(registry, digest, []))  # type: ignore[misc]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    measured("receive and standardise", lambda: taken(registry, last))
    [joined] = measured("link", lambda: join_extracts(registry, [last.sha256]))
    published = measured("publish", lambda: publish(registry, last.sha256, []))
    today = now().date()
    measured("notices", lambda: write_notices(registry, published.version, lead=LEAD, on=today))
    opened = measured("verify", lambda: verify_registries(database, settings))
    database.close()
    return {
        "rows": last.row_count, "records before": published.records - joined.records, "linked": joined.linked,
        "uncertain": len(joined.uncertain) + joined.left_apart, "values opened": opened.values,
        "seconds": measured.seconds, "peak MB before": before // 1024,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    with TemporaryDirectory() as folder:
        print(json.dumps(measure(parser.parse_args().persons, Path(folder) / "home"), indent=1))
