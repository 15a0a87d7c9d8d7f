"""Looks rebuilt from the history: which evaluations count, what stands, and what a look showed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.judgements import JudgedEvaluation, keep_evaluation
from perintis.use.evaluation.history import past_looks

AT = datetime(2026, 3, 2, tzinfo=UTC)
ROW = JudgedEvaluation(
    pilot="small", version="1", at=AT, data_until=AT, baseline="old", simulated=False, plan_hash="h", registered=True,
    look=1, looks=3, final=False, fraction=0.5, information=500.0, word="continue", code="continue",
    sentence="Look 1 of 3 does not decide yet", change=None, staged=False, grade="C", snapshot="a" * 64,
)  # fmt: skip
SECOND = replace(ROW, look=2, fraction=0.75, information=750.0, snapshot="b" * 64, data_until=AT + timedelta(days=30))


def kept(database: Database, *rows: JudgedEvaluation) -> None:
    for row in rows:
        keep_evaluation(database, row)


def test_looks_come_back_with_the_bounds_they_had(database: Database) -> None:
    """At 50 % and 75 % of the information: 2.9626 and 2.359 (Lan and DeMets 1983), in the order they were taken."""
    kept(database, ROW, SECOND)
    found = past_looks(database, "small", "1", "c" * 64, "h")
    assert [t.look.bound for t in found.taken] == pytest.approx([2.9626, 2.359], abs=5e-4)
    assert [(t.look.number, t.at.day, t.word) for t in found.taken] == [(1, 2, "continue"), (2, 1, "continue")]
    assert not found.repeated


@pytest.mark.parametrize(
    "other",
    [{"version": "0"}, {"simulated": True}, {"registered": False}, {"word": "no verdict"}, {"look": None},
     {"information": None}, {"pilot": "other"}],
)  # fmt: skip
def test_what_decided_nothing_here_is_no_look(database: Database, other: dict[str, object]) -> None:
    """Another phase, a rehearsal, an unregistered plan, a failed gate, a reading between looks, another pilot."""
    kept(database, replace(ROW, **other), ROW)  # type: ignore[arg-type]
    assert len(past_looks(database, "small", "1", "c" * 64, "h").taken) == 1


def test_the_first_evaluation_of_a_look_stands(database: Database) -> None:
    """The same look again, from other data or an amended plan: it neither takes its place nor is a second one."""
    kept(database, ROW, replace(ROW, information=900.0, fraction=0.6, snapshot="d" * 64), SECOND)
    found = past_looks(database, "small", "1", "c" * 64, "h")
    assert [(t.look.number, t.look.fraction) for t in found.taken] == [(1, 0.5), (2, 0.75)]


def test_the_state_that_was_a_look_is_that_look_again(database: Database) -> None:
    """Only the looks before it count, and it is final if it was final then."""
    kept(database, ROW, replace(SECOND, final=True))
    found = past_looks(database, "small", "1", SECOND.snapshot, "h")
    assert (len(found.taken), found.repeated, found.final) == (1, True, True)


def test_an_amended_plan_does_not_judge_a_look_again(database: Database) -> None:
    """The same data by a plan that was changed since: the look is one that was taken, not one to be taken."""
    kept(database, ROW)
    assert past_looks(database, "small", "1", ROW.snapshot, "h").taken == ()
    found = past_looks(database, "small", "1", ROW.snapshot, "amended")
    assert ([t.look.number for t in found.taken], found.repeated) == ([1], False)


@pytest.mark.parametrize("content", [None, "", "{}", "not json"])
def test_a_look_holds_without_the_file_of_what_it_showed(
    database: Database, tmp_path: Path, content: str | None
) -> None:
    """evaluation.json is gone, empty or another file: the bound is there, the figure is not."""
    file = tmp_path / "evaluation.json"
    if content is not None:
        file.write_text(content, "utf-8")
    kept(database, replace(ROW, json=str(file)))
    (look,) = past_looks(database, "small", "1", "c" * 64, "h").taken
    assert look.look.bound == pytest.approx(2.9626, abs=5e-4)
    assert look.estimate is None
