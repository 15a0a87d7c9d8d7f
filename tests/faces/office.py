"""A small pilot in a folder of its own, and the command line run in it."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perintis.faces.cli.app import run

AGENCIES = """
from perintis import Agency, Calendar

OFFICE = Calendar.weekdays("Asia/Jakarta", "08:00", "16:00")
DESK = Agency("desk", "Front Desk", OFFICE)
LAB = Agency("lab", "State Laboratory", OFFICE)
REGISTER = Agency("register", "Civil Register")
"""

PILOT = """
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agencies.small import DESK, LAB, OFFICE, REGISTER
from perintis import Pilot, Sla, working
from perintis.words.fields import PersonName
from perintis.words.identifiers import Nik, Reference


class Application(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reference: Reference
    office: Literal["north", "south"]
    full_name: PersonName
    nik: Nik
    born: date
    note: str | None = None


class Decision(BaseModel):
    outcome: Literal["granted", "refused"]


PILOT = Pilot(
    name="small", title="A small pilot", version="1", lead=DESK, agencies=(DESK, LAB, REGISTER),
    application=Application, decision=Decision, service_level=Sla(working(days=5), "art. 1"),
)
"""

DESK = '''
from enum import Enum

from pydantic import BaseModel, Field

from agencies.small import DESK, LAB, REGISTER
from perintis import Sla, exchange_step, human_step, step, working
from perintis.words.fields import PersonName
from perintis.words.identifiers import Nik


class NameRequest(BaseModel):
    full_name: PersonName


class NikRequest(BaseModel):
    nik: Nik


class Grade(Enum):
    GOOD = "good"
    POOR = "poor"


class Sample(BaseModel):
    fit: bool
    grade: Grade
    level: int = Field(default=1, description="Measured level, 1 to 9", ge=1, le=9)
    remarks: str | None = None


class Known(BaseModel):
    known: bool


class Verdict(BaseModel):
    grant: bool


@step(REGISTER)
def look_up(request: NikRequest) -> Known:
    """Look the person up."""
    if request.nik.endswith("0666"):
        raise RuntimeError(request.nik)
    return Known(known=True)


@human_step(LAB, within=Sla(working(days=2), "art. 2"), may_send_back=True)
def examine(request: NameRequest) -> Sample:
    """Examine the sample and record its grade."""


@exchange_step(LAB)
def confirm(request: NameRequest) -> Known:
    """Ask the laboratory's system to confirm."""


class Review(BaseModel):
    full_name: PersonName
    fit: bool


@human_step(DESK, within=Sla(working(days=1), "art. 3"))
def decide(request: Review) -> Verdict:
    """Decide."""
'''

FLOW = '''
from prefect import flow

from perintis import Case, SentBack, run_pilot, RunSummary
from pilots.small import PILOT, Application, Decision
from tasks import desk


async def to_be(case: Case[Application]) -> Decision:
    if not (await desk.look_up(case)).known:
        return Decision(outcome="refused")
    while True:
        try:
            sample = await desk.examine(case)
            break
        except SentBack:
            continue
    if case.application.note == "ask":
        await desk.confirm(case)
    if case.application.note == "fault":
        raise ValueError(case.application.full_name)
    verdict = await desk.decide(case, fit=sample.fit)
    return Decision(outcome="granted" if verdict.grant else "refused")


@flow(name="small")
def small(intake: str | None = None) -> RunSummary:
    """Run the small pilot."""
    return run_pilot(PILOT, to_be, intake=intake)
'''

AGREEMENT = """
number: MoU-7
title: A small pilot
pilot: small
status: draft
from: 2020-01-01
until: 2099-12-31
open_cases: finish
parties:
  - {code: desk, name: Front Desk}
  - {code: lab, name: State Laboratory}
  - {code: register, name: Civil Register}
terms:
  - {article: art. 1(1), discloses: desk, receives: register, fields: [nik], purpose: look up, legal_basis: a law}
  - {article: art. 1(2), discloses: register, receives: desk, fields: [known], purpose: look up, legal_basis: a law}
  - {article: art. 1(3), discloses: desk, receives: lab, fields: [full_name], purpose: examine, legal_basis: a law}
  - {article: art. 1(4), discloses: lab, receives: desk, fields: [fit, grade, level, remarks, known], purpose: decide,
     legal_basis: a law}
"""

CONTENT = ("pilots", "tasks", "flows", "agencies")


def write_pilot(folder: Path) -> Path:
    """Write the small pilot's folders below `folder`."""
    files = {
        "agencies/__init__.py": "", "agencies/small.py": AGENCIES,
        "pilots/__init__.py": "from pilots import small\n\nALL = (small.PILOT,)\n", "pilots/small/__init__.py": PILOT,
        "pilots/small/agreement.yaml": AGREEMENT,
        "tasks/__init__.py": "", "tasks/desk.py": DESK, "flows/__init__.py": "", "flows/small.py": FLOW,
    }  # fmt: skip
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return folder


def application(number: int, **changes: Any) -> dict[str, Any]:
    """One application of the small pilot."""
    row = {"reference": f"A-{number:03}", "office": "north", "full_name": f"Siti Nomor {'X' * (number % 7 + 1)}",
           "nik": f"317301450790{number:04}", "born": "1990-07-05", "note": ""}  # fmt: skip
    return {**row, **changes}


def write_csv(path: Path, rows: list[dict[str, Any]], separator: str = ",") -> Path:
    """Applications as a CSV file, as a spreadsheet would save it."""
    lines = [separator.join(rows[0]), *(separator.join(str(v) for v in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, read as JSON."""
        return json.loads(self.out)


class Office:
    """A folder with the small pilot, in which commands are run."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        """Run `perintis ARGUMENTS`."""
        self._capsys.readouterr()
        status = run([str(a) for a in arguments])
        said = self._capsys.readouterr()
        return Answer(status, said.out, said.err)

    def done(self, *arguments: object) -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments)
        assert answer.status == 0, answer
        return answer

    @staticmethod
    def forget() -> None:
        """Read pilots anew from now on, as another process would."""
        for name in [m for m in sys.modules if m.split(".")[0] in CONTENT]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def opened(self, *rows: dict[str, Any]) -> Answer:
        """Take applications in and move them, without Prefect."""
        file = write_csv(self.folder / "applications.csv", list(rows))
        return self.done("run", "small", file, "--without-prefect", "--json")
