"""docs/reference/commands.md has every key that --json prints, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from perintis.faces.cli.app import COMMANDS
from tests.faces.office import Office, application
from tests.faces.test_comparing import LOG
from tests.faces.test_harm import record as record_a_trip

CODE = re.compile(r"`([a-z_0-9]+)`")


@pytest.fixture(scope="module")
def reference(repository: Path) -> str:
    return (repository / "docs" / "reference" / "commands.md").read_text("utf-8")


def section(reference: str, command: str) -> str:
    """The text under the heading that names a command."""
    for part in re.split(r"^#{2,3} ", reference, flags=re.MULTILINE):
        if re.match(rf".*`perintis {command}\b", part.splitlines()[0] if part else ""):
            return part
    raise AssertionError(f"no heading names perintis {command}")


def table_keys(text: str) -> set[str]:
    """The keys in the first column of the table of a section."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return {key for row in rows for key in CODE.findall(row.split("|")[1])}


def listed_keys(text: str, after: str) -> set[str]:
    """The keys in the sentence that begins with `after`."""
    sentence = re.search(rf"{re.escape(after)}(.*?)(?:\.\s|\.$|\Z|;|\n\n)", text, re.DOTALL)
    assert sentence is not None, after
    return set(CODE.findall(re.sub(r"\([^)]*\)", "", sentence[1])))


def test_every_command_is_in_the_reference(reference: str) -> None:
    """One heading each."""
    for name in COMMANDS:
        assert section(reference, name)


def test_keys_of_running(office: Office, reference: str) -> None:
    """run, status, case, inbox, runs."""
    told = office.opened(application(1), application(2, office="west")).json
    assert set(told) == table_keys(section(reference, "run"))
    assert set(told["rejects"][0]) == {"row", "field", "reason"}
    status = table_keys(section(reference, "status"))
    (case,) = office.done("status", "--json").json
    assert set(case) == status
    assert set(case["waiting_for"][0]) == waiting_keys(reference)
    shown = office.done("case", 1, "--json").json
    assert set(shown) == status | table_keys(section(reference, "case"))
    assert set(shown["events"][0]) == nested(section(reference, "case"), "events")
    assert set(office.done("case", 1, "--personal", "--json").json) - set(shown) == {"application", "decision", "note"}
    assert set(office.done("inbox", "lab", "--json").json[0]) == table_keys(section(reference, "inbox"))
    assert set(office.done("runs", "small", "--json").json[0]) == table_keys(section(reference, "runs"))


def waiting_keys(reference: str) -> set[str]:
    return nested(section(reference, "status"), "waiting_for")


def nested(text: str, key: str) -> set[str]:
    """The keys inside a key, as the second column of its row lists them."""
    row = next(line for line in text.splitlines() if line.startswith(f"| `{key}`"))
    return set(CODE.findall(row.split("|")[2]))


def test_keys_of_acts(office: Office, reference: str) -> None:
    """answer, take, withdraw, resolve, strict refusals and messages."""
    office.opened(application(1), application(2, note="fault"), application(3))
    status = table_keys(section(reference, "status"))
    work = [w["work"] for w in office.done("inbox", "lab", "--json").json]
    taken = office.done("take", work[0], "--officer", "Rini", "--json").json
    assert set(taken) == listed_keys(section(reference, "take"), "JSON:")
    answered = office.done("answer", work[0], "--set", "fit=yes", "--set", "grade=good", "--json").json
    assert set(answered) == {"work", "answer"} | status
    office.done("answer", work[1], "--set", "fit=yes", "--set", "grade=good")
    assert set(office.done("retry", "A-002", "--json").json) == status
    ended = office.done("withdraw", "A-003", "--reason", "moved", "--yes", "--json").json
    assert set(ended) == listed_keys(section(reference, "withdraw"), "JSON:")
    refused = office("run", "small", office.folder / "applications.csv", "--strict", "--without-prefect", "--json")
    assert refused.status == 0
    file = office.folder / "bad.jsonl"
    file.write_text("{}\n", "utf-8")
    told = json.loads(office("run", "small", file, "--strict", "--without-prefect", "--json").out)
    assert set(told) == listed_keys(section(reference, "run"), "With `--strict` and a bad row only")


def test_keys_of_evaluating(office: Office, reference: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rehearse, baseline, compare, export."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    rehearsed = office.done("rehearse", "fast-track", "--cases", 20, "--json").json
    assert set(rehearsed) == table_keys(section(reference, "rehearse"))
    (office.folder / "log.csv").write_text(LOG, "utf-8")
    flags = ("--case", "permit", "--activity", "task", "--timestamp", "done", "--name", "old")
    imported = office.done("baseline", "import", "fast-track", "log.csv", *flags, "--json").json
    assert set(imported) == table_keys(section(reference, "baseline"))
    compared: dict[str, Any] = office.done("compare", "old", "rehearsal:1", "--by", "office", "--json").json
    assert set(compared) == table_keys(section(reference, "compare"))
    assert set(compared["a"]) == nested(section(reference, "compare"), "a")
    assert set(compared["metrics"][0]) == nested(section(reference, "compare"), "metrics")
    exported = office.done("export", "rehearsal:1", "r.csv", "--json").json
    assert set(exported) == listed_keys(section(reference, "export"), "JSON:")


def test_keys_of_surveys_and_harm(office: Office, reference: str) -> None:
    """satisfaction and harm."""
    office.opened(application(1), application(2))
    office.done("withdraw", "A-001", "--reason", "moved", "--yes")
    nine = ("--answers", "4,4,3,4,4,4,3,4,4")
    text = section(reference, "satisfaction")
    file, shown = text.split("Without FILE the index")
    assert set(office.done("satisfaction", "small", "--case", "A-001", *nine, "--json").json) == table_keys(file)
    told = office.done("satisfaction", "small", "--json").json
    assert set(told) == listed_keys(shown, "JSON then:")
    assert set(told["elements"][0]) == nested(shown, "elements")
    assert set(told["offices"][0]) == {"office", *table_keys(shown)} - {"elements", "offices"}
    record_a_trip(office)
    assert set(office.done("harm", "small", "--json").json[0]) == table_keys(section(reference, "harm"))


def test_keys_of_setting_up(office: Office, reference: str) -> None:
    """check, new, db, doctor."""
    assert set(json.loads(office("check", "--json").out)[0]) == listed_keys(section(reference, "check"), "a list of")
    begun = office.done("new", "my-pilot", "--json").json
    assert set(begun) == listed_keys(section(reference, "new"), "JSON:")
    assert set(office.done("db", "upgrade", "--json").json) == {"before", "after"}
    looked = office.done("doctor", "--quick", "--json").json
    assert set(looked[0]) == listed_keys(section(reference, "doctor"), "a list of")
