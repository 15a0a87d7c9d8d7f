"""Offices drawn by lot, from two imported logs to the verdict on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faces.office import Office, write_csv
from tests.faces.test_evaluating import PLAN, files

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
PILOT, OTHERS = ([f"{side}{k}" for k in range(8)] for side in ("p", "c"))


def log(office: Office, name: str, names: list[str], *, days: int, before: int = 0) -> None:
    """40 cases an office from the start on, two days apart, decided after about so many days, each office in its own
    pace; and so many before the start."""
    rows = []
    for k, one in enumerate(names):
        for n in range(-before, 40):
            opened = START + timedelta(days=2 * n, hours=k)
            closed = opened + timedelta(days=days + k % 4 + n * 7 % 5)
            rows.append({"permit": f"{one}-{n}", "office": one, "in": f"{opened:%F %T}", "out": f"{closed:%F %T}"})
    office.done(
        "baseline", "import", "small", write_csv(office.folder / f"{name}.csv", rows), "--name", name, "--layout",
        "cases", "--case", "permit", "--opened", "in", "--closed", "out", "--timezone", "UTC", "--set", "office=office",
        "--set", "grade=measured log", "--set", "clock=from the application being handed in to the decision",
    )  # fmt: skip


@pytest.fixture
def planned(office: Office) -> Office:
    """Sixteen offices, eight of which were drawn for the pilot and decide four days sooner."""
    listed = [f"{{office: {o}, group: pilot}}" for o in PILOT] + [f"{{office: {o}, group: comparison}}" for o in OTHERS]
    design = (
        "design: {kind: randomised_offices, randomised: true, why: drawn on 1 December, baseline: before, cases: after,"
        f" start: 2026-01-05, offices: [{', '.join(listed)}]}}"
    )
    text = PLAN.replace("pilot: small", "pilot: drawn")
    text = "\n".join(design if line.startswith("design:") else line for line in text.splitlines())
    (office.folder / "drawn.yaml").write_text(text.replace("fractions: [0.5, 1]", "fractions: [1]"), "utf-8")
    log(office, "before", OTHERS, days=12)
    log(office, "after", PILOT, days=8)
    office.done("plan", "register", "drawn", "--plan", "drawn.yaml", "--late", "--reason", "a published log")
    return office


def test_offices_drawn_by_lot_are_judged_from_import_to_verdict(planned: Office) -> None:
    """Four days sooner in each office: by t over office means, which exchanging 12,870 lots bears out; evidence A-."""
    found: dict[str, Any] = planned.done("evaluate", "drawn", "--plan", "drawn.yaml", "--final", "--json").json
    lead = next(m for m in found["panels"]["metrics"] if m["metric"] == "lead_time")
    assert lead["estimate"] == pytest.approx(-4, abs=0.01)
    assert lead["rests_on"] == "8 + 8 offices"
    assert "office means" in lead["method"]
    assert lead["interval"]["high"] < -1
    assert 1 / 12_870 <= lead["p"] < 0.01
    gates = {gate["code"]: gate["passed"] for gate in found["panels"]["trust"]["gates"]}
    assert gates["G3.offices"] is True
    assert gates["G6.permutation"] is True
    assert found["design"] == "randomised_offices"
    assert found["evidence"] == "A-"
    assert found["panels"]["verdict"]["word"] == "scale"


def test_its_report_and_bundle_are_written_and_come_out_the_same(planned: Office) -> None:
    """The page names the design in both languages; every figure is computed again."""
    for code, said in (("en", "offices drawn by lot"), ("id", "kantor")):
        out = planned.folder / code
        planned.done("evaluate", "drawn", "--plan", "drawn.yaml", "--final", "--out", out, "--lang", code)
        assert files(out) == ["bundle.zip", "evaluation.json", "report.html"]
        assert said in (out / "report.html").read_text("utf-8").lower()
    assert "came out the same" in planned.done("evaluate", "--replay", out / "bundle.zip").out
