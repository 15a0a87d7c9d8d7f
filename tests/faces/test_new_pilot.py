"""`perintis new`: a pilot from a template, with a test that fails until it is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.office import Office


def run_test(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the new pilot's own test as the command says, in a process of its own that knows nothing of the folder."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("pytest")), "-q", "-p", "no:cacheprovider", "tests/test_my_pilot.py"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_its_test_fails_until_the_process_is_written(office: Office) -> None:
    """The failure says what to write; written as the template proposes, the test passes and the pilot checks."""
    office.done("new", "my-pilot")
    failed = run_test(office.folder)
    assert failed.returncode == 1
    assert "no officer is asked yet: write it in flows/my_pilot.py" in failed.stdout
    flow = office.folder / "flows" / "my_pilot.py"
    written = flow.read_text("utf-8").replace(
        '    return Decision(outcome="not_decided")',
        "    decided = await steps.decide_my_pilot(case)\n"
        '    return Decision(outcome="granted" if decided.grant else "refused")',
    )
    flow.write_text(written, "utf-8")
    assert run_test(office.folder).returncode == 0
    office.forget()
    [told] = office.done("check", "my-pilot", "--json").json
    assert (told["severity"], "is a draft and not signed" in told["message"]) == ("warning", True)
    assert office.done("rehearse", "my-pilot", "--cases", 20, "--json").json["outcomes"].keys() == {
        "granted",
        "refused",
    }


def test_settings_by_which_pytest_finds_the_folder_are_left_alone(office: Office) -> None:
    """Where they say it already, no conftest.py is written."""
    (office.folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', "utf-8")
    assert "conftest.py" not in office.done("new", "my-pilot", "--json").json["files"]
    assert not (office.folder / "conftest.py").exists()
    assert run_test(office.folder).returncode == 1


def test_it_joins_the_pilots_that_are_there(office: Office) -> None:
    """It is named in ALL, and led by an agency that is here already."""
    office.done("new", "my-pilot", "--title", "A better way")
    listed = (office.folder / "pilots" / "__init__.py").read_text("utf-8")
    assert listed == "from pilots import my_pilot, small\n\nALL = (small.PILOT, my_pilot.PILOT)\n"
    assert "from agencies.small import DESK" in (office.folder / "tasks" / "my_pilot.py").read_text("utf-8")
    assert 'title="A better way"' in (office.folder / "pilots" / "my_pilot" / "__init__.py").read_text("utf-8")


def test_an_empty_folder_gets_everything_a_pilot_needs(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an agency with its office hours."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    office.forget()
    files = office.done("new", "my-pilot", "--json").json["files"]
    assert {"agencies/my_pilot.py", "pilots/my_pilot/plan.yaml", "tests/test_my_pilot.py"} <= set(files)
    assert (empty / "pilots" / "__init__.py").exists()


def test_nothing_is_ever_overwritten(office: Office) -> None:
    """One file that is there refuses all of them."""
    office.done("new", "my-pilot")
    answer = office("new", "my-pilot")
    assert answer.status == 1
    assert "is there already; nothing was written" in answer.err


def test_a_list_of_pilots_written_another_way_is_left_to_its_owner(office: Office) -> None:
    """The command says what to add."""
    listed = office.folder / "pilots" / "__init__.py"
    listed.write_text("from pilots import small as s\n\nALL = tuple([s.PILOT])\n", "utf-8")
    told = office.done("new", "my-pilot").out
    assert "Name it in pilots/__init__.py yourself" in told


def test_a_name_that_cannot_be_a_module_is_refused(office: Office) -> None:
    """Capitals, spaces, paths, and names of standard modules."""
    for name in ("My-Pilot", "my pilot", "../x", "1st", "statistics", "secrets", "class", "my_pilot"):
        answer = office("new", name)
        assert answer.status == 1
        assert "no name for a pilot" in answer.err
