"""What a person may ask of a registry, from the command line: found, shown, set aside, held, erased."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

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
    assert "trace by dpo, because: letter 12" in told


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
