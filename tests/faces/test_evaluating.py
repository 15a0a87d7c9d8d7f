"""A pilot judged as time passes: registered, filled, looked at, and never looked at twice for the same level."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis.faces.cli import evaluate_command
from tests.faces.office import Answer, Office, application, write_csv

START = datetime(2026, 1, 5, 2, tzinfo=UTC)  # a Monday, nine in the morning in Jakarta
OFFICES = [f"office {letter}" for letter in "abcdefgh"]
PLAN = """
pilot: small
question: Does it help?
objectives: [decide sooner]
design: {kind: parallel_cohorts, why: no lot was drawn, baseline: old, start: 2026-01-05}
population: {who: all, entry: handed in, exit: decided}
metrics:
  - {metric: lead_time, role: primary, tau: 20 days, unit: days, worthwhile: 1, target: 3, why: noticeable}
minimums: {cases: 40, offices: 4, matured_cases_per_office: 3}
looks: {fractions: [0.5, 1], planned_cases: 320}
missing_data: told
scalability:
  representative_offices: {met: yes, evidence: all kinds of offices}
  marginal_cost: {met: yes, evidence: counted}
  capacity: {met: yes, evidence: asked}
  legal_basis: {met: yes, evidence: decree}
value_for_money: {exception: {reason: no cost is added, signed_by: directorate}}
calendar: Indonesia
analysis: "1"
rule: as the program has it
"""
Reading = Callable[[int], None]
PAGE_IN = evaluate_command.page_in


@pytest.fixture
def read_on(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Evaluate as if it were so many days after the start; the page is left to its own tests."""
    monkeypatch.setattr(evaluate_command, "page_in", lambda lang: lambda evaluation: f"<p>{evaluation.pilot}</p>")

    def on(day: int) -> None:
        monkeypatch.setattr(evaluate_command, "now", lambda: START + timedelta(days=day))

    on(60)
    return on


@pytest.fixture
def tried(office: Office, read_on: Reading) -> Office:
    """The small pilot in eight offices with a baseline `old`, a registered plan, and two cases a day for 80 days."""
    module = office.folder / "pilots/small/__init__.py"
    module.write_text(module.read_text("utf-8").replace('Literal["north", "south"]', "str"), "utf-8")
    (office.folder / "pilots/small/plan.yaml").write_text(PLAN, "utf-8")
    old_log(office, 160, days=15)
    office.done("plan", "register", "small")
    filled(office, 160, days=8)
    return office


def old_log(office: Office, cases: int, *, days: int, name: str = "old") -> None:
    """A baseline of closed cases, one row each, two a day before the start, decided after about so many days."""
    rows = []
    for k in range(cases):
        opened = START - timedelta(days=140 - k / 2)
        closed = opened + timedelta(days=days + k * 7 % 11 - 5)
        rows.append({"permit": f"B{k}", "office": OFFICES[k % 8], "in": f"{opened:%F %T}", "out": f"{closed:%F %T}"})
    file = write_csv(office.folder / f"{name}.csv", rows)
    office.done(
        "baseline", "import", "small", file, "--name", name, "--layout", "cases", "--case", "permit", "--opened", "in",
        "--closed", "out", "--timezone", "UTC", "--set", "office=office", "--set", "grade=measured log",
        "--set", "clock=from the application being handed in to the decision",
    )  # fmt: skip


def filled(office: Office, cases: int, *, days: int) -> None:
    """Open cases with the real engine, then set the clock of the store back: two a day, decided after about so long."""
    office.opened(*(application(k, office=OFFICES[k % 8]) for k in range(cases)))
    with sqlite3.connect(office.folder / ".perintis" / "perintis.db") as store:
        for k, (row,) in enumerate(store.execute("SELECT id FROM cases ORDER BY id").fetchall()):
            opened = START + timedelta(days=k / 2)
            closed = opened + timedelta(days=days + k * 5 % 9 - 4)
            at = [round(t.timestamp() * 1e6) for t in (opened, closed)]
            store.execute("UPDATE cases SET opened = ?, closed = ?, outcome = 'granted' WHERE id = ?", (*at, row))


def judged(office: Office, *more: object) -> dict[str, Any]:
    """`evaluation.json` of an evaluation now."""
    found: dict[str, Any] = office.done("evaluate", "small", "--json", *more).json
    return found


def evaluations(office: Office) -> int:
    """How many are in the pilot's history."""
    return sum(row["kind"] == "evaluation" for row in office.done("history", "small", "--json").json)


def word(evaluation: dict[str, Any]) -> str:
    return str(evaluation["panels"]["verdict"]["word"])


def taken(evaluation: dict[str, Any]) -> list[tuple[int, float]]:
    """The looks taken so far, with their bounds."""
    return [(p["look"], p["bound"]) for p in evaluation["panels"]["sequential"]["looks"] if not p["planned"]]


def test_looks_are_taken_as_cases_mature_and_never_twice(tried: Office, read_on: Reading) -> None:
    """Too early: no verdict. At half of the information: look 1. Until the next look its verdict holds."""
    read_on(30)
    early = judged(tried)
    assert (early["look"], word(early), taken(early)) == (0, "no verdict", [])
    assert "more matured case" in early["panels"]["verdict"]["change"]["text"]

    read_on(60)
    first = judged(tried)
    assert first["look"] == 1
    assert word(first) in ("scale", "continue")
    assert 2.3 < taken(first)[0][1] < 3.1  # an early look asks for more than 1.96
    read_on(61)
    between = judged(tried)
    assert (between["look"], word(between)) == (0, word(first))
    assert between["panels"]["verdict"]["reason"]["code"] == "look_stands"
    assert taken(between) == taken(first)

    read_on(100)
    last = judged(tried)
    assert (last["look"], last["panels"]["verdict"]["final"]) == (2, True)
    assert taken(last)[0] == taken(first)[0]
    assert last["panels"]["sequential"]["looks"][0] == first["panels"]["sequential"]["looks"][0]
    read_on(120)
    after = judged(tried)
    assert (after["look"], word(after), taken(after)) == (0, word(last), taken(last))
    assert "final look" in after["panels"]["verdict"]["reason"]["text"]


def test_the_same_state_of_the_data_is_the_same_look(tried: Office) -> None:
    """Evaluated again at the same instant: the same figures, and one row of history; --final buys no better bound."""
    first, again = judged(tried), judged(tried)
    assert first == again
    assert taken(judged(tried, "--final")) == taken(first)
    assert evaluations(tried) == 1


def test_what_was_decided_stands_beside_the_verdict_from_then_on(tried: Office) -> None:
    """The same look again shows the decision, whether it differs, and who confirmed it; the bundle replays with it."""
    assert judged(tried)["panels"]["verdict"]["decision"] is None
    tried.done("decide", "small", "stop", "--reason", "no money", "--by", "head", "--confirmed-by", "deputy")
    shown = judged(tried, "--out", "again")["panels"]["verdict"]["decision"]
    assert (shown["word"], shown["by"], shown["confirmed_by"], shown["differs"]) == ("stop", "head", "deputy", True)
    assert "came out the same" in tried.done("evaluate", "--replay", "again/bundle.zip").out


def test_the_report_is_written_anew_with_the_decision(tried: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its language, by the command itself; the figures and the bundle stay as they are. A report that is gone is
    not made up: the command says how to get one."""
    monkeypatch.setattr(evaluate_command, "page_in", PAGE_IN)
    out = tried.folder / "out"
    tried.done("evaluate", "small", "--out", out, "--lang", "id")
    before = {name: (out / name).read_bytes() for name in files(out)}
    assert "no money at all" not in before["report.html"].decode("utf-8")
    told = tried.done("decide", "small", "stop", "--reason", "no money at all", "--by", "head").out
    assert f"The report shows it now: {out / 'report.html'}" in " ".join(told.split())
    after = {name: (out / name).read_bytes() for name in files(out)}
    page = after["report.html"].decode("utf-8")
    assert "no money at all" in page
    assert '<html lang="id">' in page
    assert {name for name in before if before[name] != after[name]} == {"report.html"}
    (out / "evaluation.json").unlink()
    told = tried.done("decide", "small", "--confirm", "--by", "deputy").out
    assert "`perintis evaluate small` writes one" in " ".join(told.split())


def test_evaluations_that_decide_nothing_use_up_no_look(office: Office, read_on: Reading) -> None:
    """Without a registered plan figures can be read as often as one likes; the first look is still the first."""
    module = office.folder / "pilots/small/__init__.py"
    module.write_text(module.read_text("utf-8").replace('Literal["north", "south"]', "str"), "utf-8")
    (office.folder / "pilots/small/plan.yaml").write_text(PLAN, "utf-8")
    old_log(office, 160, days=15)
    filled(office, 160, days=8)
    assert word(judged(office)) == "no verdict"
    office.done("plan", "register", "small", "--late", "--reason", "nobody had thought of it")
    read_on(61)
    found = judged(office)
    assert found["look"] == 1
    assert "late" in {c["code"] for c in found["panels"]["trust"]["cautions"]}


def test_other_data_than_the_plan_names_decide_nothing(tried: Office) -> None:
    """A kinder baseline may be looked at; it gives no verdict and uses up no look."""
    old_log(tried, 160, days=25, name="kinder")
    other = judged(tried, "--baseline", "kinder")
    assert word(other) == "no verdict"
    assert "he plan names old as the baseline, not kinder" in other["panels"]["verdict"]["reason"]["text"]
    assert judged(tried)["look"] == 1


def test_a_new_version_of_the_pilot_has_looks_of_its_own(tried: Office, read_on: Reading) -> None:
    """Phases apart: what the first version used up does not count for the second."""
    assert judged(tried)["look"] == 1
    with sqlite3.connect(tried.folder / ".perintis" / "perintis.db") as store:
        store.execute("UPDATE cases SET version = '2' WHERE id % 2 = 0")
    second = judged(tried, "--phase", "2", "--final")
    assert second["phase"]["version"] == "2"
    assert [p["version"] for p in second["other_phases"]] == ["1"]
    assert second["look"] == 1


def test_a_change_of_the_plans_file_is_told_and_does_not_hold(tried: Office) -> None:
    """What counts is what was registered."""
    file = tried.folder / "pilots/small/plan.yaml"
    file.write_text(PLAN.replace("worthwhile: 1,", "worthwhile: 2,"), "utf-8")
    found = judged(tried)
    (lead,) = (m for m in found["panels"]["metrics"] if m["metric"] == "lead_time")
    assert lead["worthwhile"] == 1
    told = {c["code"]: c["text"] for c in found["panels"]["trust"]["cautions"]}
    assert "worthwhile was 1, is 2" in told["unregistered_changes"]


def test_a_later_amendment_does_not_change_a_look_that_was_taken(tried: Office, read_on: Reading) -> None:
    """A higher level in an amended plan does not loosen the bound of the look before it."""
    first = judged(tried)
    file = tried.folder / "pilots/small/plan.yaml"
    file.write_text(PLAN.replace("planned_cases: 320", "planned_cases: 320, alpha: 0.2"), "utf-8")
    tried.done("plan", "amend", "small", "--reason", "impatience", "--results-visible", "yes")
    same = judged(tried)
    assert (same["look"], word(same), taken(same)) == (0, word(first), taken(first))
    read_on(70)
    later = judged(tried)
    assert taken(later) == taken(first)
    assert "results_visible" in {c["code"] for c in later["panels"]["trust"]["cautions"]}


def test_a_plan_of_an_outside_log_is_evaluated_without_a_pilot(office: Office, read_on: Reading) -> None:
    """`cases: NAME` names a data set; no pilot of the plan's name is needed."""
    old_log(office, 160, days=15, name="before")
    old_log(office, 160, days=8, name="after")
    file = office.folder / "outside.yaml"
    text = PLAN.replace("pilot: small", "pilot: outside").replace("baseline: old", "baseline: before, cases: after")
    file.write_text(text, "utf-8")
    office.done("plan", "register", "outside", "--plan", file, "--late", "--reason", "a published log")
    found: dict[str, Any] = office.done("evaluate", "outside", "--plan", file, "--json").json
    assert (found["pilot"], found["phase"]["version"], found["look"]) == ("outside", "after", 1)


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_three_files_are_written_whole_and_the_bundle_gives_the_same_figures(tried: Office) -> None:
    """And nothing else is left in the folder."""
    out = tried.folder / "out"
    told = tried.done("evaluate", "small", "--out", out).out
    assert files(out) == ["bundle.zip", "evaluation.json", "report.html"]
    assert "Verdict: " in told
    assert "came out the same" in tried.done("evaluate", "--replay", out / "bundle.zip").out
    assert tried.done("evaluate", "--replay", out / "bundle.zip", "--json").json["same"]


def test_a_report_that_cannot_be_drawn_leaves_no_half_file(
    tried: Office, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Stopped in the middle: what is there is whole, and the look is not in the history."""

    def stopped(lang: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate_command, "page_in", lambda lang: stopped)
    out = tried.folder / "out"
    assert tried("evaluate", "small", "--out", out).status != 0
    assert not [name for name in files(out) if name not in ("bundle.zip", "evaluation.json")]
    json.loads((out / "evaluation.json").read_text("utf-8"))
    assert zipfile.ZipFile(out / "bundle.zip").testzip() is None
    assert evaluations(tried) == 0


def sentence(answer: Answer) -> str:
    """The error, as one line."""
    assert answer.status == 1, answer
    assert "Traceback" not in answer.err
    return " ".join(answer.err.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name the pilot to evaluate, or a bundle with --replay"),
        (("nothing",), "there is no pilot 'nothing'"),
        (("small", "--phase", "9"), "pilot small has no cases of version 9; versions with cases: 1"),
        (("small", "--baseline", "nothing"), "there is no data set 'nothing'; there is old"),
        (("--replay", "none.zip"), "there is no bundle none.zip"),
        (("--replay", "old.csv"), "old.csv is not a whole replication bundle"),
        (("small", "--out", "old.csv"), "old.csv cannot be written"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_one_sentence(
    tried: Office, arguments: tuple[str, ...], told: str
) -> None:  # fmt: skip
    """What is wrong, and what there is instead."""
    assert told in sentence(tried("evaluate", *arguments))
