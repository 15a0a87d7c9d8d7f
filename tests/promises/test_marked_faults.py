"""P9 where something goes wrong: uncaught errors with personal values at hand, and values where names should stand.

The search is that of the marked values: everything printed, the log, the reports of faults, Prefect's database.
"""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from tests.promises.test_marked_values import NAME, NIK, NOTE, SOUGHT, MarkedPilot, leaks

BROKEN_STEP = """    person, everything = requests[0].name, list(requests)
    raise KeyError(f"{person} {everything}")
"""
BROKEN_STORE = f"""
from perintis.doors.store import claims
from perintis.faces.cli import main

def broken(self, *given, **more):
    person, everything = {NAME!r}, (given, more)
    raise RuntimeError(person, {NIK!r})

claims.Claims.claim = broken
main()
"""


@pytest.fixture
def pilot(tmp_path: Path) -> MarkedPilot:
    return MarkedPilot(tmp_path)


def check_nothing_told(pilot: MarkedPilot) -> None:
    """Nothing marked was printed, and none is in any file of the home folder."""
    assert SOUGHT.search(pilot.printed.encode()) is None, pilot.printed
    assert leaks(pilot.home) == []


@pytest.mark.parametrize(
    "how", ["--without-prefect", pytest.param("--prefect", marks=[pytest.mark.slow, pytest.mark.prefect])]
)
@pytest.mark.timeout(300)
def test_a_step_that_breaks_with_persons_in_its_hands_tells_nobody(pilot: MarkedPilot, how: str) -> None:
    """Each case is set aside with the kind of the error and its place, on the screen, in the log and in Prefect."""
    pilot._change("tasks/ministry.py", "    return [Found(", BROKEN_STEP + "    return [Found(")
    how_to = () if how == "--prefect" else (how,)
    pilot.perintis("run", "small", str(pilot.applications(8)), *how_to)
    assert pilot.statuses == {"failed": 8}
    assert "KeyError" in pilot.perintis("case", "R-1")
    check_nothing_told(pilot)


def test_a_fault_of_the_program_leaves_a_report_without_values(pilot: MarkedPilot) -> None:
    """No traceback on the screen; the report has the places in the code, and neither texts nor locals."""
    file = pilot.applications(4)
    with pilot.start("-c", BROKEN_STORE, "run", "small", str(file), "--without-prefect") as process:
        pilot.printed, _ = process.communicate(timeout=100)
    assert process.returncode != 0
    [report] = (pilot.home / "errors").glob("*.txt")
    assert "builtins.RuntimeError" in report.read_text("utf-8")
    assert "Traceback" not in pilot.printed
    check_nothing_told(pilot)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"reference,name,kind,nik,{NAME}\nR-1,a,b,c,d\n"),
        ("b.csv", f"reference,name,kind,nik,{NIK}0001\nR-1,a,b,c,d\n"),
        ("c.csv", f"R-1,{NAME},fine,{NIK}0001,{NOTE}\nR-2,{NAME} 2,fine,{NIK}0002,{NOTE}\n"),
        ("d.csv", f"reference,name,kind,nik,passport,passport {NAME}\nR-1,a,b,c,d,e\n"),
        ("e.jsonl", json.dumps({"reference": "R-1", "name": "a", "kind": "fine", "nik": "1", NAME: "x"}) + "\n"),
        ("f.jsonl", json.dumps({"reference": "R-1", "name": "a", "kind": "fine", f"nik {NIK}0001": "1"}) + "\n"),
    ],
    ids=["name", "number", "no-header", "nearly", "key", "key-number"],
)
def test_a_value_where_a_name_of_a_column_should_stand_is_not_repeated(
    pilot: MarkedPilot, name: str, content: str
) -> None:
    """A header, a key of a JSON line, a first row that is a person's: refused by its place."""
    file = pilot.folder / name
    file.write_text(content, "utf-8")
    pilot.perintis("run", "small", str(file), "--without-prefect", fails=name.endswith(".csv"))
    assert pilot.printed
    check_nothing_told(pilot)


def test_whoever_has_the_keys_in_memory_leaves_no_dump_of_it(pilot: MarkedPilot) -> None:
    """A dump of a crashed process would hold the master key and whatever was open; the system is told to make none."""
    code = (
        "import resource\n"
        "from perintis.doors.settings import read_settings\n"
        "from perintis.doors.store.upgrading import open_database\n"
        "before = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "open_database(read_settings()).close()\n"
        "print(before[0], resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
    )
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most == 0:
        pytest.skip("this machine makes no dumps at all")
    allowed = f"import resource\nresource.setrlimit(resource.RLIMIT_CORE, ({most}, {most}))\n"
    assert pilot.run("-c", allowed + code).split() == [str(most), "0"]
