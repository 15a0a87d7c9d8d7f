"""The command line as a whole: it starts quickly, ends with a sentence and a status, and never with a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perintis.doors.settings import Settings
from perintis.faces.cli import app
from tests.faces.office import Office, application, write_csv, write_pilot

HEAVY = ("prefect", "numpy", "polars", "sqlalchemy", "alembic", "scipy", "pandas", "jinja2")


def perintis(folder: Path, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own; `code` runs after it, in the same process."""
    script = (
        "import sys\nfrom perintis.faces.cli.app import run\n"
        f"status = run({list(arguments)!r})\n{code}\nsys.exit(status)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PERINTIS_")}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["status", "--help"], ["status"], ["inbox", "lab"], ["--help"]])
def test_lists_and_help_import_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    """A list must be on the screen in well under a second: no Prefect, no NumPy, no Polars, no SQLAlchemy."""
    folder = write_pilot(tmp_path)
    perintis(folder, "db", "upgrade")
    loaded = f"print([m for m in {HEAVY!r} if m in sys.modules])"
    done = perintis(folder, *arguments, code=loaded)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_has_help_that_says_what_it_does(office: Office) -> None:
    """The list of commands has each with a sentence."""
    listed = office.done("--help").out
    for name in app.COMMANDS:
        assert f"\n  {name} " in listed
        assert "Usage: perintis" in office.done(name, "--help").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("statsu",), "Did you mean 'status'?"),
        (("status", "--limit", "many"), "--limit"),
        (("answer", "one"), "work"),
        (("resolve", "1", "perhaps"), "'sent', 'unsent'"),
        (("run",), "pilot"),
        (("compare", "a"), "b"),
        (("withdraw", "A-1"), "--reason"),
    ],
)
def test_a_command_that_is_written_wrongly_ends_with_status_two(
    office: Office, arguments: tuple[str, ...], sentence: str
) -> None:
    """Usage errors are told apart from errors of the work itself."""
    answer = office(*arguments)
    assert answer.status == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_a_fault_of_the_program_is_noted_without_personal_values(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the file; the file has places in the code and neither texts of errors nor arguments."""

    def fault(*_: object, **__: object) -> int:
        raise KeyError("Siti 3173014507900001")

    write_csv(office.folder / "Siti.csv", [application(1)])
    monkeypatch.setattr("perintis.doors.running.begin_run", fault)
    answer = office("run", "small", "Siti.csv", "--without-prefect")
    assert answer.status == app.UNEXPECTED
    assert "error: an unexpected fault (KeyError) stopped the command" in answer.err
    (report,) = (office.folder / ".perintis" / "errors").glob("*.txt")
    assert report.name in answer.err
    noted = report.read_text("utf-8")
    assert "perintis/doors/running.py" in noted
    assert "Siti" not in noted + answer.err
    assert "3173" not in noted + answer.err


def test_a_fault_in_a_pilots_own_code_is_told_with_its_place(office: Office) -> None:
    """The engineer gets file and line; lists still work."""
    office.opened(application(1))
    flow, task = office.folder / "flows" / "small.py", office.folder / "pilots" / "small" / "__init__.py"
    text = flow.read_text("utf-8")
    for wrong, sentence in (
        ("def (:\n", "flows/small.py line 1"),
        ("x = 1 / 0\n", "ZeroDivisionError in small.py line 1"),
        ("import nothing_of_that_name\n", "there is no module 'nothing_of_that_name'"),
    ):
        flow.write_text(wrong + text, "utf-8")
        answer = office("run", "small", "--without-prefect")
        assert answer.status == 1
        assert sentence in answer.err
    task.write_text("x = 1 / 0\n", "utf-8")
    office.forget()
    assert "1 open case" in office.done("status").out


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/srv/home/3173014507900001.csv"),
         "error: /srv/home/(number).csv may not be read or written by this user (Permission denied); have its owner"),
        (OSError(errno.ENOSPC, "No space left on device"), "error: the disk is full: make room"),
    ],
)  # fmt: skip
def test_a_missing_right_or_a_full_disk_is_no_fault_of_the_program(
    office: Office, monkeypatch: pytest.MonkeyPatch, fault: OSError, sentence: str
) -> None:
    """One sentence, the status of what can be put right, and no report."""

    def refuse(self: Settings) -> Path:
        raise fault

    monkeypatch.setattr(Settings, "make_home", refuse)
    answer = office("run", "small", "--without-prefect")
    assert answer.status == app.ERROR
    assert answer.err.startswith(sentence)
    assert len(answer.err.splitlines()) == 1


def test_an_interrupted_command_says_that_nothing_is_lost(office: Office) -> None:
    """Ctrl-C while process code is read."""
    (office.folder / "flows" / "small.py").write_text("raise KeyboardInterrupt\n", "utf-8")
    answer = office("run", "small", "--without-prefect")
    assert answer.status == app.INTERRUPTED
    assert "what was recorded stays recorded" in answer.err
    assert "Traceback" not in answer.err


def test_outside_a_folder_with_pilots_the_sentence_says_where_to_go(
    office: Office, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that need pilots name the setting; lists of the store do without."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    answer = office("run", "small")
    assert answer.status == 1
    assert "PERINTIS_PILOTS" in answer.err
    assert office("status").status == 0


def test_a_database_that_cannot_be_reached_is_one_sentence_without_its_password(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and writing commands alike."""
    monkeypatch.setenv("PERINTIS_DATABASE_URL", "postgresql://someone:geheim@127.0.0.1:1/nothing")
    for arguments in (("status",), ("run", "small", "--without-prefect"), ("db", "upgrade")):
        answer = office(*arguments)
        assert answer.status == 1, arguments
        assert "the database does not answer" in answer.err
        assert "geheim" not in answer.err
    monkeypatch.setenv("PERINTIS_DATABASE_URL", "nonsense:geheim")
    answer = office("status")
    assert answer.status == 1
    assert "geheim" not in answer.err


def test_the_version_is_told(office: Office) -> None:
    """As the installed package has it."""
    assert office.done("--version").out.startswith("perintis ")


def test_a_home_that_cannot_be_is_told_with_what_to_do(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should be."""
    (office.folder / "taken").write_text("", "utf-8")
    monkeypatch.setenv("PERINTIS_HOME", str(office.folder / "taken"))
    answer = office("status")
    assert answer.status == 1
    assert "cannot be the folder of Perintis" in answer.err
    assert "set PERINTIS_HOME to a folder of your own" in answer.err


def test_a_store_that_is_no_database_is_told(office: Office) -> None:
    """By the lists in one sentence, by the doctor with what to do."""
    home = office.folder / ".perintis"
    home.mkdir(mode=0o700)
    (home / "perintis.db").write_text("not a database, " * 100, "utf-8")
    answer = office("status")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert "`perintis doctor` says more" in answer.err
    written = office("decide", "small", "scale", "--reason", "x", "--by", "x")
    assert (written.status, written.err.count("\n")) == (1, 1)
    assert "the file of the store is damaged; put the last backup back" in written.err
    assert "put the last backup back" in office("doctor", "--quick").out


def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(office: Office) -> None:
    """A home that others can read, and a pilot whose code does not load."""
    office.opened(application(1))
    assert all(finding["well"] for finding in office.done("doctor", "--quick", "--json").json)
    (office.folder / ".perintis").chmod(0o755)
    (office.folder / "flows" / "small.py").write_text("import nothing_of_that_name\n", "utf-8")
    answer = office("doctor", "--quick")
    assert answer.status == 1
    assert "chmod 700" in answer.out
    assert "there is no module 'nothing_of_that_name'" in answer.out


def test_the_doctor_looks_at_the_master_key_and_the_anchors(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning where the key lies beside the store, a fault where others can read it or it opens nothing."""

    def key() -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(office("doctor", "--quick", "--json").out)
        return next(finding for finding in found if finding["what"] == "key")

    monkeypatch.delenv("PERINTIS_KEY", raising=False)
    office.opened(application(1))
    file = next(office.folder.rglob("master.key"))
    assert (key()["well"], key()["warns"]) == (True, True)
    assert "PERINTIS_KEY_COMMAND" in key()["mend"]
    file.chmod(0o644)
    assert (key()["well"], key()["mend"]) == (False, f"chmod 600 {file.absolute()}")
    file.chmod(0o600)
    elsewhere = office.folder / "elsewhere.key"
    file.rename(elsewhere)
    assert "is missing" in key()["found"]
    monkeypatch.setenv("PERINTIS_KEY_FILE", str(elsewhere))
    assert (key()["well"], key()["warns"]) == (True, False)
    elsewhere.write_text("11" * 32)
    assert "sealed with key" in key()["found"]
    assert "anchors   last written" in office("doctor", "--quick").out
