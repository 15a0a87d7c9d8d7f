"""What a person may ask of a registry, from the command line: found, shown, set aside, held, erased."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from tests.doors.registry.small_extracts import dukcapil, kemenkes, people
from tests.faces.test_registry import PILOT, Desk, desk, filled  # noqa: F401

NIK = "3174012304909001"
BY = ("--officer", "dpo", "--reason", "letter 12")
Ask = Callable[..., str]


@pytest.fixture
def ask(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> Ask:  # noqa: F811
    """Runs `perintis subject` about whoever has the NIK, over two published extracts."""

    def asked(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(NIK + "\n"))
        return filled("subject", arguments[0], PILOT, *arguments[1:], status=status)

    return asked


def test_a_person_is_found_and_everything_is_told(ask: Ask) -> None:
    """By number, though the application of this pilot names nobody; the trace has values, versions and views."""
    [found] = json.loads(ask("find", "--json"))
    assert found["named_in"] == ["nik"]
    assert {record["agency"] for record in found["records"]} == {"dukcapil", "kemenkes"}
    [traced] = json.loads(ask("trace", *BY, "--json"))
    assert traced["seen_by"]["kemenkes"]
    told = ask("trace", *BY)
    assert "full_name: BUDI SANTOSO (dukcapil D1, from the most trusted source" in told
    assert "version 2, published" in told
    assert [(f["what"], f["discloses"], f["records"]) for f in traced["files"]] == [
        ("extract", "dukcapil", 13), ("extract", "kemenkes", 13),
    ]  # fmt: skip
    assert "dukcapil gave imigrasi extract " in told
    assert "trace by dpo, because: letter 12" in told


def test_a_trace_lists_the_views_and_files_a_person_was_in(ask: Ask, filled: Desk) -> None:  # noqa: F811
    """A view that kemenkes was given is told, to a person with a record of kemenkes and in the case's own trace not."""
    filled("registry", "export", PILOT, str(filled.folder / "view.csv"), "--agency", "kemenkes")
    [traced] = json.loads(ask("trace", *BY, "--json"))
    assert [(f["what"], f["receives"]) for f in traced["files"]][2:] == [("view", "kemenkes")]
    reference = traced["files"][0]["reference"]
    [case] = json.loads(filled("subject", "trace", PILOT, "--case", reference, *BY, "--json"))
    assert [(f["what"], f["reference"]) for f in case["files"]] == [("extract", reference)]
    assert "All is well" in filled("db", "verify")


def test_held_restricted_and_erased(ask: Ask, filled: Desk) -> None:  # noqa: F811
    """Each act with officer and reason; erased, nobody is found any more and every command goes on."""
    [found] = json.loads(ask("find", "--json"))
    person = found["person"]
    assert "is under legal hold" in ask("hold", "--person", person, *BY)
    assert found["held"] is None
    ask("erase", *BY, "--yes", status=1)
    ask("release", *BY)
    assert "is restricted" in ask("restrict", *BY)
    filled("registry", "show", PILOT, "--person", person, "--personal", "--reason", "letter 13", status=1)
    assert "1 person of the registry is no longer restricted" in ask("lift", *BY)
    assert json.loads(ask("erase", *BY, "--yes", "--json")) == [{"person": person, "state": "erased"}]
    ask("find", status=1)
    shown = filled("registry", "show", PILOT, "--person", person, "--personal", "--reason", "letter 13")
    assert "erased" in shown
    assert "BUDI" not in shown
    filled("registry", "show", PILOT)
    filled("registry", "diff", PILOT, "1", "2")
    assert "2 records of erased persons are in neither" in filled("registry", "score", PILOT)
    filled("registry", "export", PILOT, str(filled.folder / "view.csv"), "--agency", "kemenkes")
    assert "All is well" in filled("db", "verify")


def test_cases_in_which_officers_saw_the_person_are_erased_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Not while the officers' work is open; closed, the case loses what was shown side by side with the person."""
    bare = {"sex": "P", "nik": "", "passport": ""}
    rows = people()
    desk.deliver("dukcapil", dukcapil([*rows, {**bare, "full_name": "Sri Wahyuni", "born": "1990-08-15"}]))
    desk.deliver("kemenkes", kemenkes([*rows, {**bare, "full_name": "Sri Wahyuni", "born": "1991-03-16"}]))
    monkeypatch.setattr("sys.stdin", io.StringIO("SRI WAHYUNI\n"))
    [found] = json.loads(desk("subject", "find", PILOT, "--json"))
    erase = ("subject", "erase", PILOT, "--person", found["person"], *BY, "--yes")
    assert "shows officers a record of this person" in desk(*erase, status=1)
    [pair] = json.loads(desk("inbox", "imigrasi", "--json"))
    answer = desk.folder / "answer.json"
    answer.write_text('{"same_person": false}', "utf-8")
    desk("answer", str(pair["work"]), str(answer), "--officer", "Budi")
    desk("run", PILOT, "--without-prefect")
    for item in json.loads(desk("inbox", "kemenkes", "--json")):
        answer.write_text('{"adopted": 1}', "utf-8")
        desk("answer", str(item["work"]), str(answer), "--officer", "Sari")
    desk("run", PILOT, "--without-prefect")
    desk(*erase)
    assert "Personal data erased" in desk("subject", "trace", PILOT, "--case", pair["reference"], *BY)
    assert "All is well" in desk("db", "verify")
