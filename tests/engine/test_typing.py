"""What a type checker knows of process code: results of steps, of `all_of` and `any_of`, and wrong use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
from collections.abc import Sequence
from datetime import timedelta
from pydantic import BaseModel
from perintis import Agency, Case, all_of, any_of, exchange_step, human_step, step, working

A = Agency("a", "A")
class Application(BaseModel):
    name: str
class Asked(BaseModel):
    name: str
class Fit(BaseModel):
    fit: bool
class Paid(BaseModel):
    receipt: str

@human_step(A, within=working(days=2))
def health_screening(request: Asked) -> Fit:
    "Screen."
@exchange_step(A)
def pay(request: Asked) -> Paid:
    "Pay."
@step(A)
def one(request: Asked) -> Fit:
    return Fit(fit=True)
@step(A)
def many(requests: Sequence[Asked]) -> list[Paid]:
    return []
@step(A)
def with_key(request: Asked, key: str) -> Fit:
    return Fit(fit=True)
@step(A)
def with_keys(requests: Sequence[Asked], keys: Sequence[str]) -> list[Paid]:
    return []

"""
REVEALED = """
async def process(case: Case[Application]) -> None:
    reveal_type(await health_screening(case))  # Fit
    reveal_type(await pay(case, name="x"))  # Paid
    reveal_type(await one(case))  # Fit
    reveal_type(await many(case))  # Paid
    reveal_type(await with_key(case))  # Fit
    reveal_type(await with_keys(case))  # Paid
    reveal_type(await all_of(health_screening(case), pay(case), one(case)))  # tuple[Fit, Paid, Fit]
    reveal_type(await all_of(*[pay(case) for _ in range(3)]))  # tuple[Paid, ...]
    reveal_type((await any_of(pay(case), within=timedelta(days=1))).value)  # Paid | None
    reveal_type(await case.wait(timedelta(days=1)))  # datetime
    reveal_type(case.application)  # Application
"""
WRONG = """
async def process(case: Case[Application]) -> None:
    (await health_screening(case)).receipt  # "Fit" has no attribute "receipt"
    health_screening(case).fit  # "Request[Fit]" has no attribute "fit"
    await health_screening()  # Missing positional argument "case"
    a, b = await all_of(pay(case))  # Need more than 1 value to unpack
    (await any_of(pay(case))).value.receipt  # has no attribute "receipt"
    case.application.nik  # "Application" has no attribute "nik"
    await all_of(3)  # No overload variant
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> list[str]:
    """What mypy says of both pieces of code, line by line."""
    folder = tmp_path_factory.mktemp("typing")
    (folder / "revealed.py").write_text(HEAD + REVEALED)
    (folder / "wrong.py").write_text(HEAD + WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", "--cache-dir",
         str(repository / ".mypy_cache"), "--disable-error-code", "empty-body", "revealed.py", "wrong.py"],
        cwd=folder, capture_output=True, text=True, check=False, env={"MYPYPATH": str(repository), "PATH": ""},
    )  # fmt: skip
    return done.stdout.splitlines() + done.stderr.splitlines()


def expected(code: str) -> list[tuple[int, str]]:
    lines = (HEAD + code).splitlines()
    return [(number, line.split("  # ")[1]) for number, line in enumerate(lines, 1) if "  # " in line]


def test_the_result_of_every_await_is_known(checked: list[str]) -> None:
    """`await health_screening(case)` is a HealthResult, and so on through all words of a process."""
    said = [line for line in checked if line.startswith("revealed.py")]
    found = [
        (int(line.split(":")[1]), line.split('"')[1].replace("revealed.", "").replace("datetime.datetime", "datetime"))
        for line in said
        if "Revealed type" in line
    ]
    assert (found, len(said)) == (expected(REVEALED), len(found)), said


def test_wrong_use_is_an_error(checked: list[str]) -> None:
    """A mistake is found before a case meets it."""
    said = [line for line in checked if line.startswith("wrong.py") and ": error:" in line]
    for number, message in expected(WRONG):
        assert any(line.startswith(f"wrong.py:{number}: error:") and message in line for line in said), (number, said)
    assert {int(line.split(":")[1]) for line in said} == {number for number, _ in expected(WRONG)}
