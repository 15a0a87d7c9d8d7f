"""The lists give the same answers on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faces.office import Office, application

CHANGING = {"work", "opened", "due", "since", "at", "started", "ended", "closed", "metrics"}


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in CHANGING}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def test_a_tour_through_all_lists(office: Office, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open, list, answer, send back, withdraw, list again."""
    monkeypatch.setenv("PERINTIS_DATABASE_URL", store_url)
    office.opened(*[application(n, office="south" if n == 2 else "north") for n in range(1, 5)])
    items = office.done("inbox", "lab", "--json").json
    assert [w["reference"] for w in items] == ["A-001", "A-002", "A-003", "A-004"]
    office.done("answer", items[0]["work"], "--set", "fit=yes", "--set", "grade=good")
    office.done("answer", items[1]["work"], "--send-back", "not legible")
    office.done("withdraw", "A-003", "--reason", "moved", "--yes")
    assert len(office.done("status", "--office", "south", "--json").json) == 1
    assert len(office.done("status", "--agency", "lab", "--json").json) == 2
    assert office.done("status", "--overdue", "--json").json == []
    assert "3 open cases" in office.done("status").out
    case = without_times(office.done("case", "A-002", "--json").json)
    assert case["waiting_for"] == [
        {"step": "lab.examine", "visit": 2, "kind": "human", "agency": "lab", "status": "open",
         "overdue": False, "taken_by": None, "error": None},
    ]  # fmt: skip
    assert [run["counts"]["advanced"] for run in office.done("runs", "small", "--answers", "--json").json] == [1, 1, 4]
    assert office.done("db", "verify", "--json").json == []
