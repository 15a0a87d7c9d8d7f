"""A small pilot in a folder of its own, run in processes of their own: as another ministry would have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.upgrading import open_database

MARK = "Sulastri-7f3a91"
"""Stands for personal data: it must be found in our own store only."""

_FILES = {
    "pilots/__init__.py": """
from pilots import small

ALL = (small.PILOT,)
""",
    "pilots/small/__init__.py": """
from pydantic import BaseModel

from perintis import Agency, Pilot

MINISTRY, OFFICE = Agency("ministry", "Ministry"), Agency("office", "Office")


class Application(BaseModel):
    reference: str
    name: str
    kind: str


class Decision(BaseModel):
    outcome: str = "granted"


PILOT = Pilot(
    name="small", title="Small", version="1", lead=MINISTRY, agencies=(MINISTRY, OFFICE), application=Application,
    decision=Decision, office=None,
)
""",
    "pilots/small/agreement.yaml": """
number: MoU-8
title: A small pilot
pilot: small
status: draft
from: 2020-01-01
until: 2099-12-31
open_cases: finish
parties: [{code: ministry, name: Ministry}, {code: office, name: Office}]
terms:
  - {article: art. 1(1), discloses: ministry, receives: office, fields: [name, kind], purpose: p, legal_basis: l}
  - {article: art. 1(2), discloses: office, receives: ministry, fields: [ok], purpose: p, legal_basis: l}
""",
    "tasks/__init__.py": "",
    "tasks/ministry.py": """
import os
import time
from collections.abc import Sequence

from pydantic import BaseModel

from perintis import Agency, human_step, step

MINISTRY, OFFICE = Agency("ministry", "Ministry"), Agency("office", "Office")


class Request(BaseModel):
    name: str
    kind: str


class Found(BaseModel):
    ok: bool = True


@step(MINISTRY)
def look(requests: Sequence[Request], keys: Sequence[str]) -> list[Found]:
    "Look the persons up."
    with open("calls.txt", "a", encoding="utf-8") as calls:
        calls.writelines(f"{os.getpid()} {key}\\n" for key in keys)
    time.sleep(float(os.environ.get("SLOW", 0)))
    return [Found() for _ in requests]


@step(OFFICE)
def pay(request: Request) -> Found:
    "Ask for the fee."
    if request.kind == "bad":
        raise ValueError(request.name)
    return Found()


@human_step(OFFICE)
def sign(request: Request) -> Found:
    "Sign."
""",
    "flows/__init__.py": "",
    "flows/small.py": """
from pilots.small import PILOT, Application, Decision
from prefect import flow
from tasks import ministry

from perintis import Case, RunSummary, all_of, run_pilot


async def to_be(case: Case[Application]) -> Decision:
    await all_of(ministry.look(case), ministry.pay(case))
    await ministry.look(case)
    if case.application.kind == "strange":
        raise RuntimeError(case.application.name)
    if case.application.kind == "sign":
        await ministry.sign(case)
    return Decision()


@flow(name="small")
def small(intake: str | None = None) -> RunSummary:
    return run_pilot(PILOT, to_be, intake=intake)
""",
    "flows/pooled.py": """
from flows import small
from prefect import flow
from prefect.task_runners import ProcessPoolTaskRunner

from perintis import RunSummary, run_pilot


@flow(name="pooled", task_runner=ProcessPoolTaskRunner(max_workers=2))
def pooled(intake: str | None = None) -> RunSummary:
    return run_pilot(small.PILOT, small.to_be, intake=intake)
""",
    "run_plainly.py": """
from flows.small import small

if __name__ == "__main__":
    print(small().model_dump_json())
""",
    "run_pooled.py": """
from flows.pooled import pooled

if __name__ == "__main__":
    print(pooled().model_dump_json())
""",
    "run_flow.py": """
import sys

from perintis.doors.prefect_server import run_flow
from perintis.doors.settings import read_settings
from perintis.words.errors import PerintisError

if __name__ == "__main__":
    try:
        print(run_flow(read_settings(), "small", *sys.argv[1:], waiting=print).model_dump_json())
    except PerintisError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
""",
    "run_here.py": """
from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import load_definition
from perintis.doors.running import run_cases
from perintis.doors.settings import read_settings
from perintis.doors.store.upgrading import open_database
from perintis.words.recorded import Process

if __name__ == "__main__":
    settings = read_settings()
    definition = load_definition(settings.pilots, "small")
    report = run_cases(
        open_database(settings), definition, Process.TO_BE, FolderConnector(settings.exchange_folder), batch_size=5
    )
    print(report.counts)
""",
    "run_elsewhere.py": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from perintis.doors.connectors import FolderConnector
from perintis.doors.pilot_folder import load_definition
from perintis.doors.running import now, run_cases
from perintis.doors.settings import read_settings
from perintis.doors.store.upgrading import open_database
from perintis.doors.tickets import perform_ticket, write_ticket
from perintis.engine.batches import BatchReport
from perintis.words.recorded import Process


class Elsewhere:
    def __init__(self, pool):
        self.pool = pool

    def perform(self, batches, work):
        tickets = [write_ticket("small", Process.TO_BE, b.step.name, b.items, now()) for b in batches]
        for future in [self.pool.submit(do, ticket) for ticket in tickets]:
            future.result()
        return [BatchReport(b.step.name, len(b.items)) for b in batches]


def do(ticket):
    perform_ticket(read_settings(), ticket)


if __name__ == "__main__":
    settings = read_settings()
    definition = load_definition(settings.pilots, "small")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        report = run_cases(
            open_database(settings), definition, Process.TO_BE, FolderConnector(settings.exchange_folder),
            executor=Elsewhere(pool), batch_size=5,
        )
    print(report.counts)
""",
}

KINDS = ("plain", "sign", "bad", "strange")


class SmallPilot:
    """One folder with the pilot, its home and the processes that run there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        for name, text in _FILES.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")

    @property
    def settings(self) -> Settings:
        """As the pilot's processes read them."""
        return Settings(home=self.home, pilots=self.folder, database_url=None)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the tester's own Prefect or Perintis; warnings stay visible."""
        own = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PERINTIS_"))}
        return {
            **own,
            "DO_NOT_TRACK": "1",
            "PERINTIS_HOME": str(self.home),
            "PERINTIS_PILOTS": str(self.folder),
            "PERINTIS_KEY": os.environ["PERINTIS_KEY"],
            **more,
        }

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Start a Python program in the folder."""
        return subprocess.Popen(
            [sys.executable, *command], cwd=self.folder, env=self.environment(more), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, *command: str, **more: str) -> str:
        """Run a Python program in the folder to its end; what it wrote to both outputs."""
        with self.start(*command, **more) as process:
            output, _ = process.communicate(timeout=240)
        assert process.returncode == 0, output
        return output

    def open_cases(self, count: int, prefix: str = "A", kinds: tuple[str, ...] = KINDS) -> None:
        """Open cases whose applications hold the mark; their kinds take turns."""
        new = [_new_case(f"{prefix}-{i}", kinds[i % len(kinds)]) for i in range(count)]
        with closing(open_database(self.settings)) as database:
            open_cases(
                database, new, pilot="small", version="1", process="to_be", lead="ministry", intake=None,
                now=datetime.now(UTC),
            )  # fmt: skip

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the store."""
        with closing(Database(self.settings.store_url)) as database, database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    @property
    def statuses(self) -> dict[str, int]:
        """How many cases stand how."""
        return dict(self.rows("SELECT status, count(*) FROM cases GROUP BY status ORDER BY status"))

    def calls(self) -> list[tuple[str, str]]:
        """The process and the key of every request that reached the ministry."""
        lines = (self.folder / "calls.txt").read_text("utf-8").splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]


def _new_case(reference: str, kind: str) -> NewCase:
    application = {"reference": reference, "name": f"{MARK} {reference}", "kind": kind}
    return NewCase(reference, None, {}, json.dumps(application), None)


def complaints(output: str) -> list[str]:
    """The lines of a console that a person should never see."""
    return [line for line in output.splitlines() if any(w in line for w in ("Traceback", "Warning", "WARN", "ERROR"))]
